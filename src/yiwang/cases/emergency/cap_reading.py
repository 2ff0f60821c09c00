"""Reading messages of CAP 1.2 that others send: a document that nobody can be harmed by.

No document type, no entities, a bounded size and depth; only elements of the standard's
namespace are looked at, what else is in it is left alone. Pure.
"""

from __future__ import annotations

from datetime import datetime
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from yiwang.cases.emergency import cap
from yiwang.cases.emergency.cap import NAMESPACE, Area, Info, Message, Point, Reference, words
from yiwang.cases.emergency.errors import BadAlert
from yiwang.kernel import clock

MOST_BYTES = 256 * 1024
MOST_DEPTH = 12
MOST_NAME = 200


def read(content: bytes) -> Message:
    """Raises BadAlert, naming what is wrong."""
    top = _tree(content)
    if top.tag != f"{NAMESPACE} alert":
        raise BadAlert(problem=words("no_alert"))
    message = Message(
        identifier=_text(top, "identifier"),
        sender=_text(top, "sender"),
        sent=_instant(_text(top, "sent")),
        status=_text(top, "status"),
        kind=_text(top, "msgType"),
        scope=_text(top, "scope"),
        note=_text(top, "note"),
        references=tuple(_reference(one) for one in _text(top, "references").split()),
        incidents=tuple(_text(top, "incidents").split()),
        infos=tuple(_info(one) for one in _all(top, "info")),
    )
    wrong = cap.required(message)
    if max(len(message.identifier), len(message.sender)) > MOST_NAME:
        wrong.append(words("long_name", most=MOST_NAME))
    if wrong:
        raise BadAlert(problem=cap.together(wrong))
    return message


def _tree(content: bytes) -> Element:
    builder, depth = TreeBuilder(), 0
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise BadAlert(problem=words("deep"))
        builder.start(name, {})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: object) -> None:
        raise BadAlert(problem=words("doctype"))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    if len(content) > MOST_BYTES:
        raise BadAlert(problem=words("long", kib=MOST_BYTES // 1024))
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise BadAlert(problem=words("no_xml", error=error)) from error
    return builder.close()


def _info(top: Element) -> Info:
    return Info(
        language=_text(top, "language") or "en-US",
        categories=tuple(_texts(top, "category")),
        event=_text(top, "event"),
        urgency=_text(top, "urgency"),
        severity=_text(top, "severity"),
        certainty=_text(top, "certainty"),
        responses=tuple(_texts(top, "responseType")),
        effective=_when(top, "effective"),
        onset=_when(top, "onset"),
        expires=_when(top, "expires"),
        sender_name=_text(top, "senderName"),
        headline=_text(top, "headline"),
        description=_text(top, "description"),
        instruction=_text(top, "instruction"),
        web=_text(top, "web"),
        contact=_text(top, "contact"),
        areas=tuple(_area(one) for one in _all(top, "area")),
    )


def _area(top: Element) -> Area:
    circle = _text(top, "circle").split()
    codes = _all(top, "geocode")
    return Area(
        description=_text(top, "areaDesc"),
        polygons=tuple(
            tuple(_point(pair) for pair in one.split()) for one in _texts(top, "polygon")
        ),
        centre=_point(circle[0]) if circle else None,
        radius_km=_number(circle[1]) if len(circle) > 1 else 0.0,
        geocodes=tuple((_text(one, "valueName"), _text(one, "value")) for one in codes),
    )


def _point(pair: str) -> Point:
    lat, _, lon = pair.partition(",")
    return _number(lon), _number(lat)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadAlert(problem=words("no_number", text=text[:40])) from None


def _reference(text: str) -> Reference:
    parts = text.split(",")
    if len(parts) != 3:
        raise BadAlert(problem=words("reference"))
    return Reference(parts[0], parts[1], _instant(parts[2]))


def _when(top: Element, name: str) -> int | None:
    text = _text(top, name)
    return _instant(text) if text else None


def _instant(text: str) -> int:
    if not cap.is_instant(text):
        raise BadAlert(problem=words("no_instant", text=text[:40]))
    return clock.from_datetime(datetime.fromisoformat(text))


def _all(top: Element, name: str) -> list[Element]:
    return [one for one in top if one.tag == f"{NAMESPACE} {name}"]


def _texts(top: Element, name: str) -> list[str]:
    return [(one.text or "").strip() for one in _all(top, name)]


def _text(top: Element, name: str) -> str:
    found = _texts(top, name)
    return found[0] if found else ""
