"""What a payload says: results and times out of JSON, plain numbers and comma-separated text.

Pure. Everything that cannot be read raises one of the ``Refused`` of ``errors``.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from yiwang.kernel import clock
from yiwang.sensing.errors import NotANumber, Refused
from yiwang.sensing.mqtt.errors import BadTime, NotJson, NotOneLine, NotText, NoZone, WrongShape

_EXACT = 2**53
_UNITS = {"s": clock.SECOND, "ms": 1000, "us": 1}


_NAMES = {"stream": "Datastream", "multi": "MultiDatastream", "feature": "FeatureOfInterest"}


class Observation(msgspec.Struct, rename=_NAMES):
    """An Observation of SensorThings 1.1 as a device sends it (clause 8.2.7)."""

    result: Any
    phenomenonTime: str | None = None
    resultTime: str | None = None
    validTime: str | None = None
    resultQuality: Any = None
    parameters: dict[str, Any] | None = None
    stream: dict[str, Any] | None = None
    feature: dict[str, Any] | None = None
    multi: dict[str, Any] | None = None


_observation = msgspec.json.Decoder(Observation)
_any = msgspec.json.Decoder()


def observation(payload: bytes) -> Observation:
    try:
        return _observation.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(error, payload) from None


def document(payload: bytes) -> Any:
    """A JSON payload as plain data."""
    try:
        return _any.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(error, payload) from None


def cells(payload: bytes, separator: str) -> list[str]:
    """One line of separated text."""
    text = _text(payload)
    if "\n" in text:
        raise NotOneLine()
    return [cell.strip() for cell in text.split(separator)]


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NotANumber() from None


def plain(payload: bytes) -> float:
    """A payload that is nothing but a number."""
    return number(_text(payload))


def result(value: Any) -> tuple[float, str | None]:
    """A JSON value as number and, where the number does not hold it, as exact JSON text."""
    if type(value) is float:
        return value, None
    if type(value) is int:
        if -_EXACT <= value <= _EXACT:
            return float(value), None
        return float(value) if abs(value) < 1 << 1000 else math.nan, str(value)
    if type(value) is bool:
        return float(value), "true" if value else "false"
    return math.nan, msgspec.json.encode(value).decode()


def extra(seen: Observation, period: str | None) -> str | None:
    """What an observation carries beyond result and time, as JSON text."""
    found: dict[str, Any] = {}
    if period is not None:
        found["phenomenonTime"] = period
    for name in ("resultTime", "validTime", "resultQuality", "parameters"):
        value = getattr(seen, name)
        if value is not None:
            found[name] = value
    if seen.feature is not None:
        found["FeatureOfInterest"] = _reference(seen.feature)
    return msgspec.json.encode(found).decode() if found else None


def _reference(feature: Any) -> int:
    """The id of the feature of interest that is named; whoever brings a new one uses HTTP."""
    id_ = feature.get("@iot.id") if isinstance(feature, dict) else None
    if not isinstance(id_, int) or isinstance(id_, bool):
        raise WrongShape(problem="FeatureOfInterest.@iot.id")
    return id_


def phenomenon(text: str) -> tuple[int, str | None]:
    """A phenomenonTime: an instant, or the end of an interval and the interval itself."""
    if "/" not in text:
        return instant(text), None
    start, _, end = text.partition("/")
    if instant(start) > instant(end):
        raise BadTime(value=text[:80])
    return instant(end), text


def instant(text: str) -> int:
    """ISO 8601 with a zone."""
    return _moment(text, None)


def time(value: Any, form: str = "", zone: ZoneInfo | None = None) -> int:
    """A time in a pack's form: empty (ISO 8601, or seconds, milliseconds or microseconds told
    apart by their size), ``s``, ``ms``, ``us``, or a strptime pattern read in ``zone``."""
    if form in _UNITS or (not form and isinstance(value, (int, float))):
        return _counted(value, form)
    text = str(value)
    if not form:
        return _zoned(text, zone)
    try:
        moment = datetime.strptime(text, form)
    except ValueError:
        raise BadTime(value=text[:60]) from None
    return clock.from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC))


def _zoned(text: str, zone: ZoneInfo | None) -> int:
    if text[:1].isdigit() and text.replace(".", "", 1).isdigit() and len(text) > 8:
        return _counted(float(text) if "." in text else int(text), "")
    return _moment(text, zone)


def _moment(text: str, zone: ZoneInfo | None) -> int:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None and zone is None:
            raise NoZone(value=text[:60])
        return clock.from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise BadTime(value=text[:60]) from None


def _counted(value: Any, form: str) -> int:
    try:
        count = float(value) if not isinstance(value, int) else value
    except (TypeError, ValueError):
        raise BadTime(value=str(value)[:60]) from None
    if isinstance(count, bool) or not math.isfinite(count) or not 0 <= count < 1e17:
        raise BadTime(value=str(value)[:60])
    if form:
        return round(count * _UNITS[form])
    scale = clock.SECOND if count < 1e11 else 1000 if count < 1e14 else 1
    return round(count * scale)


def _text(payload: bytes) -> str:
    try:
        return payload.decode().strip()
    except UnicodeDecodeError:
        raise NotText() from None


def _refused(error: Exception, payload: bytes) -> Refused:
    if isinstance(error, msgspec.ValidationError):
        return WrongShape(problem=str(error))
    if isinstance(error, RecursionError):
        return WrongShape(problem="nesting too deep")
    if isinstance(error, UnicodeDecodeError):
        return NotText()
    found = re.search(r"byte (\d+)", str(error))
    return NotJson(byte=found[1] if found else len(payload))
