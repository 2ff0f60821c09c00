"""Small things in the browser: speech into the field of a report, and the button of a letter."""

from __future__ import annotations

from urllib.parse import urlencode

from playwright.sync_api import Route, expect

from tests.browser.conftest import City, Enter
from yiwang.notices.keys import Keys

HEARS = """window.SpeechRecognition = window.webkitSpeechRecognition = class {
  start() {
    const said = Object.assign([{ transcript: "井盖破损，" + this.lang }], { isFinal: true });
    setTimeout(() => { this.onresult({ resultIndex: 0, results: [said] }); this.onend(); }, 50);
  }
  stop() {}
  abort() {}
};"""


def test_a_report_is_spoken_where_the_city_allows_it(city: City, enter: Enter) -> None:
    page = enter("admin").page
    page.add_init_script(HEARS)
    page.goto(f"{city.base}/report")
    field = page.get_by_label("情况描述")
    expect(field).to_be_visible()
    expect(page.get_by_role("button", name="语音输入")).to_have_count(0)

    def allowed(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"voice_input": True})

    page.route("**/api/health", allowed)
    page.reload()
    field.fill("东路：")
    page.get_by_role("button", name="语音输入").click()
    expect(field).to_have_value("东路：井盖破损，zh-CN")
    expect(page.get_by_role("button", name="语音输入")).to_be_visible()


def test_a_letter_is_ended_by_its_button_also_for_who_is_signed_in(
    city: City, enter: Enter
) -> None:
    keys = Keys(city.home / "keys" / "notices.key")
    to = "address:resident@home.example"
    asked = {"channel": "email", "to": to, "signature": keys.mark(f"unsubscribe|email|{to}")}
    page = enter("admin").page
    page.goto(f"{city.base}/api/notices/unsubscribe?{urlencode(asked)}")
    expect(page.get_by_text("不再向 resident@home.example 发送？")).to_be_visible()
    page.get_by_role("button", name="不再发送").click()
    expect(page.get_by_text("有账号的用户可在“通知”中更改")).to_be_visible()
