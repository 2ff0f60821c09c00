"""Public keys of receivers and files that are made for them: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

FORMATS = ("csv", "xlsx", "parquet", "as_is")
"""``as_is``: a version of a file, which is only encrypted."""
WAITING, MAKING, READY, FAILED, GONE = "waiting", "making", "ready", "failed", "gone"
MOST_TRIES = 3
MOST_OPEN = 10
"""Deliveries of one organisation that wait at the same time."""
MOST_KEYS = 50
"""Keys in force of one organisation."""
MOST_BYTES = 6 * 1024
"""Of the names of columns in an entry of the log of uses."""
SHEET_ROWS = 1_048_575
"""Rows of a sheet of Excel below its heading."""


class FileKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key; ``fingerprint`` names it in the log."""

    id: int
    organisation: int
    owner: str
    name: str
    recipient: str
    fingerprint: str
    added_at: int
    ended_at: int | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A file for one organisation. ``content``: the SHA-256 of what is downloaded."""

    id: int
    resource: int
    organisation: int
    grant: int
    version: int | None
    format: str
    keys: list[int]
    state: str
    why: str
    tries: int
    asked_at: int
    asked_by: str
    made_at: int | None
    expires_at: int | None
    name: str
    size: int | None
    content: str
    rows: int | None
    marked: list[str]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivery has become."""

    name: str
    size: int
    content: str
    rows: int | None = None
    fields: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()


def chosen(waiting: Iterable[Delivery], busy: Mapping[int, int], most: int) -> Delivery | None:
    """Which one to make beside those that are being made (their organisations, by number), of
    which there are at most ``most``: the oldest of an organisation for which the fewest are. One
    organisation leaves a place to others."""
    if len(busy) >= most:
        return None
    of, own = Counter(busy.values()), max(1, most - 1)
    free = (one for one in waiting if one.id not in busy and of[one.organisation] < own)
    return min(free, key=lambda one: (of[one.organisation], one.id), default=None)


def listed(columns: tuple[str, ...]) -> tuple[str, ...] | int:
    """Columns as the log of uses names them: only how many, where an entry could not hold them."""
    return columns if sum(len(one.encode()) + 3 for one in columns) < MOST_BYTES else len(columns)


def name_of(title: str, day: str, format: str, sealed: bool) -> str:
    """The name of an extract's file: what it is of, and the day."""
    plain = "".join("_" if sign in '/\\<>:"|?*' or sign < " " else sign for sign in title)
    return f"{plain.strip(' .')[:80] or 'extract'}-{day}.{format}" + (".age" if sealed else "")
