"""Whose copy a leaked file is: the department, and what was made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from yiwang.kernel import clock
from yiwang.security.actions import Context, query
from yiwang.security.protection import leaks
from yiwang.security.protection.errors import NotTraceable
from yiwang.security.protection.leaks import MOST_FALSE, Found, Trace
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue import views
from yiwang.sharing.files import order_store
from yiwang.sharing.files.extracts import resource_of

MOST_TRIED = 200
"""Resources that are tried where none is named."""
MOST_SHOWN = 20


@dataclass(frozen=True)
class Named:
    """A receiver that a copy names. ``of`` and ``who`` are what people call resource and receiver;
    ``deliveries``: extracts of the resource that were made for it, the newest first."""

    found: Found
    of: str
    who: str
    deliveries: list[dict[str, Any]]


@dataclass(frozen=True)
class Traced:
    trace: Trace
    named: list[Named]


@query("sharing.may_trace", permission="sharing.audit")
def check(ctx: Context) -> None:
    """Whether the caller may trace, before a file of theirs is read."""


@query("sharing.trace_file", permission="sharing.audit")
def trace(ctx: Context, table: pa.Table, resource: str, lang: str) -> Traced:
    """Whose copy a table is: of a resource (its number, or what its copies were called), or of any
    where it is empty. Columns may be called as the table calls them or as the catalogue does. The
    chance that anybody is named falsely stays below ``MOST_FALSE``, however many are tried. Raises
    NotTraceable."""
    number = resource.isascii() and resource.isdigit()
    wanted = resource_of(int(resource[:18])) if number else resource
    tried = [wanted] if wanted else leaks.resources(ctx.connection, MOST_TRIED)
    titles = _titles(ctx, tried)
    found: list[Found] = []
    cells = receivers = 0
    missing: NotTraceable | None = None
    for name in tried:
        try:
            one = leaks.trace_leak(ctx, _renamed(table, titles.get(name, {})), name)
        except NotTraceable as error:
            missing = error
            continue
        found += [each for each in one.found if each.bound <= MOST_FALSE / len(tried)]
        cells, receivers = max(cells, one.cells), receivers + one.receivers
    if not cells:
        raise missing or NotTraceable(resource=resource or "*", columns="")
    whole = Trace(sorted(found, key=lambda one: one.bound), cells, receivers)
    return Traced(whole, [_named(ctx, one, lang) for one in whole.found])


def _titles(ctx: Context, tried: list[str]) -> dict[str, dict[str, str]]:
    """Of resources of the catalogue, the column behind each name of an item."""
    numbers = [number for name in tried if (number := _number("resource", name)) is not None]
    found = catalogue.with_items(ctx.connection, catalogue.some(ctx.connection, numbers))
    return {resource_of(one.id): {item.name: item.column for item in one.items} for one in found}


def _renamed(table: pa.Table, titles: Mapping[str, str]) -> pa.Table:
    there = set(table.column_names)
    renamed = [
        name if titles.get(name, name) in there else titles[name] for name in table.column_names
    ]
    return table.rename_columns(renamed)


def _named(ctx: Context, found: Found, lang: str) -> Named:
    resource, organisation = (
        _number("resource", found.resource),
        _number("organisation", found.receiver),
    )
    if resource is None or organisation is None:
        return Named(found, found.resource, found.receiver, [])
    known = catalogue.some(ctx.connection, [resource])
    held = order_store.marked_for(ctx.connection, resource, organisation, MOST_SHOWN)
    shown = [
        {
            "id": one.id,
            "grant": one.grant,
            "format": one.format,
            "rows": one.rows,
            "asked_by": one.asked_by,
            "made_at": clock.render(one.made_at or one.asked_at),
            "sha256": one.content,
        }
        for one in held
    ]
    who = views.names(ctx, lang).get(organisation, found.receiver)
    return Named(found, known[0].name if known else found.resource, who, shown)


def _number(kind: str, name: str) -> int | None:
    start, _, number = name.partition(":")
    return int(number) if start == kind and number.isascii() and number.isdigit() else None
