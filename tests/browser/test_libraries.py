"""Base libraries in the console: declared, fed, searched, proposals answered, conflicts decided."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_S, City, Watched
from tests.browser.test_quality import opened
from yiwang.kernel.identifiers import checks
from yiwang.sharing.catalogue import service, store
from yiwang.sharing.catalogue.model import Entry, Item
from yiwang.sharing.sources.model import Column

COLUMNS = {
    "resident_id": "sfzh",
    "name": "xm",
    "born": "csrq",
    "mobile": "sjh",
    "address": "dz",
}
_BODY = "11010119900307011"
WANG = _BODY + checks.mod_11_2(_BODY)
ROWS: dict[str, list[dict[str, Any]]] = {
    "户籍人口": [
        {"id": "1", "sfzh": WANG, "xm": "王伟", "sjh": "13800138001", "dz": "解放路12号3栋301室"},
        {"id": "2", "xm": "李芳", "csrq": "1985-11-20", "sjh": "13700137001", "dz": "人民路5号"},
    ],
    "参保人员": [
        {"id": "a", "sfzh": WANG, "xm": "王 伟", "sjh": "13900139001", "dz": "和平路8号"},
        {"id": "b", "xm": "李方", "csrq": "1985-11-20", "sjh": "13700137001", "dz": "中山路9号"},
    ],
}


def resources(city: City, organisation: int) -> dict[str, str]:
    """Published resources with people; their codes by name."""
    codes = {}
    with opened(city) as (caller, datasets):
        for place, (name, rows) in enumerate(ROWS.items()):
            dataset = f"browser_people_{place}"
            columns = [Column("id", "C", 20), *(Column(one, "C") for one in COLUMNS.values())]
            datasets.create(dataset, columns, ["id"])
            schema = pa.schema([(one.name, pa.string()) for one in columns])
            datasets.replace(dataset, [pa.RecordBatch.from_pylist(rows, schema)])
            entry = Entry(
                name=name,
                class_code="209",
                organisation=organisation,
                provider_code="11310000MB2F30135U",
                summary=name,
                share_condition="依法",
                dataset=dataset,
                items=(
                    Item(name="序号", column="id", key=True, length=20),
                    *(Item(name=one, column=one, length=60) for one in COLUMNS.values()),
                ),
            )
            number = service.add(caller, entry)
            service.submit(caller, number)
            service.publish(caller, number)
            with caller.database.read() as connection:
                codes[name] = store.resource(connection, number).code
    return codes


def fed(city: City, codes: dict[str, str]) -> None:
    """Both resources feed the library, and have been read."""
    for place, code in enumerate(codes.values()):
        body = {"resource": code, "columns": COLUMNS, "rank": 10 + 10 * place}
        city.call("PUT", f"/api/sharing/libraries/people/feeds/f{place}", body)
    until = time.monotonic() + PATIENCE_S
    while city.call("GET", "/api/sharing/libraries/people")["tally"].get("entities") != 3:
        assert time.monotonic() < until
        time.sleep(0.5)


def reasoned(page: Page, reason: str) -> None:
    asked = page.locator(".ant-popover:not(.ant-popover-hidden)")
    asked.get_by_role("textbox").fill(reason)
    asked.get_by_role("button", name="确定").click()


def test_a_library_from_its_declaration_to_its_work_lists(city: City, watched: Watched) -> None:
    page = watched.page
    unit = city.call("GET", "/api/registry/organisations?limit=1")["items"][0]["id"]
    codes = resources(city, unit)

    page.goto(f"{city.base}/libraries")
    page.get_by_role("button", name="新建基础库").click()
    page.get_by_role("combobox", name="模板").click()
    page.get_by_title("人口", exact=True).click()
    page.get_by_role("textbox", name="编码").fill("people")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_test_id("library")).to_contain_text("公民身份号码")
    fed(city, codes)
    page.reload()
    expect(page.get_by_test_id("library")).to_contain_text("参保人员")

    page.goto(f"{city.base}/libraries/people/records")
    records = page.get_by_test_id("library-records")
    expect(records).to_contain_text("王*")
    records.get_by_role("searchbox").fill(WANG)
    records.get_by_role("searchbox").press("Enter")
    expect(records.locator("tbody tr.ant-table-row")).to_have_count(1)
    records.locator("tbody").get_by_role("button").first.click()
    entity = page.get_by_test_id("library-entity")
    expect(entity).to_contain_text("解放路12号3栋301室")
    entity.get_by_role("button", name="采用此值").first.click()
    reasoned(page, "已走访")
    expect(entity).to_contain_text("确认：已走访")

    page.goto(f"{city.base}/libraries/people/proposals")
    page.get_by_test_id("library-proposals").get_by_role("button", name="比对").click()
    expect(page.get_by_test_id("library-pair")).to_contain_text("同音")
    page.get_by_role("button", name="是同一主体", exact=True).click()
    reasoned(page, "同一手机号")
    expect(page.get_by_test_id("library-proposals")).to_contain_text("没有待确认的疑似记录")
    page.goto(f"{city.base}/libraries/people/steps")
    expect(page.get_by_test_id("library-steps")).to_contain_text("人工合并")
