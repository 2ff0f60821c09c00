"""Drafts made of what stands in a source: a table becomes a resource, a column an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yiwang.security.actions import Caller, Context, action
from yiwang.security.protection import service as protection
from yiwang.security.protection.assistant import Column as Looked
from yiwang.security.protection.assistant import Proposal
from yiwang.sharing.catalogue import model, service, store
from yiwang.sharing.catalogue.model import Entry, Item
from yiwang.sharing.sources import service as sources
from yiwang.sharing.sources.model import Shape

MOST_TABLES = 500
_SAMPLES = 50


@dataclass(frozen=True)
class Harvested:
    """What became of a table. ``sort``: added, known (a resource has it already). ``left_out``:
    columns whose names no item can have. ``new`` and ``gone``: columns of a known table that its
    resource does not have, or has and the table has not."""

    table: str
    sort: str
    resource: int
    labelled: int = 0
    left_out: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def harvest(
    caller: Caller, source: str, tables: Sequence[str], organisation: int | None = None
) -> list[Harvested]:
    """Look at tables of a source (all where none is named) and enter those as drafts that no
    resource has yet, with labels that protection proposes. Asks the source outside of any
    transaction of ours. Raises NoSuchSource, NoSuchTable, NotYourResource."""
    found = sources.find_source(caller, source)
    owner = organisation or found.organisation or caller.identity.organisation or 0
    wanted = list(tables) or sources.tables(caller, source)
    shapes = [sources.shape(caller, source, table, _SAMPLES) for table in wanted[:MOST_TABLES]]
    return take(caller, source, owner, shapes)


@action("sharing.harvest_resources", permission="sharing.compile", audit_verb="tables_harvested")
def take(ctx: Context, source: str, organisation: int, shapes: Sequence[Shape]) -> list[Harvested]:
    """Enter tables of a source as drafts of an organisation; those that are known are only
    compared. Raises NotYourResource, UnknownRecord."""
    done = [_one(ctx, source, organisation, shape) for shape in shapes]
    ctx.note(f"source:{source}", added=sum(one.sort == "added" for one in done))
    return done


def entry(
    source: str, organisation: int, shape: Shape, proposals: Sequence[Proposal]
) -> tuple[Entry, tuple[str, ...]]:
    """A draft for a table, and the columns that cannot be items. Names come from comments."""
    labels = {one.column: one for one in proposals}
    items: list[Item] = []
    left_out: list[str] = []
    names: set[str] = set()
    for column in shape.columns:
        if not model.COLUMN.fullmatch(column.name):
            left_out.append(column.name)
            continue
        name = column.comment.strip()[:150] or column.name
        name = name if name not in names else f"{name} ({column.name})"
        names.add(name)
        label = labels.get(column.name)
        items.append(
            Item(
                name=name,
                column=column.name,
                type=column.type,
                length=column.length if column.length and column.length > 0 else None,
                label=label.label if label else "",
                grade=label.grade if label else "",
                key=column.name in shape.key,
            )
        )
    made = Entry(
        name=(shape.comment.strip() or shape.table)[:200],
        organisation=organisation,
        source=source,
        table=shape.table,
        items=tuple(items[: model.MOST_ITEMS]),
    )
    return made, tuple(left_out)


def _one(ctx: Context, source: str, organisation: int, shape: Shape) -> Harvested:
    held = store.of_table(ctx.connection, source, shape.table)
    if held is not None:
        known = {item.column for item in held.items}
        there = [column.name for column in shape.columns]
        new = tuple(name for name in there if name not in known)
        gone = tuple(item.column for item in held.items if item.column not in there)
        return Harvested(shape.table, "known", held.id, new=new, gone=gone)
    proposals = protection.propose_labels(ctx, _columns(shape), shape.comment, shape.rows or 0)
    made, left_out = entry(source, organisation, shape, proposals)
    id = service.add(ctx, made)
    labelled = sum(bool(item.label) for item in made.items)
    return Harvested(shape.table, "added", id, labelled, left_out)


def _columns(shape: Shape) -> list[Looked]:
    return [Looked(one.name, one.comment, shape.samples.get(one.name, ())) for one in shape.columns]


def shown(one: Harvested) -> dict[str, Any]:
    return {
        "table": one.table,
        "sort": one.sort,
        "resource": one.resource,
        "labelled": one.labelled,
        "left_out": list(one.left_out),
        "new": list(one.new),
        "gone": list(one.gone),
    }
