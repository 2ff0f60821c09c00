"""What a library is made of, as a declaration says it and as matching works with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from yiwang.kernel import identifiers
from yiwang.sharing.libraries import normal

TYPES = ("C", "N", "D", "T", "L", "M")
"""Types of fields, as the compiling guide codes them."""

Values = Mapping[str, Any]
"""Values of a record by field; texts, numbers, booleans; dates and times as ISO 8601 texts. A field
without a value is not among them."""


@dataclass(frozen=True)
class Compare:
    """How a field speaks for or against two records being of the same: ``agree`` points where it
    is equal, ``differ`` points (none or negative) where it is another, in between what is alike."""

    how: str
    agree: int
    differ: int


@dataclass(frozen=True)
class Field:
    """``identifier``: a kind of ``kernel.identifiers``. ``derive``: another field, and the part of
    it that stands where the source gives nothing. ``label``: how the value is shown in lists.
    ``watched``: sources that disagree are told. ``search``: records are found by it."""

    name: str
    titles: Mapping[str, str]
    type: str = "C"
    identifier: str = ""
    compare: Compare | None = None
    derive: tuple[str, str] | None = None
    label: str = ""
    sealed: bool = False
    published: bool = True
    watched: bool = True
    search: bool = False

    def title(self, lang: str) -> str:
        return self.titles.get(lang) or next(iter(self.titles.values()), self.name)

    def form(self, value: Any) -> str:
        """What two values have in common that differ in their writing alone."""
        how = self.compare.how if self.compare is not None else "exact"
        return normal.form(how, str(value))

    def sound(self, value: Any) -> bool:
        """Whether a value is what its field says it is; an identifier has its check digits."""
        return not self.identifier or _valid(self.identifier, str(value))


_valid = lru_cache(maxsize=16384)(identifiers.valid)


@dataclass(frozen=True)
class Identity:
    """Fields that together name one and no other. ``excludes``: two that differ in them are never
    one."""

    fields: tuple[str, ...]
    excludes: bool = False


@dataclass(frozen=True)
class Library:
    """A declared kind of library. ``blocks``: what two records must share to be compared at all, as
    (field, form). ``doubt``: a field that has to be alike by so much (0 … 1) for an identity to
    join two records without anybody looking."""

    titles: Mapping[str, str]
    fields: tuple[Field, ...]
    identities: tuple[Identity, ...]
    blocks: tuple[tuple[tuple[str, str], ...], ...]
    merge_at: int
    propose_at: int
    doubt: Mapping[str, float]
    dataset: str

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {one.name: one for one in self.fields}

    @cached_property
    def sealed(self) -> frozenset[str]:
        return frozenset(one.name for one in self.fields if one.sealed)

    @cached_property
    def plain(self) -> frozenset[str]:
        """Fields that may lie open; nothing is known of one that is declared no more."""
        return frozenset(self.by_name) - self.sealed

    def title(self, lang: str) -> str:
        return self.titles.get(lang) or next(iter(self.titles.values()), "")

    def identity(self, identity: Identity, values: Values) -> tuple[str, ...] | None:
        """What a record says for an identity; None where something of it is missing or wrong."""
        found = []
        for name in identity.fields:
            value, field_ = values.get(name), self.by_name[name]
            if value is None or not field_.sound(value):
                return None
            found.append(field_.form(value))
        return tuple(found)

    def exclusive(self, values: Values) -> dict[int, tuple[str, ...]]:
        """By the place of an identity that excludes, what a record says for it."""
        found = {}
        for place, one in enumerate(self.identities):
            said = self.identity(one, values) if one.excludes else None
            if said is not None:
                found[place] = said
        return found

    def blocking(self, values: Values) -> set[str]:
        """The names of the blocks that a record is in; those it shares one with it is compared
        with."""
        found = set()
        for one in self.identities:
            said = self.identity(one, values)
            if said is not None:
                found.add("\0".join(["identity", *one.fields, *said]))
        for block in self.blocks:
            parts = [self._part(name, form, values) for name, form in block]
            if all(parts):
                named = [f"{name}.{form}" for name, form in block]
                found.add("\0".join(["block", *named, *parts]))
        return found

    def _part(self, name: str, form: str, values: Values) -> str:
        value = values.get(name)
        if value is None or not self.by_name[name].sound(value):
            return ""
        return normal.part(form, self.by_name[name].form(value))

    def searching(self, values: Values) -> set[str]:
        """The names under which a record is found."""
        found = set()
        for one in self.fields:
            if one.search and values.get(one.name) is not None:
                found.add(self.asked(one, values[one.name]))
        return found

    def asked(self, field_: Field, value: Any) -> str:
        """The name under which records with this value of a field are found."""
        return "\0".join(["search", field_.name, field_.form(value)])


@dataclass(frozen=True)
class Feed:
    """A resource of the catalogue that a library is fed from. ``rank``: 1 is the strongest; some
    fields may have ranks of their own. ``columns``: by field the column of the resource's table.
    ``since``: the column that says from when a row is valid."""

    id: int
    code: str
    resource: int
    rank: int
    columns: Mapping[str, str]
    ranks: Mapping[str, int] = field(default_factory=dict)
    since: str = ""
    removed: bool = False

    def strength(self, name: str) -> int:
        return self.ranks.get(name, self.rank)


@dataclass(frozen=True)
class Record:
    """A row of a source. ``name`` is the same whenever the row is read, and says nothing of it.
    ``since``: from when the source says that it is valid, or from when it was seen to have changed;
    ``known``: when it was read; ``ended``: when it was found to be gone."""

    id: int
    name: str
    feed: int
    entity: int
    values: Values
    key: Sequence[Any] = ()
    since: int | None = None
    known: int = 0
    ended: int | None = None


@dataclass(frozen=True)
class Version:
    """What a record said before; ``values`` is None where the row was gone."""

    record: int
    values: Values | None
    since: int | None
    known: int


def within(record: Record, former: Sequence[Version], at: int, known: int) -> Record | None:
    """The record as it was valid at one time by what was known at another; None where there was
    nothing. Of two versions that were valid the one that was known later holds."""
    gone = [] if record.ended is None else [Version(record.id, None, None, record.ended)]
    now = Version(record.id, record.values, record.since, record.known)
    held: Version | None = None
    for one in sorted([*former, now, *gone], key=lambda each: each.known):
        valid = one.known if one.since is None else one.since
        if one.known <= known and valid <= at:
            held = one
    if held is None or held.values is None:
        return None
    return Record(
        record.id, record.name, record.feed, record.entity, held.values, record.key,
        held.since, held.known,
    )  # fmt: skip
