"""The Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010): messages as data, as XML,
and what the standard asks of them. Pure.

Clauses are those of the standard: 3.2.1 ``alert``, 3.2.2 ``info``, 3.2.4 ``area``, 3.3.2 the
form of instants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, tostring
from zoneinfo import ZoneInfo

from yiwang.cases.emergency import plans
from yiwang.kernel import clock
from yiwang.kernel.text import Wording, Words

words = Wording("cases.cap_words")
"""What is wrong with a message, in the reader's language."""

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
KINDS = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")

MOST_TOLD = 20
"""Of a message with more than that wrong, nobody reads on."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_FORBIDDEN = re.compile(r"[\s,<&]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no document in XML 1.0 may hold."""
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")

Point = tuple[float, float]
"""Longitude, latitude (WGS 84)."""


@dataclass(frozen=True)
class Area:
    """``polygon`` is closed: its last point is its first. ``radius_km`` around ``centre``.
    ``geocodes`` are pairs of the name of a coding system and a code."""

    description: str
    polygons: tuple[tuple[Point, ...], ...] = ()
    centre: Point | None = None
    radius_km: float = 0.0
    geocodes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Info:
    """What is said in one language. Instants in microseconds."""

    language: str
    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    responses: tuple[str, ...] = ()
    effective: int | None = None
    onset: int | None = None
    expires: int | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True)
class Reference:
    """An earlier message."""

    sender: str
    identifier: str
    sent: int


@dataclass(frozen=True)
class Message:
    identifier: str
    sender: str
    sent: int
    status: str
    kind: str
    scope: str = "Public"
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()


def instant(value: int, zone: ZoneInfo) -> str:
    """Clause 3.3.2: whole seconds with the offset of the place; ``Z`` is not allowed."""
    moment = clock.to_datetime(value).astimezone(zone).replace(microsecond=0)
    return moment.isoformat()


def reference(one: Reference, zone: ZoneInfo) -> str:
    return f"{one.sender},{one.identifier},{instant(one.sent, zone)}"


def division(code: str) -> tuple[str, str]:
    """The coding system of an area's code: six digits are GB/T 2260 (a district and above),
    nine and more begin with GB/T 10114 (a street); other codes are the city's own."""
    if code.isdigit() and len(code) == 6:
        return "GB/T 2260", code
    if code.isdigit() and len(code) >= 9:
        return "GB/T 10114", code
    return "area", code


def xml(message: Message, zone: ZoneInfo) -> bytes:
    """The message as a document, its elements in the order of the schema."""
    top = Element("alert", {"xmlns": NAMESPACE})
    _put(top, "identifier", message.identifier)
    _put(top, "sender", message.sender)
    _put(top, "sent", instant(message.sent, zone))
    _put(top, "status", message.status)
    _put(top, "msgType", message.kind)
    _put(top, "scope", message.scope)
    _put(top, "note", message.note)
    _put(top, "references", " ".join(reference(one, zone) for one in message.references))
    _put(top, "incidents", " ".join(message.incidents))
    for info in message.infos:
        _info(SubElement(top, "info"), info, zone)
    written: bytes = tostring(top, encoding="utf-8", xml_declaration=True)
    return written


def _info(top: Element, info: Info, zone: ZoneInfo) -> None:
    _put(top, "language", info.language)
    for category in info.categories:
        _put(top, "category", category)
    _put(top, "event", info.event)
    for response in info.responses:
        _put(top, "responseType", response)
    _put(top, "urgency", info.urgency)
    _put(top, "severity", info.severity)
    _put(top, "certainty", info.certainty)
    for name, value in (
        ("effective", info.effective),
        ("onset", info.onset),
        ("expires", info.expires),
    ):
        _put(top, name, "" if value is None else instant(value, zone))
    for name, text in (
        ("senderName", info.sender_name),
        ("headline", info.headline),
        ("description", info.description),
        ("instruction", info.instruction),
        ("web", info.web),
        ("contact", info.contact),
    ):
        _put(top, name, text)
    for area in info.areas:
        _area(SubElement(top, "area"), area)


def _area(top: Element, area: Area) -> None:
    _put(top, "areaDesc", area.description)
    for polygon in area.polygons:
        _put(top, "polygon", " ".join(_point(point) for point in polygon))
    if area.centre is not None:
        _put(top, "circle", f"{_point(area.centre)} {area.radius_km:g}")
    for name, value in area.geocodes:
        code = SubElement(top, "geocode")
        _put(code, "valueName", name)
        _put(code, "value", value)


def _point(point: Point) -> str:
    """Clause 3.2.4: latitude first."""
    lon, lat = point
    return f"{lat:.6f},{lon:.6f}"


def _put(top: Element, name: str, text: str) -> None:
    """What is empty is left out: the standard has no empty elements."""
    if text:
        SubElement(top, name).text = _NOT_XML.sub("", text)


# What the standard asks


def problems(message: Message) -> list[Words]:
    """What of the standard a message of ours does not keep, clause by clause; empty when it is
    good."""
    return [*required(message), *_advised(message)]


def together(wrong: Sequence[Words]) -> Words:
    """What is wrong, at least one thing, in one line: the first ``MOST_TOLD`` of it."""
    told, *others = reversed(wrong[:MOST_TOLD])
    for one in others:
        told = words("several", first=one, rest=told)
    return told


def required(message: Message) -> list[Words]:
    """What no message may lack, whoever sends it."""
    return [*_envelope(message), *(line for info in message.infos for line in _said(info))]


def _advised(message: Message) -> Iterator[Words]:
    """What the standard advises, and our own messages keep."""
    if message.kind == "Alert" and message.references:
        yield words("first_alert")
    if message.status == "Exercise" and not message.note:
        yield words("exercise_note")
    for one in message.infos:
        if one.expires is not None and one.effective is not None and one.expires <= one.effective:
            yield words("expires_later")


def _envelope(message: Message) -> Iterator[Words]:
    for name, value in (("identifier", message.identifier), ("sender", message.sender)):
        if not value or _FORBIDDEN.search(value):
            yield words("bad_name", name=name)
    yield from _word("3.2.1 status", message.status, STATUSES)
    yield from _word("3.2.1 msgType", message.kind, KINDS)
    yield from _word("3.2.1 scope", message.scope, SCOPES)
    if message.kind in ("Update", "Cancel", "Ack", "Error") and not message.references:
        yield words("names_none", kind=message.kind)
    for one in message.references:
        if one.identifier == message.identifier:
            yield words("names_itself")
        if one.sent > message.sent:
            yield words("names_later")
    if message.kind in ("Alert", "Update") and not message.infos:
        yield words("says_nothing")


def _said(info: Info) -> Iterator[Words]:
    if not _LANGUAGE.fullmatch(info.language):
        yield words("language")
    if not info.categories:
        yield words("no_category")
    for category in info.categories:
        yield from _word("3.2.2 category", category, plans.CATEGORIES)
    for response in info.responses:
        yield from _word("3.2.2 responseType", response, plans.RESPONSES)
    if not info.event:
        yield words("no_event")
    yield from _word("3.2.2 urgency", info.urgency, plans.URGENCIES)
    yield from _word("3.2.2 severity", info.severity, plans.SEVERITIES)
    yield from _word("3.2.2 certainty", info.certainty, plans.CERTAINTIES)
    for area in info.areas:
        yield from _where(area)


def _where(area: Area) -> Iterator[Words]:
    if not area.description:
        yield words("no_description")
    for polygon in area.polygons:
        if len(polygon) < 4 or polygon[0] != polygon[-1]:
            yield words("polygon")
    points = [point for polygon in area.polygons for point in polygon]
    for lon, lat in points + ([area.centre] if area.centre else []):
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            yield words("on_earth")
            break
    if area.centre is not None and area.radius_km < 0:
        yield words("radius")


def _word(where: str, value: str, known: Sequence[str]) -> Iterator[Words]:
    if value not in known:
        yield words("none_of", where=where, value=value, known=", ".join(known))


def is_instant(text: str) -> bool:
    """Whether an instant is written as clause 3.3.2 asks."""
    if not _INSTANT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
