"""What became of a case, by tables."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from yiwang.cases.scoring.model.outcome import Assessed, Line, Said, assessed, outcome

KINDS = {"closed": "done", "voided": "void", "dispatched": "working", "handled": "waiting"}


def case(**changed: Any) -> Any:
    values = {
        "no": 1,
        "class_code": "c",
        "grid": 3,
        "organisation": 7,
        "handler": "anna",
        "handler_name": "Anna",
        "kind": "done",
        "opened_at": 0,
        "changed_at": 900,
        "closed_at": 500,
        "limit_minutes": 60,
        "due_at": None,
        "overdue": False,
        "excused": False,
        "supervision": 0,
    }
    return SimpleNamespace(**(values | changed))


def lines(*steps: Any) -> list[Line]:
    return [
        Line(at, step, state, KINDS.get(state, "new"), "user:bob", details[0] if details else {})
        for at, step, state, *details in steps
    ]


def made(one: Any, *steps: Any, **more: Any) -> dict[str, Any]:
    return outcome(one, lines((0, "opened", "reported"), *steps), lambda a, b: (b - a) // 2, **more)


@pytest.mark.parametrize(
    ("changed", "steps", "wanted"),
    [
        ({}, [(500, "close", "closed")], {"judged_at": 500, "late": False, "close_work": 250}),
        ({"limit_minutes": None}, [(500, "close", "closed")], {"judged_at": None}),
        (
            {"overdue": True},
            [(60, "overdue", "dispatched"), (500, "close", "closed")],
            {"judged_at": 60, "late": True, "excused": False},
        ),
        (
            {"overdue": True, "excused": True},
            [(60, "overdue", "dispatched"), (500, "close", "closed")],
            {"judged_at": 60, "late": True, "excused": True},
        ),
        (
            {},
            [
                (60, "overdue", "dispatched"),
                (70, "close", "closed"),
                (80, "reopen", "accepted", {"from": {"overdue": True, "closed_at": 70}}),
                (500, "close", "closed"),
            ],
            {"judged_at": 60, "late": True, "reopenings": 1, "first_closed_at": 70},
        ),
        (
            {"overdue": True},
            [
                (60, "overdue", "dispatched"),
                (70, "close", "closed"),
                (80, "reopen", "accepted", {"from": {"overdue": True, "excused": True}}),
                (200, "overdue", "dispatched"),
                (500, "close", "closed"),
            ],
            {"judged_at": 200, "late": True, "excused": False},
        ),
        (
            {"kind": "new", "organisation": None, "handler": "", "closed_at": None},
            [
                (5, "dispatch", "dispatched", {"organisation": 9}),
                (6, "return", "accepted"),
            ],
            {"organisation": None, "person": "", "returns": 1, "dispatched_at": 5},
        ),
        (
            {"kind": "new", "organisation": None, "handler": "", "closed_at": None},
            [
                (5, "dispatch", "dispatched", {"organisation": 9}),
                (6, "report", "handled"),
                (7, "close", "closed"),
                (8, "reopen", "accepted", {"from": {}}),
            ],
            {"organisation": 9, "person": "bob", "closed_at": None, "first_closed_at": 7},
        ),
        (
            {"kind": "void"},
            [(5, "decline", "voided"), (6, "reopen", "accepted"), (7, "void", "voided")],
            {"reopenings": 0, "closed_at": None, "ended_at": 500, "accepted_at": 5},
        ),
        (
            {"organisation": None},
            [(4, "claimed", "dispatched"), (5, "report", "handled"), (500, "close", "closed")],
            {"resident": True, "dispatched_at": 4, "organisation": None},
        ),
        (
            {},
            [(1, "verify_not_ok", "dispatched"), (2, "extend_granted", "dispatched")],
            {"reworks": 1, "extensions": 1},
        ),
    ],
)
def test_outcomes(changed: dict[str, Any], steps: list[Any], wanted: dict[str, Any]) -> None:
    found = made(case(**changed), *steps)
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("details", "channel"),
    [
        ({"finding": 4}, "finding"),
        ({"trouble": 4}, "device"),
        ({"channel": ""}, "report"),
        ({"channel": "hotline", "finding": 4}, "hotline"),
    ],
)
def test_channels(details: dict[str, Any], channel: str) -> None:
    first = Line(0, "opened", "reported", "new", "user:bob", details)
    assert outcome(case(), [first], lambda a, b: 0)["channel"] == channel


def test_the_reporters_word() -> None:
    found = made(case(), assessed=Assessed(2, False), resident=True)
    assert (found["rating"], found["solved"], found["resident"]) == (2, False, True)


def test_everybody_who_assessed_a_case_counts_with_their_last_word() -> None:
    def say(at: int, actor: str, rating: int | None, solved: bool | None = None) -> Said:
        return Said(at, actor, rating, solved)

    old = say(5, "a", 1, False)
    for said, closed_at, rating, solved in (
        ([say(10, "a", 5, True), say(11, "b", 2, False)], 10, 3.5, False),
        ([say(10, "a", 5), say(12, "a", 3), say(13, "b", 4)], 10, 3.5, None),
        ([old, say(10, "b", 4, True)], 10, 4, True),
        ([say(3, "b", 5), old], 10, 1, False),
        ([say(3, "b", 5), old], None, 1, False),
        ([say(10, "a", None, True)], 10, None, True),
    ):
        assert assessed(said, closed_at) == Assessed(rating, solved)
    assert assessed([], 10) is None
