"""Proposals in the browser: taken, chosen otherwise and refused, on the work list and on a case."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE_S, City, Enter, menu, pick
from tests.browser.test_dispatch import seen
from yiwang.cases import service as cases
from yiwang.cases.learning import artefact, training
from yiwang.cases.learning.artefact import Card
from yiwang.cases.learning.model import Known, Model
from yiwang.cases.spec import parse
from yiwang.kernel import documents
from yiwang.kernel.clock import DAY, SystemClock
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.store.database import Database

CLASSES = """
classes:
  lamp:
    title: {zh-CN: 路灯不亮, en: Lamp is dark}
    deadline: {hours: 8, counting: clock}
  hole:
    title: {zh-CN: 路面坑洞, en: Hole in the road}
    deadline: {hours: 8, counting: clock}
  other:
    title: {zh-CN: 其他问题, en: Something else}
    deadline: {hours: 8, counting: clock}
"""


def _model(lamp: str, hole: str) -> Model:
    """One that tells lamps from holes by the words."""
    said = ("路灯 不亮 夜里很黑", "路面 坑洞 车辆颠簸")
    known = [Known(text=f"{said[row % 2]} {row}", at=row * DAY) for row in range(80)]
    truth = [(lamp, hole)[row % 2] for row in range(80)]
    return training.fit(training.Cases(known), truth)


def _teach(city: City, version: int, units: tuple[str, str], classes: tuple[str, str]) -> None:
    made = {"queue": _model(*units), "case_class": _model(*classes)}
    card = Card(version, 0, 80, 0, 0, "", {})
    artefact.save(city.home / "learning", card, made)


@pytest.fixture(scope="module")
def lamps(city: City) -> Iterator[int]:
    """The number of the office of lamps, in a city whose closed cases have taught."""
    database = Database(f"sqlite:///{city.home / 'yiwang.db'}")
    caller = Caller(system("test"), database, SystemClock())
    spec = parse(documents.parse(CLASSES, "cases.yaml"), "lights", {})
    cases.install_classes(caller, "lights", spec.classes)
    database.close()
    office = {"code": "U9", "name_zh": "路灯所", "name_en": "Lamp office"}
    number: int = city.call("POST", "/api/registry/organisations", office)["id"]
    units = city.call("GET", "/api/registry/organisations?limit=500")["items"]
    drains = next(one["id"] for one in units if one["code"] == "U1")
    _teach(city, 1, (str(number), str(drains)), ("lights.lamp", "lights.hole"))
    until = time.monotonic() + PATIENCE_S
    while not city.call("GET", "/api/cases/likely?text=路灯")["items"]:
        assert time.monotonic() < until
        time.sleep(0.2)
    yield number
    _teach(city, 2, ("0", "0"), ("gone.one", "gone.two"))


def test_the_centre_answers_what_is_proposed(city: City, enter: Enter, lamps: int) -> None:
    body = {"case_class": "lights.other", "text": "路灯不亮，夜里很黑", "lon": 116.02}
    numbers = [
        city.call("POST", "/api/cases", body | {"lat": 39.02 + place / 50})["no"]
        for place in range(3)
    ]
    page = enter("admin").page
    page.goto(f"{city.base}/cases")
    menu(page, "建议采纳")
    known = re.compile("|".join(f"#{no} " for no in numbers))
    rows = page.locator("tbody tr").filter(has_text="路灯所").filter(has_text=known)
    expect(rows).to_have_count(3)
    expect(rows.first.get_by_text("依据：")).to_be_visible()
    seen(page, "proposals-dispatch")
    first, second, third = (rows.filter(has_text=f"#{no} ") for no in numbers)
    first.get_by_role("button", name="派遣至此").click()
    expect(rows).to_have_count(2)
    second.get_by_role("combobox", name="另选单位").click()
    page.get_by_title("排水所", exact=True).click()
    expect(rows).to_have_count(1)
    third.get_by_role("button", name="不采纳").click()
    page.get_by_label("原因（可不填）").fill("由物业处理")
    page.get_by_role("tooltip").get_by_role("button", name="不采纳").click()
    expect(rows).to_have_count(0)
    units = [city.call("GET", f"/api/cases/{no}") for no in numbers]
    assert [one["proposal"]["outcome"] for one in units] == ["accepted", "other", "refused"]
    assert units[0]["organisation"] == lamps and units[2]["organisation"] is None


def test_the_class_that_was_proposed_is_taken_after_all(
    city: City, enter: Enter, lamps: int
) -> None:
    page = enter("admin").page
    page.goto(f"{city.base}/report")
    page.get_by_label("情况描述").fill("路灯不亮，夜里很黑")
    page.get_by_label("情况描述").blur()
    likely = page.get_by_test_id("likely")
    expect(likely.get_by_role("button", name="路灯不亮")).to_be_visible()
    pick(page.get_by_label("问题类别"), "其他问题")
    page.get_by_label("详细地址").fill("东路九号")
    page.get_by_role("button", name="提交上报").click()
    page.get_by_role("button", name="查看案卷").click()
    panel = page.get_by_test_id("class-proposal")
    expect(panel.get_by_text("上报人选择：其他问题")).to_be_visible()
    seen(page, "proposals-case")
    menu(page, "建议采纳")
    page.get_by_role("tab", name="类别建议").click()
    row = page.locator("tbody tr").filter(has_text="东路九号")
    expect(row).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(row.get_by_text("Chosen by the reporter: Something else")).to_be_visible()
    seen(page, "proposals-class-en")
    row.get_by_role("button", name="Change the class").click()
    expect(row).to_have_count(0)
    page.get_by_role("tab", name="Outcomes").click()
    expect(page.get_by_role("columnheader", name="Corrected later")).to_be_visible()
    seen(page, "proposals-outcomes-en")
