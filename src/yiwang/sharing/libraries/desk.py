"""The work of one transaction on one library: its records, and what they come to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row

from yiwang.kernel import documents
from yiwang.sharing.libraries import pairs, spec, store
from yiwang.sharing.libraries.golden import Decision, Outcome, resolve
from yiwang.sharing.libraries.model import Library, Record, Values, Version
from yiwang.sharing.libraries.vault import RECORDS, VERSIONS, Vault

SYSTEM = "system:libraries"

Conflicts = Mapping[str, Row[Any]]
"""Rows of the conflicts of one entity, by field."""


@lru_cache(maxsize=64)
def declared(text: str) -> Library:
    return spec.read(documents.parse(text, "library"))


class Desk:
    """``row``: the library's, locked where anything is changed."""

    def __init__(
        self, connection: Connection, row: Row[Any], vault: Vault, now: int, by: str = SYSTEM
    ) -> None:
        self.connection, self.row, self.vault = connection, row, vault
        self.now, self.by = now, by
        self.id: int = row.id
        self.library = declared(row.text)
        self.feeds = {one.id: store.as_feed(one) for one in store.feeds(connection, row.id)}
        self._held: dict[int, Record] = {}

    def records(self, ids: Collection[int]) -> dict[int, Record]:
        """Raises NoFieldKey, SealBroken."""
        missing = [id for id in ids if id not in self._held]
        for row in store.records(self.connection, missing) if missing else ():
            self._hold(row)
        return {id: self._held[id] for id in ids if id in self._held}

    def of(self, entities: Collection[int]) -> dict[int, list[Record]]:
        """The records of entities, by entity."""
        found: dict[int, list[Record]] = {}
        for row in store.records_of(self.connection, entities):
            found.setdefault(row.entity, []).append(self._hold(row))
        return found

    def _hold(self, row: Row[Any]) -> Record:
        there = self._held.get(row.id)
        if there is None:
            body = self.vault.opened(row.body, row.sealed, RECORDS, row.id)
            there = Record(
                row.id, row.mark, row.feed, row.entity, body["values"], body["key"], row.since,
                row.known_at, row.ended_at,
            )  # fmt: skip
            self._held[row.id] = there
        return there

    def keep(self, records: Iterable[Record]) -> None:
        """Records as they are from now on."""
        self._held |= {one.id: one for one in records}

    def former(self, ids: Collection[int]) -> dict[int, list[Version]]:
        """What records said before, by record, the oldest first."""
        found: dict[int, list[Version]] = {}
        for row in store.versions(self.connection, ids):
            values = None
            if row.body is not None:
                values = self.vault.opened(row.body, row.sealed, VERSIONS, row.id)["values"]
            version = Version(row.record, values, row.since, row.known_at)
            found.setdefault(row.record, []).append(version)
        return found

    def keys_of(self, library: Library, values: Values) -> set[int]:
        """All keys under which a declaration puts a record with these values."""
        return self.numbers(library.blocking(values) | library.searching(values))

    def numbers(self, names: Iterable[str]) -> set[int]:
        return {self.vault.number(self.id, name) for name in names}

    def outcomes(self, records: Collection[Record], conflicts: Conflicts) -> dict[str, Outcome]:
        """The golden record of an entity, with the decisions that hold."""
        decisions = {
            field: Decision(row.chosen, row.chosen_print)
            for field, row in conflicts.items()
            if row.chosen is not None
        }
        listed = list(records)
        return resolve(self.library, self.feeds, listed, decisions, self.vault.secret)

    def settle(
        self, entities: Collection[int], crowds: Mapping[int, Collection[Record]] | None = None
    ) -> None:
        """Note about which fields of some entities sources disagree now. ``crowds``: their
        records, where they are known."""
        found = self.of(entities) if crowds is None else crowds
        known = pairs.conflicts(self.connection, entities)
        rows = []
        for entity in sorted(entities):
            crowd = found.get(entity, ())
            mine = known.get(entity, {})
            if len(crowd) < 2 and not mine:
                continue
            outcomes = self.outcomes(crowd, mine)
            disputed = {name for name, one in outcomes.items() if one.gap is not None}
            for field in sorted({*mine, *disputed}):
                rows += self._conflict(entity, field, outcomes.get(field), mine.get(field))
        pairs.put_conflicts(self.connection, rows)

    def _conflict(
        self, entity: int, field: str, outcome: Outcome | None, there: Row[Any] | None
    ) -> list[dict[str, Any]]:
        """The row of a conflict, where it is not there as it is."""
        state, gap = "gone", 0
        if outcome is not None and outcome.gap is not None and outcome.field.watched:
            state = "decided" if outcome.why == "decided" else "open"
            gap = outcome.gap
        before = ("gone", 0) if there is None else (there.state, there.gap)
        if before == (state, gap):
            return []
        opened = self.now if there is None or there.state != "open" else there.opened_at
        values = {"entity": entity, "field": field, "library": self.id}
        return [values | {"state": state, "gap": gap, "opened_at": opened}]

    def step(
        self, kind: str, entity: int, other: int, reason: str, details: Mapping[str, Any]
    ) -> int:
        """Write down what was done; the number of the step."""
        return pairs.add_step(self.connection, self.told(kind, entity, other, reason, details))

    def told(
        self, kind: str, entity: int, other: int, reason: str, details: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A step as its row."""
        values = {"library": self.id, "at": self.now, "by": self.by, "kind": kind}
        return values | {"entity": entity, "other": other, "reason": reason, "details": details}
