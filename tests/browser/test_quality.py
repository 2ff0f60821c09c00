"""Data quality in the console: a rule set with a mistake, a check, its score and its issue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pyarrow as pa
from playwright.sync_api import expect

from tests.browser.conftest import City, Watched
from yiwang.kernel.clock import SystemClock
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sharing.catalogue import service, store
from yiwang.sharing.catalogue.model import Entry, Item
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column
from yiwang.store.database import Database

RULES = """rules:
  levels:
    title: {zh-CN: 水位在 0 至 500 之间, en: Levels are between 0 and 500}
    table: %s
    range: {level: {%s: 0, most: 500}}
"""


@contextmanager
def opened(city: City) -> Iterator[tuple[Caller, Datasets]]:
    """The city's databases, beside the server."""
    database = Database(f"sqlite:///{city.home / 'yiwang.db'}")
    datasets = Datasets(f"sqlite:///{city.home / 'datasets.db'}", ZoneInfo("Asia/Shanghai"))
    try:
        yield Caller(system("test"), database, SystemClock(), {}), datasets
    finally:
        datasets.close()
        database.close()


def resource(city: City, organisation: int) -> str:
    """A published resource with two levels, one of them wrong; its code."""
    items = (
        Item(name="站点", column="station", key=True, length=20),
        Item(name="水位", column="level", type="N", length=12),
    )
    entry = Entry(
        name="泵站水位",
        class_code="209",
        organisation=organisation,
        provider_code="11310000MB2F30135U",
        summary="各站水位。",
        share_type="unconditional",
        dataset="browser_levels",
        items=items,
    )
    with opened(city) as (caller, datasets):
        datasets.create(
            "browser_levels", [Column("station", "C", 20), Column("level", "N")], ["station"]
        )
        rows = {"station": ["A1", "A2"], "level": [12.0, -3.0]}
        datasets.replace("browser_levels", [pa.RecordBatch.from_pydict(rows)])
        id = service.add(caller, entry)
        service.submit(caller, id)
        service.publish(caller, id)
        with caller.database.read() as connection:
            return store.resource(connection, id).code


def test_a_rule_is_written_and_what_it_finds_is_shown(city: City, watched: Watched) -> None:
    page = watched.page
    unit = city.call("GET", "/api/registry/organisations?limit=1")["items"][0]["id"]
    code = resource(city, unit)

    page.goto(f"{city.base}/quality/rules")
    page.get_by_role("button", name="以文档编写").click()
    page.get_by_role("textbox", name="规则集").fill("browser")
    document = page.get_by_role("textbox", name="规则文档")
    document.fill(RULES % (code, "lest"))
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".ant-drawer")).to_contain_text("least")
    assert ["400" in one for one in watched.errors] == [True]
    watched.errors.clear()
    document.fill(RULES % (code, "least"))
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_test_id("quality-rules")).to_contain_text("browser")

    published = city.call("GET", "/api/sharing/resources?state=published")["items"]
    [one] = [held for held in published if held["code"] == code]
    city.call("POST", f"/api/sharing/quality/resources/{one['id']}/runs")
    page.goto(f"{city.base}/quality/scores")
    board = page.get_by_test_id("quality-scores")
    expect(board).to_contain_text("50.0")
    expect(page.locator(".ant-spin-spinning")).to_have_count(0)  # the chart moves what is below
    scored = board.get_by_role("row").filter(has_text="50.0")
    scored.get_by_role("button", name="泵站水位").click()
    expect(page.get_by_test_id("quality-resource")).to_contain_text("1 / 2")

    page.goto(f"{city.base}/quality/issues")
    page.get_by_test_id("quality-issues").get_by_role("button").first.click()
    expect(page.get_by_test_id("quality-issues")).to_contain_text("水位为 -3")


def test_a_rule_of_any_kind_is_made_by_a_form(city: City, watched: Watched) -> None:
    page = watched.page
    published = city.call("GET", "/api/sharing/resources?state=published")["items"]
    if not any(held["name"] == "泵站水位" for held in published):
        resource(city, city.call("GET", "/api/registry/organisations?limit=1")["items"][0]["id"])
    page.goto(f"{city.base}/quality/rules")
    page.get_by_role("button", name="新建规则").click()
    drawer = page.locator(".ant-drawer")

    def pick(label: str, text: str, place: int = 0) -> None:
        drawer.get_by_label(label, exact=True).nth(place).click()
        page.keyboard.type(text)
        active = page.locator(".ant-select-item-option-active:visible", has_text=text)
        expect(active.last).to_be_visible()
        page.keyboard.press("Enter")

    pick("资源", "泵站水位")
    pick("规则种类", "合计等于分项之和")
    pick("信息项", "水位", 0)
    pick("信息项", "水位", 1)
    drawer.get_by_label("规则说明（中文）").fill("合计相符")
    drawer.get_by_label("规则集").fill("sums")
    drawer.get_by_role("button", name="用现有数据试一试").click()
    expect(drawer.get_by_test_id("trial")).to_contain_text("2 处全部符合")
    pick("规则种类", "必填")
    expect(drawer.get_by_test_id("trial")).to_have_count(0)
    pick("规则种类", "合计等于分项之和")
    expect(drawer.get_by_test_id("trial")).to_contain_text("2 处全部符合")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_test_id("quality-rules")).to_contain_text("sums")
    written = city.call("GET", "/api/sharing/quality/rules/sums")
    assert json.loads(written["text"])["rules"]["sums"]["sum"] == {
        "total": "level",
        "parts": ["level"],
    }
    page.get_by_role("button", name="sums").click()
    expect(drawer).to_contain_text("合计等于分项之和")
