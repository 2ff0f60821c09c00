"""What a change of the responsibility matrix leaves behind: pure.

An entry that has held is not overwritten: what it said ends where the change begins, and stays
on record as a former entry, so that the matrix of any day is what it was on that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from yiwang.registry.model import Responsibility

SAID = ("event_class", "major", "area", "level", "organisation", "co_organisations", "basis")
"""What an entry says, beside when."""


class Succession(NamedTuple):
    """The values that the entry has from now on, and those of the former entry to keep, if any.
    ``corrected``: the former never held after all; the entry says now what was so."""

    values: dict[str, Any]
    former: dict[str, Any] | None = None
    corrected: bool = False


def succeed(
    old: Responsibility, given: Mapping[str, Any], now: int, succeeded: bool = False
) -> Succession:
    """What becomes of an entry that is given new values (references as numbers).

    The change begins when the new values begin, if that is later than the old ones, else now.
    An entry that has not begun, or says the same, is merely changed; one whose new values are
    over is corrected. ``succeeded``: it has former entries, and keeps its beginning where none
    is given.
    """
    values = dict(given)
    if all(_same(getattr(old, name), values[name]) for name in SAID):
        if values["starts_at"] is None and succeeded:
            values["starts_at"] = old.starts_at
        return Succession(values)
    if old.starts_at is not None and old.starts_at > now:
        return Succession(values)
    begins = values["starts_at"]
    if begins is None or begins <= (old.starts_at or 0):
        begins = now
    said = {name: getattr(old, name) for name in (*SAID, "starts_at", "ends_at")}
    said["co_organisations"] = list(old.co_organisations)
    if values["ends_at"] is not None and values["ends_at"] <= begins:
        return Succession(values, said, True)
    values["starts_at"] = begins
    said["ends_at"] = begins if old.ends_at is None else min(old.ends_at, begins)
    return Succession(values, said)


def entry_of(row: Any, code: str) -> Responsibility:
    """A former entry, kept as a row, as the entry that it was."""
    values = {name: getattr(row, name) for name in (*SAID, "starts_at", "ends_at")}
    values["co_organisations"] = tuple(row.co_organisations)
    return Responsibility(id=row.entry, code=code, **values)


def _same(old: Any, new: Any) -> bool:
    return list(old) == list(new) if isinstance(old, tuple) else bool(old == new)
