"""The one value of each field, out of what sources say: which wins, why, and who disagrees. Pure.

The stronger source wins; among equals what is valid since later; then what most say; then the name
of the record, so that the order in which sources came never matters. A value that is not what its
field says (a check digit is wrong) wins over nothing but another such.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from yiwang.sharing.libraries.model import Feed, Field, Library, Record

WHY = ("only", "agreed", "check", "rank", "newest", "most", "name", "decided")


@dataclass(frozen=True)
class Claim:
    """What one record says of one field."""

    record: Record
    rank: int
    value: Any
    form: str
    sound: bool


@dataclass(frozen=True)
class Outcome:
    """The value of a field and why it is that one: one of ``WHY``. ``claims``: everybody's, the
    winner first. ``gap``: by how many ranks the strongest of those who disagree is weaker, None
    where nobody does. ``print_``: the same as long as no source says anything else."""

    field: Field
    claims: tuple[Claim, ...]
    why: str
    gap: int | None
    print_: str

    @property
    def value(self) -> Any:
        return self.claims[0].value


@dataclass(frozen=True)
class Decision:
    """Whose value somebody has chosen, by what sources said then."""

    record: int
    print_: str


def resolve(
    library: Library,
    feeds: Mapping[int, Feed],
    records: Sequence[Record],
    decisions: Mapping[str, Decision],
    secret: bytes = b"",
) -> dict[str, Outcome]:
    """By field, for those that any record has a value for that is still in its source. With a
    ``secret``, prints tell nobody what they are of."""
    there = [one for one in records if one.ended is None]
    found = {}
    for field in library.fields:
        claims = [
            Claim(
                one,
                feeds[one.feed].strength(field.name),
                one.values[field.name],
                field.form(one.values[field.name]),
                field.sound(one.values[field.name]),
            )
            for one in there
            if one.values.get(field.name) is not None
        ]
        if claims:
            found[field.name] = _outcome(field, claims, decisions.get(field.name), secret)
    return found


def _outcome(
    field: Field, claims: list[Claim], decision: Decision | None, secret: bytes
) -> Outcome:
    said: dict[str, int] = {}
    for one in claims:
        said[one.form] = said.get(one.form, 0) + 1
    ranked = sorted(claims, key=lambda one: _key(one, said))
    print_ = _print(claims, secret)
    why = _why(ranked, said)
    if decision is not None and decision.print_ == print_:
        chosen = [one for one in ranked if one.record.id == decision.record]
        if chosen:
            ranked = [chosen[0], *(one for one in ranked if one is not chosen[0])]
            why = "decided"
    others = [one for one in ranked if one.form != ranked[0].form and one.sound]
    gap = max(0, min(one.rank for one in others) - ranked[0].rank) if others else None
    return Outcome(field, tuple(ranked), why, gap, print_)


_TESTS: tuple[tuple[str, Callable[[Claim, Mapping[str, int]], Any]], ...] = (
    ("check", lambda one, said: not one.sound),
    ("rank", lambda one, said: one.rank),
    ("newest", lambda one, said: -one.record.since if one.record.since is not None else 0),
    ("most", lambda one, said: -said[one.form]),
    ("name", lambda one, said: one.record.name),
)


def _key(claim: Claim, said: Mapping[str, int]) -> tuple[Any, ...]:
    return tuple(test(claim, said) for _, test in _TESTS)


def _why(ranked: Sequence[Claim], said: Mapping[str, int]) -> str:
    """What the winner has over the first of those who say something else."""
    if len(ranked) == 1:
        return "only"
    rival = next((one for one in ranked if one.form != ranked[0].form), None)
    if rival is None:
        return "agreed"
    return next(name for name, test in _TESTS if test(ranked[0], said) != test(rival, said))


def _print(claims: Sequence[Claim], secret: bytes) -> str:
    told = sorted(f"{one.record.name}\0{one.form}" for one in claims)
    return blake2b("\1".join(told).encode(), digest_size=16, key=secret).hexdigest()
