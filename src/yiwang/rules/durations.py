"""Durations in rules: ``2 min``, ``24 h``, ``1 d``."""

from __future__ import annotations

from yiwang.kernel import units
from yiwang.kernel.clock import SECOND
from yiwang.kernel.text import Words
from yiwang.rules.errors import BadDuration


def parse(value: object, where: str, name: str | Words) -> int:
    """Microseconds. Raises BadDuration for anything but a number with a unit of time."""
    if not isinstance(value, str) or not value.strip()[:1].isdigit():
        raise BadDuration(where, name=name, value=value)
    try:
        seconds = units.magnitude(value, "s", where)
    except (units.WrongUnit, units.NotAQuantity):
        raise BadDuration(where, name=name, value=value) from None
    return round(seconds * SECOND)
