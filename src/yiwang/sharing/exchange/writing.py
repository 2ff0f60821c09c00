"""One batch into the target: rows and position in one transaction, each row once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from yiwang.sharing.exchange import mapping
from yiwang.sharing.exchange.ends import Sink
from yiwang.sharing.exchange.errors import Overtaken
from yiwang.sharing.exchange.feeds import Part, Repeats
from yiwang.sharing.exchange.mapping import Checker
from yiwang.sharing.exchange.model import Rule, Tally
from yiwang.sharing.exchange.protecting import HIDDEN
from yiwang.sharing.exchange.sums import Summing
from yiwang.sharing.sources import arrays, kept, merging, model, positions
from yiwang.sharing.sources.kept import PLACE
from yiwang.sharing.sources.merging import Target
from yiwang.sharing.sources.model import Refusal, with_required
from yiwang.sharing.sources.positions import Position

Rejects = Callable[[int, Sequence[dict[str, Any]]], None]
"""Keeps the rejected rows of a batch; comes back when they are durable."""
Watch = Callable[[str], None]
"""Told of each step as it is done: ``read``, ``converted``, ``written``, ``committed``, …"""

_REFUSALS = {4025, 3819, 1366}
"""MySQL's and MariaDB's errors for values that a table does not take, which its driver counts
among those of the server."""


@dataclass
class Writer:
    """Writes the batches of one run. ``removals``: note the keys that came, so that the others
    can be removed at the end. ``by``: as a position keeps it. ``hidden``: columns whose values are
    in no rejected row."""

    job: str
    run: str
    sink: Sink
    rules: tuple[Rule, ...]
    checks: Sequence[Checker]
    zone: ZoneInfo
    rejects: Rejects
    watch: Watch
    by: str = ""
    removals: bool = False
    repeats: Repeats | None = None
    hidden: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._summing = Summing()

    @property
    def target(self) -> Target:
        return self.sink.target

    @property
    def keys_table(self) -> str:
        return "yiwang_keys_" + blake2b(self.job.encode(), digest_size=8).hexdigest()

    def begin(self) -> None:
        """Before the first batch of a new run."""
        if self.removals:
            with self.sink.writing() as connection:
                merging.close_keys(connection, self.target, self.keys_table)
                merging.open_keys(connection, self.target, self.keys_table)

    def put(self, part: Part, before: Position) -> Position:
        """One batch more. Raises Overtaken where another worker has gone on meanwhile."""
        given = part.batch
        whole = kept = pa.RecordBatch.from_pylist([])
        refused: list[Refusal] = []
        if given is not None and given.num_rows:
            whole, refused = self._made(given)
            kept = _without(whole, refused)
        self.watch("converted")
        number = before.batch + 1
        with self.sink.writing() as connection:
            self._check(connection, before)
            written, later = self._write(connection, kept)
            taken = _without(kept, later)
            removed = self._remove(connection, part)
            if self.removals and given is not None:
                self._stage(connection, given)
            told = _told(part, [*refused, *later], self.hidden)
            rows = 0 if given is None else given.num_rows
            more = Tally(
                rows + len(part.unread),
                written,
                taken.num_rows - written,
                len(told),
                removed,
                self._sum(taken),
            )
            tally = Tally.of(before.tally).plus(more) if before.tally else more
            made = Position(self.run, number, part.after, tally.values(), self.by)
            self.rejects(number, told)
            self.watch("written")
            positions.put(connection, self.job, made, self.target.schema)
        self.watch("committed")
        return made

    def finish(self, before: Position) -> Position:
        """Remove what the source no longer has, where the job says so."""
        tally = Tally.of(before.tally)
        if not self.removals or not tally.read:
            return before
        with self.sink.writing() as connection:
            self._check(connection, before)
            removed = merging.remove_unstaged(connection, self.target, self.keys_table)
            tally = tally.plus(Tally(removed=removed))
            made = Position(self.run, before.batch + 1, before.after, tally.values(), self.by)
            positions.put(connection, self.job, made, self.target.schema)
        self.watch("removed")
        return made

    def tidy(self) -> None:
        """At the end of a run."""
        if self.removals:
            with self.sink.writing() as connection:
                merging.close_keys(connection, self.target, self.keys_table)

    def close(self) -> None:
        self._summing.close()

    def _made(self, given: Any) -> tuple[Any, list[Refusal]]:
        """A batch of the target's columns with the place of each row, and what is refused."""
        good, refused = prepared(given, self.rules, self.target, self.checks, self.zone)
        return good, [*refused, *self._repeated(good)]

    def _repeated(self, good: Any) -> list[Refusal]:
        key = self.target.key
        if self.repeats is None:
            _, again = merging.unique(good, key) if good.num_rows else (good, [])
        else:
            again = self.repeats.of(good, key)
        found = [
            Refusal(row, ", ".join(key), _key(good, key, row), "repeated_key") for row in again
        ]
        return _placed(good, found)

    def _write(self, connection: Connection, batch: Any) -> tuple[int, list[Refusal]]:
        """Rows that the target itself refuses are found by halving, and refused."""
        if not batch.num_rows:
            return 0, []
        try:
            with connection.begin_nested():
                return merging.merge(connection, self.target, batch), []
        except Exception as error:
            reason = _refusal(connection, error)
            if reason is None:
                raise
        if batch.num_rows == 1:
            place = batch.column(PLACE.name)[0].as_py()
            return 0, [Refusal(place, "", reason, "refused_by_target")]
        middle = batch.num_rows // 2
        first, bad = self._write(connection, batch.slice(0, middle))
        second, more = self._write(connection, batch.slice(middle))
        return first + second, [*bad, *more]

    def _remove(self, connection: Connection, part: Part) -> int:
        if part.gone is None or not part.gone.num_rows:
            return 0
        return merging.remove(connection, self.target, self._keys(part.gone))

    def _stage(self, connection: Connection, given: Any) -> None:
        """Also keys of rejected rows: what is there of them stays."""
        keys = self._keys(given)
        merging.stage_keys(connection, self.target, self.keys_table, keys)

    def _keys(self, given: Any) -> Any:
        """The target's keys of rows of the source; those that can be."""
        key = self.target.key
        made, _ = mapping.mapped(given, [one for one in self.rules if one.to in key])
        columns = [one for one in with_required(self.target.columns, key) if one.name in key]
        return arrays.convert(made, columns, self.zone)[0]

    def _sum(self, batch: Any) -> int:
        return self._summing.of(batch.select(self.target.names)) if batch.num_rows else 0

    def _check(self, connection: Connection, before: Position) -> None:
        found = positions.find(connection, self.job, self.target.schema, lock=True)
        mine = found is not None and found.run == self.run
        here = found.batch if mine and found is not None else 0
        if here != before.batch:
            raise Overtaken(self.job, job=self.job)


def prepared(
    given: Any, rules: Sequence[Rule], target: Target, checks: Sequence[Checker], zone: ZoneInfo
) -> tuple[Any, list[Refusal]]:
    """Rows of the source as rows of the target, each with its place in ``PLACE``, without those
    that are refused, and why."""
    made, refused = mapping.mapped(given, rules)
    columns = with_required(target.columns, target.key)
    good, bad = arrays.convert(kept.numbered(made), (*columns, PLACE), zone)
    refused += bad
    for check in checks:
        refused += _placed(good, check(good))
    return _without(good, refused), refused


def _without(batch: Any, refused: Sequence[Refusal]) -> Any:
    if not refused or not batch.num_rows:
        return batch
    bad = {one.row for one in refused}
    places = batch.column(PLACE.name).to_pylist()
    return batch.filter(pa.array([place not in bad for place in places], pa.bool_()))


def _placed(batch: Any, found: Sequence[Refusal]) -> list[Refusal]:
    """Refusals by the place in the source's batch instead of the one in this."""
    if not found:
        return []
    places = batch.column(PLACE.name).to_pylist()
    return [Refusal(places[one.row], one.column, one.value, one.reason) for one in found]


def _key(batch: Any, key: Sequence[str], row: int) -> str:
    return ", ".join(model.shown(batch.column(name)[row].as_py()) for name in key)


def _refusal(connection: Connection, error: Exception) -> str | None:
    """Why the target refuses some row; None for any other trouble."""
    inner: Any = error.orig if isinstance(error, DBAPIError) else error
    driver: Any = connection.dialect.loaded_dbapi
    if isinstance(inner, (driver.IntegrityError, driver.DataError)):
        return str(inner).strip()[:500]
    number = inner.args[0] if getattr(inner, "args", None) else None
    return str(inner)[:500] if isinstance(number, int) and number in _REFUSALS else None


def _told(part: Part, refused: Sequence[Refusal], hidden: frozenset[str]) -> list[dict[str, Any]]:
    """Rejected rows as they are kept, each with its first reason."""
    first: dict[int, Refusal] = {}
    for one in refused:
        first.setdefault(one.row, one)
    rows = [
        {
            "row": row,
            "column": one.column[:200],
            "value": HIDDEN if one.column in hidden else one.value,
            "reason": one.reason,
            "raw": _raw(part.batch, row, hidden),
        }
        for row, one in sorted(first.items())
    ]
    base = 0 if part.batch is None else part.batch.num_rows
    for place, (_, text, reason) in enumerate(part.unread):
        row = {"row": base + place, "column": "", "value": text[:200], "reason": reason}
        rows.append({**row, "raw": {"_": text}})
    return rows


def _raw(batch: Any, row: int, hidden: frozenset[str]) -> dict[str, Any]:
    values = {name: batch.column(name)[row].as_py() for name in batch.schema.names}
    shown = {name: None if one is None else model.shown(one) for name, one in values.items()}
    return {
        name: HIDDEN if name in hidden and one is not None else one for name, one in shown.items()
    }
