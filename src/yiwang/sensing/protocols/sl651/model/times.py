"""Times as the protocol writes them: YYMMDDHHmm[SS] in GMT+8."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from yiwang.sensing.protocols.errors import BadFrame

ZONE = timezone(timedelta(hours=8))
MINUTE = 60_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(digits: str) -> int:
    """Microseconds of a time of 10 or 12 digits. Raises BadFrame for one that cannot be."""
    if not (digits.isascii() and digits.isdigit() and len(digits) in (10, 12)):
        raise BadFrame(problem=f'"{digits[:24]}" is not a time')
    year, month, day, hour, minute = (int(digits[n : n + 2]) for n in range(0, 10, 2))
    second = int(digits[10:] or "0")
    try:
        read = datetime(2000 + year, month, day, hour, minute, second, tzinfo=ZONE)
    except ValueError:
        raise BadFrame(problem=f'"{digits}" is not a time') from None
    return (read - _EPOCH) // timedelta(microseconds=1)


def digits(time: int, seconds: bool = True) -> str:
    """The time (microseconds) as the protocol writes it."""
    moment = _EPOCH + timedelta(microseconds=time)
    return moment.astimezone(ZONE).strftime("%y%m%d%H%M%S" if seconds else "%y%m%d%H%M")
