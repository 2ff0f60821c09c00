"""A job of exchange in the console: run, reconciled, and rejected rows with their reasons."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import City, Enter


def test_a_job_runs_and_shows_what_became_of_its_rows(city: City, enter: Enter) -> None:
    folder = city.home.resolve() / "incoming"
    folder.mkdir(exist_ok=True)
    rows = "".join(f"{no},居民{no},2026-07-0{no}\n" for no in range(1, 8))
    (folder / "people.csv").write_text(
        f"编号,姓名,登记日期\n{rows}8,,2026-07-08\n9,居民9,2026-13-01\n"
    )
    source = {"name": "来文", "kind": "files", "options": {"path": str(folder)}}
    city.call("PUT", "/api/sharing/sources/incoming", source)
    spec = {
        "from": {"source": "incoming", "table": "people.csv"},
        "to": {"dataset": "people", "key": ["no"]},
        "mapping": [
            {"to": "no", "from": "编号"},
            {"to": "name", "from": "姓名"},
            {"to": "day", "join": ["登记日期"]},
        ],
        "checks": [
            {"column": "name", "required": True},
            {"column": "day", "pattern": "\\d{4}-(0\\d|1[0-2])-\\d\\d"},
        ],
    }
    city.call("PUT", "/api/sharing/exchange/people", {"name": "居民登记", "spec": spec})
    page = enter("admin").page
    page.get_by_role("link", name="数据交换").click()
    page.get_by_role("link", name="居民登记").click()
    page.get_by_role("button", name="立即运行").click()
    expect(page.get_by_text("完成，一致")).to_be_visible()
    line = page.get_by_role("row", name=re.compile("完成，一致"))
    expect(line).to_contain_text("两侧一致：7 行")
    expect(page.get_by_text("缺少必填值")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("格式不符"))).to_contain_text("2026-13-01")
