"""Moves: previewed, in batches, interrupted, undone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cases.conftest import City
from tests.cases.versions.conftest import RENAMED, SECOND, Versions, move_agreed, undo
from yiwang.cases import service as cases
from yiwang.cases.model.guards import Given
from yiwang.cases.versions import service, views, words
from yiwang.cases.versions.errors import (
    BadPlace,
    NoSuchMove,
    NoSuchVersion,
    NotOneClass,
    NotPreviewed,
    ReasonMissing,
)
from yiwang.cases.versions.preview import Move
from yiwang.kernel.clock import MINUTE
from yiwang.security.errors import Denied

Opener = Callable[..., int]
BY_NATURE = ("version", "changed_at")
"""Columns that say that something was done, whatever it was."""


def bare(rows: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {
        no: {name: value for name, value in row.items() if name not in BY_NATURE}
        for no, row in rows.items()
    }


def _at(number: int) -> dict[str, Any]:
    return {"lon": 116.0 + number / 100, "one_per": f"site:{number}"}


@pytest.fixture
def three(city: City, versions: Versions, open_case: Opener) -> list[int]:
    """Dispatched, pumping, and dispatched but suspended; forty minutes old."""
    numbers = [open_case(number, **_at(number)) for number in (1, 2, 3)]
    cases.take(city.handler, numbers[1], "start", Given())
    cases.take(city.centre, numbers[2], "suspend", Given(reason="rain"))
    city.clock.advance(40 * MINUTE)
    return numbers


def test_a_preview_names_the_questions_that_have_no_answer(
    versions: Versions, open_case: Opener
) -> None:
    open_case()
    asked = "code: POLE, datatype: string, required: true"
    titled = "description: {zh-CN: 灯杆编号, en: Number of the pole}"
    to = versions.install(
        SECOND.replace("    states:", f"    form: [{{{asked}, {titled}}}]\n    states:", 1)
    )
    for lang, title in (("en", "Number of the pole"), ("zh-CN", "灯杆编号")):
        seen = versions.preview(Move(to), lang)
        assert seen["lacking"] == [{"question": "POLE", "title": title, "cases": 1}]


def test_a_preview_says_what_would_happen_and_writes_nothing(
    city: City, versions: Versions, three: list[int]
) -> None:
    to = versions.install()
    before = versions.rows()
    seen = versions.preview(Move(to))
    assert versions.rows() == before
    assert seen["outcomes"] == {"moves": 2, "needs_choice": 1, "stays": 0, "refused": 0}
    assert seen["deadlines"]["earlier"] == 1 and seen["deadlines"]["standing"] == 1
    assert seen["deadlines"]["becomes_overdue"] == 1
    assert seen["concerns"][0] == {
        "organisation": city.water,
        "name": "Water Office",
        "cases": 2,
    }
    (choice,) = [one for one in seen["groups"] if one["to"] is None]
    assert (choice["state_title"], choice["cases"]) == ("Pumping", 1)
    assert "has no state" in choice["why"]
    sample = seen["samples"]["moves"][0]
    assert (sample["from"]["minutes"], sample["to"]["minutes"]) == (60, 30)
    all_ = versions.preview(Move(to, places=RENAMED))
    assert all_["outcomes"]["moves"] == 3


def test_a_move_keeps_the_time_used_and_says_so_in_the_timeline(
    city: City, versions: Versions, three: list[int]
) -> None:
    before = versions.rows()
    to = versions.install()
    id = versions.move(Move(to, places=RENAMED))
    rows = versions.rows()
    assert {row["case_class"] for row in rows.values()} == {to}
    assert rows[three[1]]["state"] == "draining"
    for no in three:
        assert rows[no]["clock_used"] == before[no]["clock_used"]
        assert rows[no]["limit_minutes"] == 30
    assert rows[three[0]]["due_at"] == before[three[0]]["due_at"] - 30 * MINUTE
    assert rows[three[0]]["overdue"] and not rows[three[2]]["overdue"], "suspended in time"
    line = city.show(three[1])["timeline"][-1]
    assert (line["step"], line["actor"]) == ("version_moved", "user:centre")
    assert line["reason"] == "the new class"
    assert line["details"]["from"] | {"due_at": 0} == {
        "case_class": versions.old,
        "state": "pumping",
        "limit_minutes": 60,
        "counting": "clock",
        "due_at": 0,
        "overdue": False,
    }
    assert line["details"]["to"]["state"] == "draining"
    shown = views.show(city.centre, id, "moved", 0, 50, "en")
    assert shown["state"] == "moved" and shown["counts"]["moved"] == 3
    assert city.show(three[1])["timeline"][2]["state_title"] == "Pumping", "as it was called then"


def test_undoing_gives_back_every_column(city: City, versions: Versions, three: list[int]) -> None:
    before = versions.rows()
    id = versions.move(Move(versions.install(), places=RENAMED))
    cases.sweep(city.platform)
    undo(city.centre, id, "too short")
    undo(city.centre, id, "twice is once")
    assert bare(versions.rows()) == bare(before)
    shown = views.show(city.centre, id, "", 0, 50, "en")
    assert shown["state"] == "undone" and shown["counts"]["undone"] == 3
    assert city.show(three[0])["timeline"][-1]["reason"] == "too short"


def test_what_somebody_has_changed_since_is_not_put_back(
    city: City, versions: Versions, three: list[int]
) -> None:
    id = versions.move(Move(versions.install(), places=RENAMED))
    cases.take(city.handler, three[0], "start", Given())
    moved = versions.rows()[three[0]]
    undo(city.centre, id, "too short")
    assert versions.rows()[three[0]] == moved
    (kept,) = views.show(city.centre, id, "kept", 0, 50, "en")["items"]
    assert kept["no"] == three[0] and "Start" in kept["why"]


def test_what_somebody_has_changed_since_the_preview_stays(
    city: City, versions: Versions, three: list[int]
) -> None:
    move = Move(versions.install(), places=RENAMED)
    agreed = versions.preview(move)["digest"]
    cases.take(city.handler, three[0], "start", Given())
    id = move_agreed(city.centre, move, agreed, "new")
    assert versions.rows()[three[0]]["case_class"] == versions.old
    (stayed,) = views.show(city.centre, id, "stayed", 0, 50, "en")["items"]
    assert stayed == {"no": three[0], "outcome": "stayed", "why": "It was changed meanwhile."}
    assert versions.preview(move)["outcomes"]["moves"] == 1


def test_only_what_was_previewed_is_moved(city: City, versions: Versions, three: list[int]) -> None:
    to = versions.install()
    agreed = versions.preview(Move(to))["digest"]
    for asked, digest in ((Move(to, places=RENAMED), agreed), (Move(to), "7-x"), (Move(to), "")):
        with pytest.raises(NotPreviewed):
            move_agreed(city.centre, asked, digest, "new")
    with pytest.raises(ReasonMissing):
        service.begin(city.centre, Move(to), agreed, " ")
    with pytest.raises(BadPlace):
        versions.preview(Move(to, places={"pumping": "closed"}))
    with pytest.raises(NoSuchVersion):
        versions.preview(Move(999))
    with pytest.raises(NoSuchMove):
        service.begin_undo(city.centre, 9, "x")
    other = next(
        one["versions"][0]["id"]
        for one in words.versions(city.centre, "", "", 50, "en")[0]
        if one["code"] == "demo.full_car_park"
    )
    with pytest.raises(NotOneClass):
        versions.preview(Move(to, versions=(other,)))
    assert {row["case_class"] for row in versions.rows().values()} == {versions.old}


def test_a_selection_is_kept_to(city: City, versions: Versions, three: list[int]) -> None:
    to = versions.install()
    for narrowed, count in (
        (Move(to, states=("dispatched",)), 1),
        (Move(to, numbers=(three[0], three[1])), 1),
        (Move(to, organisation=city.parks), 0),
        (Move(to, organisation=city.water), 2),
        (Move(to, area=city.district), 2),
        (Move(to, area=city.other_grid), 0),
        (Move(to, versions=(versions.old,)), 2),
    ):
        assert versions.preview(narrowed)["outcomes"]["moves"] == count, narrowed


def test_a_limit_given_by_hand_stays(city: City, versions: Versions, open_case: Opener) -> None:
    no = open_case()
    cases.take(city.handler, no, "ask_extension", Given(minutes=20, reason="far"))
    cases.take(city.centre, no, "extend_granted", Given())
    versions.move(Move(versions.install()))
    row = versions.rows()[no]
    assert (row["limit_minutes"], row["extended"]) == (50, 20), "what was granted stays granted"


def test_a_crash_between_batches_loses_nothing(
    city: City, versions: Versions, open_case: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    numbers = [open_case(number, **_at(number)) for number in range(1, 8)]
    before = versions.rows()
    to = versions.install()
    move = Move(to)
    agreed = versions.preview(move)["digest"]
    id = service.begin(city.centre, move, agreed, "new")
    assert service.batch(city.centre, id), "and here the machine stops"
    assert sum(row["case_class"] == to for row in versions.rows().values()) == 2
    assert move_agreed(city.centre, move, agreed, "new") == id, "asked again it goes on"
    assert service.sweep(city.platform) == 0
    lines = [
        [line["step"] for line in city.show(no)["timeline"]].count("version_moved")
        for no in numbers
    ]
    assert lines == [1] * 7
    service.begin_undo(city.centre, id, "back")
    service.batch(city.centre, id)
    assert service.sweep(city.platform) > 0, "the platform itself goes on after a crash"
    assert bare(versions.rows()) == bare(before)


def test_a_move_that_is_undone_before_its_end_stops(
    city: City, versions: Versions, open_case: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    for number in range(1, 6):
        open_case(number, **_at(number))
    move = Move(versions.install())
    id = service.begin(city.centre, move, versions.preview(move)["digest"], "new")
    service.batch(city.centre, id)
    undo(city.centre, id, "stop")
    counts = views.show(city.centre, id, "", 0, 50, "en")["counts"]
    assert counts == {"pending": 0, "moved": 0, "stayed": 3, "undone": 2, "kept": 0}
    assert {row["case_class"] for row in versions.rows().values()} == {versions.old}


def test_two_movers_at_once_move_every_case_once(
    city: City, versions: Versions, open_case: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 3)
    numbers = [open_case(number, **_at(number)) for number in range(1, 13)]
    move = Move(versions.install())
    agreed = versions.preview(move)["digest"]
    with ThreadPoolExecutor(2) as pool:
        ids = set(pool.map(lambda _: move_agreed(city.centre, move, agreed, "new"), range(2)))
    assert len(ids) == 1
    for no in numbers:
        steps = [line["step"] for line in city.show(no)["timeline"]]
        assert steps.count("version_moved") == 1
    (only,) = views.listing(city.centre, "demo.flooded", 0, 10, "en")
    assert only["state"] == "moved" and only["counts"]["moved"] == 12


def test_versions_and_their_difference_in_words(city: City, versions: Versions) -> None:
    to = versions.install()
    found, _ = words.versions(city.centre, "demo.flooded", "", 10, "zh-CN")
    (flooded,) = found
    assert flooded["title"] == "下穿通道积水"
    assert [(one["id"], one["number"], one["active"]) for one in flooded["versions"]] == [
        (to, 2, True),
        (versions.old, 1, False),
    ]
    texts = [one["text"] for one in words.difference(city.centre, versions.old, to, "zh-CN")]
    assert "取消状态“抽排中”" in texts
    assert "时限（紧急）：60 分钟（自然时间） → 30 分钟（自然时间）" in texts
    for lang in ("en", "zh-CN"):
        for one in words.difference(city.centre, to, versions.old, lang):
            assert "cases." not in one["text"] and "{" not in one["text"]


def test_only_the_centre_moves_cases(city: City, versions: Versions) -> None:
    for who in (city.handler, city.grid_worker, city.citizen):
        with pytest.raises(Denied):
            words.versions(who, "", "", 10, "en")
        with pytest.raises(Denied):
            service.begin(who, Move(versions.old), "", "x")
