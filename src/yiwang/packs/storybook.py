"""``stories/*.yaml``: what must happen, minute by minute, as data.

Times are ``HH:MM`` or ``HH:MM:SS`` after the story's start; hours may pass 24.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from yiwang.kernel import clock, documents
from yiwang.kernel.documents import Section, WrongType
from yiwang.kernel.text import phrase
from yiwang.packs.errors import BadTime, OutOfOrder
from yiwang.packs.problems import Problems, titles

FOLDER = "stories"
ROLES = ("command_centre", "department_handler", "grid_worker", "citizen")
FINDING_KEYS = ("rule", "place", "device", "state", "severity")
CASE_KEYS = ("class", "place", "state", "kind", "severity", "dispatched_to", "sources", "overdue")


@dataclass(frozen=True)
class StoryPlace:
    code: str
    kind: str
    name: Mapping[str, str]
    lon: float
    lat: float
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class StoryDevice:
    code: str
    kind: str
    place: str
    where: str = ""


@dataclass(frozen=True)
class Observed:
    """One value of one property of one device, ``at`` microseconds after the start."""

    at: int
    device: str
    property: str
    value: float | None
    where: str = ""


@dataclass(frozen=True)
class Reported:
    """What a person reports: a class of the pack and where."""

    case_class: str
    place: str
    text: str
    where: str = ""


@dataclass(frozen=True)
class Done:
    """A step that somebody takes with the case of a class at a place."""

    step: str
    case_class: str
    place: str
    by: str
    reason: str
    text: str
    photos: int
    to: str
    where: str = ""


@dataclass(frozen=True)
class Expected:
    """``wanted`` must be matched by ``count`` findings or cases (None: at least one)."""

    wanted: Mapping[str, Any]
    count: int | None
    where: str = ""


@dataclass(frozen=True)
class Minute:
    """One moment: what people do then, and what must be so after it. ``findings`` or ``cases``
    are None where the story says nothing about them; an empty tuple says that none is open."""

    at: int
    reports: tuple[Reported, ...]
    acts: tuple[Done, ...]
    findings: tuple[Expected, ...] | None
    cases: tuple[Expected, ...] | None
    where: str = ""


@dataclass(frozen=True)
class Story:
    name: str
    file: str
    title: Mapping[str, str]
    start: int
    places: Mapping[str, StoryPlace] = field(default_factory=dict)
    devices: Mapping[str, StoryDevice] = field(default_factory=dict)
    observations: tuple[Observed, ...] = ()
    minutes: tuple[Minute, ...] = ()


def read(folder: Path, problems: Problems, shown: str = "") -> list[Story]:
    """The stories of a pack folder; what is wrong goes to ``problems``."""
    found: list[Story] = []
    for file in sorted((folder / FOLDER).glob("*.yaml")):
        with problems.caught():
            where = f"{shown or folder}/{FOLDER}/{file.name}"
            found.append(_story(documents.load(file, where), where))
    return found


def _story(top: Section, file: str) -> Story:
    written = top.raw("start")
    try:
        start = clock.parse(str(written))
    except ValueError:
        raise BadTime(top.place("start"), value=written, example="2026-07-20T18:00+08:00") from None
    given = top.section("given")
    places = {code: _place(body, code) for code, body in given.section("places").sections()}
    devices = {code: _device(body, code) for code, body in given.section("devices").sections()}
    given.finish()
    observed = list(_series(top.section("observations")))
    minutes = []
    for item in top.items("minutes"):
        at = moment(item.raw("at"), item.place("at"))
        for code, body in item.section("observe").sections():
            for name in body.keys():  # noqa: SIM118
                observed.append(_observed(body, code, name, at, body.raw(name)))
        minutes.append(_minute(item, at))
    late = next((b for a, b in pairwise(minutes) if b.at <= a.at), None)
    if late is not None:
        raise OutOfOrder(late.where, name="at", value=shown_moment(late.at))
    found = Story(
        name=top.text("story"),
        file=file,
        title=titles(top),
        start=start,
        places=places,
        devices=devices,
        observations=tuple(sorted(observed, key=lambda one: one.at)),
        minutes=tuple(minutes),
    )
    top.finish()
    return found


def moment(given: Any, where: str) -> int:
    """``HH:MM`` or ``HH:MM:SS`` as microseconds. Raises BadTime."""
    match = re.fullmatch(r"(\d{1,4}):(\d\d)(?::(\d\d))?", str(given))
    if match is None or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise BadTime(where, value=given, example="01:30")
    seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)
    return seconds * clock.SECOND


def shown_moment(at: int) -> str:
    seconds = at // clock.SECOND
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return text if seconds % 60 == 0 else f"{text}:{seconds % 60:02}"


def _place(section: Section, code: str) -> StoryPlace:
    attributes = section.raw("attributes", {})
    found = StoryPlace(
        code=code,
        kind=section.text("kind"),
        name=titles(section, "name"),
        lon=section.take("lon", float),
        lat=section.take("lat", float),
        attributes=attributes if isinstance(attributes, dict) else {},
    )
    section.finish()
    return found


def _device(section: Section, code: str) -> StoryDevice:
    found = StoryDevice(code, section.text("kind"), section.text("place", ""), section.where)
    section.finish()
    return found


def _series(section: Section) -> list[Observed]:
    """``{device: {property: {"00:00": 12, "00:01": 31}}}``."""
    found = []
    for code, body in section.sections():
        for name, values in body.sections():
            for key in values.keys():  # noqa: SIM118
                at = moment(key, values.place(key))
                found.append(_observed(values, code, name, at, values.raw(key), key))
    return found


def _observed(
    section: Section, device: str, name: str, at: int, value: Any, key: str = ""
) -> Observed:
    where = section.place(key or name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise WrongType(where, key=key or name, value=value, wanted=phrase("number"))
    return Observed(at, device, name, None if value is None else float(value), where)


def _minute(section: Section, at: int) -> Minute:
    found = Minute(
        at=at,
        reports=tuple(_report(item) for item in section.items("report")),
        acts=tuple(_act(item) for item in section.items("do")),
        findings=_expected(section, "findings", FINDING_KEYS),
        cases=_expected(section, "cases", CASE_KEYS),
        where=section.where,
    )
    section.finish()
    return found


def _report(section: Section) -> Reported:
    found = Reported(
        section.text("class"), section.text("place"), section.text("text", ""), section.where
    )
    section.finish()
    return found


def _act(section: Section) -> Done:
    found = Done(
        step=section.text("step"),
        case_class=section.text("class"),
        place=section.text("place", ""),
        by=section.choice("by", ROLES),
        reason=section.text("reason", ""),
        text=section.text("text", ""),
        photos=section.take("photos", int, 0),
        to=section.text("to", ""),
        where=section.where,
    )
    section.finish()
    return found


def _expected(section: Section, key: str, allowed: tuple[str, ...]) -> tuple[Expected, ...] | None:
    """A list of what must be so; ``none`` or an empty list says that nothing may be open."""
    if not section.has(key):
        return None
    if section.raw(key) in ("none", []):
        return ()
    found = []
    for item in section.items(key):
        wanted = {name: item.raw(name) for name in allowed if item.has(name)}
        count = item.take("count", int, None)
        item.finish()
        found.append(Expected(wanted, count, item.where))
    return tuple(found)
