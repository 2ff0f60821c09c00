"""How alike two reports are: pure logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from yiwang.cases.model import words
from yiwang.cases.model.classes import LikenessRule
from yiwang.cases.model.merging import distance_m
from yiwang.kernel.clock import MINUTE

SAME_PICTURE = 6
"""In so many of their 64 bits two prints of one picture differ at most, however it was shrunk
or stored anew."""
_PICTURE = 0.9
_AWAY = 0.3
_LATER = 0.3
_OTHER_CLASS = 0.8
_LONGEST = 2000
_SHOWN = 8


@dataclass(frozen=True)
class Said:
    """A report as it is compared."""

    no: int
    case_class: str
    text: str
    at: int
    lon: float | None = None
    lat: float | None = None
    prints: Sequence[str] = ()
    among: frozenset[str] = frozenset()
    """What it shares with others where no position says how near they are (``grid:7``)."""


class Alike(NamedTuple):
    """How alike a report is to a case, and why. ``metres`` is None where a place is unknown,
    ``picture`` where no pictures are the same."""

    case: int
    score: float
    text: float
    picture: int | None
    metres: int | None
    minutes: int


def text_alike(one: str, other: str) -> float:
    """From 0 to 1 (Dice): what share of the pieces of both texts they have in common. Pieces
    are two signs where writing has no spaces, three elsewhere."""
    mine, theirs = _pieces(one), _pieces(other)
    if not mine or not theirs:
        return 0.0
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


def shared_words(one: str, other: str) -> list[str]:
    """The longest pieces of text that both have, in the order of the first."""
    mine, theirs = words.folded(one[:_LONGEST]), words.folded(other[:_LONGEST])
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    blocks = [
        mine[block.a : block.a + block.size].strip(" \n.,;:!?，。；：！？、")
        for block in matcher.get_matching_blocks()
    ]
    kept = [block for block in blocks if len(block) >= (2 if not block.isascii() else 4)]
    longest = sorted(kept, key=len, reverse=True)[:_SHOWN]
    return list(dict.fromkeys(block for block in kept if block in longest))


def picture_apart(one: str, other: str) -> int:
    """In how many bits two prints (hexadecimal) differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def compare(rule: LikenessRule, one: Said, other: Said) -> Alike | None:
    """None where they are too far apart in time or, unless they have the same picture, in
    place to be about the same. Where one of them has no position they share a grid, a street or
    an organisation, or a picture, and count as far apart as may be.

    The score is how alike the texts are (of the same picture: 0.9 at least), less up to 0.3 for
    the distance and up to 0.3 for the time between, and a fifth less for another class.
    """
    away = _metres(one, other)
    apart = abs(one.at - other.at)
    if apart > rule.within:
        return None
    picture = min((picture_apart(a, b) for a in one.prints for b in other.prints), default=64)
    same = picture <= SAME_PICTURE
    shared = away is None and not one.among.isdisjoint(other.among)
    if not same and not shared and (away is None or away > rule.radius_m):
        return None
    text = text_alike(one.text, other.text)
    score = max(text, _PICTURE) if same else text
    score *= 1 - _AWAY * min(1.0, 1.0 if away is None else away / rule.radius_m)
    score *= 1 - _LATER * apart / rule.within
    score *= 1.0 if one.case_class == other.case_class else _OTHER_CLASS
    return Alike(
        other.no,
        round(score, 3),
        round(text, 3),
        picture if same else None,
        None if away is None else round(away),
        apart // MINUTE,
    )


def best(rule: LikenessRule, one: Said, others: Sequence[Said], most: int = 5) -> list[Alike]:
    """The cases that are most like a report, the most alike first, from the score on from which
    they are proposed."""
    found = [alike for other in others if (alike := compare(rule, one, other)) is not None]
    found = [alike for alike in found if alike.score >= rule.propose]
    return sorted(found, key=lambda each: (-each.score, each.case))[:most]


def _metres(one: Said, other: Said) -> float | None:
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return None
    return distance_m(one.lon, one.lat, other.lon, other.lat)


def _pieces(text: str) -> frozenset[str]:
    return frozenset(words.pieces(words.folded(text[:_LONGEST])))
