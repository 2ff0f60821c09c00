"""Which things and places have open findings, for the colours of the map."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from yiwang.console.model import Bytes, level
from yiwang.contracts.observations import Ints


class Marks:
    """Kept by the events of findings; many threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, tuple[int, int | None, int]] = {}

    def load(self, findings: Iterable[tuple[int, int, int | None, str]]) -> None:
        """Begin with what is open: (finding, thing, place, severity)."""
        with self._lock:
            for finding, thing, place, severity in findings:
                self._open[finding] = (thing, place, level(severity))

    def raised(self, body: Mapping[str, Any]) -> None:
        with self._lock:
            mark = (int(body["thing"]), body["place"], level(body["severity"]))
            self._open[int(body["finding"])] = mark

    def ended(self, body: Mapping[str, Any]) -> None:
        with self._lock:
            self._open.pop(int(body["finding"]), None)

    def of_things(self, ids: Ints) -> Bytes:
        """The highest level of each thing."""
        return self._levels(ids, 0)

    def of_places(self, ids: Ints) -> Bytes:
        return self._levels(ids, 1)

    def _levels(self, ids: Ints, column: int) -> Bytes:
        highest: dict[int, int] = defaultdict(int)
        with self._lock:
            marks = list(self._open.values())
        for mark in marks:
            owner = mark[column]
            if owner is not None:
                highest[owner] = max(highest[owner], mark[2])
        levels = np.zeros(len(ids), np.int8)
        if not highest or not len(ids):
            return levels
        owners = np.fromiter(sorted(highest), np.int64, len(highest))
        values = np.fromiter((highest[one] for one in owners.tolist()), np.int8, len(owners))
        at = np.minimum(np.searchsorted(owners, ids), len(owners) - 1)
        found = owners[at] == ids
        levels[found] = values[at[found]]
        return levels
