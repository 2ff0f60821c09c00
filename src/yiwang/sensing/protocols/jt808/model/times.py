"""Times as the protocol writes them: six bytes of BCD, GMT+8 (tables 23 of both versions)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from yiwang.sensing.protocols.errors import BadFrame

ZONE = timezone(timedelta(hours=8))
UTC_ZONE = timezone(timedelta(0))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(data: bytes) -> int:
    """Microseconds of YYMMDDhhmmss. Raises BadFrame for a time that cannot be."""
    digits = data.hex()
    if not digits.isdigit():
        raise BadFrame(problem=f"{digits.upper()} is not a time")
    year, month, day, hour, minute, second = (int(digits[n : n + 2]) for n in range(0, 12, 2))
    try:
        read = datetime(2000 + year, month, day, hour, minute, second, tzinfo=ZONE)
    except ValueError:
        raise BadFrame(problem=f"{digits} is not a time") from None
    return (read - _EPOCH) // timedelta(microseconds=1)


def written(time: int, zone: timezone = ZONE) -> bytes:
    """The bytes of a time in microseconds."""
    at = (_EPOCH + timedelta(microseconds=time)).astimezone(zone)
    return bytes.fromhex(at.strftime("%y%m%d%H%M%S"))
