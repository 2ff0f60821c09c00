"""A plan of tasks from its file to the report of the unit that leads, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import HANDLER, City, Enter, Watched, pick

HEADS = "序号,任务,目标成果,牵头单位,完成时限,节点,量化目标,计量单位,报送周期\n"


def test_from_the_file_to_the_report(
    city: City, watched: Watched, enter: Enter, tmp_path: Path, picture: Path
) -> None:
    page, today = watched.page, datetime.now(UTC).date()
    first, last = today - timedelta(days=20), today + timedelta(days=60)
    wrong, right = tmp_path / "wrong.csv", tmp_path / "right.csv"
    rows = (
        f"1,清淤河道,通过验收,排水所,{last},{today} 方案审定；{last} 完工,12,公里,每周\n"
        f"2,更换井盖,全部更换,排水所,{last},,300,个,每月\n"
    )
    wrong.write_text(HEADS + rows.replace("排水所", "没有这个单位", 1), encoding="utf-8")
    right.write_text(HEADS + rows, encoding="utf-8")

    page.goto(f"{watched.base}/supervision")
    page.get_by_role("button", name="新建计划").click()
    window = page.get_by_role("dialog")
    window.get_by_label("计划名称").fill("防汛能力提升")
    window.get_by_label("英文名称").fill("Ready for floods")
    window.get_by_label("开始日期").fill(str(first))
    window.get_by_label("结束日期").fill(str(last))
    window.locator("input[type=file]").set_input_files(wrong)
    window.get_by_role("button", name="检查").click()
    expect(window.locator("[data-testid=faults]")).to_contain_text("没有这个单位")
    expect(window.locator("[data-testid=faults]")).to_contain_text("牵头单位")
    window.locator("input[type=file]").set_input_files(right)
    window.get_by_role("button", name="检查").click()
    expect(window).to_contain_text("共 2 项任务")
    window.get_by_role("button", name="写入").click()
    page.wait_for_url("**/supervision/*")
    page.get_by_role("button", name="启动计划").click()
    expect(page.locator(".case-head")).to_contain_text("执行中")
    expect(page.locator(".marks").first.locator(".mark")).to_have_count(2)
    path = page.url.removeprefix(watched.base)
    watched.errors.clear()
    """The refused check is a 400, which browsers write into their console."""

    unit = enter(HANDLER).page
    unit.goto(f"{watched.base}/supervision")
    unit.get_by_role("link", name="清淤河道").click()
    _report(unit, picture)

    page.goto(f"{watched.base}{path}")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".ant-table-row").first).to_contain_text("40%")
    expect(page.locator(".mark.done")).to_have_count(1)
    page.get_by_role("button", name="Change task 2").click()
    window = page.get_by_role("dialog")
    window.get_by_label("New deadline").fill(str(last - timedelta(days=1)))
    window.get_by_label("Reason").fill("Decided by the meeting")
    window.get_by_role("button", name="Save").click()
    expect(page.locator(".feed")).to_contain_text("Decided by the meeting")
    expect(page.get_by_role("heading", name="Ready for floods")).to_be_visible()
    page.get_by_role("button", name="中文").click()


def _report(unit: Page, picture: Path) -> None:
    """The lead says how far it is."""
    panel = unit.locator("[data-testid=task-panel]")
    expect(panel).to_contain_text("方案审定")
    panel.get_by_label("完成率 %").fill("40")
    panel.get_by_label("进展说明").fill("方案已审定，开始清淤")
    panel.get_by_label("方案审定").check()
    panel.locator("input[type=file]").set_input_files(picture)
    panel.get_by_role("button", name="报送").click()
    expect(panel.locator(".feed")).to_contain_text("40 %")
    expect(unit.locator("[data-testid=timeline-entry]").last).to_contain_text("报送进展")


def test_without_a_file(city: City, watched: Watched) -> None:
    """A plan first, its tasks one by one by a form."""
    page, today = watched.page, datetime.now(UTC).date()
    last = today + timedelta(days=60)
    page.goto(f"{watched.base}/supervision")
    page.get_by_role("button", name="新建计划").click()
    window = page.get_by_role("dialog")
    window.get_by_label("计划名称").fill("年度重点工作")
    window.get_by_label("开始日期").fill(str(today - timedelta(days=1)))
    window.get_by_label("结束日期").fill(str(last))
    window.get_by_role("button", name="写入").click()
    page.wait_for_url("**/supervision/*")
    expect(page.get_by_role("button", name="启动计划")).to_have_count(0)

    window = _add_task(page, "整治易涝点", last + timedelta(days=1))
    expect(window.locator("[data-testid=faults]")).to_contain_text("完成时限")
    watched.errors.clear()
    window.get_by_label("时限").fill(str(last))
    window.get_by_role("button", name="增加节点").click()
    window.get_by_label("节点日期").fill(str(today + timedelta(days=9)))
    window.get_by_label("节点", exact=True).fill("方案审定")
    window.get_by_role("button", name="写入").click()
    expect(page.locator(".marks .mark")).to_have_count(1)

    page.get_by_role("button", name="启动计划").click()
    expect(page.locator(".case-head")).to_contain_text("执行中")
    window = _add_task(page, "更新泵站", last)
    expect(window).to_contain_text("必填")
    window.get_by_label("理由").fill("常务会议决定")
    window.get_by_role("button", name="写入").click()
    expect(page.locator(".ant-table-row", has_text="更新泵站")).to_contain_text("2")
    expect(page.locator(".feed")).to_contain_text("常务会议决定")


def _add_task(page: Page, title: str, due: date) -> Locator:
    page.get_by_role("button", name="增加任务", exact=True).click()
    window = page.get_by_role("dialog")
    window.get_by_label("任务", exact=True).fill(title)
    pick(window.get_by_label("牵头单位"), "排水所")
    window.get_by_label("时限").fill(str(due))
    window.get_by_role("button", name="写入").click()
    return window
