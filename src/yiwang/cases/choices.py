"""What a case offers next, as it is shown, and the titles of its class. Most of it is the same for
many cases and callers, and is made once for each standing (``guards.standing``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from yiwang.cases.model import guards
from yiwang.cases.model.classes import CaseClass, named
from yiwang.cases.model.guards import Facts, Possible, Refusal
from yiwang.kernel.text import find, render
from yiwang.security.model import Identity

MOST_KEPT = 4096
"""Standings and titles; where there are more, all are forgotten."""


class _Titles(NamedTuple):
    case_class: CaseClass
    own: str
    states: dict[str, str]
    steps: dict[str, str]


class _Shown(NamedTuple):
    """The steps without who may take them, who that is, and every ``who`` that occurs."""

    case_class: CaseClass
    rows: list[tuple[dict[str, Any], tuple[str, ...]]]
    who: frozenset[tuple[str, ...]]


_titles: dict[tuple[int, str], _Titles] = {}
_shown: dict[tuple[object, ...], _Shown] = {}
# Both are found by the identity of the class, and hold the class: nothing else can have it then.


def shown(
    case_class: CaseClass, facts: Facts, identity: Identity, actors: Mapping[str, str], lang: str
) -> list[dict[str, Any]]:
    """Every step: title, whether the caller may take it, why not, what it needs, and who could.
    ``actors``: the relationships of ``guards.WHO`` in words of this case."""
    key = (id(case_class), lang, guards.standing(case_class, facts, identity))
    kept = _shown.get(key)
    if kept is None:
        kept = _made(case_class, facts, identity, lang)
        if len(_shown) >= MOST_KEPT:
            _shown.clear()
        _shown[key] = kept
    who = {one: [actors[name] for name in one] for one in kept.who}
    return [{**row, "who": who[could]} for row, could in kept.rows]


def _made(case_class: CaseClass, facts: Facts, identity: Identity, lang: str) -> _Shown:
    rules = case_class.machine.steps
    rows = [
        (_step(one, case_class, lang), guards.who(case_class, rules[one.step]))
        for one in guards.possible_steps(case_class, facts, identity)
    ]
    return _Shown(case_class, rows, frozenset(who for _, who in rows))


def _step(one: Possible, case_class: CaseClass, lang: str) -> dict[str, Any]:
    return {
        "step": one.step,
        "title": step_title(case_class, one.step, lang),
        "allowed": one.allowed,
        "why_not": None if one.why_not is None else why_not(one.why_not, case_class, lang),
        "why_not_code": None if one.why_not is None else one.why_not.code,
        "needs": list(one.needs),
    }


def why_not(refusal: Refusal, case_class: CaseClass, lang: str) -> str:
    fields = dict(refusal.fields)
    if refusal.code == "wrong_state":
        fields["state"] = state_title(case_class, str(fields["state"]), lang)
        needed = str(fields["needed"]).split(", ")
        fields["needed"] = ", ".join(state_title(case_class, name, lang) for name in needed)
    return render(f"cases.why.{refusal.code}", lang, fields)


def class_title(case_class: CaseClass, lang: str) -> str:
    return _titles_of(case_class, lang).own


def state_title(case_class: CaseClass, name: str, lang: str) -> str:
    held = _titles_of(case_class, lang).states.get(name)
    return held or find(f"cases.state.{name}", lang) or name


def step_title(case_class: CaseClass, name: str, lang: str) -> str:
    held = _titles_of(case_class, lang).steps.get(name)
    return held or find(f"cases.step.{name}", lang) or name


def _titles_of(case_class: CaseClass, lang: str) -> _Titles:
    key = (id(case_class), lang)
    kept = _titles.get(key)
    if kept is None:
        machine = case_class.machine
        states = {name: named(one.title, lang, "") for name, one in machine.states.items()}
        steps = {name: named(one.title, lang, "") for name, one in machine.steps.items()}
        own = named(case_class.title, lang, case_class.code)
        kept = _Titles(case_class, own, states, steps)
        if len(_titles) >= MOST_KEPT:
            _titles.clear()
        _titles[key] = kept
    return kept
