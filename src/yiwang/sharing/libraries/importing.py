"""A run of a feed: what its table says is compared with what is kept, and what differs is taken.

Every part is a transaction of its own, and a row that is kept as it stands is left alone: a run
that was killed is begun anew and does nothing twice.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row

from yiwang.security.actions import Caller
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.libraries import intake, matching, pairs, store
from yiwang.sharing.libraries.desk import Desk
from yiwang.sharing.libraries.errors import BadFeed, Changed, TooManyGone, words
from yiwang.sharing.libraries.model import Record
from yiwang.sharing.libraries.vault import RECORDS, VERSIONS, Vault
from yiwang.sharing.sources.datasets import Datasets
from yiwang.store.database import Database

PART = 250
"""Rows taken in one transaction: others who write wait no longer than for these."""
FEW = 20
MOST_GONE = 0.1
"""The share of a feed's records that may be gone at once without anybody saying that it is meant;
a few may always."""

Watch = Callable[[str], None]


@dataclass(frozen=True)
class Given:
    """A row as it is compared with what is kept."""

    mark: str
    key: list[Any]
    values: dict[str, Any]
    since: int | None
    digest: str


@dataclass
class Tally:
    """What became of the rows: read = new + changed + unchanged. ``faults``: by field, values that
    were not what the field says."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    faults: dict[str, int] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        return dict(vars(self))


def nothing(step: str) -> None:
    """Watches no step."""


@dataclass
class Run:
    """One run of a feed of a library."""

    caller: Caller
    code: str
    row: Row[Any]
    """The feed's."""
    watch: Watch = nothing
    tally: Tally = field(default_factory=Tally)
    dataset: str = ""

    @property
    def moved(self) -> int:
        """Rows that were taken from the table."""
        return self.tally.new + self.tally.changed

    def all(self) -> Tally:
        """Raises NoSuchResource, BadFeed, NoSuchDataset, TooManyGone, Changed."""
        self.vault = Vault.of(self.caller)
        self.database: Database = self.caller.database
        with self.database.read() as connection:
            library = store.library(connection, self.code)
            self.version = library.version
            self.desk = Desk(connection, library, self.vault, self.caller.clock.now())
            resource = catalogue.resource(connection, self.row.resource)
        self.feed = store.as_feed(self.row)
        seen = array("q")
        if not self.feed.removed:
            if not resource.dataset or not resource.in_force:
                wanted = words("resource_kept")
                raise BadFeed(self.feed.code, field="resource", value=resource.code, wanted=wanted)
            self.dataset = resource.dataset
            for rows in self._parts(resource.dataset):
                given = [self._given(key, row) for key, row in rows]
                seen.extend(_short(one.mark) for one in given)
                self._take(given)
                self.watch("part")
        self._end(self._gone(np.sort(np.frombuffer(seen, np.int64)) if seen else _NONE))
        return self.tally

    def _parts(self, name: str) -> Iterator[list[tuple[list[Any], dict[str, Any]]]]:
        """Keys and rows of the table, as they stand at one moment."""
        datasets: Datasets = self.caller.ports[Datasets]
        kept = datasets.describe(name)
        key = kept.key
        columns = list(dict.fromkeys([*key, *self.feed.columns.values()]))
        if self.feed.since and self.feed.since not in columns:
            columns.append(self.feed.since)
        for batch in datasets.batches(name, columns, opened=kept.sealed):
            rows = batch.to_pylist()
            for part in store.parts(rows, PART):
                yield [([_plain(row[one]) for one in key], row) for row in part]

    def _given(self, key: list[Any], row: dict[str, Any]) -> Given:
        zone = self.caller.ports[Datasets].zone
        values, faults = intake.taken(self.desk.library, self.feed, row)
        for name in faults:
            self.tally.faults[name] = self.tally.faults.get(name, 0) + 1
        since = intake.since(self.feed, row, zone)
        mark = self.vault.digest("mark", self.feed.code, key)
        return Given(
            mark, key, values, since, self.vault.digest("row", sorted(values.items()), since)
        )

    def _take(self, given: Sequence[Given]) -> None:
        """Take the rows of a part that are new or say something else."""
        self.tally.read += len(given)
        with self.database.read() as connection:
            wanted, _ = self._differing(connection, given)
        if wanted:
            with self.database.write() as connection:
                desk = self._desk(connection)
                wanted, known = self._differing(connection, wanted)
                self._written(desk, wanted, known)
        self.tally.unchanged += len(given) - len(wanted)

    def _differing(
        self, connection: Connection, given: Sequence[Given]
    ) -> tuple[list[Given], dict[str, int]]:
        """The rows that are new or say something else, and the numbers of those that are kept."""
        known = store.marked(connection, self.feed.id, [one.mark for one in given])
        there = {mark for mark, (_, _, ended) in known.items() if not ended}
        wanted = [one for one in given if one.mark not in there or known[one.mark][1] != one.digest]
        return wanted, {mark: id for mark, (id, _, _) in known.items()}

    def _written(self, desk: Desk, wanted: Sequence[Given], known: Mapping[str, int]) -> None:
        new = [one for one in wanted if one.mark not in known]
        old = {known[one.mark]: one for one in wanted if one.mark in known}
        fresh = self._add(desk, new)
        then = self._change(desk, old)
        self.watch("rows")
        matching.match(desk, [*fresh, *then], then)
        changed = _entities(desk, old)
        pairs.touch(desk.connection, changed, desk.now)
        desk.settle(changed)
        self.watch("matched")
        self.tally.new += len(new)
        self.tally.changed += len(old)

    def _desk(self, connection: Connection) -> Desk:
        """Raises Changed where the library has been declared anew meanwhile: the run is begun
        anew then."""
        library = store.library(connection, self.code, lock=True)
        if library.version != self.version or library.phase:
            raise Changed(self.code, what=self.code)
        return Desk(connection, library, self.vault, self.caller.clock.now())

    def _add(self, desk: Desk, given: Sequence[Given]) -> list[int]:
        """Keep new records, each an entity of its own at first."""
        first = store.next_record(desk.connection) if given else 0
        rows, records = [], []
        for id, one in enumerate(given, first):
            columns = self._columns(desk, id, one)
            rows.append(columns | {"id": id, "library": desk.id, "mark": one.mark, "entity": id})
            record = Record(id, one.mark, self.feed.id, id, one.values, one.key, one.since)
            records.append(replace(record, known=desk.now))
        store.add_records(desk.connection, rows)
        pairs.add_entities(desk.connection, desk.id, [one.id for one in records], desk.now)
        desk.keep(records)
        return [one.id for one in records]

    def _change(self, desk: Desk, old: dict[int, Given]) -> dict[int, set[int]]:
        """Keep what records say now, and what they said before; the keys of those that say
        something else."""
        before = desk.records(old)
        then: dict[int, set[int]] = {}
        number = store.next_version(desk.connection) if old else 0
        versions = []
        for id, one in old.items():
            was = before[id]
            changes = [was] if was.ended is None else [was, replace(was, known=was.ended)]
            for place, each in enumerate(changes):
                versions.append(_version(desk, number, each, gone=place > 0))
                number += 1
            since = desk.now if one.since is None else one.since
            columns = self._columns(desk, id, replace(one, since=since))
            store.change_record(desk.connection, id, columns)
            now = replace(was, values=one.values, since=since, known=desk.now, ended=None)
            desk.keep([now])
            if was.values != one.values:
                then[id] = desk.keys_of(desk.library, was.values)
        store.add_versions(desk.connection, versions)
        return then

    def _columns(self, desk: Desk, id: int, one: Given) -> dict[str, Any]:
        body = {"key": one.key, "values": one.values}
        laid = desk.vault.laid(body, desk.library, RECORDS, id)
        columns = {"feed": self.feed.id, "digest": one.digest, "since": one.since}
        return laid | columns | {"known_at": desk.now, "ended_at": None}

    def _gone(self, seen: Any) -> list[int]:
        """The records that are in the table no more. Raises TooManyGone."""
        gone, living, last = [], 0, ""
        while True:
            with self.database.read() as connection:
                page = store.living(connection, self.feed.id, last, 5000)
            if not page:
                break
            last, living = page[-1][0], living + len(page)
            there = _among(np.array([_short(mark) for mark, _ in page], np.int64), seen)
            gone += [id for (_, id), known in zip(page, there, strict=True) if not known]
        few = len(gone) <= max(FEW, MOST_GONE * living)
        if not (few or self.row.forced or self.feed.removed):
            raise TooManyGone(self.feed.code, gone=len(gone), of=living)
        return gone

    def _end(self, gone: Sequence[int]) -> None:
        for part in store.parts(gone, PART):
            with self.database.write() as connection:
                desk = self._desk(connection)
                for id in part:
                    store.change_record(connection, id, {"ended_at": desk.now})
                entities = _entities(desk, part)
                pairs.touch(connection, entities, desk.now)
                desk.settle(entities)
            self.tally.gone += len(part)
            self.watch("gone")


_NONE = np.empty(0, np.int64)


def _among(some: Any, seen: Any) -> Any:
    """Which of some numbers are among others, which are in their order."""
    if not len(seen):
        return np.zeros(len(some), bool)
    place = np.searchsorted(seen, some)
    return seen[np.minimum(place, len(seen) - 1)] == some


def _short(mark: str) -> int:
    """The first half of a mark, as a number with a sign."""
    return int.from_bytes(bytes.fromhex(mark[:16]), "big", signed=True)


def _entities(desk: Desk, records: Any) -> set[int]:
    return {one.entity for one in desk.records(list(records)).values()}


def _version(desk: Desk, number: int, was: Record, gone: bool) -> dict[str, Any]:
    """What a record said, or that it was gone, as a row of what was before."""
    row = {"id": number, "record": was.id, "since": was.since, "known_at": was.known}
    if gone:
        return row | {"body": None, "sealed": None, "since": None}
    body = {"key": was.key, "values": was.values}
    return row | desk.vault.laid(body, desk.library, VERSIONS, number)


def _plain(value: Any) -> Any:
    """A value of a key as JSON keeps it."""
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)
