"""The evaluation of sharing in the console: a report is issued, unfolded and compared."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import City, Watched
from tests.browser.test_quality import opened
from yiwang.sharing.catalogue import service
from yiwang.sharing.catalogue.model import Entry, Item


def publish(city: City, organisation: int) -> None:
    entry = Entry(
        name="共享评估用资源",
        class_code="209",
        organisation=organisation,
        provider_code="11310000MB2F30135U",
        summary="各站水位，供评估。",
        share_type="unconditional",
        items=(Item(name="站点", column="station", key=True, length=20),),
    )
    with opened(city) as (caller, _):
        id = service.add(caller, entry)
        service.submit(caller, id)
        service.publish(caller, id)


def test_a_report_is_issued_unfolded_and_compared(city: City, watched: Watched) -> None:
    page = watched.page
    unit = city.call("GET", "/api/registry/organisations?limit=1")["items"][0]["id"]
    publish(city, unit)

    page.goto(f"{city.base}/sharing/evaluation")
    page.get_by_text("本月", exact=True).click()
    page.get_by_role("button", name="出具此期间的报告").click()
    report = page.get_by_test_id("evaluation-report")
    expect(report).to_contain_text("数据共享评估")
    page.get_by_role("button", name="与重新计算比较").click()
    expect(page.get_by_test_id("evaluation-comparison")).to_contain_text("依据没有变动")

    report.get_by_test_id("evaluation-scores").locator(".ant-table-row-expand-icon").first.click()
    expect(report).to_contain_text("数据挂接率")
    figures = report.get_by_test_id("evaluation-figures")
    figures.locator("tbody tr.ant-table-row").nth(0).get_by_role("button").first.click()
    rows = page.get_by_test_id("evaluation-rows")
    expect(rows).to_contain_text("期内录入目录的资源数")
    expect(rows).to_contain_text("共享评估用资源")

    publish(city, unit)
    page.locator(".ant-drawer-close").click()
    page.get_by_role("button", name="与重新计算比较").click()
    compared = page.get_by_test_id("evaluation-comparison")
    expect(compared).to_contain_text("出具后有变动的依据：目录资源")
    expect(compared).to_contain_text("在用资源")
