"""A file is uploaded with its versions; another department downloads it, has an extract made and
encrypted, and a leak of it is traced."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyrage
from playwright.sync_api import Page, expect

from tests.browser.conftest import City, Enter, Watched
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column

ITEMS = [
    {"name": "站点", "column": "station", "type": "C", "key": True},
    {"name": "雨量", "column": "rain", "type": "N", "label": "rainfall"},
]


def _granted(city: City) -> int:
    """A resource of the drainage office, granted to the parks office as files; its number."""
    organisations = city.call("GET", "/api/registry/organisations")["items"]
    provider = next(one["id"] for one in organisations if one["code"] == "U1")
    parks = {"code": "PARKS", "name_zh": "公园管理处", "name_en": "Parks Office"}
    user = city.call("POST", "/api/registry/organisations", parks)["id"]
    city.add_user("file_giver", "data_steward", provider)
    city.add_user("file_taker", "data_steward", user)
    datasets = Datasets(f"sqlite:///{city.home / 'datasets.db'}", ZoneInfo("Asia/Shanghai"))
    datasets.create("rain", [Column("station", "C", 20), Column("rain", "N")], ("station",))
    rows = [{"station": f"S{one}", "rain": one / 8} for one in range(200)]
    datasets.upsert("rain", pa.RecordBatch.from_pylist(rows))
    datasets.close()
    entry = {
        "name": "雨量月报",
        "class_code": "209",
        "organisation": provider,
        "provider_code": "11310000MB2F30135U",
        "summary": "各站逐月雨量。",
        "share_type": "unconditional",
        "share_mode": "file",
        "update_cycle": "monthly",
        "dataset": "rain",
        "items": ITEMS,
    }
    made: int = city.call("POST", "/api/sharing/resources", entry)["id"]
    city.call("POST", f"/api/sharing/resources/{made}/steps/submit", {})
    city.add_user("file_reviewer", "data_bureau")
    with city.signed_in("file_reviewer") as client:
        path = f"/api/sharing/resources/{made}/steps/publish"
        client.post(path, json={}).raise_for_status()
    with city.signed_in("file_taker") as client:
        rows = [{"column": "station", "operator": "present"}]
        terms = {"fields": ["station", "rain"], "rows": rows, "modes": ["file"]}
        asked = {"resource": made, "purpose": "公园防汛", "terms": terms}
        client.post("/api/sharing/requests", json=asked).raise_for_status()
    return made


def test_a_file_goes_from_one_department_to_another_and_a_leak_is_traced(
    city: City, watched: Watched, enter: Enter, tmp_path: Path
) -> None:
    resource = _granted(city)
    _uploaded(enter, resource, tmp_path)
    _not_granted(city, enter, resource)
    page = enter("file_taker").page
    page.goto(f"{city.base}/catalogue/entry/{resource}")
    expect(page.get_by_test_id("file-versions")).to_contain_text("雨量 2026.csv")
    _of_files_alone(city, page)
    page.goto(f"{city.base}/sharing/files")
    mine = page.get_by_test_id("my-files")
    expect(mine).to_contain_text("雨量 2026.csv")
    expect(mine).to_contain_text("整份文件的内容多于您的授权（部分行）")
    page.get_by_role("tab", name="公钥").click()
    keys = page.get_by_test_id("file-keys")
    identity = pyrage.x25519.Identity.generate()
    keys.get_by_label("名称").fill("公园业务系统")
    keys.get_by_label("公钥", exact=True).fill(str(identity.to_public()))
    keys.get_by_role("button", name="登记").click()
    expect(keys.locator("tbody")).to_contain_text("公园业务系统")
    page.get_by_role("tab", name="可取用的文件").click()
    for encrypted in (False, True):
        mine.get_by_role("button", name="生成数据文件").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("CSV").click()
        if encrypted:
            dialog.get_by_role("switch").click()
        dialog.get_by_role("button", name="生成", exact=True).click()
        made = page.get_by_test_id("file-deliveries")
        expect(made.get_by_role("link", name="下载")).to_have_count(2 if encrypted else 1)
        page.get_by_role("tab", name="可取用的文件").click()
    page.get_by_role("tab", name="为我生成的文件").click()
    with page.expect_download() as waiting:
        made.locator("tr", has_text="已加密").get_by_role("link", name="下载").click()
    opened = pyrage.decrypt(waiting.value.path().read_bytes(), [identity])
    assert opened.decode("utf-8-sig").startswith("station,rain")
    page.get_by_role("button", name="English").click()
    expect(made).to_contain_text("watermark")

    leaked = tmp_path / "leak.csv"
    leaked.write_bytes(opened)
    auditor = watched.page
    auditor.goto(f"{city.base}/evidence/trace")
    traced = auditor.get_by_test_id("evidence-trace")
    traced.locator("input[type=file]").set_input_files(leaked)
    expect(traced).to_contain_text("公园管理处")
    expect(traced).to_contain_text("user:file_taker")


def _not_granted(city: City, enter: Enter, resource: int) -> None:
    """Who has no grant is told so, and nothing is asked that would be refused."""
    unit = {"code": "NO-FILES", "name_zh": "路灯所", "name_en": "Lamps"}
    other = city.call("POST", "/api/registry/organisations", unit)["id"]
    city.add_user("file_none", "data_steward", other)
    page = enter("file_none").page
    page.goto(f"{city.base}/catalogue/entry/{resource}")
    expect(page.get_by_test_id("file-versions")).to_contain_text("没有")


def _of_files_alone(city: City, page: Page) -> None:
    """A grant of files gives no rows to look at."""
    page.goto(f"{city.base}/sharing/requests/grants")
    line = page.get_by_role("row", name="雨量月报")
    expect(line).to_be_visible()
    expect(line.get_by_role("button", name="查看数据")).to_have_count(0)


def _uploaded(enter: Enter, resource: int, folder: Path) -> None:
    """Two versions by the provider, of which one is withdrawn."""
    found = enter("file_giver")
    page = found.page
    page.goto(f"{found.base}/catalogue/entry/{resource}")
    part = page.get_by_test_id("file-versions")
    file = folder / "雨量 2026.csv"
    for number, content in ((1, "station,rain\nS1,3\n"), (2, "station,rain\nS1,4\n")):
        file.write_text(content, encoding="utf-8")
        part.locator("input[type=file]").set_input_files(file)
        part.get_by_label("版本说明").fill(f"说明 {number}")
        part.get_by_role("button", name="上传", exact=True).click()
        expect(part.locator("tbody tr.ant-table-row")).to_have_count(number)
    first = part.locator("tr", has_text="说明 1")
    first.get_by_role("button", name="撤回").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("雨量有误")
    dialog.get_by_role("button", name=re.compile("确")).click()
    expect(first).to_contain_text("雨量有误")
