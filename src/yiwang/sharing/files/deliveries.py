"""Files that are made for one receiver (交付): asked for, listed, downloaded, gone after a time."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from yiwang.kernel import clock
from yiwang.kernel.clock import HOUR
from yiwang.security.actions import Caller, Context, action, query
from yiwang.security.evidence.log import Log, line
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.files import keys, order_store, orders, sealing, store, versions
from yiwang.sharing.files.contents import SEALED
from yiwang.sharing.files.errors import BadOrder, NoSuchDelivery, NotReady, TooManyUploads
from yiwang.sharing.files.orders import FAILED, GONE, MAKING, READY, WAITING, Delivery, Made
from yiwang.sharing.files.shelf import Shelf
from yiwang.sharing.files.versions import Opened
from yiwang.sharing.gateway import access
from yiwang.sharing.gateway.access import Access
from yiwang.sharing.gateway.errors import NoData
from yiwang.sharing.gateway.usage import Usage

_INSTANTS = ("asked_at", "made_at", "expires_at")


@action("sharing.order_extract", permission="sharing.use", audit_verb="file_ordered")
def order_extract(
    ctx: Context, resource: int, format: str, sealed: bool = False, to: Sequence[int] = ()
) -> int:
    """Have a file made of the rows that the caller's grant gives; its number. ``sealed``: encrypted
    to the keys ``to``, without numbers to the caller's own. Raises NoSuchResource, NoGrant, NoData,
    BadOrder, NoKey, NoSuchKey, TooManyCalls, TooManyUploads."""
    if format not in orders.FORMATS or format == "as_is":
        raise BadOrder("format", name="format", wanted="csv | xlsx | parquet")
    held = access.find(ctx, resource, "file")
    lies = held.resource.dataset or (held.resource.source and held.resource.table)
    if not lies or not held.resource.keys or not held.items:
        raise NoData(resource=resource)
    return _ordered(ctx, held, format, None, sealed, to)


@action("sharing.order_sealed", permission="sharing.use", audit_verb="file_ordered")
def order_sealed(ctx: Context, version: int, to: Sequence[int] = ()) -> int:
    """Have a version encrypted to the keys ``to``, without numbers to the caller's own; the number
    of the delivery. Raises NoSuchFile, Withdrawn, NotWhole, BadOrder, NoKey, NoSuchKey,
    TooManyCalls, TooManyUploads."""
    _, held = versions.may_have(ctx, version)
    if held is None:
        raise BadOrder("version", name="version", wanted="another department's")
    return _ordered(ctx, held, "as_is", version, True, to)


@query("sharing.deliveries", permission="sharing.use")
def listing(ctx: Context, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Deliveries to the own organisation, the newest first."""
    found = order_store.page(ctx.connection, keys.organisation(ctx), before, limit)
    return _shown(ctx, found)


@query("sharing.one_delivery", permission="sharing.use")
def show(ctx: Context, id: int) -> dict[str, Any]:
    """Raises NoSuchDelivery."""
    return _shown(ctx, [_own(ctx, id)])[0]


@query("sharing.open_delivery", permission="sharing.use")
def open_delivery(ctx: Context, id: int) -> Opened:
    """A delivery to the own organisation that is ready, while its grant is in force. Raises
    NoSuchDelivery, NotReady, NoGrant, Withdrawn, TooManyCalls."""
    found, held = _may_have(ctx, id)
    ctx.port(Usage).admit(ctx, held.grant)
    about = {"delivery": id, "format": found.format, "version": found.version}
    args = (found.name, found.size or 1, found.content, found.resource)
    return Opened(partial(read, ctx.port(Shelf), id), *args, held, about)


@query("sharing.look_at_delivery", permission="sharing.use")
def look(ctx: Context, id: int) -> None:
    """Whether the caller may still have a delivery that goes out. Raises as ``open_delivery``."""
    _may_have(ctx, id)


@action("sharing.take_up_delivery", permission="sharing.operate", audit_verb="file_making")
def take_up(ctx: Context, busy: Mapping[int, int] | None = None, most: int = 1) -> Delivery | None:
    """The next one to make, now being made; also one at which the platform died. One at which it
    did so three times is given up. ``busy``: organisations of those that the caller is making, by
    number, at most ``most`` of them; nobody else makes any in this home."""
    while True:
        found = orders.chosen(order_store.waiting(ctx.connection), busy or {}, most)
        if found is None:
            return None
        lost = found.tries >= orders.MOST_TRIES
        values = {"state": FAILED, "why": "kernel.failed"} if lost else {"state": MAKING}
        order_store.change(
            ctx.connection, found.id, (WAITING, MAKING), tries=found.tries + 1, **values
        )
        ctx.note(f"delivery:{found.id}", tries=found.tries + 1)
        if not lost:
            return found
        clear(ctx.port(Shelf), found.id)


@action("sharing.keep_delivery", permission="sharing.operate", audit_verb="file_made")
def keep(ctx: Context, held: Delivery, made: Made) -> None:
    """A delivery is ready: its entry in the log of uses comes before the first download."""
    kept_until = ctx.now + ctx.port(Shelf).delivery_hours * HOUR
    values: dict[str, Any] = {
        "state": READY,
        "made_at": ctx.now,
        "expires_at": kept_until,
        "name": made.name,
        "size": made.size,
        "content": made.content,
        "rows": made.rows,
        "marked": list(made.marked),
    }
    order_store.change(ctx.connection, held.id, (MAKING,), **values)
    sealed_to = [one.fingerprint for one in order_store.keys(ctx.connection, held.keys)]
    details = {
        "delivery": held.id,
        "grant": held.grant,
        "mode": "file",
        "format": held.format,
        "version": held.version,
        "sha256": made.content,
        "rows": made.rows,
        "fields": orders.listed(made.fields),
        "marked": orders.listed(made.marked),
        "keys": sealed_to,
    }
    about = f"resource:{held.resource}"
    ctx.note(about, delivery=held.id, grant=held.grant, sha256=made.content, rows=made.rows)
    entry = line(ctx.now, held.asked_by, "file_made", about, details)
    ctx.port(Log).append(ctx.connection, [entry])


@action("sharing.fail_delivery", permission="sharing.operate", audit_verb="file_not_made")
def fail(ctx: Context, id: int, why: str) -> None:
    """A delivery could not be made; ``why`` is the code of what went wrong."""
    order_store.change(ctx.connection, id, (WAITING, MAKING), state=FAILED, why=why)
    ctx.note(f"delivery:{id}", why=why)


@action("sharing.drop_deliveries", permission="sharing.operate", audit_verb="files_cleared")
def let_go(ctx: Context, ids: list[int]) -> None:
    """Deliveries whose time is over are gone."""
    order_store.let_go(ctx.connection, ids)
    ctx.note("deliveries", count=len(ids))


def sweep(caller: Caller) -> int:
    """Delete what was kept for long enough; how many."""
    shelf: Shelf = caller.ports[Shelf]
    with caller.database.read() as connection:
        due = order_store.over(connection, caller.clock.now())
    if due:
        let_go(caller, due)
        for id in due:
            clear(shelf, id)
    return len(due)


def clear(shelf: Shelf, id: int) -> None:
    """Take away all that lies of a delivery, also what a crash left of its making."""
    shutil.rmtree(work(shelf, id), ignore_errors=True)
    path(shelf, id).unlink(missing_ok=True)
    _plain(shelf, id).unlink(missing_ok=True)


def path(shelf: Shelf, id: int) -> Path:
    """Where a delivery lies, sealed for its ``place``."""
    return shelf.made / f"{id}{SEALED}"


def work(shelf: Shelf, id: int) -> Path:
    """The folder in which it is made."""
    return shelf.made / f"{id}.work"


def place(id: int) -> str:
    return f"shared/made:{id}"


def read(shelf: Shelf, id: int) -> BinaryIO:
    """What a delivery holds, also one that was made before they were sealed. Raises
    FileNotFoundError, NoFieldKey, SealBroken."""
    try:
        file = path(shelf, id).open("rb")
    except FileNotFoundError:
        return _plain(shelf, id).open("rb")
    return sealing.opened(file, shelf.keys, place(id))


def _plain(shelf: Shelf, id: int) -> Path:
    return shelf.made / str(id)


def _ordered(
    ctx: Context,
    held: Access,
    format: str,
    version: int | None,
    sealed: bool,
    to: Sequence[int],
) -> int:
    ctx.port(Usage).admit(ctx, held.grant)
    own = keys.organisation(ctx)
    to_keys = keys.chosen(ctx, list(to)) if sealed else []
    if order_store.open_count(ctx.connection, own) >= orders.MOST_OPEN:
        raise TooManyUploads(most=orders.MOST_OPEN)
    values = {
        "resource": held.resource.id,
        "organisation": own,
        "grant": held.grant.id,
        "version": version,
        "format": format,
        "keys": [one.id for one in to_keys],
        "state": WAITING,
        "why": "",
        "tries": 0,
        "asked_at": ctx.now,
        "asked_by": ctx.identity.label,
        "name": "",
        "content": "",
        "marked": [],
    }
    id = order_store.add(ctx.connection, values)
    ctx.note(f"resource:{held.resource.id}", delivery=id, format=format, version=version)
    return id


def _own(ctx: Context, id: int) -> Delivery:
    found = order_store.delivery(ctx.connection, id)
    if found is None or found.organisation != keys.organisation(ctx):
        raise NoSuchDelivery(delivery=id)
    return found


def _may_have(ctx: Context, id: int) -> tuple[Delivery, Access]:
    found = _own(ctx, id)
    if found.state != READY or found.expires_at is None or found.expires_at < ctx.now:
        raise NotReady(delivery=id, state=GONE if found.state == READY else found.state)
    held = access.under(ctx, found.grant, "file")
    if found.version is not None:
        versions.check_kept(store.version(ctx.connection, found.version))
    return found, held


def _shown(ctx: Context, found: Sequence[Delivery]) -> list[dict[str, Any]]:
    rows = catalogue.some(ctx.connection, sorted({one.resource for one in found}))
    names = {row.id: row.name for row in rows}
    shown = []
    for one in found:
        values: dict[str, Any] = msgspec.to_builtins(one)
        for name in _INSTANTS:
            if values[name] is not None:
                values[name] = clock.render(values[name])
        values["sha256"] = values.pop("content")
        shown.append(values | {"resource_name": names.get(one.resource, "")})
    return shown
