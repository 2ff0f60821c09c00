"""The action layer: the one way in which anything in the system is changed or asked.

An action alone checks the permission, opens the transaction, writes the audit line and queues
events; HTTP, the command line, the console, devices and packs all call actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Connection

from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import Clock
from yiwang.security import audit
from yiwang.security.errors import Denied, SignInNeeded
from yiwang.security.model import Identity, allowed
from yiwang.store import outbox
from yiwang.store.database import Database, SavepointLost, changes, given_up, remembered, savepoint

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

    @property
    def calendar(self) -> WorkingCalendar:
        """The city's clocks and working hours; where it has none of its own, those of China."""
        return self.ports.get(WorkingCalendar) or WorkingCalendar()


@dataclass
class Context:
    """What a running action holds: its transaction, and what it will record and announce."""

    caller: Caller
    connection: Connection
    writes: bool = True
    events: list[Any] = field(default_factory=list)
    subject: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    kept: dict[Any, Any] = field(default_factory=dict)
    """What parts of one action share, by what they agree on."""

    @property
    def identity(self) -> Identity:
        return self.caller.identity

    @property
    def clock(self) -> Clock:
        return self.caller.clock

    @cached_property
    def now(self) -> int:
        """The instant at which the action happens: the same in all that it writes."""
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


MOST_TOGETHER = 32
"""Calls in one transaction: what is behind it, the judge for one, does not wait long."""

Then = Callable[[Context, Any], Any]
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
                result: R = _done(entry, Context(caller, connection), args, kwargs)
            return result

        vars(call)["entry"] = entry
        return cast(Outside[P, R], call)

    return decorate


def _done(entry: Action, context: Context, args: Any, kwargs: Any) -> Any:
    """Run an action in a transaction that has begun, with its audit line and its events."""
    result = entry.function(context, *args, **kwargs)
    _record([(entry, context)])
    return result


def _record(done: Sequence[tuple[Action, Context]]) -> None:
    """The audit lines and the events of actions of one transaction, in their order."""
    connection, now = done[0][1].connection, done[0][1].now
    audit.write_all(
        connection,
        [
            audit.line(one.caller, entry.audit, "done", one.subject, one.details)
            for entry, one in done
        ],
    )
    outbox.put(connection, [event for _, one in done for event in one.events], now)
    for _, one in done:
        one.kept.clear()  # it refers to its context, and only the collector would free them


@dataclass(frozen=True)
class Call:
    """A call of an action that is still to be made. ``then`` sees the action's transaction and
    what it returned, and says what the call gives; it only reads."""

    function: Callable[..., Any]
    caller: Caller
    args: tuple[Any, ...]
    then: Then | None = None

    @property
    def entry(self) -> Action:
        entry: Action = vars(self.function)["entry"]
        return entry


Outcome = tuple[Any, Exception | None]


def together(calls: Sequence[Call]) -> list[Outcome]:
    """Make calls of one database, one after the other, in one transaction: all that succeed are
    committed at once. Each has a savepoint of its own, so that one that fails
    leaves nothing and touches no other; where the transaction itself fails, all have failed.

    For actions that change nothing but the database. Returns what each gave or raised; on SQLite
    it lasts only when ``Database.last`` has returned, and nobody is told before.
    """
    outcomes: dict[int, Outcome] = {}
    allowed_: list[int] = []
    for place, call in enumerate(calls):
        try:
            _check(call.caller, call.entry)
            allowed_.append(place)
        except Exception as error:
            outcomes[place] = (None, error)
    if allowed_:
        made = _together([calls[place] for place in allowed_])
        outcomes |= dict(zip(allowed_, made, strict=True))
    return [outcomes[place] for place in range(len(calls))]


def _together(calls: Sequence[Call]) -> list[Outcome]:
    """Calls that are allowed, in one transaction. Where the database tells whether one that
    failed had written anything, savepoints are made only when one had."""
    database = calls[0].caller.database
    try:
        return _in_one(database, calls, apart=len(calls) > 1 and not database.is_sqlite)
    except _WroteAndFailed:
        return _in_one(database, calls, apart=True)


class _WroteAndFailed(Exception):
    """A call has failed that had written something, or the transaction with it, and no savepoint
    was made before it."""


def _in_one(database: Database, calls: Sequence[Call], apart: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    done: list[tuple[Action, Context]] = []
    try:
        with database.write(lasting=not database.is_sqlite) as connection:
            for call in calls:
                outcomes.append(_one(connection, call, apart, len(calls) == 1, done))
            if done:
                _record(done)
    except _WroteAndFailed:
        raise
    except Exception as error:
        outcomes += [(None, error)] * (len(calls) - len(outcomes))
        return [(None, error if own is None else own) for _, own in outcomes]
    return outcomes


def _one(
    connection: Connection,
    call: Call,
    apart: bool,
    alone: bool,
    done: list[tuple[Action, Context]],
) -> Outcome:
    """One call, ``apart`` in its own savepoint; ``alone``, the transaction itself is one. One
    that succeeds is added to those that are ``done``."""
    if alone:
        return _made(connection, call, done), None
    if not apart:
        before = changes(connection)
        try:
            outcome: Outcome = _made(connection, call, done), None
        except Exception as error:
            if changes(connection) != before:
                raise _WroteAndFailed from error
            remembered(connection).clear()
            outcome = None, error
        if given_up(connection):
            raise _WroteAndFailed
        return outcome
    try:
        with savepoint(connection):
            return _made(connection, call, done), None
    except SavepointLost as lost:
        raise lost.__cause__ or lost from None
    except Exception as error:
        return None, error


def _made(connection: Connection, call: Call, done: list[tuple[Action, Context]]) -> Any:
    context = Context(call.caller, connection)
    result = call.entry.function(context, *call.args)
    if call.then is not None:
        result = call.then(context, result)
    done.append((call.entry, context))
    return result


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
