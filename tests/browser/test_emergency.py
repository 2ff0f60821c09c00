"""An emergency from the case page to its review, in both languages."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import City, Watched


def test_from_the_case_to_the_review(city: City, watched: Watched, picture: Path) -> None:
    page = watched.page
    case = city.call(
        "POST",
        "/api/cases",
        {
            "case_class": "underpass_flooding.flooded_underpass",
            "text": "桥下积水",
            "lon": 116.15,
            "lat": 39.15,
            "address": "西桥",
        },
    )["no"]
    page.goto(f"{watched.base}/cases/{case}")
    page.click("[data-testid=start-plan]")
    preview = page.locator("[data-testid=plan-preview]")
    expect(preview).to_contain_text("封闭下穿道路")
    page.get_by_role("button", name="立即启动").click()
    page.wait_for_url("**/emergencies/*")
    number = page.url.rsplit("/", 1)[-1]
    expect(page.locator(".level").first).to_contain_text("黄色")

    road = page.locator("[data-testid=close_road]")
    road.get_by_role("button", name="接收").click()
    expect(road).to_have_class("task taken")
    road.get_by_role("button", name="反馈完成").click()
    window = page.get_by_role("dialog")
    window.locator("textarea").fill("两端已封闭")
    window.locator("input[type=file]").set_input_files(picture)
    window.locator(".ant-modal-footer .ant-btn-primary").click()
    expect(road).to_have_class("task done")
    expect(page.locator("[data-testid=divert]")).to_have_class("task open")
    expect(page.locator(".command-log")).to_contain_text("两端已封闭")

    page.goto(f"{watched.base}/live")
    expect(page.locator(".running")).to_contain_text("下穿道路积水应急预案")

    for task in city.call("GET", f"/api/emergencies/{number}")["tasks"]:
        if task["state"] not in ("done", "cancelled"):
            path = f"/api/emergencies/{number}/tasks/{task['id']}/cancel"
            city.call("POST", path, {"reason": "水已退"})
    page.goto(f"{watched.base}/emergencies/{number}")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="End with review").click()
    window = page.get_by_role("dialog")
    questions = window.locator("textarea")
    expect(questions).to_have_count(3)
    for field in questions.all():
        field.fill("Heavy rain")
    window.locator(".ant-modal-footer .ant-btn-dangerous").click()
    expect(page.get_by_role("heading", name="Review")).to_be_visible()
    expect(page.locator(".case-head")).to_contain_text("Ended")
    page.goto(f"{watched.base}/emergencies")
    expect(page.locator(".feed")).to_contain_text("Emergency plan for flooded underpasses")
    page.get_by_role("button", name="中文").click()
