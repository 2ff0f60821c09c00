"""Observations as clients send them: one by one, and as data arrays (18-088, 8.2.7 and 12).

A number is kept as a double; where the double would be written otherwise than the client
wrote it (``2.00``), or the result is no number, its JSON text is kept beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import UNSET, Raw, UnsetType

from yiwang.kernel import clock
from yiwang.kernel.text import phrase
from yiwang.sensing.model import Columns
from yiwang.sensing.sta.errors import BadValue, MissingProperty, words
from yiwang.sensing.sta.schema import OBSERVATION, nearest


class Reference(msgspec.Struct, rename={"id": "@iot.id"}):
    id: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Sent(
    msgspec.Struct,
    forbid_unknown_fields=True,
    rename={
        "id": "@iot.id",
        "self_link": "@iot.selfLink",
        "datastream_link": "Datastream@iot.navigationLink",
        "multi_link": "MultiDatastream@iot.navigationLink",
        "feature_link": "FeatureOfInterest@iot.navigationLink",
    },
):
    """One observation in JSON. Ids and links of a client that sends back what it read are
    taken and ignored."""

    result: Raw | UnsetType = UNSET
    phenomenonTime: str | None = None
    resultTime: str | None = None
    validTime: str | None = None
    resultQuality: Raw | UnsetType = UNSET
    parameters: dict[str, Raw] | None = None
    Datastream: Reference | None = None
    FeatureOfInterest: Raw | UnsetType = UNSET
    MultiDatastream: Reference | None = None
    id: Any = None
    self_link: Any = None
    datastream_link: Any = None
    multi_link: Any = None
    feature_link: Any = None


@dataclass
class Observation:
    """A decoded observation. ``datastream`` is the number of a multi-datastream where
    ``multi``. ``feature`` is the id of the feature of interest it names, a
    mapping where it brings a new one, None where it names none."""

    time: int
    result: float
    exact: str | None = None
    extra: dict[str, Any] | None = None
    datastream: int | None = None
    multi: bool = False
    feature: int | dict[str, Any] | None = None

    def columns(self) -> Columns:
        """The observation as a row to be checked."""
        stream = np.array([self.datastream or 0], np.int64)
        time, result = np.array([self.time], np.int64), np.array([self.result], np.float64)
        return Columns(stream, time, result, [self.exact], None)

    def extra_text(self, feature: int | None) -> str | None:
        """The extra as it is stored, with the feature of interest if one is to be kept."""
        extra = self.extra
        if feature is not None:
            extra = {**(extra or {}), "FeatureOfInterest": feature}
        return None if not extra else msgspec.json.encode(extra).decode()


_decoder = msgspec.json.Decoder(Sent)


def decode(content: bytes, now: int) -> Observation:
    """One observation. Raises BadValue, MissingProperty."""
    try:
        sent = _decoder.decode(content)
    except msgspec.DecodeError as error:
        raise bad_json(error) from error
    except RecursionError:
        name, wanted = words("the_body"), words("less_nested")
        raise BadValue("", name=name, value="…", wanted=wanted) from None
    return observation(sent, now)


def bad_json(error: msgspec.DecodeError) -> BadValue:
    """The error of a body that is no JSON, or is no observation, naming what is near."""
    problem = str(error)
    if "unknown field" in problem:
        name = problem.split("`")[1]
        return _unknown_property(name)
    return BadValue("", name=words("the_body"), value=problem, wanted=words("observation"))


def _unknown_property(name: str) -> BadValue:
    wanted = nearest(name, OBSERVATION.names)
    return BadValue(name, name=words("a_property"), value=name, wanted=wanted)


def observation(sent: Sent, now: int) -> Observation:
    if sent.result is UNSET:
        raise MissingProperty("", name="result", entity="Observation")
    made = Observation(now, math.nan)
    made.result, made.exact = number_and_text(bytes(sent.result).decode())
    extra: dict[str, Any] = {}
    if sent.phenomenonTime is not None:
        made.time, span = moment(sent.phenomenonTime, "phenomenonTime")
        if span is not None:
            extra["phenomenonTime"] = span
    if sent.resultTime is not None:
        extra["resultTime"] = clock.render(moment(sent.resultTime, "resultTime")[0])
    if sent.validTime is not None:
        start, span = moment(sent.validTime, "validTime")
        extra["validTime"] = span or clock.render(start)
    if sent.resultQuality is not UNSET:
        extra["resultQuality"] = sent.resultQuality
    if sent.parameters is not None:
        extra["parameters"] = sent.parameters
    if extra:
        made.extra = extra
    _relate(made, sent)
    return made


def _relate(made: Observation, sent: Sent) -> None:
    if sent.Datastream is not None:
        made.datastream = sent.Datastream.id
    if sent.MultiDatastream is not None:
        if made.datastream is not None:
            value, wanted = words("both"), words("one_datastream")
            raise BadValue("MultiDatastream", name="Datastream", value=value, wanted=wanted)
        made.datastream, made.multi = sent.MultiDatastream.id, True
    if sent.FeatureOfInterest is not UNSET:
        made.feature = feature(msgspec.json.decode(sent.FeatureOfInterest))


def feature(value: Any) -> int | dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        wanted = words("object_such_as")
        raise BadValue("FeatureOfInterest", name="FeatureOfInterest", value=value, wanted=wanted)
    if "@iot.id" in value:
        return whole(value["@iot.id"], "FeatureOfInterest/@iot.id")
    return value


def whole(value: Any, where: str) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) < 19:
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise BadValue(where, name="@iot.id", value=value, wanted=phrase("whole_number"))
    return value


def number_and_text(text: str) -> tuple[float, str | None]:
    """A result's double and, where that is not all, its JSON text."""
    if text[0] not in "-0123456789":
        return math.nan, text
    number = float(text)
    return number, None if shown(number) == text else text


def shown(number: float) -> str:
    """A double as the interface writes it: whole numbers without a point."""
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


def moment(text: str, name: str) -> tuple[int, str | None]:
    """The instant (of an interval the start), and the interval in UTC. Raises BadValue."""
    try:
        start, sign, end = text.partition("/")
        first = clock.parse(start)
        if not sign:
            return first, None
        last = clock.parse(end)
    except (ValueError, OverflowError):
        raise BadValue(name, name=name, value=text, wanted=words("time_with_zone")) from None
    if last < first:
        wanted = words("interval_order")
        raise BadValue(name, name=name, value=text, wanted=wanted)
    return first, f"{clock.render(first)}/{clock.render(last)}"


class DataArray(msgspec.Struct, rename={"count": "dataArray@iot.count"}):
    """The rows of one datastream, or multi-datastream. ``dataArray`` holds one list a row."""

    components: list[str]
    dataArray: list[list[Raw]]
    Datastream: Reference | None = None
    MultiDatastream: Reference | None = None
    count: int | None = None

    @property
    def stream(self) -> int:
        owner = self.Datastream or self.MultiDatastream
        assert owner is not None
        return owner.id


_arrays = msgspec.json.Decoder(list[DataArray])


def decode_arrays(content: bytes) -> list[DataArray]:
    """The body of CreateObservations. Raises BadValue."""
    try:
        arrays = _arrays.decode(content)
    except msgspec.DecodeError as error:
        body, wanted = words("the_body"), words("data_arrays")
        raise BadValue("", name=body, value=str(error), wanted=wanted) from error
    for array in arrays:
        if (array.Datastream is None) is (array.MultiDatastream is None):
            wanted = words("one_datastream")
            raise BadValue("", name=words("a_data_array"), value="…", wanted=wanted)
        for name in array.components:
            if name not in _COMPONENTS:
                known = nearest(name, _COMPONENTS)
                raise BadValue("components", name=words("a_component"), value=name, wanted=known)
        if "result" not in array.components:
            raise MissingProperty("components", name="result", entity="Observation")
    return arrays


def rows(array: DataArray, now: int) -> list[Observation | BadValue]:
    """Every row of an array, decoded, or why it cannot be."""
    made: list[Observation | BadValue] = []
    for index, row in enumerate(array.dataArray):
        try:
            made.append(_row(array.components, row, now, index))
        except BadValue as error:
            made.append(error)
    return made


def _row(components: Sequence[str], row: Sequence[Raw], now: int, index: int) -> Observation:
    try:
        sent, named = _cells(components, row)
    except BadValue as error:
        error.where = words("row_of_array", row=index + 1)
        raise
    made = observation(sent, now)
    made.feature = named
    return made


def _cells(components: Sequence[str], row: Sequence[Raw]) -> tuple[Sent, int | None]:
    """What a row says, and the feature that it names. Raises BadValue, at no place."""
    if len(row) != len(components):
        held = words("values", count=len(row))
        wanted = words("a_value_each", count=len(components))
        raise BadValue(name=words("the_row"), value=held, wanted=wanted)
    sent = Sent()
    named: int | None = None
    for name, value in zip(components, row, strict=True):
        if name == "FeatureOfInterest/id":
            decoded = msgspec.json.decode(value)
            named = None if decoded is None else whole(decoded, "")
        else:
            _COMPONENTS[name](sent, name, value)
    return sent, named


def _set_time(sent: Sent, name: str, value: Raw) -> None:
    decoded = msgspec.json.decode(value)
    if decoded is not None and not isinstance(decoded, str):
        raise BadValue(name=name, value=decoded, wanted=words("time_as_text"))
    setattr(sent, name, decoded)


def _set_raw(sent: Sent, name: str, value: Raw) -> None:
    setattr(sent, name, value)


def _set_parameters(sent: Sent, name: str, value: Raw) -> None:
    decoded = msgspec.json.decode(value)
    if decoded is not None and not isinstance(decoded, dict):
        raise BadValue(name=name, value=decoded, wanted=phrase("json_object"))
    sent.parameters = decoded


_COMPONENTS: dict[str, Callable[[Sent, str, Raw], None]] = {
    "phenomenonTime": _set_time,
    "resultTime": _set_time,
    "validTime": _set_time,
    "result": _set_raw,
    "resultQuality": _set_raw,
    "parameters": _set_parameters,
    "FeatureOfInterest/id": _set_raw,
    "id": lambda sent, name, value: None,
}
