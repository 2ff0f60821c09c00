"""The responsibility matrix as the city sees it: the grid of class × area, and its check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yiwang.kernel import clock
from yiwang.registry import cache, functions, store
from yiwang.registry.errors import UnknownRecord
from yiwang.registry.matrix import Choice, Matrix
from yiwang.registry.model import EventClass, Organisation, Responsibility
from yiwang.registry.nouns import NOUNS
from yiwang.registry.succession import entry_of
from yiwang.security.actions import Context, query

MOST_SHOWN = 500
"""Conflicts and gaps that a check lists; it counts all."""


@dataclass(frozen=True)
class _Names:
    """What the numbers of a matrix are called."""

    lang: str
    areas: Mapping[int, Any]
    organisations: Mapping[int, Organisation]

    def area(self, number: int | None) -> str | None:
        if number is None:
            return None
        found = self.areas.get(number)
        return found.name(self.lang) if found else str(number)

    def unit(self, number: int) -> str:
        found = self.organisations.get(number)
        return found.name(self.lang) if found else str(number)


@query("registry.check", permission="registry.read")
def check(ctx: Context, at: int | None = None, lang: str = "zh-CN") -> dict[str, Any]:
    """What is wrong with the matrix at an instant (now).

    ``conflicts``: equally specific entries that name different units; ``nobody``: class and
    area for which neither an entry nor an organisation's function answers; ``unlisted``: how
    many have only a function; ``unknown_majors``: entries that can never hold.
    """
    names, matrix = _names(ctx, lang), cache.matrix(ctx.connection)
    at = ctx.now if at is None else at
    conflicts = matrix.conflicts()
    units = list(names.organisations.values())
    nobody = matrix.gaps(names.areas, at, units)
    return {
        "at": clock.render(at),
        "entries": len(matrix.entries),
        "conflict_count": len(conflicts),
        "conflicts": [
            [_entry(names, matrix, one.first), _entry(names, matrix, one.second)]
            for one in conflicts[:MOST_SHOWN]
        ],
        "nobody_count": len(nobody),
        "nobody": [
            {
                "event_class": gap.event_class.code,
                "class_name": gap.event_class.name(lang),
                "function": gap.event_class.function,
                "function_title": functions.title(ctx, gap.event_class.function, lang),
                "area": gap.area,
                "area_name": names.area(gap.area),
            }
            for gap in nobody[:MOST_SHOWN]
        ],
        "unlisted": len(matrix.gaps(names.areas, at)),
        "unknown_majors": [_entry(names, matrix, one) for one in matrix.unknown_majors()],
    }


@query("registry.matrix", permission="registry.read")
def matrix(
    ctx: Context, area: int | None = None, at: int | None = None, lang: str = "zh-CN"
) -> dict[str, Any]:
    """The grid of class × area at an instant (now): an area itself (None: the whole city) and
    the areas right below it. A cell says who answers, by which entry or function. Raises
    UnknownRecord."""
    names, held = _names(ctx, lang), cache.matrix(ctx.connection)
    if area is not None and area not in names.areas:
        raise UnknownRecord(noun="areas", id=area)
    index, when = cache.area_index(ctx.connection), ctx.now if at is None else at
    below = [one.id for one in names.areas.values() if one.parent == area]
    columns = [area, *sorted(below)]
    chains = [index.chain(one) for one in columns]
    units = list(names.organisations.values())
    rows = []
    for kind in sorted(held.classes, key=lambda one: (one.major, one.code)):
        own = [one for one in units if kind.function in one.functions]
        cells = [_cell(names, held, kind, chain, when, own) for chain in chains]
        rows.append(_class(kind, lang) | {"cells": cells})
    return {
        "at": clock.render(when),
        "areas": [{"id": one, "name": names.area(one)} for one in columns],
        "above": [{"id": one, "name": names.area(one)} for one in index.chain(area)],
        "rows": rows,
    }


@query("registry.responsibility_history", permission="registry.read")
def history(ctx: Context, id: int, lang: str = "zh-CN") -> list[dict[str, Any]]:
    """What an entry says and what it said before, the newest first; ``corrected`` ones held for
    no day. Raises UnknownRecord."""
    kind = NOUNS["responsibilities"]
    now = store.get(ctx.connection, kind, id)
    if now is None:
        raise UnknownRecord(noun=kind.name, id=id)
    names, held = _names(ctx, lang), cache.matrix(ctx.connection)
    found = [_entry(names, held, now) | {"corrected": False, "changed_at": None, "changed_by": ""}]
    for row in store.former(ctx.connection, id):
        was = entry_of(row, now.code)
        more = {"corrected": row.corrected, "changed_by": row.changed_by}
        found.append(_entry(names, held, was) | more | {"changed_at": clock.render(row.changed_at)})
    return found


def _names(ctx: Context, lang: str) -> _Names:
    units = {one.id: one for one in cache.records(ctx.connection, "organisations")}
    return _Names(lang, cache.area_index(ctx.connection).areas, units)


def _class(kind: EventClass, lang: str) -> dict[str, Any]:
    major = (kind.major_zh, kind.major_en) if lang.startswith("zh") else (kind.major_en, "")
    title = next((name for name in (*major, kind.major_zh) if name), kind.major)
    return {
        "event_class": kind.code,
        "id": kind.id,
        "name": kind.name(lang),
        "major": kind.major,
        "major_name": title,
    }


def _cell(
    names: _Names,
    held: Matrix,
    kind: EventClass,
    chain: Sequence[int],
    at: int,
    units: Sequence[Organisation],
) -> dict[str, Any]:
    found = held.choose(kind.code, chain, at)
    if found is not None:
        return _chosen(names, held, found, chain)
    fitting = [one for one in units if one.area is None or one.area in chain]
    if not fitting:
        return {"how": "nobody"}
    unit = min(
        fitting,
        key=lambda one: (len(chain) if one.area is None else chain.index(one.area), one.id),
    )
    return {"how": "function", "organisation": unit.id, "organisation_name": unit.name(names.lang)}


def _chosen(names: _Names, held: Matrix, found: Choice, chain: Sequence[int]) -> dict[str, Any]:
    here = chain[0] if chain else None
    own = found.scope == "minor" and found.entry.area == here
    return _entry(names, held, found.entry) | {
        "how": "conflict" if found.rivals else "entry" if own else "inherited",
        "scope": found.scope,
        "rivals": [names.unit(one.organisation) for one in found.rivals],
    }


def _entry(names: _Names, held: Matrix, one: Responsibility) -> dict[str, Any]:
    kind = next((kind for kind in held.classes if kind.id == one.event_class), None)
    return {
        "id": one.id,
        "code": one.code,
        "event_class": kind.code if kind else None,
        "class_name": kind.name(names.lang) if kind else None,
        "major": one.major,
        "area": one.area,
        "area_name": names.area(one.area),
        "level": one.level,
        "organisation": one.organisation,
        "organisation_name": names.unit(one.organisation),
        "co": [names.unit(number) for number in one.co_organisations],
        "basis": one.basis,
        "starts_at": None if one.starts_at is None else clock.render(one.starts_at),
        "ends_at": None if one.ends_at is None else clock.render(one.ends_at),
    }
