"""Drafts made of what stands in a source: a table becomes a resource, a column an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from yiwang.security.actions import Caller, Context, action, query
from yiwang.security.protection import service as protection
from yiwang.security.protection.assistant import Column as Looked
from yiwang.security.protection.assistant import Proposal
from yiwang.sharing.catalogue import model, service, store
from yiwang.sharing.catalogue.errors import TableEntered
from yiwang.sharing.catalogue.model import Entry, Item, Resource
from yiwang.sharing.sources import service as sources
from yiwang.sharing.sources import store as source_store
from yiwang.sharing.sources.model import Shape

MOST_TABLES = 500
_SAMPLES = 50
_SHOWN = 3


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


@dataclass(frozen=True)
class Proposed:
    """A draft for a table before anything is kept, with why each label is proposed, and the
    resource that the table has already."""

    entry: Entry
    left_out: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    shape: Shape
    held: Resource | None


def propose(caller: Caller, source: str, table: str, organisation: int | None = None) -> Proposed:
    """Look at a table of a source and say what its draft would be. Raises NoSuchSource,
    NoSuchTable."""
    found = sources.find_source(caller, source)
    owner = organisation or found.organisation or caller.identity.organisation or 0
    shape = sources.shape(caller, source, table, _SAMPLES)
    made: Proposed = propose_entry(caller, source, owner, shape)
    return made


@query("sharing.propose_entry", permission="sharing.compile")
def propose_entry(ctx: Context, source: str, organisation: int, shape: Shape) -> Proposed:
    """The draft for a table, and the reasons for its labels. Nothing is kept."""
    held = store.of_table(ctx.connection, source, shape.table)
    proposals = _proposals(ctx, shape)
    made, left_out = entry(source, organisation, shape, proposals)
    return Proposed(made, left_out, tuple(proposals), shape, held)


@query("sharing.entered_tables", permission="sharing.compile")
def entered(ctx: Context, source: str, tables: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Which of some tables of a source are resources already, by table. Raises NoSuchSource."""
    sources.of(ctx.connection, ctx.identity, source)
    return store.of_tables(ctx.connection, source, tables)


@action("sharing.accept_table", permission="sharing.compile", audit_verb="table_accepted")
def accept(ctx: Context, made: Entry) -> int:
    """Enter the draft of a table as it was proposed and edited; its number. Raises TableEntered
    where the table is a resource already, NoSuchSource, NotYourResource, BadEntry."""
    source, table = made.source or "", made.table or ""
    source_store.hold(ctx.connection, source)
    sources.of(ctx.connection, ctx.identity, source)
    held = store.of_table(ctx.connection, source, table)
    if held is not None:
        raise TableEntered(table=table, resource=held.id, name=held.name)
    id: int = service.add(ctx, made)
    ctx.note(f"source:{source}", table=table, resource=id)
    return id


@action("sharing.harvest_resources", permission="sharing.compile", audit_verb="tables_harvested")
def take(ctx: Context, source: str, organisation: int, shapes: Sequence[Shape]) -> list[Harvested]:
    """Enter tables of a source as drafts of an organisation; those that are known are only
    compared. Raises NotYourResource, UnknownRecord."""
    source_store.hold(ctx.connection, source)
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
    made, left_out = entry(source, organisation, shape, _proposals(ctx, shape))
    id = service.add(ctx, made)
    labelled = sum(bool(item.label) for item in made.items)
    return Harvested(shape.table, "added", id, labelled, left_out)


def _proposals(ctx: Context, shape: Shape) -> list[Proposal]:
    found: list[Proposal] = protection.propose_labels(
        ctx, _columns(shape), shape.comment, shape.rows or 0
    )
    return found


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


def shown_proposal(one: Proposed, lang: str) -> dict[str, Any]:
    why = {each.column: each for each in one.proposals}
    return {
        "entry": msgspec.to_builtins(one.entry),
        "left_out": list(one.left_out),
        "rows": one.shape.rows,
        "columns": {
            item.column: {
                "samples": list(one.shape.samples.get(item.column, ()))[:_SHOWN],
                "proposal": _why(why[item.column], lang) if item.column in why else None,
            }
            for item in one.entry.items
        },
        "resource": None if one.held is None else {"id": one.held.id, "name": one.held.name},
    }


def _why(one: Proposal, lang: str) -> dict[str, Any]:
    return {
        "label": one.label,
        "grade": one.grade,
        "confidence": one.confidence,
        "evidence": [each.words(lang) for each in one.evidence],
        "others": [name for name, _ in one.others],
    }
