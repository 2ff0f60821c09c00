"""Notices in the console: the bell, one's own wishes, and what administrators look after."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import HANDLER, City, Enter, menu


def _nothing_unread(city: City) -> None:
    """Of what other tests did."""
    with city.signed_in(HANDLER) as client:
        client.post("/api/notices/read", json={}).raise_for_status()


def _code(city: City) -> str:
    """That was sent to an address, so that its owner confirms it."""
    asked = city.call("GET", "/api/notices/deliveries?topic=notices.confirm")["items"][0]
    words = city.call("GET", f"/api/notices/deliveries/{asked['id']}")["text"]
    return re.findall(r"\d{6}", words)[0]


def test_what_happens_to_a_case_reaches_its_handler_and_a_webhook(city: City, enter: Enter) -> None:
    _nothing_unread(city)
    handler = enter(HANDLER).page
    handler.goto(f"{city.base}/cases")
    bell = handler.get_by_role("button", name=re.compile("条未读通知"))
    expect(bell).to_be_visible()
    admin = enter("admin").page
    admin.goto(f"{city.base}/cases")
    menu(admin, re.compile("通知$"))
    admin.get_by_role("tab", name="网络回调").click()
    admin.get_by_label("名称").fill("交通诱导屏")
    admin.get_by_label("地址").fill("https://signs.example/hook")
    admin.get_by_label("用途").fill("下穿通道封闭时提示绕行")
    admin.get_by_role("button", name="保存").click()
    expect(admin.get_by_test_id("hook-secret")).to_have_text(re.compile(r"^whsec_\S{40,}$"))

    report = {"case_class": "underpass_flooding.flooded_underpass", "text": "积水很深"}
    no = city.call("POST", "/api/cases", report | {"place": city.place})["no"]
    unit = city.call("GET", "/api/registry/organisations")["items"][0]["id"]
    person = {"code": "PN", "name": "王伟", "organisation": unit, "user": HANDLER}
    number = city.call("POST", "/api/registry/people", person)["id"]
    city.call("POST", f"/api/cases/{no}/dispatch", {"to": {"person": number}})
    expect(handler.locator("sup.ant-badge-count")).to_have_text("1")
    bell.click()
    handler.get_by_role("link", name=re.compile(f"新案卷 {no}")).click()
    expect(handler).to_have_url(re.compile(f"/cases/{no}$"))
    expect(handler.locator("sup.ant-badge-count")).to_have_count(0)

    handler.goto(f"{city.base}/notices/preferences")
    handler.get_by_label("邮箱").fill("wang@office.example")
    handler.get_by_role("button", name="保存").click()
    expect(handler.get_by_text("已保存")).to_be_visible()
    expect(handler.get_by_role("tab", name="发送记录")).to_have_count(0)
    handler.get_by_label("验证码").fill(_code(city))
    handler.get_by_role("button", name="确认").click()
    expect(handler.get_by_label("验证码")).to_have_count(0)

    city.call("POST", f"/api/cases/{no}/urge", {})
    admin.get_by_role("tab", name="发送记录").click()
    expect(admin.get_by_text("邮件: 仅演练，不发出")).to_be_visible()
    admin.get_by_role("button", name="刷新").click()
    line = admin.get_by_role("row", name=re.compile(f"邮件.*{no} 号案卷催办"))
    expect(line).to_contain_text("w***@office.example")
    admin.get_by_role("button", name="English").click()
    expect(admin.get_by_role("tab", name="Deliveries")).to_be_visible()
    expect(admin.get_by_text("E-mail: rehearsing, nothing goes out")).to_be_visible()
    admin.get_by_role("tab", name="Webhooks").click()
    expect(admin.get_by_role("row", name=re.compile("signs.example"))).to_be_visible()
