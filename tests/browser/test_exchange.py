"""A job of exchange in the console: written, tried, run, reconciled, and rejected rows with their
reasons."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import City, Enter, menu, pick


def map_column(page: Page, place: int, to: str, from_: str) -> None:
    page.get_by_role("button", name="增加一列").click()
    page.get_by_label("目标列").nth(place).fill(to)
    page.get_by_label("来源列").nth(place).fill(from_)
    page.keyboard.press("Escape")


def declare(city: City) -> None:
    """A folder with nine people, one of them without a name."""
    folder = city.home.resolve() / "incoming"
    folder.mkdir(exist_ok=True)
    rows = "".join(f"{no},居民{no},2026-07-0{no}\n" for no in range(1, 8))
    (folder / "people.csv").write_text(
        f"编号,姓名,登记日期\n{rows}8,,2026-07-08\n9,居民9,2026-07-09\n"
    )
    source = {"name": "来文", "kind": "files", "options": {"path": str(folder)}}
    city.call("PUT", "/api/sharing/sources/incoming", source)


def test_a_job_is_written_runs_and_shows_what_became_of_its_rows(city: City, enter: Enter) -> None:
    declare(city)
    watched = enter("admin")
    page = watched.page
    page.goto(f"{city.base}/cases")
    menu(page, "数据交换")
    page.get_by_role("button", name="新建交换任务").click()
    page.get_by_label("任务名称").fill("居民登记")
    page.get_by_label("任务代码").fill("People")
    pick(page.locator("#from_source"), "来文")
    pick(page.locator("#from_table"), "people.csv")
    page.get_by_label("新建留存数据表").check()
    page.get_by_label("新数据表的名称").fill("people")
    map_column(page, 0, "no", "编号")
    map_column(page, 1, "name", "姓名")
    page.locator("#to_key").fill("no")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="增加检查").click()
    page.get_by_label("列", exact=True).last.fill("name")
    page.keyboard.press("Escape")
    page.get_by_label("必填").last.check()
    page.locator("#schedule").fill("0 2 * * *")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("next-times").get_by_role("listitem")).to_have_count(5)

    page.get_by_role("button", name="试运行").click()
    expect(page.get_by_test_id("preview")).to_contain_text("可写入 8 行，拒收 1 处")
    held = city.call("GET", "/api/sharing/datasets")["items"]
    assert "people" not in [one["dataset"] for one in held]
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".ant-form-item-has-error")).to_contain_text("a-z, 0-9, _, -")
    assert ["400" in one for one in watched.errors] == [True]
    watched.errors.clear()
    page.get_by_label("任务代码").fill("people")
    page.get_by_role("button", name="保存").click()

    page.get_by_role("button", name="立即运行").click()
    expect(page.get_by_text("完成，一致")).to_be_visible()
    line = page.get_by_role("row", name=re.compile("完成，一致"))
    expect(line).to_contain_text("两侧一致：8 行")
    expect(page.get_by_text("读取 9 = 写入 8 + 不变 0 + 拒收 1")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("缺少必填值"))).to_contain_text("编号=8")
    with page.expect_download() as taken:
        page.get_by_role("link", name="下载拒收的行").click()
    assert "缺少必填值,8," in Path(taken.value.path()).read_text(encoding="utf-8-sig")
