"""Which records are of the same: linked ones, but never against an identity or a ruling. Pure.

The answer depends on the records, links and rulings alone, not on the order in which they came:
links are taken by rulings first, then by points, then by the names of their records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

MOST = 500
"""Records of one entity; what would make more of them waits for somebody to look."""

Said = Mapping[int, tuple[str, ...]]
"""By the place of an identity that excludes, what a record says for it."""


@dataclass(frozen=True)
class Link:
    """Two records that are of the same by what is known of them, or (``ruled``) because somebody
    said so."""

    one: int
    other: int
    points: int = 0
    ruled: bool = False


@dataclass
class Grouping:
    """``groups``: each record is in one. ``joined``: the links that made them, each of which put
    two parts together. ``blocked``: links between records that had to stay apart."""

    groups: list[frozenset[int]]
    joined: list[Link]
    blocked: list[Link]


@dataclass
class _Part:
    members: list[int]
    said: dict[int, tuple[str, ...]]
    apart: set[int] = field(default_factory=set)


def group(
    records: Mapping[int, tuple[str, Said]],
    links: Sequence[Link],
    apart: Iterable[tuple[int, int]],
) -> Grouping:
    """``records``: by number, their name and what they say. ``apart``: pairs that somebody has
    ruled to be two."""
    parts = {id: _Part([id], dict(said)) for id, (_, said) in records.items()}
    of = {id: id for id in records}
    for one, other in apart:
        if one in parts and other in parts:
            parts[one].apart.add(other)
            parts[other].apart.add(one)

    def order(link: Link) -> tuple[bool, int, list[str]]:
        return not link.ruled, -link.points, sorted((records[link.one][0], records[link.other][0]))

    joined, blocked = [], []
    for link in sorted(links, key=order):
        first, second = parts[of[link.one]], parts[of[link.other]]
        if first is second:
            continue
        if _clash(first, second):
            blocked.append(link)
            continue
        joined.append(link)
        kept, gone = (
            (first, second) if len(first.members) >= len(second.members) else (second, first)
        )
        head = of[kept.members[0]]
        for id in gone.members:
            of[id] = head
        kept.members += gone.members
        kept.said |= gone.said
        kept.apart |= gone.apart
    heads = {of[id] for id in records}
    blocked = [one for one in blocked if of[one.one] != of[one.other]]
    return Grouping([frozenset(parts[head].members) for head in sorted(heads)], joined, blocked)


def _clash(one: _Part, other: _Part) -> bool:
    shared = one.said.keys() & other.said.keys()
    return (
        any(one.said[place] != other.said[place] for place in shared)
        or not one.apart.isdisjoint(other.members)
        or len(one.members) + len(other.members) > MOST
    )
