"""The steps of a case are kept by standing; what is shown is what would be worked out anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.cases.test_permissions import INSIDE, KINDS, PENDING, _facts
from yiwang.cases import choices
from yiwang.cases.model import guards
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.model.guards import WHO, Facts
from yiwang.cases.spec import default_machine
from yiwang.kernel.text import LANGUAGES, catalogue, find
from yiwang.security.model import Identity

ACTORS = {name: f"who is {name}" for name in choices.NAMED}
WORDS = {name: find(f"cases.who.{name}", "en") for name in WHO} | ACTORS
WITH: tuple[dict[str, Any], ...] = (
    {},
    {"open_parts": 3},
    {"returns": 1},
    {"returns": 2},
    {"limited": False},
    {"extensions": 1},
    {"ended_for": 61},
    {"assessed": True},
    {"handled_by": "citizen"},
    {"handler": "grid_worker"},
    {"reporter": "department_handler"},
    {"grid": None, "organisation": None},
    {"appeal": "rejected"},
)


def _shown(
    case_class: CaseClass,
    case: Facts,
    person: Identity,
    actors: dict[str, str] = ACTORS,
    lang: str = "en",
) -> list[dict[str, Any]]:
    shown = choices.shown(case_class, case, person, actors, lang)
    steps: list[dict[str, Any]] = msgspec.json.decode(shown)
    return steps


def _who(case_class: CaseClass, step: str) -> list[str | None]:
    return [WORDS[one] for one in guards.who(case_class, case_class.machine.steps[step])]


def _people() -> list[Identity]:
    found = []
    for role in INSIDE:
        kind = role if role in ("device", "anonymous") else "user"
        for name, number in ((role, 1), (f"other {role}", 2)):
            roles = frozenset({role})
            found.append(Identity(kind, 1, name, roles, None, number, frozenset({number})))
        found.append(Identity("token", 1, role, frozenset({role}), frozenset({"cases.read"}), 1))
    return [*found, Identity("system", 0, "cases", frozenset({"system"}))]


def _some(place: int) -> list[dict[str, Any]]:
    """The plain case and a third of the others, in turn: each of them meets the plain case with
    every role and in every state."""
    return [WITH[0], *WITH[1 + place % 3 :: 3]]


@pytest.mark.parametrize("pending", PENDING)
def test_kept_steps_are_those_worked_out_anew(pending: str) -> None:
    machine = default_machine()
    bounds = replace(machine.bounds, reopen_within=60, returns_most=2, extensions=1)
    kept = CaseClass("kept", replace(machine, bounds=bounds))
    choices._shown.clear()
    known = 0
    for number, person in enumerate(_people()):
        for place, state in enumerate(KINDS, number):
            for values in _some(place):
                case = _facts(state, pending)._replace(**values)
                assert _shown(kept, case, person) == [
                    choices._step(one, kept, "en") | {"who": _who(kept, one.step)}
                    for one in guards.possible_steps(kept, case, person)
                ]
                known += 1
    assert 0 < len(choices._shown) < known


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_relationship_has_words(lang: str) -> None:
    assert {f"cases.who.{name}" for name in WHO} <= catalogue("cases", lang).keys()


def test_languages_actors_and_classes_are_told_apart() -> None:
    case = _facts("handling", "nothing")
    person = Identity("user", 1, "c", frozenset({"command_centre"}))
    plain = CaseClass("plain", default_machine(), title={"en": "Plain"})
    english = _shown(plain, case, person)
    chinese = _shown(plain, case, person, lang="zh-CN")
    assert {one["title"] for one in english}.isdisjoint(one["title"] for one in chinese)
    others = _shown(plain, case, person, dict.fromkeys(choices.NAMED, "they"))
    said = {one for step in english for one in step["who"]}
    assert said & set(ACTORS.values()) and said - set(ACTORS.values())
    assert {one for step in others for one in step["who"]} == said - set(ACTORS.values()) | {"they"}
    fewer = dict(list(plain.machine.steps.items())[:3])
    other = CaseClass("other", replace(plain.machine, steps=fewer))
    assert len(_shown(other, case, person)) == 3
    none = CaseClass("none", replace(plain.machine, steps={}))
    assert _shown(none, case, person) == []
    assert choices.class_title(plain, "en") == "Plain"


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "MOST_KEPT", 5)
    choices._shown.clear()
    person = Identity("user", 1, "c", frozenset({"command_centre"}))
    for returns in range(20):
        plain = CaseClass(f"c{returns}", default_machine())
        _shown(plain, _facts("handling", "nothing"), person)
        assert len(choices._shown) <= 5
