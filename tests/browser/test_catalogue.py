"""A resource is written, reviewed, found by its sound, and revised; in both languages."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import City, Enter, Watched, pick

REVIEWER = "reviewer"


def test_from_the_form_to_the_search(city: City, watched: Watched, enter: Enter) -> None:
    city.add_user(REVIEWER, "data_bureau")
    page = watched.page
    page.goto(f"{watched.base}/catalogue/new")
    page.get_by_label("信息资源名称").fill("下穿通道水位")
    pick(page.locator("#class_code"), "209")
    pick(page.locator("#organisation"), "排水所")
    page.get_by_label("提供方代码").fill("11310000MB2F30135U")
    page.get_by_label("信息资源摘要").fill("各通道的水位")
    page.get_by_label("信息项名称").fill("水位")
    page.get_by_label("字段名").fill("level")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("送审前还缺 1 处")).to_be_visible()
    page.get_by_role("button", name="编辑").click()
    page.get_by_label("共享条件").fill("用于防汛")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="提交审核").click()
    page.get_by_role("dialog").get_by_role("button", name="提交审核").click()
    expect(page.locator(".case-head")).to_contain_text("审核中")

    bureau = enter(REVIEWER).page
    bureau.goto(f"{watched.base}/catalogue/review")
    bureau.get_by_role("link", name="下穿通道水位").click()
    bureau.get_by_role("button", name="发布").click()
    bureau.get_by_role("dialog").get_by_role("button", name="发布").click()
    expect(bureau.locator(".case-head")).to_contain_text("已发布")

    page.goto(f"{watched.base}/catalogue")
    page.get_by_placeholder("名称、信息项、拼音").fill("shuiwei")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="下穿通道水位").click()
    page.get_by_role("button", name="修订").click()
    page.get_by_role("dialog").get_by_role("button", name="修订").click()
    expect(page.get_by_text("下一版正在修订，在用版本不变")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_text("The next version is being revised")).to_be_visible()
    expect(page.get_by_role("heading", name="Versions")).to_be_visible()
