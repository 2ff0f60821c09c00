"""What a topic means: SensorThings topics and the topics that packs declare.

Pure. A topic leads to a device and its datastreams, a payload to their results; a device
writes only where its credential allows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from yiwang.sensing.errors import NotAllowedToWrite, UnknownDatastream, UnknownDevice, UnknownTopic
from yiwang.sensing.mqtt import payload as said
from yiwang.sensing.mqtt.errors import NothingObserved, WrongShape
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.inlet import Columns

MOST_ROUTES = 500_000
_STANDARD = re.compile(r"v1\.[01]/(?:(Multi)?Datastreams\(([0-9]{1,18})\)/)?Observations")


@dataclass(frozen=True)
class Form:
    """How one kind of device speaks.

    ``topic``: levels with ``{device}`` once, ``{property}`` at most once, and ``+``.
    ``payload``: json, number or csv. ``places``: where each property stands: a path of names
    (json), a column from 0 (csv). ``time``: likewise, None where the message carries none.
    """

    kind: str
    topic: str
    payload: str
    places: tuple[tuple[str, str | int], ...]
    time: str | int | None = None
    time_form: str = ""
    zone: ZoneInfo | None = None
    separator: str = ","


@dataclass(frozen=True)
class Known:
    """A registered device: its thing and the datastream of each property."""

    thing: int
    datastreams: dict[str, int]


class Directory(Protocol):
    """Which devices and datastreams there are."""

    def forms(self) -> Sequence[Form]: ...

    def device(self, kind: str, code: str) -> Known | None: ...

    def thing_of(self, datastream: int) -> int | None: ...

    def thing_of_multi(self, multi_datastream: int) -> int | None: ...

    def refresh(self, anew: bool = False) -> bool: ...

    def look(self) -> bool: ...


@dataclass(frozen=True)
class _Route:
    thing: int
    form: Form | None
    slots: tuple[tuple[str | int, int], ...]
    """Place in the payload and datastream; for SensorThings the datastream alone."""


class Router:
    """Reads messages. ``refresh`` after things, datastreams or packs changed."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._reload()

    def refresh(self, anew: bool = False) -> bool:
        """Look for new devices and forms (``anew``: at all of them); True when there is
        anything new. Belongs in a worker thread."""
        changed = self._directory.refresh(anew)
        if changed:
            self._reload()
        return changed

    def look(self) -> bool:
        """The same for what was added alone, which is quick where nothing was."""
        changed = self._directory.look()
        if changed:
            self._reload()
        return changed

    def filters(self) -> list[str]:
        """Topic filters under which everything that can be read arrives."""
        declared = {
            "/".join("+" if level.startswith("{") else level for level in levels)
            for forms in self._forms.values()
            for levels, _ in forms
        }
        return ["v1.1/+/Observations", "v1.1/Observations", *sorted(declared)]

    def report_topic(self, kind: str, code: str) -> str:
        """The topic under which a report in JSON of this device is read, or an empty text."""
        for forms in self._forms.values():
            for levels, form in forms:
                if form.kind == kind and form.payload == "json" and "{property}" not in levels:
                    named = (code if level == "{device}" else level for level in levels)
                    return "/".join("http" if level == "+" else level for level in named)
        return ""

    def _reload(self) -> None:
        forms: dict[int, list[tuple[tuple[str, ...], Form]]] = {}
        for form in self._directory.forms():
            levels = tuple(form.topic.split("/"))
            forms.setdefault(len(levels), []).append((levels, form))
        self._forms = forms
        self._routes: dict[str, _Route] = {}

    def read(self, sender: Sender, topic: str, payload: bytes, now: int, into: Columns) -> None:
        """Add the rows of one message. Raises Refused (UnknownTopic, NotJson, …)."""
        route = self._routes.get(topic)
        if route is None:
            route = self._find(topic)
            if route is None:
                _read_any(self._directory, sender, topic, payload, now, into)
                return
        if sender.bounded and not sender.may_write(route.thing, topic):
            raise NotAllowedToWrite(topic, target=topic)
        if route.form is None:
            _standard(route.slots[0][1], payload, now, into)
        else:
            _declared(route.form, route.slots, payload, now, into)

    def _find(self, topic: str) -> _Route | None:
        """The route of a topic; None for ``v1.1/Observations``, which names it in the payload."""
        standard = _STANDARD.fullmatch(topic)
        if standard is not None:
            if standard[2] is None:
                return None
            datastream = int(standard[2])
            known = self._directory.thing_of_multi if standard[1] else self._directory.thing_of
            thing = known(datastream)
            if thing is None:
                raise UnknownDatastream(topic, datastream=datastream)
            return self._remember(topic, _Route(thing, None, (("", datastream),)))
        return self._remember(topic, self._declared_route(topic))

    def _declared_route(self, topic: str) -> _Route:
        levels = tuple(topic.split("/"))
        unknown: UnknownDevice | None = None
        for wanted, form in self._forms.get(len(levels), ()):
            found = _captured(wanted, levels)
            if found is None:
                continue
            known = self._directory.device(form.kind, found["device"])
            if known is None:
                unknown = UnknownDevice(topic, code=found["device"], kind=form.kind)
                continue
            if "property" in found and found["property"] not in known.datastreams:
                raise UnknownTopic(topic, topic=topic)
            return _Route(known.thing, form, _slots(form, known, found.get("property")))
        raise unknown or UnknownTopic(topic, topic=topic)

    def _remember(self, topic: str, route: _Route) -> _Route:
        if len(self._routes) >= MOST_ROUTES:
            self._routes.clear()
        self._routes[topic] = route
        return route


def _captured(wanted: tuple[str, ...], levels: tuple[str, ...]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for pattern, level in zip(wanted, levels, strict=True):
        if pattern in ("{device}", "{property}"):
            found[pattern[1:-1]] = level
        elif pattern not in ("+", level):
            return None
    return found


def _slots(form: Form, known: Known, name: str | None) -> tuple[tuple[str | int, int], ...]:
    places = dict(form.places)
    if name is not None:
        return ((places.get(name, "value"), known.datastreams[name]),)
    return tuple(
        (place, known.datastreams[name]) for name, place in form.places if name in known.datastreams
    )


def _read_any(
    directory: Directory, sender: Sender, topic: str, payload: bytes, now: int, into: Columns
) -> None:
    """An Observation that names its Datastream itself."""
    seen = said.observation(payload)
    named = seen.stream or seen.multi or {}
    number = named.get("@iot.id")
    if not isinstance(number, int):
        raise WrongShape(topic, problem="Datastream.@iot.id")
    thing = directory.thing_of(number) if seen.stream else directory.thing_of_multi(number)
    if thing is None:
        raise UnknownDatastream(topic, datastream=number)
    if not sender.may_write(thing, topic):
        raise NotAllowedToWrite(topic, target=f"Datastreams({number})")
    _observation(number, seen, payload, now, into)


def _standard(datastream: int, payload: bytes, now: int, into: Columns) -> None:
    _observation(datastream, said.observation(payload), payload, now, into)


def _observation(
    datastream: int, seen: said.Observation, payload: bytes, now: int, into: Columns
) -> None:
    time, period = now, None
    if seen.phenomenonTime is not None:
        time, period = said.phenomenon(seen.phenomenonTime)
    if seen.resultTime is not None:
        said.instant(seen.resultTime)
    result, exact = said.result(seen.result)
    into.add(datastream, time, result, payload, exact, said.extra(seen, period))


def _declared(
    form: Form, slots: tuple[tuple[str | int, int], ...], payload: bytes, now: int, into: Columns
) -> None:
    if form.payload == "number":
        into.add(slots[0][1], now, said.plain(payload), payload)
        return
    document: Any
    if form.payload == "csv":
        document = said.cells(payload, form.separator)
    else:
        document = said.document(payload)
        if not isinstance(document, dict):
            if len(slots) == 1 and form.time is None:
                into.add(slots[0][1], now, *_result_first(document, payload))
                return
            raise WrongShape(problem="an object is needed")
    time = now
    if form.time is not None:
        stated = _at(document, form.time)
        time = now if stated in (None, "") else said.time(stated, form.time_form, form.zone)
    found = [
        (number, value) for place, number in slots if (value := _at(document, place)) is not None
    ]
    if not found:
        raise NothingObserved(properties=", ".join(name for name, _ in form.places))
    rows: list[tuple[int, float, str | None]] = []
    for number, value in found:
        if type(value) is float:
            rows.append((number, value, None))
        elif form.payload == "csv":
            rows.append((number, said.number(value), None))
        else:
            rows.append((number, *said.result(value)))
    for number, result, exact in rows:
        into.add(number, time, result, payload, exact)


def _result_first(document: Any, payload: bytes) -> tuple[float, bytes, str | None]:
    result, exact = said.result(document)
    return result, payload, exact


def _at(document: Any, place: str | int) -> Any:
    """A value by column or by dotted path; None where there is none."""
    if isinstance(place, int):
        return (document[place] or None) if place < len(document) else None
    if place in document:
        return document[place]
    value = document
    for name in place.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
