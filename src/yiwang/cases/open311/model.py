"""Open311 GeoReport v2: what is sent and what is asked, in our words, and back. No I/O.

Clauses are the headings of the specification, http://wiki.open311.org/GeoReport_v2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from yiwang.cases.model.classes import OPEN_KINDS
from yiwang.cases.open311.errors import ArgumentMissing, BadArgument
from yiwang.kernel import clock
from yiwang.kernel.text import phrase

MOST_ROWS = 1000
"""Response Volume: the first 1000 requests."""
MOST_SKIPPED = 20_000
"""Requests before a page; who wants more asks for shorter spans."""
MOST_SPAN = 90 * clock.DAY
"""Response Volume, and start_date/end_date: a span of 90 days."""
MOST_DESCRIPTION = 4000
MOST_EXTRA = 50
MOST_URLS, MOST_URL = 10, 2000
"""Links to pictures, and characters of each."""
CONTACT = ("email", "phone", "first_name", "last_name", "device_id", "account_id")
_LENGTHS = {"email": 320, "phone": 64, "first_name": 128, "last_name": 128}
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,64})\](\[\d*\])?\Z")
_INSTANT = phrase("instant_with_zone")

Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Submission:
    """A service request as it was sent (POST Service Request)."""

    service_code: str
    description: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    address_id: str = ""
    media_urls: tuple[str, ...] = ()
    contact: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)


class Own(NamedTuple):
    """The number of a joined report: the case that it came to first, and the report."""

    case: int
    report: int


@dataclass(frozen=True)
class Wanted:
    """Which requests are asked for (GET Service Requests). Instants are inclusive; None means
    no bound. ``ids`` and ``own`` override everything else."""

    ids: tuple[int, ...] | None = None
    codes: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    opens: bool | None = None
    updated_after: int | None = None
    updated_before: int | None = None
    bbox: tuple[float, float, float, float] | None = None
    skip: int = 0
    limit: int = MOST_ROWS
    extensions: bool = False
    own: tuple[Own, ...] = ()


@dataclass(frozen=True)
class Update:
    """What a client adds to a request (the extension of FixMyStreet)."""

    no: int
    description: str
    update_id: str = ""
    own: Own | None = None
    media_urls: tuple[str, ...] = ()


def submission(pairs: Pairs) -> Submission:
    """A form as a Submission. An empty argument is as none (Optional Arguments).

    Raises ArgumentMissing without a service_code, BadArgument for what cannot be read.
    """
    pairs = list(pairs)
    plain, attributes = _sorted(pairs)
    code = plain.get("service_code", "")
    if not code:
        raise ArgumentMissing("service_code", name="service_code")
    for name, most in _LENGTHS.items():
        _bounded(plain, name, most)
    for name in ("device_id", "account_id", "address_id"):
        _bounded(plain, name, 255)
    _bounded(plain, "description", MOST_DESCRIPTION)
    lon, lat = _degrees(plain, "long", 180), _degrees(plain, "lat", 90)
    if (lon is None) != (lat is None):
        raise ArgumentMissing("lat, long", name="long" if lon is None else "lat")
    return Submission(
        code,
        plain.get("description", ""),
        lon,
        lat,
        plain.get("address_string", "")[:300],
        plain.get("address_id", ""),
        _media(pairs),
        {name: plain[name] for name in CONTACT if name in plain},
        attributes,
    )


def _media(pairs: Pairs) -> tuple[str, ...]:
    """The links to pictures; the standard has one, FixMyStreet repeats it. Raises
    BadArgument."""
    found = dict.fromkeys(
        value.strip() for name, value in pairs if name == "media_url" and value.strip()
    )
    for url in found:
        if len(url) > MOST_URL or not re.match(r"https?://\S+\Z", url):
            raise BadArgument("media_url", name="media_url", value=url[:100], wanted=phrase("url"))
    return tuple(found)[:MOST_URLS]


def _sorted(pairs: Pairs) -> tuple[dict[str, str], dict[str, object]]:
    """Plain arguments, and ``attribute[code]=…`` with ``attribute[code][]=…`` as lists."""
    plain: dict[str, str] = {}
    attributes: dict[str, object] = {}
    for name, raw in pairs:
        value = raw.strip()
        if not value:
            continue
        found = _ATTRIBUTE.match(name)
        if found is None:
            plain.setdefault(name, value)
        elif found[2] is None and found[1] not in attributes:
            attributes[found[1]] = value
        else:
            before = attributes.get(found[1], [])
            attributes[found[1]] = [*(before if isinstance(before, list) else [before]), value]
    return plain, attributes


def wanted(given: Mapping[str, str], now: int) -> Wanted:
    """The query of GET Service Requests, with the extensions page, page_size, bbox,
    updated_after, updated_before and extensions. Raises BadArgument."""
    asked = {name: value.strip() for name, value in given.items() if value.strip()}
    extensions = asked.get("extensions", "").lower() in ("true", "1")
    size = _whole(asked, "page_size", MOST_ROWS, MOST_ROWS)
    skip = (_whole(asked, "page", 1, MOST_SKIPPED // size + 1) - 1) * size
    if "service_request_id" in asked:
        texts = _parts(asked["service_request_id"])[:MOST_ROWS]
        ids = tuple(no for no in map(number, texts) if no)
        own = tuple(one for one in map(own_number, texts) if one)
        return Wanted(ids, limit=MOST_ROWS, extensions=extensions, own=own)
    after, before = _instant(asked, "updated_after"), _instant(asked, "updated_before")
    start, end = span(asked, now, default=after is None and before is None)
    return Wanted(
        None,
        tuple(_parts(asked.get("service_code", ""))),
        start,
        end,
        _opens(asked.get("status", "")),
        after,
        before,
        _bbox(asked.get("bbox", "")),
        skip,
        size,
        extensions,
    )


def span(asked: Mapping[str, str], now: int, default: bool = True) -> tuple[int | None, int | None]:
    """start_date and end_date: at most 90 days, by default the last 90. Raises BadArgument."""
    start, end = _instant(asked, "start_date"), _instant(asked, "end_date")
    if start is None and end is None:
        return (now - MOST_SPAN, now) if default else (None, None)
    if start is None and end is not None:
        start = end - MOST_SPAN
    elif start is not None and end is None:
        end = min(max(now, start), start + MOST_SPAN)
    assert start is not None and end is not None
    if not 0 <= end - start <= MOST_SPAN:
        raise BadArgument(
            "start_date, end_date",
            name="end_date",
            value=asked.get("end_date", ""),
            wanted=phrase("within_90_days"),
        )
    return start, end


def update(pairs: Pairs) -> Update:
    """A form as an Update. Raises ArgumentMissing, BadArgument."""
    pairs = list(pairs)
    plain, _ = _sorted(pairs)
    for name in ("service_request_id", "description"):
        if name not in plain:
            raise ArgumentMissing(name, name=name)
    _bounded(plain, "description", MOST_DESCRIPTION)
    _bounded(plain, "update_id", 128)
    no = number(plain["service_request_id"])
    own = own_number(plain["service_request_id"])
    return Update(no or 0, plain["description"], plain.get("update_id", ""), own, _media(pairs))


def number(value: str) -> int | None:
    """A case number out of a service_request_id; None for what is none."""
    text = value.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def own_number(value: str) -> Own | None:
    """The number of a joined report (``812-45``); None for what is none."""
    case, dash, report = value.strip().partition("-")
    no, id = number(case), number(report)
    return Own(no, id) if dash and no is not None and id is not None else None


def status(kind: str) -> str:
    return "open" if kind in OPEN_KINDS else "closed"


EXTENDED = {
    "new": "open",
    "working": "in_progress",
    "waiting": "in_progress",
    "done": "fixed",
    "void": "no_further_action",
}
"""The kinds of our states in the words of FixMyStreet's extension (Additional states)."""


def extended_status(kind: str, state: str) -> str:
    if kind == "void" and state == "merged":
        return "duplicate"
    return EXTENDED.get(kind, status(kind))


def inside(box: tuple[float, float, float, float] | None, lon: object, lat: object) -> bool:
    """Whether a place, as it is shown, lies in west, south, east, north."""
    if box is None:
        return True
    if not isinstance(lon, float) or not isinstance(lat, float):
        return False
    return box[0] <= lon <= box[2] and box[1] <= lat <= box[3]


def _parts(value: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))


def _opens(value: str) -> bool | None:
    parts = {part.lower() for part in _parts(value)}
    if not parts <= {"open", "closed"}:
        raise BadArgument("status", name="status", value=value[:100], wanted="open, closed")
    return None if len(parts) != 1 else parts == {"open"}


def _instant(asked: Mapping[str, str], name: str) -> int | None:
    if name not in asked:
        return None
    try:
        return clock.parse(asked[name])
    except (ValueError, OverflowError):
        value = asked[name][:100]
        raise BadArgument(name, name=name, value=value, wanted=_INSTANT) from None


def _whole(asked: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = asked.get(name, "")
    if not value:
        return default
    found = number(value) or 0
    if not 1 <= found <= most:
        raise BadArgument(name, name=name, value=value[:100], wanted=f"1 … {most}")
    return found


def _bbox(value: str) -> tuple[float, float, float, float] | None:
    if not value:
        return None
    parts = [_float(part) for part in value.split(",")]
    if len(parts) != 4 or not all(math.isfinite(part) for part in parts):
        raise BadArgument("bbox", name="bbox", value=value[:100], wanted="west,south,east,north")
    return parts[0], parts[1], parts[2], parts[3]


def _degrees(plain: Mapping[str, str], name: str, most: int) -> float | None:
    if name not in plain:
        return None
    found = _float(plain[name])
    if not -most <= found <= most:
        value = plain[name][:100]
        raise BadArgument(name, name=name, value=value, wanted=f"-{most} … {most} (WGS84)")
    return found


def _float(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan


def _bounded(plain: Mapping[str, str], name: str, most: int) -> None:
    if len(plain.get(name, "")) > most:
        value = f"{plain[name][:50]}…"
        raise BadArgument(name, name=name, value=value, wanted=phrase("most_characters", most=most))
