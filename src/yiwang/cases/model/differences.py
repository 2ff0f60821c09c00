"""What is not alike in two versions of a class, each difference as a code and its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from yiwang.cases.model.classes import Bounds, CaseClass, DeadlineRule, Machine, StepRule
from yiwang.cases.model.guards import needs, who


@dataclass(frozen=True)
class Difference:
    """``part``: states, steps, deadlines, form, merging or handling. ``code`` names a text
    (``cases.difference.*``); in its fields ``state`` and ``step`` are names, ``before`` and
    ``after`` values: texts, numbers, lists of names, or rules of time."""

    part: str
    code: str
    fields: Mapping[str, object] = field(default_factory=dict)


def between(old: CaseClass, new: CaseClass) -> list[Difference]:
    return [
        *_states(old.machine, new.machine),
        *_steps(old, new),
        *_deadlines(old, new),
        *_form(old, new),
        *_settings(old, new),
    ]


def _states(old: Machine, new: Machine) -> Iterator[Difference]:
    for name, state in old.states.items():
        other = new.states.get(name)
        if other is None:
            yield Difference("states", "state_gone", {"state": name})
        elif other.kind != state.kind:
            fields = {"state": name, "before": state.kind, "after": other.kind}
            yield Difference("states", "state_kind", fields)
        elif dict(other.title) != dict(state.title):
            yield Difference("states", "state_title", {"state": name})
    for name, state in new.states.items():
        if name not in old.states:
            yield Difference("states", "state_new", {"state": name, "after": state.kind})
    if old.start != new.start:
        yield Difference("states", "start", {"before": old.start, "after": new.start})


def _steps(old: CaseClass, new: CaseClass) -> Iterator[Difference]:
    for name, rule in old.machine.steps.items():
        other = new.machine.steps.get(name)
        if other is None:
            yield Difference("steps", "step_gone", {"step": name})
            continue
        sides = (
            ("step_from", *_sources(rule, other)),
            ("step_to", rule.to, other.to),
            ("step_who", sorted(who(old, rule)), sorted(who(new, other))),
            ("step_needs", sorted(needs(old, rule)), sorted(needs(new, other))),
        )
        for code, before, after in sides:
            if before != after:
                fields = {"step": name, "before": before, "after": after}
                yield Difference("steps", code, fields)
    for name in new.machine.steps:
        if name not in old.machine.steps:
            yield Difference("steps", "step_new", {"step": name})


def _sources(rule: StepRule, other: StepRule) -> tuple[list[str], list[str]]:
    """Where a step leads on from; alike where both say it in the same words (``open``)."""
    if rule.words and rule.words == other.words:
        return [], []
    return sorted(rule.sources), sorted(other.sources)


def _deadlines(old: CaseClass, new: CaseClass) -> Iterator[Difference]:
    yield from _limits("limit", "severity", old.deadlines, new.deadlines)
    for area in sorted({*old.area_deadlines, *new.area_deadlines}):
        before, after = old.area_deadlines.get(area, {}), new.area_deadlines.get(area, {})
        for one in _limits("limit_in_area", "severity", before, after):
            yield Difference(one.part, one.code, {**one.fields, "area": area})
    was, now = old.machine.bounds, new.machine.bounds
    yield from _limits("stage", "state", was.stages, now.stages)
    for name in _TIMES:
        before, after = getattr(was, name), getattr(now, name)
        if before != after:
            yield Difference("deadlines", name, {"before": before, "after": after})
    if was.supervision != now.supervision:
        yield Difference("deadlines", "supervision", _levels(was, now))


_TIMES = ("warnings", "reopen_within", "unsolved_within", "extensions", "extension_share")


def _levels(was: Bounds, now: Bounds) -> dict[str, object]:
    def answers(bounds: Bounds) -> list[object]:
        return [one.answer for one in bounds.supervision]

    return {"before": answers(was), "after": answers(now)}


def _limits(
    code: str, key: str, old: Mapping[str, DeadlineRule], new: Mapping[str, DeadlineRule]
) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield Difference("deadlines", code, {key: name, "before": before, "after": after})


def _form(old: CaseClass, new: CaseClass) -> Iterator[Difference]:
    was = {one.code: one for one in old.form if one.variable}
    now = {one.code: one for one in new.form if one.variable}
    for code, asked in now.items():
        other = was.get(code)
        if asked.required and not (other and other.required):
            yield Difference("form", "now_required", {"question": code})
        elif other is None:
            yield Difference("form", "question_new", {"question": code})
        elif (asked.datatype, asked.values) != (other.datatype, other.values):
            yield Difference("form", "question_changed", {"question": code})
    for code in was:
        if code not in now:
            yield Difference("form", "question_gone", {"question": code})


def _settings(old: CaseClass, new: CaseClass) -> Iterator[Difference]:
    sides = {
        "merge_radius": (old.merge.radius_m, new.merge.radius_m),
        "merge_within": (old.merge.within, new.merge.within),
    }
    for code, (before, after) in sides.items():
        if before != after:
            yield Difference("merging", code, {"before": before, "after": after})
    for name in _PLAIN:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Difference("handling", name, {"before": before, "after": after})
    for name in ("returns_told", "returns_most"):
        before, after = (getattr(one.machine.bounds, name) for one in (old, new))
        if before != after:
            yield Difference("handling", name, {"before": before, "after": after})
    for name in ("title", "evidence", "public", "offer"):
        if getattr(old, name) != getattr(new, name):
            yield Difference("handling", f"{name}_changed")


_PLAIN = (
    "event_class",
    "severity",
    "role",
    "verification",
    "closing",
    "on_cleared",
    "automatic",
    "skills",
    "reports",
)


def newly_required(old: CaseClass, new: CaseClass) -> tuple[str, ...]:
    """Questions of the form that must be answered now and needed not be before."""
    found = [one for one in _form(old, new) if one.code == "now_required"]
    return tuple(str(one.fields["question"]) for one in found)
