"""Actions of field protocols: who is connected, commands to devices, reports of devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from yiwang.kernel.clock import render
from yiwang.security import accounts
from yiwang.security.actions import Context, action, query
from yiwang.sensing import devices as stock
from yiwang.sensing import sight as sights
from yiwang.sensing.errors import NoSuchThing
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.protocols.entrance import Field
from yiwang.sensing.protocols.orders import Order
from yiwang.sensing.protocols.station import Session, Station
from yiwang.sensing.tables import things

MOST_SESSIONS = 1000
MOST_UNMAPPED = 50


@query("sensing.protocols", permission="sensing.read_own")
def protocols(ctx: Context) -> list[dict[str, Any]]:
    """The adapters by name: port, connections, counts since the start, commands, and the codes
    that arrive most and that no kind maps. Who sees some devices only is told of those that are
    connected now."""
    field = ctx.port(Field)
    found: list[dict[str, Any]] = []
    for name, adapter in sorted(field.adapters.items()):
        station, port = field.stations[name], field.ports.get(name)
        shown = {
            "name": name,
            "listens": adapter.listens,
            "port": port.number if port is not None else 0,
            "commands": {key: dict(value) for key, value in adapter.commands.items()},
        }
        if sights.mine(ctx).everything:
            shown |= {
                "connections": port.connections if port is not None else 0,
                "devices": len(station.sessions),
                "frames": station.frames,
                "stored": station.rows,
                "rejected": station.rejected,
                "dropped": station.dropped,
                "last_frame": _time(station.last_frame),
                "unmapped": dict(station.unmapped.most_common(MOST_UNMAPPED)),
            }
        else:
            shown |= _of_sessions(_seen(ctx, station))
        found.append(shown)
    return found


def _of_sessions(sessions: Sequence[Session]) -> dict[str, Any]:
    """What can be said of some devices alone."""
    heard = [session.heard for session in sessions]
    return {
        "connections": len(sessions),
        "devices": len(sessions),
        "frames": sum(session.frames for session in sessions),
        "stored": None,
        "rejected": sum(session.rejected for session in sessions),
        "dropped": None,
        "last_frame": _time(max(heard, default=None)),
        "unmapped": {},
    }


@query("sensing.connected_devices", permission="sensing.read_own")
def connected_devices(ctx: Context, protocol: str) -> list[dict[str, Any]]:
    """The devices that the caller sees and that are connected through one protocol, those heard
    last first."""
    station = ctx.port(Field).stations.get(protocol)
    sessions = [] if station is None else _seen(ctx, station)
    sessions.sort(key=lambda session: session.heard, reverse=True)
    return [_session(session) for session in sessions[:MOST_SESSIONS]]


def _seen(ctx: Context, station: Station) -> list[Session]:
    sessions = list(station.sessions.values())
    sight = sights.mine(ctx)
    if sight.everything:
        return sessions
    mine = sights.owned(sight, ctx.connection, [one.device.thing for one in sessions])
    return [session for session in sessions if session.device.thing in mine]


def _session(session: Session) -> dict[str, Any]:
    return {
        "thing": session.device.thing,
        "kind": session.device.kind,
        "code": session.device.code,
        "peer": session.peer,
        "since": _time(session.since),
        "heard": _time(session.heard),
        "frames": session.frames,
        "rejected": session.rejected,
        "said": dict(session.said),
    }


def _time(instant: int | None) -> str | None:
    return None if instant is None else render(instant)


@action("sensing.command_device", permission="sensing.command", audit_verb="device_commanded")
def command_device(
    ctx: Context, thing: int, command: str, arguments: Mapping[str, Any] | None = None
) -> Order:
    """Send a command to a connected device, as far as the setting ``outward`` allows; what the
    device answers is found in the order later.

    Raises DeviceAway, UnknownCommand, BadCommand, CommandsOff.
    """
    order = ctx.port(Field).order(thing, command, arguments or {})
    ctx.note(
        f"thing:{thing}",
        protocol=order.protocol,
        command=command,
        arguments=dict(order.arguments),
        order=order.number,
        state=order.state,
    )
    return order


@query("sensing.commands", permission="sensing.read_own")
def commands(ctx: Context, thing: int) -> list[Order]:
    """The commands given to a device since the start, the oldest first. Raises NoSuchThing where
    the caller sees no such thing."""
    seen = sights.condition(sights.mine(ctx), things, things)
    if (
        ctx.connection.execute(select(things.c.id).where(things.c.id == thing, seen)).first()
        is None
    ):
        raise NoSuchThing(thing=thing)
    return ctx.port(Field).orders.of(thing)


@action("sensing.set_device_secret", permission="sensing.devices", audit_verb="device_secret_set")
def set_device_secret(ctx: Context, thing: int, secret: str = "") -> str:
    """Give a device the secret that its protocol asks for (the PW of HJ 212, the key of a
    terminal); without one, a new secret is made. Returns it, once. The device's credential for
    MQTT and HTTP is the same one.

    Raises NoSuchThing.
    """
    found = stock.identify(ctx.connection, thing)
    if found is None:
        raise NoSuchThing(thing=thing)
    kind, code = found
    topics = stock.topics_of(ctx.connection, thing, kind, code)
    ctx.note(f"thing:{thing}")
    return accounts.add_device(ctx, f"{kind}/{code}", [thing], topics, secret or None)


@query("sensing.report", permission="sensing.write_own")
def reporter(ctx: Context) -> Sender:
    """What the calling device, or a person who may write everything, may report."""
    if ctx.identity.kind != "device":
        return Sender(ctx.identity.label)
    return Sender(ctx.identity.label, accounts.things_of(ctx.connection, ctx.identity.id))
