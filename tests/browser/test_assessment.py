"""The page Assessment: what runs now, rates with their cases, scores, a report made by hand."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import HANDLER, City, Enter, menu

CLASS = "underpass_flooding.flooded_underpass"


def _settled(page: Page) -> None:
    expect(page.locator(".ant-spin-spinning")).to_have_count(0)
    expect(page.locator(".ant-alert-error")).to_have_count(0)


def _scores(page: Page) -> None:
    page.get_by_role("tab", name="考核得分").click()
    expect(page.get_by_text("示例方案")).to_be_visible()
    page.locator(".ant-table-row-expand-icon").first.click()
    expect(page.get_by_role("cell", name=re.compile("权重")).first).to_be_visible()


def _report(page: Page) -> None:
    page.get_by_role("tab", name="报表").click()
    page.get_by_text("今日", exact=True).click()
    page.get_by_role("button", name="生成该期间报表").click()
    report = page.get_by_test_id("report")
    expect(report.get_by_test_id("city-filed")).to_have_text(re.compile(r"^[1-9]\d*$"))
    for kind, start in (("Excel", b"PK"), ("PDF", b"%PDF-")):
        with page.expect_download() as got:
            report.get_by_role("link", name=re.compile(kind)).click()
        assert got.value.path().read_bytes().startswith(start)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Assessment")).to_be_visible()
    expect(report.get_by_role("row", name=re.compile("Drainage")).first).to_be_visible()
    _settled(page)
    page.get_by_role("tab", name="Operations").click()
    expect(page.get_by_role("heading", name="Last 24 hours")).to_be_visible()
    _settled(page)


def test_figures_lead_to_cases_and_reports_are_kept(city: City, enter: Enter) -> None:
    made = []
    for lon in (116.011, 116.031):
        body = {"case_class": CLASS, "text": "积水", "lon": lon, "lat": 39.03}
        case = city.call("POST", "/api/cases", body)
        if case["kind"] == "new":
            city.call("POST", f"/api/cases/{case['no']}/dispatch", {})
        made.append(case["no"])

    page = enter("admin").page
    page.goto(f"{city.base}/cases")
    menu(page, "考核评价")
    now = page.get_by_test_id("now-filed")
    expect(now).to_have_text(re.compile(r"^[1-9]\d*$"), timeout=20_000)
    expect(page.get_by_role("row", name=re.compile("排水所"))).to_be_visible()
    _settled(page)

    page.get_by_role("tab", name="指标").click()
    _settled(page)
    line = page.locator("tr.ant-table-row").filter(has_text="排水所")
    figure = line.get_by_role("button").first
    expect(figure).to_have_text(re.compile(r"^[1-9]\d*$"))
    count = int(figure.inner_text())
    assert count >= len(made)
    figure.click()
    drawer = page.get_by_role("dialog")
    for number in made:
        expect(drawer.get_by_role("link", name=f"#{number}", exact=True)).to_be_visible()
    expect(drawer.locator("tbody tr.ant-table-row")).to_have_count(count)
    page.keyboard.press("Escape")

    _scores(page)
    _report(page)

    handler = enter(HANDLER).page
    handler.goto(f"{city.base}/assessment/reports")
    expect(handler.get_by_role("button", name="生成该期间报表")).to_have_count(0)
    handler.goto(f"{city.base}/assessment/now")
    expect(handler.get_by_text("仅含您所在部门")).to_be_visible()
    _settled(handler)
