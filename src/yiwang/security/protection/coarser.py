"""Coarser values: years of dates, districts of addresses, ranges of numbers. Pure.

Whatever cannot be read gives None: a mask never shows more than it says.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any

from yiwang.kernel.identifiers.divisions import MUNICIPALITIES
from yiwang.security.protection.masks import ADDRESS, DATES, Mask

_DATE = re.compile(
    r"((?:18|19|20)\d\d)(?:[-/.年]?(0?[1-9]|1[0-2])(?!\d)|(0[1-9]|1[0-2]))?", re.ASCII
)
_PLACES = re.compile(
    r"(?P<province>[^省市区县]{2,8}?(?:省|自治区|特别行政区)|"
    rf"(?:{'|'.join(MUNICIPALITIES)})市)?"
    r"(?P<city>[^省市区县]{1,10}?(?:市|自治州|地区|盟))?"
    r"(?P<district>[^省市区县路街]{1,8}?(?:区|县|旗|市))?"
    r"(?P<town>[^省市区县路]{1,8}?(?:街道|镇|乡))?"
)


def generalised(mask: Mask, value: Any) -> Any:
    """The coarser value that a mask of method ``generalise`` shows."""
    if mask.to in DATES:
        return _of_date(mask.to, value)
    if mask.to in ADDRESS:
        return _of_address(mask.to, str(value))
    if mask.to == "digits":
        return _of_digits(int(mask.width), str(value))
    number = as_number(value)
    if number is None:
        return None
    if mask.to == "decimals":
        return round(number, int(mask.width))
    return span(math.floor(number / mask.width) * mask.width, mask.width)


def span(low: float, width: float) -> str:
    return f"[{low:.12g}, {low + width:.12g})"


def as_number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _of_date(to: str, value: Any) -> str | None:
    if isinstance(value, date | datetime):
        year, month = f"{value.year:04d}", f"{value.month:02d}"
    else:
        found = _DATE.match(str(value).strip())
        if found is None:
            return None
        year, month = found[1], (found[2] or found[3] or "").zfill(2)
    if to == "decade":
        return f"{year[:3]}0s"
    if to == "year":
        return year
    return f"{year}-{month}" if month != "00" else None


def _of_address(to: str, value: str) -> str | None:
    """The parts from the province down to what is asked for, as far as they are named."""
    found = _PLACES.match(value.strip())
    parts = [found[name] for name in ADDRESS[: ADDRESS.index(to) + 1]] if found else []
    return "".join(part for part in parts if part) or None


def _of_digits(kept: int, value: str) -> str | None:
    """The first digits of a code, the others 0."""
    if not (value.isascii() and value.isdigit()):
        return None
    return value[:kept].ljust(len(value), "0")
