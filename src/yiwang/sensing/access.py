"""To whom things belong, and which datastreams everybody may see.

A kind of device has an owner and an opening for its devices of today and tomorrow; a single
thing may belong to somebody else, and a single datastream be opened or closed by itself until
its kind is decided anew. What a pack opens (``sharing.yaml``) counts until the city decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, case, false, func, or_, select, update

from yiwang.contracts.events import DatastreamsChanged
from yiwang.registry import service as registry
from yiwang.security.actions import Context, action, query
from yiwang.sensing import sight
from yiwang.sensing.devices import Access, access_of, title_of
from yiwang.sensing.errors import NoSuchThing, UnknownDatastream, UnknownKind
from yiwang.sensing.tables import datastreams, device_kinds, kind_access, multi_datastreams, things
from yiwang.store.upsert import upsert


def share_kinds(ctx: Context, kinds: Sequence[str], shared: Mapping[str, Collection[str]]) -> None:
    """What a pack opens of its kinds: properties by kind; nothing of a kind that is left out."""
    changed = False
    for kind in kinds:
        before = access_of(ctx.connection, kind)
        wanted = tuple(sorted(shared.get(kind, ())))
        if wanted == before.shared:
            continue
        row = {"kind": kind, "owner": before.owner, "shared": list(wanted)}
        upsert(ctx.connection, kind_access, row | {"opened": before.opened}, ["kind"])
        if before.opened is None:
            _apply(ctx, kind, Access(before.owner, wanted, None))
            changed = True
    if changed:
        sight.changed(ctx.connection)


def _apply(ctx: Context, kind: str, access: Access) -> int:
    """Open and close the datastreams of a kind; returns how many are open now."""
    mine = datastreams.c.thing.in_(select(things.c.id).where(things.c.kind == kind))
    opened: Any = access.opened
    if opened is None:
        opened = datastreams.c.property.in_(access.shared) if access.shared else false()
    ctx.connection.execute(update(datastreams).where(mine).values(opened=opened))
    counted = select(func.count()).select_from(datastreams).where(mine, datastreams.c.opened)
    return ctx.connection.execute(counted).scalar_one()


@action("sensing.open_kind", permission="sensing.open", audit_verb="device_kind_opened")
def open_kind(ctx: Context, kind: str, opened: bool | None) -> int:
    """Open or close the datastreams of all devices of a kind; None: as its pack says. Returns
    how many are open then. Raises UnknownKind."""
    _check_kind(ctx, kind)
    before = access_of(ctx.connection, kind)
    access = Access(before.owner, before.shared, opened)
    _keep(ctx, kind, access)
    count = _apply(ctx, kind, access)
    _announce(ctx, f"kind:{kind}", opened=opened, datastreams=count)
    return count


@action("sensing.open_datastream", permission="sensing.open", audit_verb="datastream_opened")
def open_datastream(ctx: Context, datastream: int, opened: bool) -> None:
    """Open or close one datastream, or multi-datastream. Raises UnknownDatastream."""
    changed = 0
    for table in (datastreams, multi_datastreams):
        change = update(table).where(table.c.id == datastream).values(opened=opened)
        changed += ctx.connection.execute(change).rowcount
    if not changed:
        raise UnknownDatastream(f"Datastreams({datastream})", datastream=datastream)
    _announce(ctx, f"datastream:{datastream}", opened=opened)


@action("sensing.own_kind", permission="sensing.open", audit_verb="device_kind_owned")
def own_kind(ctx: Context, kind: str, owner: int | None) -> int:
    """Say to which organisation the devices of a kind belong, but for those that were given to
    another one. Returns how many changed hands. Raises UnknownKind, UnknownRecord."""
    _check_kind(ctx, kind)
    if owner is not None:
        registry.organisation(ctx, owner)
    before = access_of(ctx.connection, kind)
    _keep(ctx, kind, Access(owner, before.shared, before.opened))
    as_before = or_(things.c.owner.is_(None), things.c.owner == before.owner)
    mine = and_(things.c.kind == kind, as_before)
    count = ctx.connection.execute(update(things).where(mine).values(owner=owner)).rowcount
    _announce(ctx, f"kind:{kind}", owner=owner, things=count)
    return count


@action("sensing.own_thing", permission="sensing.open", audit_verb="thing_owned")
def own_thing(ctx: Context, thing: int, owner: int | None) -> None:
    """Say to which organisation a thing belongs. Raises NoSuchThing, UnknownRecord."""
    if owner is not None:
        registry.organisation(ctx, owner)
    change = update(things).where(things.c.id == thing).values(owner=owner)
    if ctx.connection.execute(change).rowcount == 0:
        raise NoSuchThing(thing=thing)
    _announce(ctx, f"thing:{thing}", owner=owner)


@query("sensing.access", permission="sensing.open")
def listing(ctx: Context) -> list[dict[str, Any]]:
    """Each installed kind: its owner, what its pack opens, what the city decided (None:
    nothing), and how many of its datastreams are open."""
    counts = {row.kind: row for row in ctx.connection.execute(_counted())}
    found = []
    kinds = select(device_kinds).order_by(device_kinds.c.kind)
    for row in ctx.connection.execute(kinds).all():
        access = access_of(ctx.connection, row.kind)
        count: Row[Any] | None = counts.get(row.kind)
        found.append(
            {
                "kind": row.kind,
                "pack": row.pack,
                "title": title_of(row.title, row.name),
                "titles": row.title,
                "owner": access.owner,
                "shared": list(access.shared),
                "opened": access.opened,
                "datastreams": count.total if count else 0,
                "open": count.open if count else 0,
                "things": count.things if count else 0,
                "elsewhere": count.elsewhere if count else 0,
            }
        )
    return found


def _counted() -> Any:
    """Per kind: datastreams, those open, things, and things with another owner."""
    other = things.c.owner.is_distinct_from(kind_access.c.owner)
    return (
        select(
            things.c.kind,
            func.count(datastreams.c.id).label("total"),
            func.sum(case((datastreams.c.opened, 1), else_=0)).label("open"),
            func.count(func.distinct(things.c.id)).label("things"),
            func.count(func.distinct(case((other, things.c.id)))).label("elsewhere"),
        )
        .select_from(
            things.outerjoin(datastreams, datastreams.c.thing == things.c.id).outerjoin(
                kind_access, kind_access.c.kind == things.c.kind
            )
        )
        .where(things.c.kind != "")
        .group_by(things.c.kind)
    )


def _check_kind(ctx: Context, kind: str) -> None:
    known = list(ctx.connection.execute(select(device_kinds.c.kind)).scalars())
    if kind not in known:
        raise UnknownKind(kind=kind, known=", ".join(sorted(known)))


def _keep(ctx: Context, kind: str, access: Access) -> None:
    row = {"owner": access.owner, "shared": list(access.shared), "opened": access.opened}
    upsert(ctx.connection, kind_access, {"kind": kind, **row}, ["kind"])


def _announce(ctx: Context, subject: str, **details: Any) -> None:
    sight.changed(ctx.connection)
    ctx.emit(DatastreamsChanged(0))
    ctx.note(subject, **details)
