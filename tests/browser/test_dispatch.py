"""The responsibility matrix and the offers to residents, in the browser."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import City, Enter, menu
from yiwang.cases import service as cases
from yiwang.cases.spec import parse
from yiwang.kernel import documents
from yiwang.kernel.clock import SystemClock
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.store.database import Database

BIKES = """
classes:
  shared_bikes:
    title: {zh-CN: 共享单车乱停放, en: Shared bikes in the way}
    severity: notice
    role: drainage
    deadline: {hours: 30, counting: clock}
    evidence: {photos: 1}
    verification: centre
    automatic: [report]
    offer: {points: 20, claim_within: 2 h, done_within: 24 h}
"""
SHOTS = os.environ.get("YIWANG_SHOTS")


def seen(page: object, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)  # type: ignore[attr-defined]


def test_a_resident_takes_something_on(city: City, enter: Enter, picture: Path) -> None:
    database = Database(f"sqlite:///{city.home / 'yiwang.db'}")
    caller = Caller(system("test"), database, SystemClock())
    spec = parse(documents.parse(BIKES, "cases.yaml"), "bikes", {})
    cases.install_classes(caller, "bikes", spec.classes)
    database.close()
    city.add_user("resident", "citizen")
    report = {"case_class": "bikes.shared_bikes", "text": "挡路", "lon": 116.02, "lat": 39.02}
    no = city.call("POST", "/api/cases", report)["no"]

    page = enter("resident").page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(city.base)
    menu(page, "共治")
    expect(page.get_by_text("共享单车乱停放")).to_be_visible()
    expect(page.locator(".maplibregl-canvas")).to_be_visible()
    expect(page.get_by_text("116.02")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    seen(page, "offers-open")
    page.get_by_role("button", name="认领", exact=True).click()
    page.get_by_role("tab", name="我的任务").click()
    expect(page.locator(".maplibregl-canvas")).to_be_visible()
    page.locator("input[type=file]").set_input_files(str(picture))
    page.get_by_label("处置说明").fill("已摆放整齐")
    seen(page, "offers-mine")
    page.get_by_role("button", name="完成上报").click()
    expect(page.get_by_text("待核查", exact=True)).to_be_visible()
    centre = enter("admin").page
    centre.goto(f"{city.base}/offers")
    row = centre.get_by_role("row").filter(has=centre.get_by_role("link", name=str(no), exact=True))
    expect(row).to_contain_text("已反馈")
    expect(row).to_contain_text("resident")
    seen(centre, "offers-running")
    city.call("POST", f"/api/cases/{no}/verify_ok", {})
    page.get_by_role("tab", name="积分").click()
    expect(page.get_by_text("当前积分")).to_be_visible()
    page.get_by_role("button", name="English").click()
    page.reload()
    page.get_by_role("tab", name="Points").click()
    expect(page.get_by_text("+20")).to_be_visible()
    seen(page, "offers-points-en")

    centre.goto(f"{city.base}/cases/{no}")
    expect(centre.get_by_text("积分入账")).to_be_visible()
    seen(centre, "offers-case")


def test_the_matrix_shows_who_answers_where(city: City, enter: Enter) -> None:
    second = {"code": "U2", "name_zh": "东街道办", "name_en": "East Street Office"}
    city.call("POST", "/api/registry/organisations", second)
    entry = {"code": "M1", "organisation": "U1", "basis": "城管发〔2026〕12号", "level": "district"}
    city.call("POST", "/api/registry/responsibilities", entry)
    for code, unit in (("M2", "U2"), ("M3", "U1")):
        body = {"code": code, "organisation": unit, "area": "S1", "level": "street"}
        city.call("POST", "/api/registry/responsibilities", body)
    page = enter("admin").page
    page.goto(f"{city.base}/cases")
    menu(page, "责任清单")
    expect(page.get_by_text("冲突 1 处")).to_be_visible()
    page.get_by_role("button", name="甲区").first.click()
    expect(page.get_by_role("columnheader", name="东街道")).to_be_visible()
    expect(
        page.get_by_text("排水所 / 东街道办").or_(page.get_by_text("东街道办 / 排水所")).first
    ).to_be_visible()
    seen(page, "matrix")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Responsibilities")).to_be_visible()
    seen(page, "matrix-en")
    page.get_by_role("button", name="Edit the matrix").click()
    expect(page.get_by_text("城管发〔2026〕12号")).to_be_visible()
    for row in city.call("GET", "/api/registry/responsibilities")["items"]:
        city.call("DELETE", f"/api/registry/responsibilities/{row['id']}")
