"""The action layer: the one way in which anything in the system is changed or asked.

An action alone checks the permission, opens the transaction, writes the audit line and queues
events; HTTP, the command line, the console, devices and packs all call actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Connection

from yiwang.kernel.clock import Clock
from yiwang.security import audit
from yiwang.security.errors import Denied, SignInNeeded
from yiwang.security.model import Identity, allowed
from yiwang.store import outbox
from yiwang.store.database import Database

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True)
class Caller:
    """Who calls, and what the call works with. ``ports`` are filled in ``app.py``."""

    identity: Identity
    database: Database
    clock: Clock
    ports: Mapping[type, Any] = field(default_factory=dict)
    origin: str = ""
    """Where the call came from: an address, ``cli``, ``mqtt``."""


@dataclass
class Context:
    """What a running action holds: its transaction, and what it will record and announce."""

    caller: Caller
    connection: Connection
    writes: bool = True
    events: list[Any] = field(default_factory=list)
    subject: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> Identity:
        return self.caller.identity

    @property
    def clock(self) -> Clock:
        return self.caller.clock

    @property
    def now(self) -> int:
        return self.caller.clock.now()

    def port(self, wanted: type[T]) -> T:
        """What another domain offers, by its Protocol in ``contracts``."""
        return cast(T, self.caller.ports[wanted])

    def emit(self, event: Any) -> None:
        """Queue an event; it is delivered after the commit."""
        self.events.append(event)

    def note(self, subject: str, **details: Any) -> None:
        """What the audit line says was acted upon (``case:812``), and how."""
        self.subject = subject
        self.details.update(details)


@dataclass(frozen=True)
class Action:
    """One registered action: its name, permission and audit verb."""

    name: str
    permission: str
    audit: str
    function: Callable[..., Any]


Inside = Callable[Concatenate[Context, P], R]
Outside = Callable[Concatenate[Caller | Context, P], R]

ACTIONS: dict[str, Action] = {}
"""Every action of the system by name; tests count them."""


def action(
    name: str, *, permission: str, audit_verb: str
) -> Callable[[Inside[P, R]], Outside[P, R]]:
    """Register a function ``f(ctx, …)`` as a changing action, called as ``f(caller, …)``.

    Called with the Context of a running action it joins that transaction, without a second
    permission check or audit line: the outer action answers for it.
    """

    def decorate(function: Inside[P, R]) -> Outside[P, R]:
        entry = Action(name, permission, audit_verb, function)
        ACTIONS[name] = entry

        @wraps(function)
        def call(caller: Caller | Context, *args: P.args, **kwargs: P.kwargs) -> R:
            if isinstance(caller, Context):
                return function(caller, *args, **kwargs)
            _check(caller, entry)
            with caller.database.write() as connection:
                context = Context(caller, connection)
                result = function(context, *args, **kwargs)
                now = caller.clock.now()
                audit.write(
                    connection, caller, audit_verb, "done", context.subject, context.details
                )
                outbox.put(connection, context.events, now)
            return result

        return cast(Outside[P, R], call)

    return decorate


def query(name: str, *, permission: str) -> Callable[[Inside[P, R]], Outside[P, R]]:
    """Register a function as a reading action: permission, but no audit line of its own."""

    def decorate(function: Inside[P, R]) -> Outside[P, R]:
        entry = Action(name, permission, "", function)
        ACTIONS[name] = entry

        @wraps(function)
        def call(caller: Caller | Context, *args: P.args, **kwargs: P.kwargs) -> R:
            if isinstance(caller, Context):
                return function(caller, *args, **kwargs)
            _check(caller, entry)
            with caller.database.read() as connection:
                return function(Context(caller, connection, writes=False), *args, **kwargs)

        return cast(Outside[P, R], call)

    return decorate


def _check(caller: Caller, entry: Action) -> None:
    if allowed(caller.identity, entry.permission):
        return
    with caller.database.write() as connection:
        verb = entry.audit or entry.name
        audit.write(connection, caller, verb, "denied", "", {"permission": entry.permission})
    if caller.identity.kind == "anonymous":
        raise SignInNeeded(entry.name)
    raise Denied(entry.name, who=caller.identity.label, permission=entry.permission)
