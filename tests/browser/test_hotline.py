"""The hotline desk in the console: a call comes in, is answered, becomes a case, is called back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import City, Enter, menu


def come_back(page: Page) -> None:
    """The page is loaded anew in the middle of a contact."""
    page.reload()
    page.get_by_test_id("unended").get_by_role("button", name="继续").first.click()
    expect(page.get_by_test_id("done")).to_contain_text("当场答复")


def published(city: City) -> None:
    """The one article that the desk knows."""
    article = {"question_zh": "井盖坏了找谁？", "answer_zh": "拨打热线报修。", "keywords": ["井盖"]}
    article |= {"question_en": "Who mends manhole covers?", "answer_en": "Call this line."}
    number = city.call("POST", "/api/hotline/articles", article)["id"]
    city.call("POST", f"/api/hotline/articles/{number}/publish")


def test_a_call_from_ringing_to_the_end(city: City, enter: Enter) -> None:
    published(city)
    page = enter("admin").page
    page.goto(f"{city.base}/cases")
    menu(page, "热线")
    expect(page.get_by_label("号码")).to_be_focused()
    city.call("POST", "/api/hotline/calls", {"number": "139 0000 1234", "line": "main"})
    calls = page.get_by_test_id("calls")
    expect(calls).to_contain_text("****34")
    expect(calls).not_to_contain_text("13900001234")
    calls.get_by_role("button", name="接听").click()
    caller = page.get_by_test_id("caller")
    expect(caller).to_contain_text("+8613900001234")
    expect(page.get_by_label("诉求内容")).to_be_focused()
    page.keyboard.type("路边的井盖坏了")
    articles = page.get_by_test_id("articles")
    expect(articles).to_contain_text("拨打热线报修。")
    articles.get_by_role("button", name="采用").click()
    page.keyboard.press("Control+Shift+Enter")
    done = page.get_by_test_id("done")
    expect(done).to_contain_text("当场答复")
    come_back(page)
    page.get_by_label("诉求内容").fill("下穿通道积水，车过不去")
    page.get_by_label("地址").fill("东桥")
    likely = page.get_by_role("group", name="可能的类别").get_by_role("button")
    likely.filter(has_text="积水").first.click()
    page.keyboard.press("Control+Enter")
    expect(done).to_contain_text(re.compile(r"转案件\s*案卷 \d+"))
    page.keyboard.press("F9")
    expect(page.get_by_label("号码")).to_be_visible()

    page.get_by_label("号码").fill("+86 139-0000-1234")
    page.keyboard.press("Enter")
    expect(caller).to_contain_text("以往案卷")
    caller.get_by_role("button", name="催办").click()
    expect(done).to_contain_text("催办")
    page.keyboard.press("F9")
    page.get_by_role("tab", name="今日统计").click()
    expect(page.get_by_test_id("figures")).to_contain_text("重复来电")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_test_id("figures")).to_contain_text("Repeated calls")
    page.get_by_role("tab", name="Knowledge").click()
    expect(page.get_by_role("button", name="Who mends manhole covers?")).to_be_visible()
    page.get_by_role("tab", name="Desk").click()
    expect(page.get_by_role("button", name="Begin (Enter)")).to_be_visible()


def test_a_name_is_completed_while_it_lasts_and_corrected_afterwards(
    city: City, enter: Enter
) -> None:
    page = enter("admin").page
    page.goto(f"{city.base}/hotline")
    page.get_by_label("号码").fill("139 0000 4321")
    page.keyboard.press("Enter")
    caller = page.get_by_test_id("caller")
    caller.get_by_role("button", name="补充或更正").click()
    caller.get_by_label("称呼").fill("王女士")
    caller.get_by_role("button", name="保存更正").click()
    expect(caller.get_by_role("heading")).to_contain_text("王女士")
    page.get_by_label("诉求内容").fill("公园的灯整夜亮着")
    page.get_by_role("button", name="仅记录").click()
    expect(page.get_by_test_id("done")).to_contain_text("公园的灯整夜亮着")
    page.keyboard.press("F9")
    late = page.get_by_test_id("recent").get_by_role("row").filter(has_text="公园的灯整夜亮着")
    late.get_by_role("button", name="查看来电人").click()
    ended = page.get_by_role("dialog")
    ended.get_by_role("button", name="补充或更正").click()
    ended.get_by_label("称呼").fill("汪女士")
    ended.get_by_text("紧急", exact=True).click()
    ended.get_by_role("button", name="保存更正").click()
    expect(ended.get_by_role("heading").filter(has_text="汪女士")).to_be_visible()
    page.keyboard.press("Escape")
    expect(late).to_contain_text("紧急")
