"""Who sees what, in the console: a kind is opened and given to a department, which then sees it."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import HANDLER, City, Enter, menu

KIND = "水位计"


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label).click()
    with page.expect_response(re.compile("/api/access/kinds/")):
        page.locator(f'.ant-select-item-option[title="{option}"]').last.click()


def anybody(city: City) -> int:
    """How many datastreams somebody sees who has not signed in."""
    answer = httpx.get(f"{city.base}/v1.1/Datastreams?$count=true", timeout=30)
    return int(answer.json()["@iot.count"])


def test_somebody_signs_in_by_the_form(city: City, enter: Enter) -> None:
    page = enter(None).page
    page.goto(f"{city.base}/cases")
    page.fill("#name", HANDLER)
    page.fill("#password", city.password)
    expect(page.locator("nav.rail")).to_have_count(0)
    page.click("button[type=submit]")
    expect(page.locator("nav.rail")).to_be_visible()
    expect(page.locator(".page-head h2")).to_have_text("案卷")


def test_a_kind_is_opened_and_given_to_a_department(city: City, enter: Enter) -> None:
    page = enter("admin").page
    before = anybody(city)
    page.goto(f"{city.base}/cases")
    menu(page, "可见范围")
    line = page.get_by_role("row", name=re.compile(KIND))
    expect(line).to_contain_text(re.compile(r"0 / \d+"))
    choose(page, f"开放 {KIND}", "开放")
    expect(line).to_contain_text(re.compile(r"(\d+) / \1"))
    assert anybody(city) > before
    choose(page, f"开放 {KIND}", "按场景包：不开放")
    expect(line).to_contain_text(re.compile(r"0 / \d+"))
    assert anybody(city) == before

    handler = enter(HANDLER).page
    handler.goto(f"{city.base}/devices?state=all")
    expect(handler.get_by_role("heading", name="设备")).to_be_visible()
    expect(handler.locator(".ant-spin-spinning")).to_have_count(0)
    expect(handler.get_by_role("link", name="WL-1")).to_have_count(0)
    choose(page, f"归属单位 {KIND}", "排水所")
    expect(line).to_contain_text("排水所")
    handler.reload()
    expect(handler.get_by_role("link", name="WL-1")).to_be_visible()
    for tab in ("rates", "troubles", "upkeep", "groups"):
        handler.goto(f"{city.base}/devices/{tab}")
        expect(handler.locator(".ant-tabs-tab-active")).to_be_visible()
        expect(handler.locator(".ant-spin-spinning")).to_have_count(0)
        expect(handler.locator(".ant-alert-error")).to_have_count(0)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Who sees what")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Water level meter"))).to_contain_text(
        "Drainage"
    )
