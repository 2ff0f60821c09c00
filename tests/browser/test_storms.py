"""Possible duplicates on a case's page, a storm of alarms and a silence in the console."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_S, City, Enter

METER, PONDING = "underpass_flooding.meter_fault", "underpass_flooding.road_ponding"


def report(city: City, case_class: str, text: str, lon: float, lat: float = 39.012) -> int:
    body = {"case_class": case_class, "text": text, "lon": lon, "lat": lat}
    no: int = city.call("POST", "/api/cases", body)["no"]
    return no


def wait_for_pair(city: City, no: int) -> None:
    """Pairs are looked for behind the report."""
    until = time.monotonic() + PATIENCE_S
    while not city.call("GET", f"/api/cases/{no}/duplicates")["items"]:
        assert time.monotonic() < until
        time.sleep(0.1)


def duplicates(city: City, page: Page) -> None:
    first = report(city, PONDING, "东路与一街路口积水很深，车过不去", 116.011)
    second = report(city, METER, "一街与东路路口积水很深，车都过不去了", 116.0115)
    wait_for_pair(city, second)
    page.goto(f"{city.base}/cases/{second}")
    panel = page.get_by_test_id("duplicates")
    expect(panel).to_contain_text(f"#{first}")
    expect(panel).to_contain_text("路口积水很深")
    panel.get_by_role("button", name="并案").click()
    with page.expect_response(re.compile(rf"/api/cases/{second}/merge$")) as answer:
        page.locator(".ant-popconfirm .ant-btn-primary").click()
    assert answer.value.ok, answer.value.text()
    expect(panel).to_have_count(0)
    expect(page.get_by_role("link", name=f"#{first}").first).to_be_visible()


def choosing(city: City, page: Page) -> None:
    """What a case is merged into is chosen from what is like it and what was looked at last."""
    first = report(city, PONDING, "北街公园门口积水，行人绕行", 116.071)
    second = report(city, METER, "公园北街门口有积水，行人要绕行", 116.0715)
    third = report(city, METER, "路灯不亮", 116.09, 39.15)
    wait_for_pair(city, second)
    for no in (third, second):
        page.goto(f"{city.base}/cases/{no}")
        expect(page.get_by_test_id("step-merge")).to_be_visible()
    page.get_by_test_id("step-merge").click()
    field = page.get_by_role("combobox", name="目标案卷")
    field.click()
    offered = page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden)")
    for text in ("疑似重复", f"#{first}", "最近查看", f"#{third}"):
        expect(offered).to_contain_text(text)
    expect(offered.locator(".ant-select-item-option")).to_have_count(2)
    field.fill(str(third))
    expect(offered.locator(".ant-select-item-option")).to_have_count(1)
    field.fill("")
    offered.locator(".ant-select-item-option").filter(has_text=f"#{first} ").click()
    expect(field).to_have_value(str(first))
    page.get_by_test_id("step-reason").fill("同一处积水")
    with page.expect_response(re.compile(rf"/api/cases/{second}/merge$")) as answer:
        page.click("#step-submit")
    assert answer.value.ok, answer.value.text()
    expect(page.get_by_role("link", name=f"#{first}").first).to_be_visible()


def storm(city: City, page: Page) -> None:
    """Far from whatever other tests report."""
    numbers = [
        report(city, METER, f"{at} 号水位计没有数据", 116.03 + at / 500, 39.19) for at in range(10)
    ]
    page.goto(f"{city.base}/storms")
    row = page.get_by_test_id("storms").locator("tr.ant-table-row").first
    expect(row).to_contain_text(f"#{numbers[0]}")
    expect(row).to_contain_text("待确认")
    row.locator(".ant-table-row-expand-icon").click()
    cases = page.get_by_test_id("storm-cases")
    expect(cases.get_by_role("row")).to_have_count(10)
    with page.expect_response(re.compile(r"/acknowledge$")) as answer:
        cases.get_by_role("button", name="一次确认").click()
    assert answer.value.ok, answer.value.text()
    expect(row).to_contain_text("admin 已确认")
    expect(cases).to_contain_text("待派遣")


def silence(city: City, page: Page) -> None:
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    body = {"case_class": METER, "until": until, "reason": "更换电源"}
    city.call("POST", "/api/cases/silences", body)
    page.get_by_role("tab", name="静默").click()
    row = page.get_by_test_id("silences").get_by_role("row").filter(has_text="更换电源")
    expect(row).to_contain_text("静默中")
    page.get_by_role("button", name="English").click()
    expect(row).to_contain_text("Silent now")
    page.get_by_role("button", name="New silence").click()
    expect(page.get_by_text("Give at least one of class, area, place and device")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    row.get_by_role("button", name="End now").click()
    page.locator(".ant-popconfirm .ant-btn-primary").click()
    expect(row).to_have_count(0)


def test_duplicates_a_storm_and_a_silence(city: City, enter: Enter) -> None:
    page = enter("admin").page
    duplicates(city, page)
    choosing(city, page)
    storm(city, page)
    silence(city, page)
