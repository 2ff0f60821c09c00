"""From a department's table to a resource in force: a source declared, its table proposed with
labels, a draft made of it, reviewed and published."""

from __future__ import annotations

import sqlite3

from playwright.sync_api import Page, expect

from tests.browser.conftest import OPTIONS, City, Enter, pick

STEWARD, REVIEWER = "harvester", "harvest_reviewer"


def _people(city: City) -> None:
    """A steward of the only organisation, and a reviewer of the data bureau."""
    unit = city.call("GET", "/api/registry/organisations?limit=1")["items"][0]["id"]
    city.add_user(STEWARD, "data_steward", unit)
    city.add_user(REVIEWER, "data_bureau")


def _option(page: Page, text: str) -> None:
    page.locator(OPTIONS, has_text=text).first.click()


def _declared(city: City, page: Page) -> None:
    file = city.home.resolve() / "incoming" / "wells.db"
    file.parent.mkdir(exist_ok=True)
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE wells (id TEXT PRIMARY KEY, phone TEXT)")
        rows = [(f"W{one}", f"1380013{one:04}") for one in range(20)]
        connection.executemany("INSERT INTO wells VALUES (?, ?)", rows)
    page.goto(f"{city.base}/sources")
    page.get_by_role("button", name="登记数据源").click()
    page.get_by_label("名称", exact=True).fill("水井库")
    page.get_by_label("代码", exact=True).fill("wells")
    pick(page.locator("#organisation"), "排水所")
    page.locator("#kind").click()
    _option(page, "SQLite")
    page.get_by_label("路径（平台服务器上的绝对路径）").fill(str(file))
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("连通，1 张表")).to_be_visible()


def test_a_table_becomes_a_resource_in_force(city: City, enter: Enter) -> None:
    _people(city)
    bureau = enter(REVIEWER).page
    _declared(city, bureau)

    page = enter(STEWARD).page
    page.goto(f"{city.base}/sources/harvest")
    page.get_by_role("combobox", name="数据源").click()
    _option(page, "水井库")
    page.get_by_role("checkbox", name="wells").check()
    page.get_by_role("button", name="查看所选 1 张表的建议").click()
    card = page.get_by_test_id("proposal-wells")
    expect(card).to_contain_text("20 个值中有 20 个符合特征")
    card.get_by_label("信息资源名称").fill("水井登记")
    card.get_by_role("button", name="建立草稿").click()
    card.get_by_role("link", name="打开草稿").click()
    page.get_by_role("button", name="编辑").click()
    pick(page.locator("#class_code"), "209")
    page.get_by_label("提供方代码").fill("11310000MB2F30135U")
    page.get_by_label("信息资源摘要").fill("各水井的值班电话")
    page.get_by_label("共享条件").fill("用于防汛")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="提交审核").click()
    page.get_by_role("dialog").get_by_role("button", name="提交审核").click()
    expect(page.locator(".case-head")).to_contain_text("审核中")

    bureau.goto(f"{city.base}/catalogue/review")
    bureau.get_by_role("link", name="水井登记").click()
    expect(bureau.get_by_role("row", name="phone")).to_contain_text("手机")
    bureau.get_by_role("button", name="发布").click()
    bureau.get_by_role("dialog").get_by_role("button", name="发布").click()
    expect(bureau.locator(".case-head")).to_contain_text("已发布")
