"""Devices in the console: from a list to a device, its replacement and its retirement."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import City, Watched, pick

KIND = "水位计"


def upload(page: Page, text: str) -> None:
    file = {"name": "meters.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]


def test_a_list_is_looked_over_written_and_a_device_lives_on(city: City, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{city.base}/devices/register")
    pick(page.get_by_label("设备类型").first, KIND)
    upload(page, "code,lon,lat\nB-1,somewhere,39.02\n")
    expect(page.get_by_test_id("outlook")).to_contain_text("1 处错误")
    expect(page.get_by_text("第 2 行 lon 列")).to_be_visible()
    upload(page, "code,name,lon,lat,supplier,serial\nB-1,北桥水位计,116.03,39.03,ACME,S-1\n")
    expect(page.get_by_test_id("outlook")).to_contain_text("1 台设备可以登记")
    page.get_by_role("button", name="登记这 1 台设备").click()
    expect(page.get_by_text("已登记 1 台设备")).to_be_visible()

    page.goto(f"{city.base}/devices?state=all&q=B-1")
    page.get_by_role("link", name="北桥水位计").click()
    expect(page.get_by_test_id("credential")).to_contain_text("未发放")
    page.get_by_role("button", name="更换硬件").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").fill("雷击")
    dialog.get_by_label("序列号").fill("S-2")
    dialog.get_by_role("button", name="保存").evaluate("save => { save.click(); save.click(); }")
    expect(page.get_by_test_id("secret")).to_have_text(re.compile(r"^[\w-]{20,}$"))
    expect(page.get_by_test_id("credential")).to_contain_text("有效")
    expect(page.get_by_test_id("hardware")).to_have_text(
        [re.compile("S-2.*雷击"), re.compile("S-1.*ACME")]
    )
    page.get_by_role("button", name="停用").click()
    page.get_by_role("dialog").get_by_label("原因").fill("拆除")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.locator(".page-head")).to_contain_text("已停用")


def test_the_values_of_a_device_over_a_chosen_span(city: City, watched: Watched) -> None:
    page = watched.page
    device = {"kind": "underpass_flooding.water_level", "code": "H-1", "lon": 116.02, "lat": 39.02}
    made = city.call("POST", "/api/devices", device)
    days = [value / 4 for value in range(12)]
    for place, ago in enumerate([*days, 20, 200]):
        city.observe(place + 1.5, ago * 86400 + 60, made["datastreams"]["depth_cm"])
    page.goto(f"{city.base}/device/{made['thing']}")
    part = page.get_by_test_id("history")
    about = page.get_by_test_id("history-about")
    for span, count, width in (
        ("7 天", 12, "每小时"),
        ("24 小时", 4, "每 15 分钟"),
        ("30 天", 13, "每小时"),
        ("1 年", 14, "每天"),
    ):
        part.get_by_text(span, exact=True).click()
        expect(about).to_contain_text(f"{count} 条观测")
        expect(about).to_contain_text(width)
    canvas = part.locator("canvas")
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.96, box["y"] + box["height"] / 2)
    expect(part.get_by_text(re.compile("最大.*平均.*最小"))).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(about).to_contain_text("14 observations")
    expect(page.get_by_text("Values over time")).to_be_visible()
    for mode in ("dark", "light"):
        page.evaluate(f"localStorage.setItem('yiwang.theme', '{mode}')")
        page.reload()
        expect(page.get_by_role("img", name="Water depth over time")).to_be_visible()


def test_a_device_that_has_said_nothing(city: City, watched: Watched) -> None:
    device = {"kind": "underpass_flooding.water_level", "code": "H-2", "lon": 116.02, "lat": 39.02}
    made = city.call("POST", "/api/devices", device)
    watched.page.goto(f"{city.base}/device/{made['thing']}")
    expect(watched.page.get_by_test_id("history").locator(".ant-empty")).to_be_visible()


def test_connections_name_their_protocols_in_both_languages(city: City, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{city.base}/connections")
    expect(page.get_by_role("row", name="hj212")).to_contain_text("污染源监测 HJ 212")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("row", name="hj212")).to_contain_text("Pollution sources, HJ 212")
    expect(page.get_by_role("row", name="modbus")).to_contain_text("no port")


@pytest.mark.parametrize("tab", ["rates", "troubles", "upkeep", "groups"])
def test_every_tab_shows_itself_in_both_languages(city: City, watched: Watched, tab: str) -> None:
    page = watched.page
    page.goto(f"{city.base}/devices/{tab}")
    chosen = page.locator(".ant-tabs-tab-active")
    expect(chosen).to_have_text(re.compile("[一-龥]"))
    page.get_by_role("button", name="English").click()
    expect(chosen).to_have_text(re.compile("[A-Z][a-z]+"))
    expect(page.locator(".ant-spin-spinning")).to_have_count(0)
    expect(page.locator(".ant-alert-error")).to_have_count(0)
