"""The section ``cases.yaml`` of a scenario pack: its classes of cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

from yiwang.cases import errors
from yiwang.cases.model.classes import (
    KINDS,
    OPEN_KINDS,
    PREVIOUS,
    SEVERITIES,
    CaseClass,
    DeadlineRule,
    Evidence,
    Machine,
    MergeRule,
    State,
    StepRule,
    Titles,
)
from yiwang.cases.model.guards import NEEDS, WHO
from yiwang.kernel import documents
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.documents import NotAllowed, Section, WrongType
from yiwang.kernel.text import LANGUAGES
from yiwang.kernel.units import magnitude

FILE = "cases.yaml"
WORKING_DAY_MINUTES = 8 * 60
"""What ``days`` means in a deadline counted in working time."""

_UNITS = {"minutes": 1, "hours": 60}
_VERIFICATION = ("grid_worker", "reporter", "sensor", "centre", "none")


@dataclass(frozen=True)
class EventClass:
    """A class for the city's event taxonomy that a pack brings along."""

    code: str
    major: Titles
    minor: Titles
    severity: str
    role: str
    deadline: DeadlineRule

    def record(self) -> dict[str, object]:
        """As the registry takes it (noun ``classes``). The word before the first dot of the
        code is the major class, the rest the minor one."""
        major, _, minor = self.code.partition(".")
        return {
            "code": self.code,
            "major": major,
            "major_zh": self.major.get("zh-CN", ""),
            "major_en": self.major.get("en", ""),
            "minor": minor,
            "name_zh": self.minor.get("zh-CN", "") or self.minor.get("en", ""),
            "name_en": self.minor.get("en", ""),
            "severity": self.severity,
            "function": self.role,
            "deadline_minutes": self.deadline.minutes,
            "counting": self.deadline.counting,
        }


@dataclass(frozen=True)
class CasesSpec:
    classes: tuple[CaseClass, ...] = ()
    event_classes: tuple[EventClass, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """The functions that a city must bind to organisations for these classes."""
        return tuple(sorted({one.role for one in self.classes if one.role}))


def read(folder: Path, pack: str = "", shown: str = "") -> CasesSpec:
    """Read ``cases.yaml`` of a pack folder; empty where the pack has none.

    Class codes become ``<pack>.<name>``. Raises an error with file and line.
    """
    file = folder / FILE
    if not file.is_file():
        return CasesSpec()
    shown = shown or str(file)
    return parse(documents.load(file, shown), pack or folder.name, _texts(folder))


def parse(top: Section, pack: str, texts: Mapping[str, Mapping[str, object]]) -> CasesSpec:
    """As ``read``, from a document; ``texts`` are the pack's texts by language."""
    classes: list[CaseClass] = []
    own: list[EventClass] = []
    for name, section in top.section("classes").sections():
        case_class, event_class = _class(section, name, pack, texts)
        classes.append(case_class)
        own += [event_class] if event_class else []
    top.finish()
    return CasesSpec(tuple(classes), tuple(own))


@cache
def default_machine() -> Machine:
    """The states and steps of a class that declares none."""
    file = resources.files("yiwang").joinpath("cases", "machine.yaml")
    top = documents.parse(file.read_text(encoding="utf-8"), "machine.yaml")
    return _machine(top, Machine("", {}, {}), {})


def _texts(folder: Path) -> dict[str, Mapping[str, object]]:
    found: dict[str, Mapping[str, object]] = {}
    for lang in LANGUAGES:
        file = folder / "text" / f"{lang}.yaml"
        if file.is_file():
            cases = documents.load(file).raw("cases", {})
            found[lang] = cases if isinstance(cases, dict) else {}
    return found


def _class(
    section: Section, name: str, pack: str, texts: Mapping[str, Mapping[str, object]]
) -> tuple[CaseClass, EventClass | None]:
    severity = section.choice("severity", SEVERITIES, "warning")
    mine = {
        lang: entry for lang, all_ in texts.items() if isinstance(entry := all_.get(name), dict)
    }
    titles = _titles(section, "title") or _texts_of(mine, "title")
    machine = _machine(section, default_machine(), mine)
    verification = section.choice("verification", _VERIFICATION, "grid_worker")
    if verification == "none":
        machine = _unverified(machine)
    deadlines = _deadlines(section, severity)
    if not deadlines:
        raise errors.NoDeadline(section.where, name=name)
    dead = machine.dead_ends()
    if dead:
        raise errors.DeadEnd(section.where, name=name, states=", ".join(dead))
    role = section.text("role", "")
    rule = deadlines.get(severity) or next(iter(deadlines.values()))
    event_class, own = _event_class(section, severity, titles, role, rule)
    case_class = CaseClass(
        code=f"{pack}.{name}" if pack else name,
        machine=machine,
        pack=pack,
        title=titles,
        event_class=event_class,
        severity=severity,
        role=role,
        deadlines=deadlines,
        merge=_merge(section.section("merge")),
        evidence=_evidence(section.section("evidence")),
        verification=verification,
        closing=section.choice("closing", ("automatic", "centre"), "automatic"),
        on_cleared=section.choice("on_cleared", ("note", "verify", "close"), "note"),
        automatic=_words(section, "automatic", ("finding", "report"), ["finding"]),
    )
    section.finish()
    return case_class, own


def _titles(section: Section, key: str) -> dict[str, str]:
    titles = section.section(key)
    found = {lang: titles.text(lang) for lang in LANGUAGES if titles.has(lang)}
    titles.finish()
    return found


def _texts_of(texts: Mapping[str, dict[str, object]], *path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for lang, entry in texts.items():
        value: object = entry
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            found[lang] = value
    return found


def _event_class(
    section: Section, severity: str, titles: Titles, role: str, rule: DeadlineRule
) -> tuple[str, EventClass | None]:
    """A code of the city's taxonomy, or an own class ``{code, major, minor}``."""
    if not section.has("event_class") or isinstance(section.raw("event_class"), str):
        return section.text("event_class", ""), None
    own = section.section("event_class")
    code = own.text("code")
    minor = _titles(own, "minor") or titles
    found = EventClass(code, _titles(own, "major"), minor, severity, role, rule)
    own.finish()
    return code, found


def _deadlines(section: Section, severity: str) -> dict[str, DeadlineRule]:
    """One limit for all severities, or one for each."""
    body = section.section("deadline")
    names = body.keys()
    if not names:
        return {}
    if not any(name in SEVERITIES for name in names):
        return {severity: _deadline(body)}
    found = {name: _deadline(body.section(name)) for name in SEVERITIES if body.has(name)}
    body.finish()
    return found


def _deadline(section: Section) -> DeadlineRule:
    counting = section.choice("counting", ("working", "clock"))
    units = _UNITS | {"days": WORKING_DAY_MINUTES if counting == "working" else 24 * 60}
    minutes = 0.0
    for unit, size in units.items():
        minutes += section.take(unit, float, 0.0) * size
    section.finish()
    if minutes < 1:
        raise WrongType(section.where, key="deadline", value=minutes, wanted="at least a minute")
    return DeadlineRule(round(minutes), counting)


def _merge(section: Section) -> MergeRule:
    if not section.keys():
        return MergeRule()
    radius = magnitude(section.raw("radius"), "m", section.place("radius"), "radius")
    within = magnitude(section.raw("within"), "min", section.place("within"), "within")
    section.finish()
    if radius <= 0 or within <= 0:
        raise WrongType(section.where, key="merge", value=radius, wanted="more than nothing")
    return MergeRule(radius, round(within * MINUTE))


def _evidence(section: Section) -> Evidence:
    found = Evidence(section.take("photos", int, 0), section.take("text", bool, False))
    section.finish()
    return found


def _words(
    section: Section, key: str, options: tuple[str, ...], default: list[str]
) -> tuple[str, ...]:
    words = section.take(key, list, default)
    for word in words:
        if word not in options:
            allowed = ", ".join(options)
            raise NotAllowed(section.place(key), key=key, value=word, options=allowed)
    return tuple(words)


def _machine(section: Section, base: Machine, texts: Mapping[str, dict[str, object]]) -> Machine:
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
    open_states = tuple(name for name, state in states.items() if state.kind in OPEN_KINDS)
    spread = {"open": open_states, "any": tuple(states)}
    steps = {name: _spread(_widened(step, base), spread) for name, step in steps.items()}
    return Machine(start, states, steps)


def _states(
    section: Section, base: Machine, texts: Mapping[str, dict[str, object]]
) -> list[tuple[str, State]]:
    """``name: kind`` or ``name: {kind, title}``; a known state may restate its title only."""
    body = section.section("states")
    found = []
    for name in list(body.keys()):
        known = base.states.get(name)
        if isinstance(body.raw(name), str):
            kind, titles = body.choice(name, KINDS), {}
        else:
            entry = body.section(name)
            default = {"default": known.kind} if known else {}
            kind = entry.choice("kind", KINDS, **default)
            titles = _titles(entry, "title")
            entry.finish()
        titles = titles or _texts_of(texts, "states", name) or (dict(known.title) if known else {})
        found.append((name, State(name, kind, titles)))
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
    given = section.take("from", list, list(start.sources)) if base else section.take("from", list)
    to = section.text("to", start.to)
    for state in [*given, *([to] if to and to != PREVIOUS else [])]:
        if state not in states and state not in ("open", "any"):
            known = ", ".join(states)
            raise errors.UnknownState(section.place("from"), step=name, state=state, known=known)
    who = _words(section, "who", tuple(WHO), list(start.who))
    needs = _words(section, "needs", NEEDS, list(start.needs))
    titles = _titles(section, "title") or _texts_of(texts, "steps", name) or dict(start.title)
    section.finish()
    return StepRule(name, tuple(given), to, who, needs, titles)


def _widened(step: StepRule, base: Machine) -> StepRule:
    """A step that a class takes over from the default and that starts from every (open)
    state starts from every (open) state of the class too."""
    sources = set(step.sources)
    if base.states and sources >= set(base.states):
        return replace(step, sources=(*step.sources, "any"))
    open_states = {name for name, state in base.states.items() if state.kind in OPEN_KINDS}
    if base.states and sources >= open_states:
        return replace(step, sources=(*step.sources, "open"))
    return step


def _spread(step: StepRule, names: Mapping[str, tuple[str, ...]]) -> StepRule:
    """``open`` and ``any`` among the sources stand for many states."""
    sources: list[str] = []
    for source in step.sources:
        sources += names.get(source, (source,))
    return replace(step, sources=tuple(dict.fromkeys(sources)))


def _unverified(machine: Machine) -> Machine:
    """Without verification what is handled can be closed."""
    steps = {k: v for k, v in machine.steps.items() if k not in ("verify_ok", "verify_not_ok")}
    close = steps["close"]
    handled = tuple(dict.fromkeys([machine.steps["report"].to, *close.sources]))
    steps["close"] = replace(close, sources=handled)
    return replace(machine, steps=steps)
