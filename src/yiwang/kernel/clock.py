"""Time as a parameter. Nothing outside this file reads the computer's clock.

Instants are whole microseconds since 1970-01-01T00:00:00Z, as ``int``, everywhere inside the
system; text (ISO 8601) and ``datetime`` exist only at the rim.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Protocol

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    def now(self) -> int:
        """Microseconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back. For durations only."""
        ...


class SystemClock:
    def now(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved: for tests, replays and simulations."""

    def __init__(self, now: int = 0) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._now / SECOND

    def set(self, now: int) -> None:
        self._now = now

    def advance(self, microseconds: int) -> None:
        self._now += microseconds


class ScaledClock:
    """A clock that starts at ``start`` and runs ``speed`` times as fast as another one."""

    def __init__(self, real: Clock, start: int, speed: float) -> None:
        self._real = real
        self._start = start
        self._speed = speed
        self._began = real.monotonic()

    def now(self) -> int:
        return self._start + int((self._real.monotonic() - self._began) * self._speed * SECOND)

    def monotonic(self) -> float:
        return self._real.monotonic()


def to_datetime(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def from_datetime(moment: datetime) -> int:
    """Raises ValueError for a naive datetime: a time without a zone is not an instant."""
    if moment.tzinfo is None:
        raise ValueError("a time zone is missing")
    since = moment - _EPOCH
    return (since.days * 86400 + since.seconds) * SECOND + since.microseconds


def parse(text: str) -> int:
    """ISO 8601 with a zone (``2026-07-01T08:00:00+08:00`` or ``…Z``) to an instant.

    Raises ValueError when the text is not such a time.
    """
    return from_datetime(datetime.fromisoformat(text))


def render(instant: int) -> str:
    """An instant as ISO 8601 in UTC, with as many decimals as it needs."""
    second, parts = divmod(instant, SECOND)
    if not parts:
        return _second(second) + "Z"
    if parts % 1000:
        return f"{_second(second)}.{parts:06}Z"
    return f"{_second(second)}.{parts // 1000:03}Z"


def spoken(instant: int, zone: tzinfo) -> str:
    """An instant as people of a place say it, by its clocks and to the second:
    ``2026-07-01 08:00:00``."""
    return _on_clocks(instant // SECOND, zone)


@lru_cache(maxsize=4096)
def _on_clocks(second: int, zone: tzinfo) -> str:
    moment = (_EPOCH + timedelta(seconds=second)).astimezone(zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=4096)
def _second(number: int) -> str:
    return (_EPOCH + timedelta(seconds=number)).isoformat()[:-6]
