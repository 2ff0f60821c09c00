"""States, steps and the bounds of side paths as a class declares them, laid over the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources

from yiwang.cases import errors
from yiwang.cases.clauses import limit, texts_of, titles, words
from yiwang.cases.model.classes import (
    KINDS,
    OPEN_KINDS,
    PREVIOUS,
    Bounds,
    DeadlineRule,
    Level,
    Machine,
    State,
    StepRule,
)
from yiwang.cases.model.guards import NEEDS, WHO
from yiwang.kernel import documents
from yiwang.kernel.documents import NotAllowed, Section, WrongType
from yiwang.kernel.text import phrase

_MANY = ("open", "any", *KINDS)


@cache
def default_machine() -> Machine:
    """The states and steps of a class that declares none."""
    file = resources.files("yiwang").joinpath("cases", "machine.yaml")
    top = documents.parse(file.read_text(encoding="utf-8"), "machine.yaml")
    found = read(top, Machine("", {}, {}), {})
    top.finish()
    return found


def read(section: Section, base: Machine, texts: Mapping[str, dict[str, object]]) -> Machine:
    """The machine of a class; ``texts`` are the class's texts by language."""
    states = dict(base.states) | {name: state for name, state in _states(section, base, texts)}
    start = section.text("start", base.start)
    if start not in states or states[start].kind != "new":
        news = ", ".join(name for name, state in states.items() if state.kind == "new")
        raise NotAllowed(section.place("start"), key="start", value=start, options=news)
    steps = dict(base.steps)
    body = section.section("steps")
    for name in list(body.keys()):
        if body.raw(name) is False:
            steps.pop(name, None)
        else:
            steps[name] = _step(body.section(name), name, steps.get(name), states, texts)
    body.finish()
    spread = {kind: _of_kinds(states, (kind,)) for kind in KINDS}
    spread |= {"open": _of_kinds(states, OPEN_KINDS), "any": tuple(states)}
    steps = {name: _spread(step, spread) for name, step in steps.items()}
    return Machine(start, states, steps, _bounds(section, base.bounds, states))


def unverified(machine: Machine) -> Machine:
    """Without verification what is handled can be closed."""
    steps = {k: v for k, v in machine.steps.items() if k not in ("verify_ok", "verify_not_ok")}
    close = steps["close"]
    handled = tuple(dict.fromkeys([machine.steps["report"].to, *close.sources]))
    steps["close"] = replace(close, sources=handled)
    return replace(machine, steps=steps)


def _states(
    section: Section, base: Machine, texts: Mapping[str, dict[str, object]]
) -> list[tuple[str, State]]:
    """``name: kind`` or ``name: {kind, title}``; a known state may restate its title only."""
    body = section.section("states")
    found = []
    for name in list(body.keys()):
        known = base.states.get(name)
        if isinstance(body.raw(name), str):
            kind, titled = body.choice(name, KINDS), dict[str, str]()
        else:
            entry = body.section(name)
            default = {"default": known.kind} if known else {}
            kind = entry.choice("kind", KINDS, **default)
            titled = titles(entry, "title")
            entry.finish()
        own = texts_of(texts, "states", name) | titled
        called = {**known.title, **own} if known else own
        found.append((name, State(name, kind, called)))
    body.finish()
    return found


def _step(
    section: Section,
    name: str,
    base: StepRule | None,
    states: Mapping[str, State],
    texts: Mapping[str, dict[str, object]],
) -> StepRule:
    start = base or StepRule(name, ())
    given = section.take("from", list, list(start.words)) if base else section.take("from", list)
    to = section.text("to", start.to)
    for state in [*given, *([to] if to and to != PREVIOUS else [])]:
        if state not in states and (state == to or state not in _MANY):
            known = ", ".join(states)
            raise errors.UnknownState(section.place("from"), step=name, state=state, known=known)
    who = words(section, "who", tuple(WHO), list(start.who))
    needs = words(section, "needs", NEEDS, list(start.needs))
    called = {**start.title, **texts_of(texts, "steps", name), **titles(section, "title")}
    section.finish()
    return StepRule(name, (), to, who, needs, called, tuple(given))


def _of_kinds(states: Mapping[str, State], kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name, state in states.items() if state.kind in kinds)


def _spread(step: StepRule, names: Mapping[str, tuple[str, ...]]) -> StepRule:
    """``open``, ``any`` and the kinds stand for many states of this very class."""
    sources: list[str] = []
    for word in step.words:
        sources += names.get(word, (word,))
    return replace(step, sources=tuple(dict.fromkeys(sources)))


def _bounds(section: Section, base: Bounds, states: Mapping[str, State]) -> Bounds:
    assessment = section.section("assessment")
    reopening = section.section("reopening")
    extensions = section.section("extensions")
    returns = section.section("returns")
    found = Bounds(
        warnings=_warnings(section, base),
        reopen_within=_window(reopening, "within", base.reopen_within),
        unsolved_within=_window(assessment, "unsolved_within", base.unsolved_within) or 0,
        extensions=_count(extensions, "times", base.extensions) or 0,
        extension_share=_positive(extensions, "share", base.extension_share),
        returns_told=_count(returns, "told_after", base.returns_told),
        returns_most=_count(returns, "most", base.returns_most),
        supervision=_levels(section) or base.supervision,
        stages=dict(base.stages) | _stages(section, states),
    )
    for part in (assessment, reopening, extensions, returns):
        part.finish()
    return found


def _warnings(section: Section, base: Bounds) -> tuple[float, ...]:
    """Rising shares between 0 and 1."""
    shares = section.take("warnings", list, list(base.warnings))
    numbers = [one for one in shares if isinstance(one, int | float) and 0 < one < 1]
    if len(numbers) != len(shares) or sorted(set(numbers)) != numbers:
        place, wanted = section.place("warnings"), "a list of rising shares between 0 and 1"
        raise WrongType(place, key="warnings", value=shares, wanted=wanted)
    return tuple(float(one) for one in numbers)


def _window(section: Section, key: str, base: int | None) -> int | None:
    """Minutes of a window given as a limit; ``false`` is none at all."""
    if not section.has(key):
        return base
    if section.raw(key) is False:
        return None
    rule = limit(section.section(key), key)
    if rule.counting != "clock":
        raise NotAllowed(section.place(key), key="counting", value="working", options="clock")
    return rule.minutes


def _count(section: Section, key: str, base: int | None) -> int | None:
    """A number of times; ``false`` is none at all."""
    if not section.has(key) or section.raw(key) is False:
        return base if not section.has(key) else None
    number = section.take(key, int)
    if number < 1:
        raise WrongType(
            section.place(key), key=key, value=number, wanted=phrase("at_least_1_or_false")
        )
    return number


def _positive(section: Section, key: str, base: float) -> float:
    number = section.take(key, float, base)
    if not 0 < number <= 100:
        raise WrongType(section.place(key), key=key, value=number, wanted=phrase("above_0"))
    return number


def _levels(section: Section) -> tuple[Level, ...]:
    """Levels of supervision, the first one first: ``{title, answer: limit}``."""
    found = []
    for entry in section.items("supervision"):
        answer = limit(entry.section("answer"), "answer") if entry.has("answer") else None
        found.append(Level(titles(entry, "title"), answer))
        entry.finish()
    return tuple(found)


def _stages(section: Section, states: Mapping[str, State]) -> dict[str, DeadlineRule]:
    """Limits by open state."""
    body = section.section("stages")
    known = _of_kinds(states, OPEN_KINDS)
    found = {}
    for name, entry in body.sections():
        if name not in known:
            place, options = body.place(name), ", ".join(known)
            raise NotAllowed(place, key="stages", value=name, options=options)
        found[name] = limit(entry, name)
    return found
