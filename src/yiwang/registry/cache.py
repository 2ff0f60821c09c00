"""What is kept in memory between changes, by stamp.

A stamp is random and new with every change, so an entry is right for every transaction that
reads its stamp, whatever was rolled back in between; old entries fall out. A transaction that
has changed a noun forgets what it had found before (``store.restamp``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection

from yiwang.registry import store
from yiwang.registry.areas import AreaIndex
from yiwang.registry.matrix import Matrix
from yiwang.registry.model import Person, Responsibility
from yiwang.registry.nouns import NOUNS
from yiwang.registry.roster import Roster
from yiwang.registry.succession import entry_of
from yiwang.store.database import remembered

T = TypeVar("T")

_MOST = 64
_kept: OrderedDict[tuple[str, str, str], Any] = OrderedDict()
_lock = Lock()


def area_index(connection: Connection) -> AreaIndex:
    return _by_stamp(connection, "areas", "index", lambda: AreaIndex(records(connection, "areas")))


def records(connection: Connection, noun: str) -> list[Any]:
    """All records of a noun that are not removed, by number."""
    return _by_stamp(connection, noun, "records", lambda: store.every(connection, NOUNS[noun]))


def by_number(connection: Connection, noun: str) -> dict[int, Any]:
    """All records of a noun that are not removed, to be looked at and not changed."""
    return _by_stamp(
        connection,
        noun,
        "by number",
        lambda: {one.id: one for one in records(connection, noun)},
    )


def by_user(connection: Connection) -> dict[str, Person]:
    """Everybody who has an account, by its name; to be looked at and not changed."""
    return _by_stamp(
        connection,
        "people",
        "by user",
        lambda: {one.user: one for one in records(connection, "people") if one.user},
    )


def called(people: Mapping[str, Person], actor: str) -> str:
    """The name of who did something (``user:wang``); empty where no person has the account."""
    person = people.get(actor.removeprefix("user:"))
    return person.name if person else ""


def roster(connection: Connection) -> Roster:
    """Who has duties; people are part of it."""
    return made_of(
        connection,
        ("duties", "people"),
        "roster",
        lambda: Roster(records(connection, "duties"), by_number(connection, "people")),
    )


def is_listed(connection: Connection) -> bool:
    """Whether the responsibility matrix ever held anything."""
    return bool(store.stamp(connection, "responsibilities"))


def matrix(connection: Connection) -> Matrix:
    """The responsibility matrix; classes are part of it."""

    def build() -> Matrix:
        listed = is_listed(connection)
        entries = records(connection, "responsibilities") if listed else []
        return Matrix(entries, records(connection, "classes"), _former(connection, entries))

    return made_of(connection, ("classes", "responsibilities"), "matrix", build)


def _former(connection: Connection, entries: Sequence[Responsibility]) -> list[Responsibility]:
    """What present entries said before, for the time in which it held."""
    known = {one.id: one.code for one in entries}
    return [
        entry_of(row, known[row.entry])
        for row in store.former(connection)
        if row.entry in known and not row.corrected
    ]


def places(connection: Connection, kind: str) -> list[Any]:
    return _by_stamp(
        connection,
        "places",
        f"kind {kind}",
        lambda: store.every(connection, NOUNS["places"], kind=kind),
    )


def made_of(connection: Connection, nouns: Sequence[str], what: str, build: Callable[[], T]) -> T:
    """What is made of the records of some nouns, until one of them changes."""
    first, *others = nouns
    stamps = " ".join(store.stamp(connection, one) for one in others)
    return _by_stamp(connection, first, f"{what} {stamps}", build)


def _by_stamp(connection: Connection, noun: str, what: str, build: Callable[[], T]) -> T:
    known = remembered(connection)
    found = known.get((noun, what))
    if found is None:
        found = known[noun, what] = _by_newest_stamp(connection, noun, what, build)
    kept: T = found
    return kept


def _by_newest_stamp(connection: Connection, noun: str, what: str, build: Callable[[], T]) -> T:
    stamp = store.stamp(connection, noun)
    if not stamp:
        return build()
    key = (noun, what, stamp)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            kept: T = _kept[key]
            return kept
    made = build()
    with _lock:
        _kept[key] = made
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return made
