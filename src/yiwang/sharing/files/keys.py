"""Public keys to which files are encrypted: registered by who has the private one."""

from __future__ import annotations

from typing import Any

import msgspec

from yiwang.kernel import clock
from yiwang.security.actions import Context, action, query
from yiwang.security.evidence.log import Log, line
from yiwang.security.model import allowed
from yiwang.sharing.files import encryption, order_store, orders
from yiwang.sharing.files.errors import BadOrder, NoKey, NoSuchKey
from yiwang.sharing.files.orders import FileKey
from yiwang.sharing.grants.errors import NoOrganisation

MOST_SIGNS = 100


@action("sharing.add_file_key", permission="sharing.use", audit_verb="file_key_added")
def add(ctx: Context, name: str, recipient: str) -> int:
    """Register a public key of age or SSH as one's own; its number. Raises BadFileKey, BadOrder,
    NoOrganisation."""
    own = organisation(ctx)
    plain = encryption.recipient(recipient)
    if not 0 < len(name.strip()) <= MOST_SIGNS:
        raise BadOrder("name", name="name", wanted=f"1 … {MOST_SIGNS}")
    held = order_store.keys_in_force(ctx.connection, own)
    if len(held) >= orders.MOST_KEYS:
        raise BadOrder("name", name="keys", wanted=f"≤ {orders.MOST_KEYS}")
    fingerprint = encryption.fingerprint(plain)
    values = {
        "organisation": own,
        "owner": ctx.identity.label,
        "name": name.strip(),
        "recipient": plain,
        "fingerprint": fingerprint,
        "added_at": ctx.now,
        "ended_by": "",
    }
    id = order_store.add_key(ctx.connection, values)
    _note(ctx, "file_key_added", id, fingerprint)
    return id


@action("sharing.end_file_key", permission="sharing.use", audit_verb="file_key_ended")
def end(ctx: Context, id: int) -> None:
    """Nothing more is encrypted to a key: one's own, or any of the organisation for who requests
    data for it. Raises NoSuchKey."""
    found = next(iter(order_store.keys(ctx.connection, [id])), None)
    may = found is not None and found.organisation == ctx.identity.organisation
    if found is None or not may or not _mine(ctx, found):
        raise NoSuchKey(key=id)
    if not order_store.end_key(ctx.connection, id, ctx.now, ctx.identity.label):
        raise NoSuchKey(key=id)
    _note(ctx, "file_key_ended", id, found.fingerprint)


@query("sharing.file_keys", permission="sharing.use")
def listing(ctx: Context) -> list[dict[str, Any]]:
    """The keys in force of the own organisation."""
    found = order_store.keys_in_force(ctx.connection, organisation(ctx))
    return [
        msgspec.to_builtins(one)
        | {
            "added_at": clock.render(one.added_at),
            "mine": one.owner == ctx.identity.label,
            "can_end": _mine(ctx, one),
        }
        for one in found
    ]


def chosen(ctx: Context, ids: list[int]) -> list[FileKey]:
    """Keys in force of the own organisation; without numbers those that the caller registered.
    Raises NoSuchKey, NoKey."""
    held = order_store.keys_in_force(ctx.connection, organisation(ctx))
    if not ids:
        own = [one for one in held if one.owner == ctx.identity.label]
        if not own:
            raise NoKey()
        return own
    known = {one.id: one for one in held}
    for id in ids:
        if id not in known:
            raise NoSuchKey(key=id)
    return [known[id] for id in sorted(set(ids))]


def organisation(ctx: Context) -> int:
    """Raises NoOrganisation."""
    if ctx.identity.organisation is None:
        raise NoOrganisation(who=ctx.identity.label)
    return ctx.identity.organisation


def _mine(ctx: Context, key: FileKey) -> bool:
    return key.owner == ctx.identity.label or allowed(ctx.identity, "sharing.request")


def _note(ctx: Context, verb: str, id: int, fingerprint: str) -> None:
    ctx.note(f"file_key:{id}", fingerprint=fingerprint)
    details = {"fingerprint": fingerprint, "organisation": ctx.identity.organisation}
    entry = line(ctx.now, ctx.identity.label, verb, f"file_key:{id}", details)
    ctx.port(Log).append(ctx.connection, [entry])
