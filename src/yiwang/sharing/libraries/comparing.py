"""How alike two records are, field by field, and what follows of it. Pure.

Points are whole numbers, so that everybody can add them up: what each field gave is kept as the
reason, as a word, never with the values themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from yiwang.sharing.libraries import normal
from yiwang.sharing.libraries.model import Library, Values

IDENTITY = 1000
"""Points that an identity gives: more than fields ever can."""
WORDS = (
    "equal", "same_sound", "other_order", "one_sign", "swapped", "less_exact", "alike", "differs",
)  # fmt: skip
"""How the values of a field stand to one another."""
_BRANCH = re.compile(r"分公司|分店|支行|分行|分院|分校|分厂|办事处")
_ORDINALS = re.compile(r"[\d一二三四五六七八九十]+")
_ALIKE, _STREET = 0.75, 0.6


@dataclass(frozen=True)
class Reason:
    """What a field, or an identity (fields joined by +), says of two records."""

    field: str
    word: str
    points: int


@dataclass(frozen=True)
class Verdict:
    """``merge``: they are of the same; else somebody has to look."""

    merge: bool
    points: int
    reasons: tuple[Reason, ...]


def contradict(library: Library, one: Values, other: Values) -> bool:
    """Whether an identity that excludes says that these are two."""
    said, against = library.exclusive(one), library.exclusive(other)
    return any(said[place] != against[place] for place in said.keys() & against.keys())


def judge(library: Library, one: Values, other: Values) -> Verdict | None:
    """What is to be done with two records; None where too little speaks for them."""
    if contradict(library, one, other):
        return None
    reasons = _identities(library, one, other)
    known, sure = bool(reasons), True
    total = IDENTITY if known else 0
    for field in library.fields:
        if field.compare is None or one.get(field.name) is None or other.get(field.name) is None:
            continue
        if not (field.sound(one[field.name]) and field.sound(other[field.name])):
            continue
        forms = field.form(one[field.name]), field.form(other[field.name])
        if not all(forms):
            continue
        alike, word = COMPARERS[field.compare.how](*forms)
        sure = sure and alike >= library.doubt.get(field.name, 0.0)
        rule = field.compare
        points = round(rule.differ + (rule.agree - rule.differ) * alike)
        reasons.append(Reason(field.name, word, points))
        total += points
    if known:
        return Verdict(sure, total, tuple(reasons))
    if total < library.propose_at:
        return None
    return Verdict(total >= library.merge_at, total, tuple(reasons))


def _identities(library: Library, one: Values, other: Values) -> list[Reason]:
    found = []
    for each in library.identities:
        said = library.identity(each, one)
        if said is not None and said == library.identity(each, other):
            found.append(Reason("+".join(each.fields), "equal", IDENTITY))
    return found[:1]


Alike = tuple[float, str]
"""From 0 (another) to 1 (the same), and a word of ``WORDS``."""


def exact(one: str, other: str) -> Alike:
    return (1.0, "equal") if one == other else (0.0, "differs")


def person_name(one: str, other: str) -> Alike:
    """Chinese names are mistyped by another sign of the same sound; names in letters come in
    another order."""
    if one == other:
        return 1.0, "equal"
    if sorted(one.split()) == sorted(other.split()):
        return 0.9, "other_order"
    if not one.isascii() and normal.sound(one) == normal.sound(other):
        return 0.75, "same_sound"
    if min(len(one), len(other)) >= 3 and _one_off(one, other):
        return 0.4, "one_sign"
    return 0.0, "differs"


def organisation_name(one: str, other: str) -> Alike:
    """Branches, and numbers in names, tell two from one another however alike they are."""
    if one == other:
        return 1.0, "equal"
    for tells in (_BRANCH, _ORDINALS):
        if tells.findall(one) != tells.findall(other):
            return 0.0, "differs"
    share = _share(one, other)
    return (share, "alike") if share >= _ALIKE else (0.0, "differs")


def address(one: str, other: str) -> Alike:
    """Numbers say where: one that is another is another place, one that is missing is less exact.
    Streets may be written with or without the areas that they are in."""
    if one == other:
        return 1.0, "equal"
    numbers, others = normal.numbers(one), normal.numbers(other)
    shorter = min(len(numbers), len(others))
    if numbers[:shorter] != others[:shorter] or not shorter:
        return 0.0, "differs"
    street, against = normal.street(one), normal.street(other)
    inside = bool(street and against) and (street in against or against in street)
    share = 1.0 if inside else _share(street, against)
    if share < _STREET:
        return 0.0, "differs"
    return (share, "alike") if len(numbers) == len(others) else (0.7 * share, "less_exact")


def date(one: str, other: str) -> Alike:
    if one == other:
        return 1.0, "equal"
    parts, others = one.split("-"), other.split("-")
    if len(parts) == len(others) == 3 and parts == [others[0], others[2], others[1]]:
        return 0.6, "swapped"
    if len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1:
        return 0.5, "one_sign"
    return 0.0, "differs"


COMPARERS: Mapping[str, Callable[[str, str], Alike]] = {
    "exact": exact,
    "person_name": person_name,
    "organisation_name": organisation_name,
    "address": address,
    "date": date,
    "sex": exact,
}
"""By ``normal.FORMS``; each takes normal forms and does not mind their order."""


def _one_off(one: str, other: str) -> bool:
    """Whether one sign is another, missing or added, or two beside one another are swapped."""
    if len(one) == len(other):
        off = [place for place in range(len(one)) if one[place] != other[place]]
        if len(off) == 2 and off[1] == off[0] + 1:
            return one[off[0]] == other[off[1]] and one[off[1]] == other[off[0]]
        return len(off) == 1
    short, long = sorted((one, other), key=len)
    cut = [long[:place] + long[place + 1 :] for place in range(len(long))]
    return len(long) == len(short) + 1 and short in cut


def _share(one: str, other: str) -> float:
    """The share of pairs of signs that two texts have in common (Dice)."""
    pairs, others = (
        Counter(text[i : i + 2] for i in range(len(text) - 1)) for text in (one, other)
    )
    whole = pairs.total() + others.total()
    return 2 * (pairs & others).total() / whole if whole else 0.0
