"""The screen in a real browser against the real server: from a signal to a closed case."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import HANDLER, City, Enter, Watched
from tests.cases.pictures import samples

_COUNT = """
async (picture) => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(380, 60, 500, 500);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4)
    seen.add(data[i] * 65536 + data[i + 1] * 256 + data[i + 2]);
  return seen.size;
}
"""


def colours(page: Page) -> int:
    """How many colours the middle of the map shows; a blank one has a single colour."""
    picture = page.get_by_test_id("map").screenshot(type="png")
    return int(page.evaluate(_COUNT, base64.b64encode(picture).decode()))


def wait_for_map(page: Page) -> None:
    until = time.monotonic() + 30
    while (seen := colours(page)) < 8:
        assert time.monotonic() < until, f"the map shows {seen} colours"
        page.wait_for_timeout(300)


def test_map_is_drawn_and_a_new_value_arrives_unasked(city: City, watched: Watched) -> None:
    page = watched.page
    city.observe(3, ago_s=2)
    page.goto(f"{city.base}/live?at=place:{city.place}")
    value = page.get_by_test_id(f"value-{city.stream}")
    expect(value).to_have_text("3")
    expect(page.get_by_test_id("map-total")).to_contain_text(re.compile("[1-9]"))
    wait_for_map(page)
    expect(page.locator(".live-state")).to_contain_text("实时连接正常")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    city.observe(4)
    expect(value).to_have_text("4")
    assert not [one for one in asked if "/map/places/" in one or "/Datastreams(" in one]


def test_the_screen_asks_for_nothing_that_somebody_may_not_read(city: City, enter: Enter) -> None:
    """A steward reads neither findings nor observations: nothing is refused."""
    city.add_user("looker", "data_steward")
    page = enter("looker").page
    page.goto(f"{city.base}/live?at=place:{city.place}")
    expect(page.get_by_test_id("map-total")).to_contain_text(re.compile("[1-9]"))
    expect(page.get_by_test_id("thing-card")).to_contain_text("东桥下穿")
    folded = page.locator("[data-testid^=panels-] > button[aria-expanded=false]")
    while folded.count():
        folded.first.click()


def test_finding_becomes_a_case_that_is_handled_to_its_closing(
    city: City, enter: Enter, picture: Path
) -> None:
    page = enter("admin").page
    page.goto(f"{city.base}/live")
    expect(page.locator(".live-state")).to_contain_text("实时连接正常")
    for ago, depth in ((240, 19), (180, 20), (120, 21), (60, 20), (0, 20)):
        city.observe(depth, ago)
    finding = page.get_by_test_id("finding-feed").locator("li", has_text="东桥下穿").first
    expect(finding).to_be_visible()
    case = page.get_by_test_id("case-feed").locator("a", has_text="东桥下穿").first
    expect(case).to_be_visible()
    case.click()
    page.wait_for_url(re.compile("/cases/[0-9]+$"))

    page.get_by_test_id("ask-why").click()
    evidence = page.get_by_test_id("evidence").first
    expect(evidence).to_contain_text("积水深度")
    expect(evidence.get_by_test_id("lead")).to_contain_text("cm")
    evidence.get_by_role("button", name="查看原文").first.click()
    expect(evidence.locator("pre.raw").last).to_contain_text('"source"')

    handler = enter(HANDLER).page
    handler.goto(page.url)
    for step in ("start", "report"):
        take(handler, step, picture)
    take(page, "verify_ok", picture)
    expect(page.locator(".case-head .state")).to_have_class(re.compile("done"))
    expect(page.get_by_test_id("timeline-entry").locator("img").first).to_be_visible()
    assert page.get_by_test_id("timeline-entry").count() >= 5


def take(page: Page, step: str, picture: Path) -> None:
    """Take one step with reason, text and, where it is asked for, a photo."""
    page.get_by_test_id(f"step-{step}").click()
    page.get_by_test_id("step-reason").fill("依规办理")
    page.get_by_test_id("step-text").fill("现场已处置")
    upload = page.locator(".ant-modal input[type=file]")
    if upload.count():
        upload.set_input_files(str(picture))
    page.locator("#step-submit").click()
    expect(page.locator(".ant-message-success"), step).to_be_visible()
    expect(page.locator("#step-submit")).to_be_hidden()


def test_every_page_in_both_languages(city: City, watched: Watched) -> None:
    page = watched.page
    titles = {
        "/cases": ("案卷", "Cases"),
        "/report": ("上报", "Report"),
        "/findings": ("发现", "Findings"),
        "/devices": ("设备", "Devices"),
        "/connections": ("现场接入", "Field connections"),
        "/ledger": ("收数台账", "Ledger"),
        "/registry/places": ("基础名录", "Registry"),
        "/packs": ("场景包", "Packs"),
    }
    for language, place in (("中文", 0), ("English", 1)):
        if place:
            page.get_by_role("button", name=language).click()
        for path, words in titles.items():
            page.goto(city.base + path)
            expect(page.locator(".page-head h2")).to_have_text(words[place])
            expect(page.locator(".ant-alert-error")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(f"{city.base}/packs/underpass_flooding")
    expect(page.locator("main")).to_contain_text("Rules")


def test_people_report_a_trouble(city: City, watched: Watched, picture: Path) -> None:
    page = watched.page
    page.goto(f"{city.base}/report")
    page.locator("#case_class").click()
    page.locator(".ant-select-item-option").first.click()
    page.locator("#text").fill("桥下有积水，车辆绕行")
    page.locator("[data-testid=map] canvas").click(position={"x": 300, "y": 160})
    page.locator("input[type=file]").set_input_files(str(picture))
    page.get_by_role("button", name="提交上报").click()
    page.get_by_role("button", name="查看案卷").click()
    expect(page.locator("main")).to_contain_text("桥下有积水")


def test_a_report_answers_the_form_and_is_where_the_photo_was_taken(
    city: City, watched: Watched, tmp_path: Path
) -> None:
    photo = tmp_path / "place.jpg"
    photo.write_bytes(samples.jpeg(lat=39.03, lon=116.03))  # no finding joins what is so far away
    page = watched.page
    page.goto(f"{city.base}/report")
    page.locator("#case_class").fill("道路积水")
    page.locator(".ant-select-item-option").first.click()
    page.locator("#answers_depth").click()
    page.get_by_title("不过膝盖").click()
    page.locator("#text").fill("路口积水")
    page.locator("input[type=file]").set_input_files(str(photo))
    expect(page.get_by_test_id("photo-place")).to_contain_text("位置取自照片")
    page.get_by_role("button", name="提交上报").click()
    page.get_by_role("button", name="查看案卷").click()
    expect(page.locator("main")).to_contain_text("积水有多深: 不过膝盖")
    small = page.get_by_title("拍摄地点距案卷位置 0 米").first.locator("img")
    expect(small).to_have_attribute("src", re.compile(r"size=320$"))


def test_registry_is_edited(city: City, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{city.base}/registry/people")
    page.get_by_role("button", name="新增").click()
    page.locator(".ant-drawer #code").fill("W1")
    page.locator(".ant-drawer #name").fill("王师傅")
    page.locator(".ant-drawer button[type=submit]").click()
    expect(page.locator(".ant-table")).to_contain_text("王师傅")


def test_keyboard_reaches_the_navigation_and_skips_it(city: City, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{city.base}/cases")
    expect(page.locator(".page-head h2")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_full_car_park_shows_where_there_is_room(city: City, watched: Watched) -> None:
    page = watched.page
    streams = []
    for code, name, lon in (("CP1", "西停车场", 116.03), ("CP2", "东停车场", 116.035)):
        place = {"kind": "car_park", "code": code, "name_zh": name, "name_en": code}
        place |= {"lon": lon, "lat": 39.03, "attributes": {"capacity": 200}}
        number = city.call("POST", "/api/registry/places", place)["id"]
        device = {"kind": "smart_parking.counter", "code": f"C-{code}", "place": number}
        device |= {"lon": lon, "lat": 39.03}
        streams.append(city.call("POST", "/api/devices", device)["datastreams"]["free"])
    page.goto(f"{city.base}/live")
    expect(page.locator(".live-state")).to_contain_text("实时连接正常")
    page.get_by_test_id("panels-smart_parking").get_by_role("button").first.click()
    guidance = page.get_by_test_id("panel-smart_parking.guidance")
    expect(guidance).to_contain_text("目前没有满位的场所")
    for stream, free in zip(streams, (0, 57), strict=True):
        city.observe(free, stream=stream)
    expect(guidance).to_contain_text("西停车场")
    expect(guidance.locator(".near")).to_contain_text("东停车场")
    expect(guidance.locator(".near")).to_contain_text("430 m")
    expect(guidance.locator(".near")).to_contain_text("余 57")
