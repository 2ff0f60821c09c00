"""The side paths of a case in the console: more time, a joint unit, a call-back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import HANDLER, City, Enter, pick


def take(page: Page, step: str) -> None:
    page.get_by_test_id(f"step-{step}").click()
    expect(page.locator("#step-submit")).to_be_visible()


def submit(page: Page) -> None:
    with page.expect_response(re.compile(r"/api/cases/\d+/\w+$")) as answer:
        page.click("#step-submit")
    assert answer.value.ok, answer.value.text()
    expect(page.locator("#step-submit")).to_have_count(0)


def opened(city: City) -> int:
    """A case that is with the drainage office, in a city that has the police too."""
    units = city.call("GET", "/api/registry/organisations")["items"]
    if not any(one["code"] == "TP" for one in units):
        unit = {"code": "TP", "name_zh": "交警大队", "name_en": "Traffic police", "functions": []}
        city.call("POST", "/api/registry/organisations", unit)
    drainage = next(one["id"] for one in units if one["code"] == "U1")
    report = {"case_class": "underpass_flooding.meter_fault", "text": "水位计没有数据"}
    no: int = city.call("POST", "/api/cases", report | {"lon": 116.03, "lat": 39.03})["no"]
    city.call("POST", f"/api/cases/{no}/dispatch", {"to": {"organisation": drainage}})
    return no


def more_time(handler: Page, centre: Page) -> None:
    take(handler, "ask_extension")
    handler.click("#step-submit")
    expect(handler.get_by_text("请填写分钟数或截止时间")).to_be_visible()
    handler.get_by_label("延长分钟数").fill("10")
    handler.get_by_test_id("step-reason").fill("缺备件")
    submit(handler)
    expect(handler.get_by_text("申请延期 10 分钟，待批")).to_be_visible()
    handler.get_by_role("button", name=re.compile("不能办理")).click()
    expect(handler.locator("ul.blocked")).to_contain_text("（可由处置单位：排水所、指挥中心）")
    take(centre, "extend_granted")
    submit(centre)
    expect(centre.get_by_text("已延长 10 分钟（1 次）")).to_be_visible()


def joint_unit(handler: Page, centre: Page) -> None:
    take(centre, "ask_joint")
    centre.get_by_label("联合单位").click()
    centre.locator('.ant-select-item-option[title="交警大队"]').click()
    centre.get_by_test_id("step-text").fill("请封闭车道")
    submit(centre)
    parts = centre.get_by_test_id("case-parts")
    expect(parts).to_contain_text("待反馈")
    expect(handler.get_by_test_id("case-parts")).to_contain_text("请封闭车道")
    take(centre, "waive_part")
    centre.get_by_label("免除哪个单位的分工").click()
    centre.locator('.ant-select-item-option[title="交警大队"]').last.click()
    centre.get_by_test_id("step-reason").fill("已恢复")
    submit(centre)
    expect(parts).to_contain_text("已免除")


def test_more_time_a_joint_unit_and_a_call_back(city: City, enter: Enter) -> None:
    no = opened(city)
    handler, centre = enter(HANDLER).page, enter("admin").page
    for page in (handler, centre):
        page.goto(f"{city.base}/cases/{no}")
    more_time(handler, centre)
    joint_unit(handler, centre)
    take(handler, "report")
    handler.get_by_test_id("step-text").fill("已更换电池")
    submit(handler)
    take(centre, "verify_ok")
    submit(centre)
    take(centre, "assess")
    centre.get_by_role("radio").nth(3).click()
    centre.get_by_text("已解决").click()
    centre.get_by_test_id("step-text").fill("电话回访：满意")
    submit(centre)
    expect(centre.get_by_text("电话回访：满意").first).to_be_visible()
    expect(centre.get_by_test_id("step-assess")).to_have_count(0)
    centre.get_by_role("button", name="English").click()
    expect(centre.get_by_test_id("case-parts")).to_contain_text("Waived")
    expect(centre.get_by_text("10 minutes granted (1 times)")).to_be_visible()


def test_on_a_phone_the_list_and_the_head_are_whole(city: City, enter: Enter) -> None:
    report = {"case_class": "underpass_flooding.meter_fault", "text": "水位计没有数据"}
    no = city.call("POST", "/api/cases", report | {"lon": 116.04, "lat": 39.04})["no"]
    page = enter("admin").page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{city.base}/cases")
    card = page.locator(".case-card").filter(has=page.get_by_role("link", name=str(no)))
    expect(card).to_be_visible()
    box = card.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="中文")).to_be_in_viewport(ratio=1)
    for name in (re.compile("unread"), re.compile("admin")):
        expect(page.locator("header").get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_role("columnheader", name="Deadline")).to_be_visible()
    expect(page.locator(".case-card")).to_have_count(0)


def test_a_case_handed_on_is_followed_and_where_nobody_is_on_duty_is_said(
    city: City, enter: Enter
) -> None:
    no = opened(city)
    handler, centre = enter(HANDLER).page, enter("admin").page
    handler.goto(f"{city.base}/cases/{no}")
    expect(handler.get_by_text("排水所目前无人值班。")).to_be_visible()
    take(handler, "transfer")
    pick(handler.get_by_label("承办单位"), "交警大队")
    handler.get_by_test_id("step-reason").fill("属交警职责")
    submit(handler)
    expect(handler.get_by_text("本单位已转出此案卷")).to_be_visible()
    expect(handler.get_by_test_id("step-comment")).to_be_visible()
    expect(handler.get_by_test_id("step-start")).to_have_count(0)
    handler.goto(f"{city.base}/cases")
    link = handler.get_by_role("link", name=str(no), exact=True)
    expect(handler.get_by_label("我方转出")).to_be_visible()
    expect(link).to_have_count(0)
    handler.get_by_label("我方转出").click()
    expect(link.first).to_be_visible()
    centre.goto(f"{city.base}/cases/{no}")
    expect(centre.get_by_text("交警大队目前无人值班。")).to_be_visible()
    take(centre, "void")
    centre.get_by_test_id("step-reason").fill("误报")
    submit(centre)
    handler.goto(f"{city.base}/notices")
    expect(handler.get_by_text(f"您转出的 {no} 号案卷：已作废")).to_be_visible()
