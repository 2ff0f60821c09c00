"""Devices that introduce themselves: the secret that they get, and the hardware that it is for."""

from __future__ import annotations

from sqlalchemy import select, update

from yiwang.kernel.clock import Clock
from yiwang.kernel.ids import secret
from yiwang.security import accounts
from yiwang.security.actions import Caller, Context, action
from yiwang.security.model import system
from yiwang.sensing import devices as stock
from yiwang.sensing.errors import NoSuchThing
from yiwang.sensing.protocols.errors import CredentialRevoked, TakenByAnother, WrongPlate
from yiwang.sensing.tables import things
from yiwang.store.database import Database

TERMINAL, PLATE = "terminal", "plate"
"""Under these names the properties of a Thing hold its hardware, written at the first
registration, and its number plate, written by whoever registered it."""


@action("sensing.enrol_device", permission="sensing.devices", audit_verb="device_enrolled")
def enrol_device(ctx: Context, thing: int, terminal: str, plate: str = "") -> str:
    """Give a device that introduces itself a new secret, and bind it to its hardware.

    Raises NoSuchThing; TakenByAnother when other hardware registered before; WrongPlate when the
    Thing has another number plate; CredentialRevoked.
    """
    found = stock.identify(ctx.connection, thing)
    if found is None:
        raise NoSuchThing(thing=thing)
    name = "/".join(found)
    state = accounts.credential_states(ctx, [name]).get(name)
    if state is not None and state.revoked_at is not None:
        raise CredentialRevoked(device=name)
    said = ctx.connection.execute(select(things.c.properties).where(things.c.id == thing)).scalar()
    properties = dict(said or {})
    if properties.get(TERMINAL, terminal) != terminal:
        raise TakenByAnother(device=name, terminal=terminal)
    if plate and properties.get(PLATE, plate) != plate:
        raise WrongPlate(device=name, plate=plate)
    if TERMINAL not in properties:
        values = properties | {TERMINAL: terminal}
        ctx.connection.execute(update(things).where(things.c.id == thing).values(properties=values))
    topics = stock.topics_of(ctx.connection, thing, *found)
    value = accounts.add_device(ctx, name, [thing], topics, secret(12))
    ctx.note(f"thing:{thing}", terminal=terminal)
    return value


@action("sensing.release_device", permission="sensing.devices", audit_verb="device_released")
def release_device(ctx: Context, thing: int) -> None:
    """Forget which hardware a device is, so that another may register as it."""
    said = ctx.connection.execute(select(things.c.properties).where(things.c.id == thing)).scalar()
    values = {key: value for key, value in (said or {}).items() if key != TERMINAL}
    change = update(things).where(things.c.id == thing).values(properties=values or None)
    ctx.connection.execute(change)
    ctx.note(f"thing:{thing}")


class Enrolment:
    """What adapters may do of the above; both methods block."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._caller = Caller(system("protocols"), database, clock)

    def enrol(self, thing: int, terminal: str, plate: str) -> str:
        return enrol_device(self._caller, thing, terminal, plate)

    def release(self, thing: int) -> None:
        release_device(self._caller, thing)
