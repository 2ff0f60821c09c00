"""What callers may read, kept from one question to the next and believed by its stamp alone.

A stamp is the revision of a resource, which counts its every change, and the numbers of the
grants in force, whose terms never change. Every question reads it anew in its own transaction:
a grant that has ended, or a version that came into force, is seen by the very next one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BindParameter, Connection, String, and_, bindparam, select

from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.sharing.grants.model import Grant
from yiwang.sharing.grants.tables import share_grants
from yiwang.store.database import Database, Instant, Key
from yiwang.store.statements import Statement

MOST = 1000

Stamp = tuple[int, ...]
"""Number and revision of a resource, and the numbers of the grants, the newest first."""


def _stamps(named: Any, given: BindParameter[Any]) -> Statement:
    held, granted = share_resources.c, share_grants.c
    in_force = and_(
        granted.resource == held.id,
        granted.organisation == bindparam("organisation_", 0, Key),
        granted.ended_at.is_(None),
        granted.expires_at > bindparam("at_", 0, Instant),
    )
    return Statement(
        select(held.id, held.revision, granted.id)
        .select_from(share_resources.outerjoin(share_grants, in_force))
        .where(named == given)
        .order_by(granted.id.desc())
    )


_by_number = _stamps(share_resources.c.id, bindparam("key_", 0, Key))
_by_code = _stamps(share_resources.c.code, bindparam("key_", "", String))


def stamp(connection: Connection, key: int | str, organisation: int, at: int) -> Stamp:
    """What stands now of a resource and of an organisation's grants; empty for no resource."""
    asked = _by_number if isinstance(key, int) else _by_code
    given = {"key_": key, "organisation_": organisation, "at_": at}
    rows = asked.alone(connection, given)
    return (*rows[0][:2], *(row[2] for row in rows if row[2] is not None)) if rows else ()


def stamp_of(resource: Resource, grants: Sequence[Grant]) -> Stamp:
    """The stamp of what was read."""
    return (resource.id, resource.revision, *(one.id for one in grants))


class Standing:
    """What is kept of one database. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Stamp], Any] = OrderedDict()
        self._datasets: dict[int | str, str] = {}
        self._lock = Lock()

    def find(self, mode: str, held: Stamp) -> Any:
        with self._lock:
            found = self._kept.get((mode, held))
            if found is not None:
                self._kept.move_to_end((mode, held))
        return found

    def put(self, mode: str, held: Stamp, access: Any) -> None:
        with self._lock:
            self._kept[mode, held] = access
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def dataset(self, key: int | str) -> str | None:
        """Where the rows of a resource lay when it was last read: tells what a question will
        cost, and nothing else."""
        return self._datasets.get(key)

    def lies_in(self, key: int | str, dataset: str) -> None:
        if len(self._datasets) >= MOST and key not in self._datasets:
            self._datasets.clear()
        self._datasets[key] = dataset


_of: WeakKeyDictionary[Database, Standing] = WeakKeyDictionary()


def of(database: Database) -> Standing:
    found = _of.get(database)
    return _of.setdefault(database, Standing()) if found is None else found
