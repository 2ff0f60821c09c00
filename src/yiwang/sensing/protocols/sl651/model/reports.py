"""What a body says: the readings of a report, clauses 6.6.1 to 6.6.4 and annexes C and E."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.sl651.model import times
from yiwang.sensing.protocols.sl651.model.frames import Coding, Frame

KEEP, TEST, PERIOD, TIMED, ADDED, HOURLY, MANUAL, PICTURE = range(0x2F, 0x37)
ASK_NOW, ASK_PERIOD, ASK_MANUAL, ASK_ELEMENTS = range(0x37, 0x3B)
ASK_PUMPS, ASK_VERSION, ASK_STATE = 0x44, 0x45, 0x46
SET_CLOCK, ASK_CLOCK = 0x4A, 0x51

WITH_READINGS = frozenset(
    (TEST, PERIOD, TIMED, ADDED, HOURLY, ASK_NOW, ASK_PERIOD, ASK_ELEMENTS, ASK_PUMPS, ASK_STATE)
)
WITHOUT_CLASS = frozenset((ASK_STATE, SET_CLOCK, ASK_CLOCK))
"""Functions whose answers name the station without its class."""
WITH_TEXT = frozenset((MANUAL, ASK_MANUAL))
SILENT = frozenset((0x40, 0x41, 0x42, 0x43, ASK_VERSION, 0x47, 0x48, 0x49, SET_CLOCK, ASK_CLOCK))
"""Answers to commands that carry nothing to observe."""


@dataclass(frozen=True)
class Reading:
    """One value. ``station``: ten hexadecimal digits; ``element``: its ASCII identifier.

    ``time``: microseconds; ``value`` None: ``problem`` says why, empty where the station itself
    says that there is none (``M`` or all F).
    """

    station: str
    element: str
    time: int
    value: float | None
    problem: str = ""


@dataclass
class Report:
    """A whole body. ``sent`` is the time of sending (microseconds)."""

    function: int
    serial: int
    sent: int
    readings: list[Reading] = field(default_factory=list)
    manual: bytes = b""
    picture: int = 0
    """Bytes of a picture."""


def start(frame: Frame) -> tuple[int, int]:
    """Serial number and time of sending at the head of a body. Raises BadFrame."""
    size = 16 if frame.coding is Coding.ASCII else 8
    head = frame.body[:size]
    if len(head) < size:
        raise BadFrame(problem="the body is too short for a serial number and a time")
    if frame.coding is Coding.HEX:
        return head[0] << 8 | head[1], times.moment(head[2:].hex())
    try:
        return int(head[:4].decode("ascii"), 16), times.moment(head[4:].decode("ascii"))
    except ValueError:
        raise BadFrame(problem="the serial number is not hexadecimal") from None


def hour_of(
    station: str, element: str, time: int, values: Sequence[float | None], problem: str = ""
) -> list[Reading]:
    """The twelve values of an hour, five minutes apart, the first at ``time``."""
    return [
        Reading(station, element, time + n * 5 * times.MINUTE, value, problem)
        for n, value in enumerate(values)
    ]


def lasting(value: float) -> float | None:
    """Minutes of a duration written as hours and, behind the point, minutes."""
    hours = int(value)
    minutes = round((value - hours) * 100)
    return float(hours * 60 + minutes) if minutes < 60 else None
