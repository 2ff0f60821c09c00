"""Pages of observations as JSON text, written straight from their columns.

Byte for byte what ``render.Shape`` makes of the same observations with everything selected and
nothing expanded; a test compares them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock
from yiwang.sensing.sta import columns, temporal
from yiwang.sensing.sta.columns import Observed
from yiwang.sensing.sta.render import Links
from yiwang.sensing.sta.schema import OBSERVATION

_FEW = 8
"""Times up to which they are written one by one."""
_encode = msgspec.json.encode


def text(observed: Observed, links: Links) -> str:
    """A JSON array of observations of datastreams, none of them a multi-datastream."""
    return f"[{','.join(each(observed, links))}]"


def each(observed: Observed, links: Links) -> list[str]:
    """The observations one by one."""
    row = _ROW.replace("ADDRESS", _encode(links.set(OBSERVATION)).decode()[1:-1].replace("%", "%%"))
    rows = zip(observed.number.tolist(), _times(observed.time), _results(observed), strict=True)
    if observed.extra is None:
        return [row % (n, n, f'"{at}"', "null", result, "", n, n) for n, at, result in rows]
    return [
        row % (n, n, *_with(extra, at, result), n, n)
        for (n, at, result), extra in zip(rows, observed.extra, strict=True)
    ]


_ROW = (
    '{"@iot.id":%d,"@iot.selfLink":"ADDRESS(%d)","phenomenonTime":%s,"resultTime":%s,'
    '"result":%s,%s"Datastream@iot.navigationLink":"ADDRESS(%d)/Datastream",'
    '"FeatureOfInterest@iot.navigationLink":"ADDRESS(%d)/FeatureOfInterest"}'
)


def _with(extra: str | None, at: str, result: str) -> tuple[str, str, str, str]:
    """phenomenonTime, resultTime, result, and what follows them."""
    if extra is None:
        return f'"{at}"', "null", result, ""
    given: dict[str, Any] = msgspec.json.decode(extra)
    more = [
        f'"{name}":{_encode(given[name]).decode()},'
        for name in ("resultQuality", "validTime", "parameters")
        if given.get(name) is not None
    ]
    span, result_time = given.get("phenomenonTime", at), given.get("resultTime")
    return _encode(span).decode(), _encode(result_time).decode(), result, "".join(more)


def _times(time: Ints) -> list[str]:
    if len(time) <= _FEW:
        return [clock.render(instant) for instant in time.tolist()]
    return temporal.texts(time)


def _results(observed: Observed) -> list[str]:
    """Each result as JSON."""
    shown = columns.written(observed.result).decode().split(",") if len(observed) else []
    if observed.exact is None:
        return shown
    pairs = zip(shown, observed.exact, strict=True)
    return [plain if exact is None else exact for plain, exact in pairs]
