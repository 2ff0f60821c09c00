"""Writes what a judgement changed: rows of findings and their events, in one transaction.

A finding has one key, ``pack/rule/subject/raised_at``. Writing the same change again changes
nothing, so frames may be judged again after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from yiwang.contracts.events import FindingCleared, FindingRaised, FindingWithdrawn
from yiwang.rules import store
from yiwang.rules.building import Judged
from yiwang.rules.engine import Engine
from yiwang.rules.store import RuleBody
from yiwang.rules.track import Change
from yiwang.store import outbox


class Recorder:
    """``versions``: ``pack/rule`` → number and body of the wording in force."""

    def __init__(
        self, engine: Engine, versions: Mapping[str, tuple[int, RuleBody]], last: int
    ) -> None:
        self._engine = engine
        self._versions = versions
        self._last = last
        self._fresh: set[str] = set()

    def record(
        self, connection: Connection, changes: Sequence[Change], now: int, again: bool = False
    ) -> int:
        """Write the changes; how many events there were. ``again``: frames that were judged
        before a crash; findings that exist then stay as they are."""
        keyed = [(self._key(change), change) for change in changes]
        known = store.by_keys(connection, sorted({key for key, _ in keyed}))
        writing = _Writing(known, self._last, now)
        for key, change in keyed:
            if again and key in known and key not in self._fresh:
                continue
            if again:
                self._fresh.add(key)
            writing.take(key, change, self._row(key, change, now))
        if not again:
            self._fresh.clear()
        store.retire(connection, writing.retired)
        store.insert_findings(connection, list(writing.inserted.values()))
        store.update_findings(connection, list(writing.updated.values()))
        outbox.put(connection, writing.events, now)
        self._last = writing.last
        return len(writing.events)

    def _key(self, change: Change) -> str:
        subject = self._engine.judged[change.rule].track.wiring.ids[change.subject]
        return f"{change.rule}/{subject}/{change.raised_at}"

    def _row(self, key: str, change: Change, now: int) -> dict[str, Any]:
        judged = self._engine.judged[change.rule]
        rule, wiring = judged.rule, judged.track.wiring
        assert rule is not None
        position = (float(wiring.lon[change.subject]), float(wiring.lat[change.subject]))
        return {
            "key": key,
            "pack": judged.pack,
            "rule": rule.name,
            "rule_version": self._versions[change.rule][0],
            "severity": rule.severity,
            "state": "open",
            "raised_at": change.raised_at,
            "cleared_at": None,
            "withdrawn_at": None,
            "judged_at": now,
            "thing": int(wiring.things[change.subject]),
            "place": wiring.places[change.subject],
            "lon": None if np.isnan(position[0]) else position[0],
            "lat": None if np.isnan(position[1]) else position[1],
            "values": change.values,
            "case_class": rule.case_class,
            "one_per": _one_per(judged, change.subject),
        }


class _Writing:
    """One transaction's rows and events, folded change by change."""

    def __init__(self, known: dict[str, Any], last: int, now: int) -> None:
        self.last = last
        self.inserted: dict[str, dict[str, Any]] = {}
        self.updated: dict[int, dict[str, Any]] = {}
        self.retired: list[int] = []
        self.events: list[Any] = []
        self._known = {key: (row.id, row.state, row.cleared_at) for key, row in known.items()}
        self._now = now

    def take(self, key: str, change: Change, row: dict[str, Any]) -> None:
        known = self._known.get(key)
        if change.what == "withdrawn":
            if known is not None and known[1] != "withdrawn":
                self._set(key, "withdrawn", None, change.values)
                self.events.append(FindingWithdrawn(known[0], key, self._now))
            return
        if known is None or known[1] == "withdrawn":
            self._insert(key, known, row)
        elif change.cleared_at is None and known[1] == "cleared" and change.what == "revised":
            self._set(key, "open", None, change.values)
            self._raised(known[0], row)
        elif change.cleared_at is None and change.what == "revised":
            self._set(key, "open", None, change.values)
        if change.cleared_at is not None:
            number, state, cleared = self._known[key]
            if state != "cleared" or cleared != change.cleared_at or change.what == "revised":
                self._set(key, "cleared", change.cleared_at, change.values)
            if state != "cleared" or cleared != change.cleared_at:
                event = FindingCleared(number, key, change.cleared_at, change.values)
                self.events.append(event)

    def _insert(self, key: str, known: Any, row: dict[str, Any]) -> None:
        """A new finding. Where one with this key was withdrawn, that one gives the key up."""
        if key in self.inserted:
            old = self.inserted.pop(key)
            old["key"] = f"{key}~{old['id']}"
            self.inserted[old["key"]] = old
        elif known is not None:
            self.retired.append(known[0])
        self.last += 1
        self.inserted[key] = {"id": self.last, **row}
        self._known[key] = (self.last, "open", None)
        self._raised(self.last, row)

    def _set(self, key: str, state: str, cleared: int | None, values: dict[str, Any]) -> None:
        number = self._known[key][0]
        self._known[key] = (number, state, cleared)
        withdrawn = self._now if state == "withdrawn" else None
        if key in self.inserted:
            self.inserted[key] |= {
                "state": state,
                "cleared_at": cleared,
                "withdrawn_at": withdrawn,
                "values": values,
            }
            return
        self.updated[number] = {
            "number": number,
            "new_state": state,
            "cleared": cleared,
            "withdrawn": withdrawn,
            "seen": values,
        }

    def _raised(self, number: int, row: dict[str, Any]) -> None:
        names = ("key", "pack", "rule", "severity", "raised_at", "thing", "place", "lon", "lat")
        more = ("case_class", "one_per", "values")
        self.events.append(FindingRaised(number, **{name: row[name] for name in names + more}))


def _one_per(judged: Judged, subject: int) -> str:
    """What a case is about: ``place:12``, ``thing:7`` or both."""
    rule, wiring = judged.rule, judged.track.wiring
    assert rule is not None
    parts = []
    for name in rule.one_per:
        if name == "thing":
            parts.append(f"thing:{int(wiring.things[subject])}")
        elif wiring.places[subject] is not None:
            parts.append(f"place:{wiring.places[subject]}")
    return "/".join(parts)
