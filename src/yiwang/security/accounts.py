"""Accounts, sessions, tokens and device credentials.

Passwords are hashed with argon2id. Session keys, tokens and device secrets are random and
long, so a SHA-256 digest is enough and fast enough for 200,000 devices that connect at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, Row, delete, insert, select, update

from yiwang.contracts.events import CredentialsRevoked
from yiwang.kernel import clock as time
from yiwang.kernel.ids import secret
from yiwang.security import errors
from yiwang.security.actions import Context, action, query
from yiwang.security.model import ROLES, Identity
from yiwang.security.tables import attempts, device_credentials, sessions, tokens, users
from yiwang.store.database import Database
from yiwang.store.upsert import upsert

LEAST_PASSWORD = 10
SESSION_LIFE = 12 * time.HOUR
FREE_ATTEMPTS = 5
_PART = 1000
"""Names in one statement."""

_hasher = PasswordHasher()


@dataclass(frozen=True)
class User:
    id: int
    name: str
    display: str
    roles: tuple[str, ...]
    organisation: int | None
    grids: tuple[int, ...]
    active: bool


@action("security.add_user", permission="security.users", audit_verb="user_added")
def add_user(
    ctx: Context,
    name: str,
    password: str,
    roles: Sequence[str],
    display: str = "",
    organisation: int | None = None,
    grids: Sequence[int] = (),
) -> User:
    """Add a local account. Raises WeakPassword, UnknownRole, NameTaken."""
    _check_password(password)
    for role in roles:
        if role not in ROLES or role in ("system", "anonymous"):
            raise errors.UnknownRole(role=role, known=", ".join(sorted(ROLES)))
    if _by_name(ctx.connection, name) is not None:
        raise errors.NameTaken(name=name)
    values: dict[str, Any] = {
        "name": name,
        "display": display or name,
        "password": _hasher.hash(password),
        "roles": list(roles),
        "organisation": organisation,
        "grids": list(grids),
        "active": True,
        "created_at": ctx.now,
    }
    ctx.connection.execute(insert(users).values(values))
    ctx.note(f"user:{name}", roles=list(roles))
    row = _by_name(ctx.connection, name)
    assert row is not None
    return _user(row)


@action("security.set_password", permission="security.users", audit_verb="password_set")
def set_password(ctx: Context, name: str, password: str) -> None:
    """Set a password and end the user's sessions. Raises UnknownUser, WeakPassword."""
    _check_password(password)
    row = _by_name(ctx.connection, name)
    if row is None:
        raise errors.UnknownUser(name=name)
    change = update(users).where(users.c.id == row.id).values(password=_hasher.hash(password))
    ctx.connection.execute(change)
    ctx.connection.execute(delete(sessions).where(sessions.c.user == row.id))
    ctx.note(f"user:{name}")


@query("security.list_users", permission="security.users")
def list_users(ctx: Context, organisation: int | None = None) -> list[User]:
    """All accounts by name.

    With an organisation, those of it alone."""
    chosen = select(users).order_by(users.c.name)
    if organisation is not None:
        chosen = chosen.where(users.c.organisation == organisation)
    return [_user(row) for row in ctx.connection.execute(chosen)]


@action("security.add_token", permission="security.users", audit_verb="token_added")
def add_token(
    ctx: Context,
    user: str,
    label: str,
    scopes: Sequence[str] | None = None,
    expires_at: int | None = None,
) -> str:
    """Make an API token for a user; the secret is returned once and never stored."""
    row = _by_name(ctx.connection, user)
    if row is None:
        raise errors.UnknownUser(name=user)
    value = secret()
    ctx.connection.execute(
        insert(tokens).values(
            digest=digest(value),
            user=row.id,
            label=label,
            scopes=None if scopes is None else list(scopes),
            created_at=ctx.now,
            expires_at=expires_at,
        )
    )
    ctx.note(f"user:{user}", label=label)
    return value


@action("security.add_device", permission="security.devices", audit_verb="device_added")
def add_device(
    ctx: Context,
    name: str,
    things: Sequence[int] | None = None,
    topics: Sequence[str] | None = None,
    password: str | None = None,
) -> str:
    """Make a device credential, bounded to things and MQTT topic filters (None: not bounded).

    Returns the secret, once; a given ``password`` is used as it is.
    """
    value = password or secret()
    row = {
        "name": name,
        "digest": digest(value),
        "things": None if things is None else list(things),
        "topics": None if topics is None else list(topics),
        "created_at": ctx.now,
        "revoked_at": None,
    }
    upsert(ctx.connection, device_credentials, row, ["name"])
    ctx.note(f"device:{name}")
    return value


@dataclass(frozen=True)
class NewCredential:
    """A device credential to make: its name, and what it is bounded to (see add_device)."""

    name: str
    things: tuple[int, ...] | None = None
    topics: tuple[str, ...] | None = None


@action("security.add_devices", permission="security.devices", audit_verb="devices_added")
def add_devices(ctx: Context, wanted: Sequence[NewCredential]) -> list[str]:
    """Make many device credentials; returns their secrets in order, once.

    One that is there already gets a new secret: the old one, and connections made with it,
    end as if it had been revoked.
    """
    secrets = [secret() for _ in wanted]
    rows = [
        {
            "name": one.name,
            "digest": digest(value),
            "things": None if one.things is None else list(one.things),
            "topics": None if one.topics is None else list(one.topics),
            "created_at": ctx.now,
            "revoked_at": None,
        }
        for one, value in zip(wanted, secrets, strict=True)
    ]
    there = sorted(credential_states(ctx, [one.name for one in wanted]))
    upsert(ctx.connection, device_credentials, rows, ["name"])
    if there:
        ctx.emit(CredentialsRevoked(there))
    ctx.note(f"devices:{len(rows)}", made=len(rows) - len(there), renewed=len(there))
    return secrets


@action("security.revoke_devices", permission="security.devices", audit_verb="devices_revoked")
def revoke_devices(ctx: Context, names: Sequence[str]) -> int:
    """Let device credentials admit nobody any more; returns how many did until now. Open
    connections end as soon as the event is delivered."""
    revoked = [
        name for name, state in credential_states(ctx, names).items() if state.revoked_at is None
    ]
    for low in range(0, len(revoked), _PART):
        mine = device_credentials.c.name.in_(revoked[low : low + _PART])
        ctx.connection.execute(update(device_credentials).where(mine).values(revoked_at=ctx.now))
    if revoked:
        ctx.emit(CredentialsRevoked(sorted(revoked)))
    ctx.note(f"devices:{len(revoked)}", names=revoked[:20])
    return len(revoked)


@dataclass(frozen=True)
class CredentialState:
    """What may be known of a credential: never its secret."""

    created_at: int
    revoked_at: int | None


@query("security.credential_states", permission="security.devices")
def credential_states(ctx: Context, names: Sequence[str]) -> dict[str, CredentialState]:
    """The state of those device credentials that there are, by name."""
    found: dict[str, CredentialState] = {}
    chosen = select(
        device_credentials.c.name, device_credentials.c.created_at, device_credentials.c.revoked_at
    )
    for low in range(0, len(names), _PART):
        mine = device_credentials.c.name.in_(list(names[low : low + _PART]))
        for row in ctx.connection.execute(chosen.where(mine)):
            found[row.name] = CredentialState(row.created_at, row.revoked_at)
    return found


@dataclass(frozen=True)
class Device:
    """A device that proved who it is, and what it may write."""

    identity: Identity
    things: frozenset[int] | None
    topics: tuple[str, ...] | None


def device(database: Database, name: str, password: str) -> Device | None:
    """The device of a name and secret, or None. Called by the protocol listeners."""
    query_ = select(device_credentials).where(
        device_credentials.c.name == name, device_credentials.c.revoked_at.is_(None)
    )
    with database.read() as connection:
        row = connection.execute(query_).first()
    if row is None or row.digest != digest(password):
        return None
    identity = Identity("device", row.id, row.name, frozenset({"device"}))
    things = None if row.things is None else frozenset(row.things)
    return Device(identity, things, None if row.topics is None else tuple(row.topics))


def things_of(connection: Connection, device: int) -> frozenset[int] | None:
    """The things to which a device credential is bounded, by its id (None: not bounded)."""
    query_ = select(device_credentials.c.things).where(device_credentials.c.id == device)
    things = connection.execute(query_).scalar()
    return None if things is None else frozenset(things)


def sign_in(
    database: Database,
    now: int,
    name: str,
    password: str,
    origin: str = "",
    life: int = SESSION_LIFE,
) -> str:
    """Open a session of ``life`` microseconds and return its key.

    Raises WrongPassword, TooManyAttempts. An unknown name takes as long as a wrong password.
    """
    with database.read() as connection:
        _check_attempts(connection, name, now)
        row = _by_name(connection, name)
    # Outside of any transaction: hashing takes long, and nobody could write meanwhile.
    matches = _matches(_nobody() if row is None else row.password, password)
    good = row is not None and row.active and matches
    with database.write() as connection:
        if row is not None and good:
            connection.execute(delete(attempts).where(attempts.c.name == name))
            value = secret()
            connection.execute(
                insert(sessions).values(
                    digest=digest(value),
                    user=row.id,
                    created_at=now,
                    expires_at=now + life,
                    origin=origin,
                )
            )
            return value
        _count_failure(connection, name, now)
    raise errors.WrongPassword()


def sign_out(database: Database, key: str) -> None:
    with database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.digest == digest(key)))


def display(database: Database, name: str) -> str:
    """What an account was given to be shown as."""
    with database.read() as connection:
        row = _by_name(connection, name)
    return "" if row is None else str(row.display)


def by_session(database: Database, now: int, key: str) -> Identity | None:
    """The person whose session this is, or None when it is unknown or over."""
    query_ = (
        select(users)
        .join(sessions, sessions.c.user == users.c.id)
        .where(sessions.c.digest == digest(key), sessions.c.expires_at > now, users.c.active)
    )
    with database.read() as connection:
        row = connection.execute(query_).first()
    return None if row is None else _identity(row, "user", None)


def by_token(database: Database, now: int, value: str) -> Identity | None:
    """The user of an API token, narrowed to its scopes, or None."""
    query_ = (
        select(users, tokens.c.scopes, tokens.c.expires_at)
        .join(tokens, tokens.c.user == users.c.id)
        .where(tokens.c.digest == digest(value), tokens.c.revoked_at.is_(None), users.c.active)
    )
    with database.read() as connection:
        row = connection.execute(query_).first()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return _identity(row, "user", None if row.scopes is None else frozenset(row.scopes))


def _identity(row: Row[Any], kind: str, scopes: frozenset[str] | None) -> Identity:
    return Identity(
        kind, row.id, row.name, frozenset(row.roles), scopes, row.organisation, frozenset(row.grids)
    )


def _user(row: Row[Any]) -> User:
    return User(
        row.id,
        row.name,
        row.display,
        tuple(row.roles),
        row.organisation,
        tuple(row.grids),
        row.active,
    )


def _by_name(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(users).where(users.c.name == name)).first()


def _check_password(password: str) -> None:
    if len(password) < LEAST_PASSWORD:
        raise errors.WeakPassword(length=len(password), least=LEAST_PASSWORD)


@cache
def _nobody() -> str:
    """A hash that no password matches."""
    return _hasher.hash(secret())


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _check_attempts(connection: Connection, name: str, now: int) -> None:
    row = connection.execute(select(attempts).where(attempts.c.name == name)).first()
    if row is None or row.failed < FREE_ATTEMPTS:
        return
    wait = min(2 ** (row.failed - FREE_ATTEMPTS), 900) * time.SECOND
    if now < row.last_at + wait:
        left = (row.last_at + wait - now) // time.SECOND + 1
        raise errors.TooManyAttempts(seconds=left)


def _count_failure(connection: Connection, name: str, now: int) -> None:
    row = connection.execute(select(attempts).where(attempts.c.name == name)).first()
    failed = 1 if row is None else row.failed + 1
    upsert(connection, attempts, {"name": name, "failed": failed, "last_at": now}, ["name"])


def digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
