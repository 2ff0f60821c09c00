"""What a case offers next, as it is shown, and the titles of its class. Most of it is the same for
many cases and callers, and is made once for each standing (``guards.standing``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from yiwang.cases.model import guards
from yiwang.cases.model.classes import CaseClass, named
from yiwang.cases.model.guards import Facts, Possible, Refusal
from yiwang.kernel.text import find, render
from yiwang.security.model import Identity

NAMED = frozenset({"handler", "grid_worker", "joint"})
"""The relationships of ``guards.WHO`` in whose words there are names of a case."""
MOST_KEPT = 4096
"""Standings and titles; where there are more, all are forgotten."""


class _Named(dict[str, str]):
    """What a class calls its states or steps; one that it has not is called as in any class."""

    def __init__(self, noun: str, lang: str, own: Mapping[str, Any]) -> None:
        self._noun, self._lang = noun, lang
        for name, one in own.items():
            self[name] = named(one.title, lang, "") or self[name]

    def __missing__(self, name: str) -> str:
        return find(f"cases.{self._noun}.{name}", self._lang) or name


class Titles(NamedTuple):
    """What a class, its states and its steps are called in one language."""

    case_class: CaseClass
    own: str
    states: Mapping[str, str]
    steps: Mapping[str, str]


class _Shown(NamedTuple):
    """The steps as JSON: ``parts``, every second of which is a gap for who may take a step. Into
    the gaps go those of ``who`` that ``gaps`` names. ``words``: the relationships in words, where
    these are the same for every case."""

    case_class: CaseClass
    parts: list[bytes]
    gaps: list[int]
    who: list[tuple[str, ...]]
    words: dict[str, str]


_titles: dict[tuple[int, str], Titles] = {}
_shown: dict[tuple[object, ...], _Shown] = {}
# Both are found by the identity of the class, and hold the class: nothing else can have it then.


def shown(
    case_class: CaseClass, facts: Facts, identity: Identity, actors: dict[str, str], lang: str
) -> msgspec.Raw:
    """Every step, as JSON: title, whether the caller may take it, why not, what it needs, and who
    could. ``actors``: the relationships of NAMED in words of this case."""
    key = (id(case_class), lang, guards.standing(case_class, facts, identity))
    kept = _shown.get(key)
    if kept is None:
        kept = _made(case_class, facts, identity, lang)
        if len(_shown) >= MOST_KEPT:
            _shown.clear()
        _shown[key] = kept
    words = kept.words | actors
    who = [msgspec.json.encode([words[name] for name in one]) for one in kept.who]
    filled = kept.parts.copy()
    filled[1::2] = [who[place] for place in kept.gaps]
    return msgspec.Raw(b"".join(filled))


def _made(case_class: CaseClass, facts: Facts, identity: Identity, lang: str) -> _Shown:
    rules = case_class.machine.steps
    words = {name: render(f"cases.who.{name}", lang, {}) for name in guards.WHO.keys() - NAMED}
    parts, gaps = [b"["], list[int]()
    who: dict[tuple[str, ...], int] = {}
    for one in guards.possible_steps(case_class, facts, identity):
        names = guards.who(case_class, rules[one.step])
        step = msgspec.json.encode(_step(one, case_class, lang))
        parts[-1] += step[:-1] + b',"who":'
        if NAMED.isdisjoint(names):
            parts[-1] += msgspec.json.encode([words[name] for name in names]) + b"},"
        else:
            parts += [b"", b"},"]
            gaps.append(who.setdefault(names, len(who)))
    parts[-1] = parts[-1].removesuffix(b",") + b"]"
    return _Shown(case_class, parts, gaps, list(who), words)


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
    return titles(case_class, lang).own


def state_title(case_class: CaseClass, name: str, lang: str) -> str:
    return titles(case_class, lang).states[name]


def step_title(case_class: CaseClass, name: str, lang: str) -> str:
    return titles(case_class, lang).steps[name]


def titles(case_class: CaseClass, lang: str) -> Titles:
    key = (id(case_class), lang)
    kept = _titles.get(key)
    if kept is None:
        machine = case_class.machine
        own = named(case_class.title, lang, case_class.code)
        states = _Named("state", lang, machine.states)
        kept = Titles(case_class, own, states, _Named("step", lang, machine.steps))
        if len(_titles) >= MOST_KEPT:
            _titles.clear()
        _titles[key] = kept
    return kept
