"""Credentials of devices: shown by state and never by secret, renewed, revoked; one or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from yiwang.security import accounts
from yiwang.security.accounts import CredentialState, NewCredential
from yiwang.security.actions import Context, action, query
from yiwang.sensing.fleet.errors import DeviceRetired, NoDevice
from yiwang.sensing.fleet.tables import device_details
from yiwang.sensing.store import fetch
from yiwang.sensing.tables import datastreams, device_kinds, things

PART = 1000
"""Things in one statement."""


def wanted(kind: str, code: str, thing: int, topic: str, streams: Sequence[int]) -> NewCredential:
    """The credential of a device: bounded to its thing and to its own topics."""
    topics = [f"v1.1/Datastreams({number})/Observations" for number in streams]
    if topic:
        topics.append(topic.replace("{device}", code))
    return NewCredential(f"{kind}/{code}", (thing,), tuple(topics))


def streams_of(ctx: Context, wanted_things: Sequence[int]) -> dict[int, list[int]]:
    """The datastreams of things, by thing."""
    found: dict[int, list[int]] = {thing: [] for thing in wanted_things}
    chosen = select(datastreams.c.thing, datastreams.c.id).order_by(datastreams.c.id)
    for low in range(0, len(wanted_things), PART):
        mine = datastreams.c.thing.in_(list(wanted_things[low : low + PART]))
        for thing, number in fetch(ctx.connection, chosen.where(mine)):
            found[thing].append(number)
    return found


def rows_of(ctx: Context, wanted_things: Sequence[int]) -> list[Any]:
    """Id, kind, code and retired_at of devices, in the order asked for. Raises NoDevice."""
    known = things.outerjoin(device_details, device_details.c.thing == things.c.id)
    chosen = select(
        things.c.id, things.c.kind, things.c.code, things.c.name, device_details.c.retired_at
    ).select_from(known)
    found: dict[int, Any] = {}
    for low in range(0, len(wanted_things), PART):
        mine = things.c.id.in_(list(wanted_things[low : low + PART]))
        rows = ctx.connection.execute(chosen.where(mine, things.c.kind != ""))
        found.update({row.id: row for row in rows})
    for thing in wanted_things:
        if thing not in found:
            raise NoDevice(thing=thing)
    return [found[thing] for thing in wanted_things]


@query("sensing.credentials", permission="sensing.read")
def credentials(ctx: Context, wanted_things: Sequence[int]) -> dict[int, CredentialState | None]:
    """The state of each device's own credential; None where it has none. Raises NoDevice."""
    rows = rows_of(ctx, wanted_things)
    states = accounts.credential_states(ctx, [f"{row.kind}/{row.code}" for row in rows])
    return {row.id: states.get(f"{row.kind}/{row.code}") for row in rows}


@action(
    "sensing.rotate_credentials", permission="sensing.devices", audit_verb="credentials_rotated"
)
def rotate_credentials(ctx: Context, wanted_things: Sequence[int]) -> list[tuple[str, str, str]]:
    """Give devices new secrets, or first ones; returns (code, name, secret) of each, once. The
    old secrets, and what is connected with them, end at once. Raises NoDevice, DeviceRetired.
    """
    rows = rows_of(ctx, wanted_things)
    for row in rows:
        if row.retired_at is not None:
            raise DeviceRetired(thing=row.id, name=row.name)
    topics = _topics(ctx)
    streams = streams_of(ctx, wanted_things)
    new = [
        wanted(row.kind, row.code, row.id, topics.get(row.kind, ""), streams[row.id])
        for row in rows
    ]
    secrets = accounts.add_devices(ctx, new)
    ctx.note(_subject(wanted_things), count=len(rows))
    return [
        (row.code, one.name, secret) for row, one, secret in zip(rows, new, secrets, strict=True)
    ]


@action(
    "sensing.revoke_credentials", permission="sensing.devices", audit_verb="credentials_revoked"
)
def revoke_credentials(ctx: Context, wanted_things: Sequence[int]) -> int:
    """Let the credentials of devices admit nobody any more; returns how many did until now.
    Raises NoDevice."""
    rows = rows_of(ctx, wanted_things)
    revoked = accounts.revoke_devices(ctx, [f"{row.kind}/{row.code}" for row in rows])
    ctx.note(_subject(wanted_things), revoked=revoked)
    return revoked


def _topics(ctx: Context) -> Mapping[str, str]:
    rows = ctx.connection.execute(select(device_kinds.c.kind, device_kinds.c.declared))
    return {row.kind: (row.declared.get("mqtt") or {}).get("topic", "") for row in rows}


def _subject(wanted_things: Sequence[int]) -> str:
    return f"thing:{wanted_things[0]}" if len(wanted_things) == 1 else "things"
