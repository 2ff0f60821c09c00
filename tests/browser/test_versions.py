"""The page Class versions: differences, a preview with a choice, the move, and back."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import City, Enter, menu
from yiwang.app import caller, database_only
from yiwang.cases import service as cases
from yiwang.cases.spec import parse
from yiwang.commands.options import opened
from yiwang.kernel import documents
from yiwang.kernel.clock import SystemClock
from yiwang.security.model import system

FIRST = """
classes:
  broken_cover:
    title: {zh-CN: 井盖破损, en: Broken cover}
    severity: warning
    role: drainage
    deadline: {hours: 8, counting: clock}
    states: {fenced: {kind: working, title: {zh-CN: 已围挡, en: Fenced}}}
    steps:
      fence: {from: [dispatched], to: fenced, who: [centre], title: {zh-CN: 围挡, en: Fence}}
      report: {from: [dispatched, handling, fenced], to: handled}
"""
SECOND = FIRST.replace("fenced", "secured").replace("已围挡, en: Fenced", "已防护, en: Secured")
SECOND = SECOND.replace("hours: 8", "hours: 2")


def _install(city: City, text: str) -> None:
    settings, _ = opened(city.home)
    spec = parse(documents.parse(text, "cases.yaml"), "covers", {})
    with database_only(settings) as database:
        by = caller(system("test"), database, SystemClock(), {}, "cli")
        cases.install_classes(by, "covers", spec.classes)


def _case(city: City, lon: float) -> Any:
    body = {"case_class": "covers.broken_cover", "text": "井盖碎了", "lon": lon, "lat": 39.03}
    no = city.call("POST", "/api/cases", body)["no"]
    return city.call("POST", f"/api/cases/{no}/dispatch", {})["no"]


def _previewed(page: Page) -> None:
    expect(page.get_by_text("取消状态“已围挡”")).to_be_visible()
    expect(page.get_by_test_id("differences")).to_contain_text("480 分钟")
    page.get_by_role("button", name=re.compile("^预\\s?览$")).click()
    expect(page.get_by_test_id("outcome-moves")).to_have_text("可迁移 2")
    expect(page.get_by_test_id("outcome-needs_choice")).to_have_text("待选择去向 1")
    page.get_by_label("迁移后的状态: 已围挡").click()
    page.get_by_title("已防护", exact=True).click()
    expect(page.get_by_test_id("outcome-moves")).to_have_text("可迁移 3")


def test_running_cases_are_moved_and_put_back(city: City, enter: Enter) -> None:
    _install(city, FIRST)
    numbers = [_case(city, lon) for lon in (116.012, 116.022, 116.032)]
    city.call("POST", f"/api/cases/{numbers[0]}/fence", {})
    _install(city, SECOND)

    page = enter("admin").page
    page.goto(f"{city.base}/cases")
    menu(page, "类别版本")
    row = page.get_by_role("row").filter(has_text="井盖破损")
    expect(row.get_by_text("3", exact=True).first).to_be_visible()
    row.get_by_role("link").click()
    _previewed(page)
    page.get_by_label("理由").fill("新的时限")
    page.get_by_role("button", name="迁移 3 个案卷").click()
    expect(page.get_by_text("已迁移 3")).to_be_visible()
    shown = city.call("GET", f"/api/cases/{numbers[0]}")
    assert shown["state"] == "secured" and shown["deadline"]["minutes"] == 120

    city.call("POST", f"/api/cases/{numbers[1]}/urge", {})
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Undo").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("too early")
    dialog.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("put back 2 · not put back 1")).to_be_visible()
    assert city.call("GET", f"/api/cases/{numbers[0]}")["state"] == "fenced"
    assert city.call("GET", f"/api/cases/{numbers[1]}")["deadline"]["minutes"] == 120
    page.locator(".ant-table-row-expand-icon").first.click()
    expect(page.get_by_text(re.compile(f"#{numbers[1]}"))).to_be_visible()
