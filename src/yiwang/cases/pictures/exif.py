"""What a camera writes beside a picture: where and when it was taken, and which way is up.

Exif 2.32 (CIPA DC-008), as a TIFF block; read by Pillow.
"""

from __future__ import annotations

import math
import re
import struct
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from PIL import Image
from PIL.ExifTags import IFD, Base

from yiwang.kernel import clock

_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_ZONE = re.compile(r"([+-])(\d\d):(\d\d)\Z")


class Taken(NamedTuple):
    """Where (WGS84) and when (an instant) a picture was taken, as far as it is known."""

    lon: float | None = None
    lat: float | None = None
    at: int | None = None


def read(block: bytes, zone: tzinfo = UTC) -> tuple[Taken, int]:
    """Place, time and orientation (1 to 8) out of a TIFF block; a broken one says nothing.
    ``zone`` is that of cameras that do not name one."""
    try:
        exif = Image.Exif()
        exif.load(block)
        gps = dict(exif.get_ifd(IFD.GPSInfo))
        inner = dict(exif.get_ifd(IFD.Exif))
        turned = exif.get(Base.Orientation, 1)
        lon, lat = _place(gps)
        at = _moment(gps, inner, exif.get(Base.DateTime), zone)
    except Exception:  # Pillow lets whatever a crafted block provokes through
        return Taken(), 1
    return Taken(lon, lat, at), turned if turned in range(1, 9) else 1


def upright(turned: int) -> bytes:
    """A TIFF block that says which way is up, and nothing else."""
    entry = struct.pack(">HHIHH", Base.Orientation, 3, 1, turned, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


def _place(gps: dict[int, Any]) -> tuple[float | None, float | None]:
    lat, lon = _degrees(gps, 2, 1, "S"), _degrees(gps, 4, 3, "W")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180 or lat == lon == 0:
        return None, None
    return lon, lat


def _degrees(gps: dict[int, Any], tag: int, side: int, negative: str) -> float | None:
    parts = gps.get(tag)
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    found = sum(float(part) / unit for part, unit in zip(parts, (1, 60, 3600), strict=True))
    if not math.isfinite(found):
        return None
    return round(-found if str(gps.get(side, "")).upper().startswith(negative) else found, 7)


def _moment(gps: dict[int, Any], inner: dict[int, Any], changed: Any, zone: tzinfo) -> int | None:
    """By the satellites, else by the camera's own clock."""
    day, hours = str(gps.get(29, "")), gps.get(7)
    if isinstance(hours, tuple) and len(hours) == 3 and all(math.isfinite(one) for one in hours):
        found = _parsed(f"{day} " + ":".join(f"{int(one):02}" for one in hours), UTC)
        if found is not None:
            return found
    offset = _ZONE.match(str(inner.get(Base.OffsetTimeOriginal, "")))
    words = str(inner.get(Base.DateTimeOriginal) or changed or "")
    if offset:
        shift = (int(offset[2]) * 60 + int(offset[3])) * clock.MINUTE
        found = _parsed(words, UTC)
        return None if found is None else found - (shift if offset[1] == "+" else -shift)
    return _parsed(words, zone)


def _parsed(words: str, zone: tzinfo) -> int | None:
    found = _DATE.match(words.strip("\0 "))
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(one) for one in found.groups())
        return clock.from_datetime(datetime(year, month, day, hour, minute, second, tzinfo=zone))
    except (ValueError, OverflowError):
        return None
