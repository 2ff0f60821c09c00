"""Which unit is one level up or down from another (三级平台: grid, street, district, city)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Office:
    """An organisation by number; ``area`` None: the whole city."""

    id: int
    area: int | None
    parent: int | None = None


def above(here: Office, offices: Sequence[Office], chain: Sequence[int]) -> int | None:
    """The office for the next larger area around a place, else the one ``here`` belongs to.

    ``chain`` are the areas around the place, smallest first. An office of an area elsewhere
    stands below all of them.
    """
    place = _place(here.area, chain)
    higher = [one for one in offices if _place(one.area, chain) > place]
    if higher:
        return min(higher, key=lambda one: (_place(one.area, chain), one.id)).id
    return here.parent


def below(here: Office, offices: Sequence[Office], chain: Sequence[int]) -> int | None:
    """The office for the next smaller area around a place."""
    place = _place(here.area, chain)
    lower = [one for one in offices if 0 <= _place(one.area, chain) < place]
    if not lower:
        return None
    return max(lower, key=lambda one: (_place(one.area, chain), -one.id)).id


def _place(area: int | None, chain: Sequence[int]) -> int:
    if area is None:
        return len(chain)
    return chain.index(area) if area in chain else -1
