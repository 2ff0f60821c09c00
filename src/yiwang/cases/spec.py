"""The section ``cases.yaml`` of a scenario pack: its classes of cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yiwang.cases import errors, form_spec, grouping_spec, machines
from yiwang.cases.clauses import limit, texts_of, titles, words
from yiwang.cases.machines import default_machine
from yiwang.cases.model.classes import (
    SEVERITIES,
    CaseClass,
    DeadlineRule,
    Evidence,
    MergeRule,
    Titles,
)
from yiwang.cases.offers import spec as offer_spec
from yiwang.kernel import documents
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.documents import Section, WrongType
from yiwang.kernel.text import LANGUAGES, phrase
from yiwang.kernel.units import magnitude

__all__ = ["CasesSpec", "EventClass", "default_machine", "parse", "read"]

FILE = "cases.yaml"

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
    shown = texts_of(mine, "title") | titles(section, "title")
    machine = machines.read(section, default_machine(), mine)
    verification = section.choice("verification", _VERIFICATION, "grid_worker")
    if verification == "none":
        machine = machines.unverified(machine)
    deadlines, area_deadlines = _deadlines(section, severity)
    if not deadlines:
        raise errors.NoDeadline(section.where, name=name)
    dead = machine.dead_ends()
    if dead:
        raise errors.DeadEnd(section.where, name=name, states=", ".join(dead))
    role = section.text("role", "")
    rule = deadlines.get(severity) or next(iter(deadlines.values()))
    event_class, own = _event_class(section, severity, shown, role, rule)
    case_class = CaseClass(
        code=f"{pack}.{name}" if pack else name,
        machine=machine,
        pack=pack,
        title=shown,
        event_class=event_class,
        severity=severity,
        role=role,
        deadlines=deadlines,
        merge=_merge(section.section("merge")),
        evidence=_evidence(section.section("evidence")),
        verification=verification,
        closing=section.choice("closing", ("automatic", "centre"), "automatic"),
        on_cleared=section.choice("on_cleared", ("note", "verify", "close"), "note"),
        automatic=words(section, "automatic", ("finding", "report"), ["finding"]),
        skills=tuple(str(word) for word in section.take("skills", list, [])),
        area_deadlines=area_deadlines,
        form=form_spec.read_form(section),
        public=form_spec.read_opening(section),
        reports=form_spec.read_offer(section),
        storm=grouping_spec.read_storm(section),
        likeness=grouping_spec.read_likeness(section),
        offer=offer_spec.read(section, name, machine, verification),
    )
    section.finish()
    return case_class, own


def _event_class(
    section: Section, severity: str, shown: Titles, role: str, rule: DeadlineRule
) -> tuple[str, EventClass | None]:
    """A code of the city's taxonomy, or an own class ``{code, major, minor}``."""
    if not section.has("event_class") or isinstance(section.raw("event_class"), str):
        return section.text("event_class", ""), None
    own = section.section("event_class")
    code = own.text("code")
    minor = titles(own, "minor") or shown
    found = EventClass(code, titles(own, "major"), minor, severity, role, rule)
    own.finish()
    return code, found


def _deadlines(
    section: Section, severity: str
) -> tuple[dict[str, DeadlineRule], dict[str, dict[str, DeadlineRule]]]:
    """One limit for all severities, or one for each; under ``areas`` the same by the code of
    an area."""
    body = section.section("deadline")
    inside = body.section("areas")
    areas = {code: _by_severity(entry, severity) for code, entry in inside.sections()}
    return _by_severity(body, severity, "areas"), areas


def _by_severity(body: Section, severity: str, beside: str = "") -> dict[str, DeadlineRule]:
    names = [name for name in list(body.keys()) if name != beside]
    if not names:
        return {}
    if not any(name in SEVERITIES for name in names):
        return {severity: limit(body)}
    found = {name: limit(body.section(name)) for name in SEVERITIES if body.has(name)}
    body.finish()
    return found


def _merge(section: Section) -> MergeRule:
    if not section.keys():
        return MergeRule()
    radius = magnitude(section.raw("radius"), "m", section.place("radius"), "radius")
    within = magnitude(section.raw("within"), "min", section.place("within"), "within")
    section.finish()
    if radius <= 0 or within <= 0:
        raise WrongType(
            section.where, key="merge", value=radius, wanted=phrase("more_than_nothing")
        )
    return MergeRule(radius, round(within * MINUTE))


def _evidence(section: Section) -> Evidence:
    found = Evidence(section.take("photos", int, 0), section.take("text", bool, False))
    section.finish()
    return found
