"""How quantities of two units relate, for comparisons inside rules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from yiwang.kernel import units


@cache
def usable(unit: str) -> str | None:
    """The unit if it is known, else None: then nothing is checked or converted."""
    if unit == "1":
        return unit
    return unit if unit and units.known(unit) else None


@cache
def conversion(given: str, wanted: str) -> tuple[float, float] | None:
    """(factor, offset) from one unit to another; None when they are of different kinds."""
    if given == wanted:
        return 1.0, 0.0
    try:
        zero = units.magnitude(f"0 {_shown(given)}", _shown(wanted))
        one = units.magnitude(f"1 {_shown(given)}", _shown(wanted))
    except (units.WrongUnit, units.NotAQuantity):
        return None
    return round(one - zero, 12) or one - zero, round(zero, 9)


def _shown(unit: str) -> str:
    return "dimensionless" if unit == "1" else unit


def common(nodes: Sequence[Any]) -> str | None:
    """The unit that all parts share, None when they differ or one has none."""
    found = {node.unit for node in nodes if node.kind != "null"}
    return found.pop() if len(found) == 1 else None
