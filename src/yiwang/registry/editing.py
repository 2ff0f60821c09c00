"""Adding, changing, removing and loading the registry's records.

A load is checked as a whole before anything is written: every reference must lead to a record
that stands in the registry or in the load itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from yiwang.contracts.events import RegistryChanged
from yiwang.kernel.errors import YiwangError
from yiwang.registry import cache, store, succession
from yiwang.registry.errors import (
    InUse,
    ManyErrors,
    Twice,
    UnknownRecord,
    UnknownReference,
    WrongLevel,
)
from yiwang.registry.model import LEVELS
from yiwang.registry.nouns import NOUNS, Noun, given, noun
from yiwang.security.actions import Caller, Context, action, query


@dataclass(frozen=True)
class Entry:
    """One record of a load: what ``Noun.read`` gave, and where it stands."""

    where: str
    values: dict[str, Any]

    def key(self, kind: Noun) -> tuple[Any, ...]:
        return tuple(self.values[name] for name in kind.keys)


Load = Mapping[str, Sequence[Entry]]
"""Records by noun."""


@query("registry.page", permission="registry.read")
def page(
    ctx: Context,
    name: str,
    where: Mapping[str, Any] | None = None,
    text: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[Any]:
    """Records of a noun behind number ``after``, with these values, whose code or name holds
    ``text``. Raises UnknownNoun."""
    return store.page(ctx.connection, noun(name), where or {}, text, after, limit)


@query("registry.get", permission="registry.read")
def get(ctx: Context, name: str, id: int) -> Any:
    """One record of a noun. Raises UnknownNoun, UnknownRecord."""
    found = store.get(ctx.connection, noun(name), id)
    if found is None:
        raise UnknownRecord(noun=name, id=id)
    return found


@query("registry.counts", permission="registry.read")
def counts(ctx: Context) -> dict[str, int]:
    """How many records there are of each noun."""
    return store.counts(ctx.connection)


@action("registry.add", permission="registry.write", audit_verb="registry_added")
def add(ctx: Context, name: str, raw: Mapping[str, Any]) -> Any:
    """Add one record. Raises what reading it raises, Twice, UnknownReference."""
    kind = noun(name)
    entry = Entry("", kind.read(raw, ""))
    if entry.key(kind) in store.numbers(ctx.connection, kind, {entry.values["code"]}):
        raise Twice(code=entry.values["code"], first=name)
    _refuse_first(_reference_errors(ctx, {name: [entry]}))
    _write(ctx, kind, [entry])
    _changed(ctx, [name])
    number = store.find(ctx.connection, kind, entry.key(kind))
    assert number is not None
    ctx.note(f"{name}:{number}", code=entry.values["code"])
    return store.get(ctx.connection, kind, number)


@action("registry.change", permission="registry.write", audit_verb="registry_changed")
def change(ctx: Context, name: str, id: int, raw: Mapping[str, Any]) -> Any:
    """Change some fields of one record. What an entry of the responsibility matrix said until
    now stays on record as a former entry. Raises UnknownRecord and what ``add`` raises."""
    kind = noun(name)
    before = given(get(ctx, name, id), kind.fields)
    entry = Entry("", kind.read({**before, **raw}, ""))
    if store.find(ctx.connection, kind, entry.key(kind)) not in (None, id):
        raise Twice(code=entry.values["code"], first=name)
    _refuse_first(_reference_errors(ctx, {name: [entry]}))
    values = _resolved(ctx, kind, [entry])[0]
    if kind.name == "responsibilities":
        values = _succeeded(ctx, kind, [values])[0]
    store.change(ctx.connection, kind, id, values)
    _changed(ctx, [name])
    ctx.note(f"{name}:{id}", fields=sorted(raw))
    return store.get(ctx.connection, kind, id)


@action("registry.remove", permission="registry.write", audit_verb="registry_removed")
def remove(ctx: Context, name: str, id: int) -> None:
    """Take a record out of lists and look-ups; history still finds it. Raises UnknownRecord,
    InUse while other records refer to it."""
    kind = noun(name)
    get(ctx, name, id)
    count, by = store.referring(ctx.connection, kind, id)
    if count:
        raise InUse(count=count, by=by)
    store.change(ctx.connection, kind, id, {"removed_at": ctx.now})
    _changed(ctx, [name])
    ctx.note(f"{name}:{id}")


@action("registry.load", permission="registry.write", audit_verb="registry_loaded")
def load(ctx: Context, records: Load) -> dict[str, int]:
    """Insert or overwrite many records by code; how many of each noun. Raises ManyErrors with
    everything that is wrong, and then nothing is written."""
    errors = _reference_errors(ctx, records)
    if errors:
        raise ManyErrors("", errors)
    for name, kind in NOUNS.items():
        if records.get(name):
            _write(ctx, kind, records[name])
            store.restamp(ctx.connection, [name])
    written = {name: len(entries) for name, entries in records.items() if entries}
    _changed(ctx, written)
    ctx.note("registry", **written)
    return written


def put(
    ctx: Caller | Context, name: str, rows: Iterable[Mapping[str, Any]], where: str = ""
) -> None:
    """Insert or overwrite records given as plain mappings. Raises what ``load`` raises."""
    kind = noun(name)
    entries = [
        Entry(f"{where}[{index}]", kind.read(row, f"{where}[{index}]"))
        for index, row in enumerate(rows)
    ]
    load(ctx, {name: entries})


def _write(ctx: Context, kind: Noun, entries: Sequence[Entry]) -> None:
    own = [name for name, entry in kind.fields.items() if entry.refers == kind.name]
    rows = _resolved(ctx, kind, entries, leave_out=own)
    if kind.name == "responsibilities":
        rows = _succeeded(ctx, kind, rows)
    store.write(ctx.connection, kind, rows)
    if not own:
        return
    linked = {entry.values[name] for entry in entries for name in own}
    codes = {one for one in linked if isinstance(one, str)}
    codes |= {entry.values["code"] for entry in entries}
    numbers = store.numbers(ctx.connection, kind, codes)
    for entry in entries:
        links = {name: entry.values[name] for name in own if entry.values[name] is not None}
        if links:
            values = {name: _number(numbers, value) for name, value in links.items()}
            store.change(ctx.connection, kind, numbers[entry.key(kind)], values)


def _succeeded(ctx: Context, kind: Noun, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What entries of the matrix are to be, after what they said is kept as former entries."""
    found = store.of_codes(ctx.connection, kind, {row["code"] for row in rows})
    known = {one.code: one for one in found}
    changed = store.corrected(ctx.connection, {one.id for one in found})
    values, former = [], []
    for row in rows:
        old = known.get(row["code"])
        if old is None:
            values.append(row)
            continue
        after = succession.succeed(old, row, ctx.now, old.id in changed)
        values.append(after.values)
        if after.former is not None:
            by = {"changed_at": ctx.now, "changed_by": ctx.identity.label}
            former.append(after.former | {"entry": old.id, "corrected": after.corrected} | by)
        elif old.starts_at is not None and after.values["starts_at"] != old.starts_at:
            begins = after.values["starts_at"]
            new = ctx.now if begins is None else begins
            store.move_former(ctx.connection, old.id, old.starts_at, new)
    store.keep_former(ctx.connection, former)
    return values


def _resolved(
    ctx: Context, kind: Noun, entries: Sequence[Entry], leave_out: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The entries' values with every reference as a number; ``leave_out`` become None."""
    rows = [{**entry.values, **dict.fromkeys(leave_out)} for entry in entries]
    for name, field in kind.fields.items():
        if field.refers and name not in leave_out:
            given = {one for _, one in _references(entries, name, field.many)}
            codes = {one for one in given if isinstance(one, str)}
            numbers = store.numbers(ctx.connection, NOUNS[field.refers], codes)
            for row in rows:
                row[name] = (
                    [_number(numbers, one) for one in row[name]]
                    if field.many
                    else _number(numbers, row[name])
                )
    if kind.name == "places":
        grids = _grids(ctx, [row["lon"] for row in rows], [row["lat"] for row in rows])
        for row, grid in zip(rows, grids, strict=True):
            row["grid"] = grid
    return rows


def _number(numbers: Mapping[tuple[Any, ...], int], value: Any) -> int | None:
    return value if value is None or isinstance(value, int) else numbers[(value,)]


def _grids(
    ctx: Context, lon: Sequence[float | None], lat: Sequence[float | None]
) -> list[int | None]:
    index = cache.area_index(ctx.connection)
    _, _, grid = index.locate_many(np.array(lon, np.float64), np.array(lat, np.float64))
    return [int(number) or None for number in grid]


def _changed(ctx: Context, names: Iterable[str]) -> None:
    """New stamps and an event for each noun; changed areas move places to other grids."""
    changed = set(names)
    store.restamp(ctx.connection, changed)
    if "areas" in changed and _move_places(ctx):
        store.restamp(ctx.connection, ["places"])
        changed.add("places")
    for name in sorted(changed):
        ctx.emit(RegistryChanged(name))


def _move_places(ctx: Context) -> bool:
    found = store.every(ctx.connection, NOUNS["places"])
    grids = _grids(ctx, [item.lon for item in found], [item.lat for item in found])
    moved = {item.id: grid for item, grid in zip(found, grids, strict=True) if item.grid != grid}
    store.set_grids(ctx.connection, moved)
    return bool(moved)


def _refuse_first(errors: Sequence[YiwangError]) -> None:
    if errors:
        raise errors[0]


def _reference_errors(ctx: Context, records: Load) -> list[YiwangError]:
    """Every reference that leads nowhere, and every area below one of the wrong level."""
    errors: list[YiwangError] = []
    for name, entries in records.items():
        for field, declared in NOUNS[name].fields.items():
            if not declared.refers:
                continue
            kind = NOUNS[declared.refers]
            asked = {one for _, one in _references(entries, field, declared.many)}
            texts = {one for one in asked if isinstance(one, str)}
            known = {key[0] for key in store.numbers(ctx.connection, kind, texts)}
            known |= {entry.values["code"] for entry in records.get(kind.name, ())}
            ids = {one for one in asked if isinstance(one, int)}
            numbers = store.there(ctx.connection, kind, ids)
            astray = [
                (entry, value)
                for entry, value in _references(entries, field, declared.many)
                if value is not None and value not in (numbers if isinstance(value, int) else known)
            ]
            every = {key[0] for key in store.numbers(ctx.connection, kind)} if astray else set()
            codes = [str(one) for one in every | known]
            for entry, value in astray:
                near = [*get_close_matches(str(value), codes, 1), "-"][0]
                named = {"field": field, "value": value, "noun": kind.name, "near": near}
                errors.append(UnknownReference(entry.where, **named))
    return errors or _level_errors(ctx, records.get("areas", ()))


def _references(
    entries: Sequence[Entry], field: str, many: bool
) -> Iterator[tuple[Entry, str | int | None]]:
    for entry in entries:
        value = entry.values[field]
        for one in value if many else [value]:
            yield entry, one


def _level_errors(ctx: Context, entries: Sequence[Entry]) -> list[YiwangError]:
    if not entries:
        return []
    known = store.every(ctx.connection, NOUNS["areas"])
    levels: dict[Any, str] = {item.id: item.level for item in known}
    levels |= {item.code: item.level for item in known}
    levels |= {entry.values["code"]: entry.values["level"] for entry in entries}
    return [
        WrongLevel(
            entry.where,
            level=entry.values["level"],
            code=entry.values["code"],
            parent_level=levels[parent],
            parent=parent,
        )
        for entry in entries
        if (parent := entry.values["parent"]) is not None
        and LEVELS.index(levels[parent]) >= LEVELS.index(entry.values["level"])
    ]
