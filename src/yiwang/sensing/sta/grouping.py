"""What groups are formed by: values of rows as integer keys, and keys as values again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock
from yiwang.sensing.history import buckets, model
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.apply import Bucket, Key, Part
from yiwang.sensing.sta.columns import Evaluator, Observed
from yiwang.sensing.sta.errors import WrongOperand, position, words
from yiwang.sensing.sta.schema import IDS
from yiwang.sensing.sta.vectors import Vector

NULL = -model.NEVER
"""The key of a row that has no value there."""


@dataclass(frozen=True)
class Rows:
    """Rows that can be asked. ``time`` and ``number`` order them for first and last;
    ``asking`` gives an evaluator over other observations."""

    evaluator: Evaluator
    time: Ints
    number: Ints
    observed: Observed | None = None
    asking: Callable[[Observed], Evaluator] | None = None

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True)
class Result:
    """A column of the answer: ``vector`` for further conditions, ``shown`` for the eye."""

    names: tuple[str, ...]
    vector: Vector
    shown: list[Any]


class Grouping:
    """One key: values to integers and back."""

    def __init__(self, key: Key, option: str) -> None:
        self._key = key
        self._option = option
        self._value = key.value
        zone = getattr(self._value, "zone", "")
        self._zone = ZoneInfo(zone) if zone else buckets.UTC
        self._known: dict[Any, int] = {}
        self._listed: list[Any] = []

    def codes(self, rows: Rows) -> Ints:
        value = self._value
        if isinstance(value, Part | Bucket):
            return self._in_time(rows, value)
        if isinstance(value, ast.Path) and value.names[0] == "Datastream":
            return self._of_datastream(rows, value)
        return self._listed_codes(rows.evaluator.sort(value))

    def _in_time(self, rows: Rows, value: Part | Bucket) -> Ints:
        vector = rows.evaluator.sort(value.by)[0]
        if vector.kind != "time":
            where = position(self._option, value.by.at)
            raise WrongOperand(where, wanted=words("a_time"), found=words(vector.kind))
        if isinstance(value, Bucket):
            size = buckets.width(value.width)
            assert size is not None
            found = buckets.starts(vector.values, size, self._zone)
        elif value.name == "date":
            found = buckets.to_local(vector.values, self._zone) // clock.DAY
        else:
            found = buckets.part(vector.values, value.name, self._zone)
        return np.where(vector.known, found, NULL)

    def _of_datastream(self, rows: Rows, value: ast.Path) -> Ints:
        """What is the same for all observations of a datastream is asked once for each."""
        observed = rows.observed
        if observed is None or rows.asking is None:
            return self._listed_codes(rows.evaluator.sort(value))
        if len(value.names) == 2 and value.names[1] in IDS:
            return observed.datastream
        _, first, place = np.unique(observed.datastream, return_index=True, return_inverse=True)
        few = rows.asking(observed.take(first))
        return self._listed_codes(few.sort(value))[place]

    def _listed_codes(self, vectors: Sequence[Vector]) -> Ints:
        values = [plain(self._chosen(vectors, row)) for row in range(len(vectors[0].known))]
        for value in values:
            if value not in self._known:
                self._known[value] = len(self._listed)
                self._listed.append(value)
        return np.fromiter((self._known[value] for value in values), np.int64, len(values))

    @staticmethod
    def _chosen(vectors: Sequence[Vector], row: int) -> Any:
        for vector in vectors:
            if vector.known[row]:
                value = vector.values[row]
                return clock.render(int(value)) if vector.kind == "time" else value
        return None

    def ranks(self, codes: Ints) -> Ints:
        """The codes as integers that are ordered as the values are, nothing first."""
        if not self._listed:
            return codes
        order = sorted(range(len(self._listed)), key=lambda code: _sortable(self._listed[code]))
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return ranks[codes]

    def result(self, codes: Ints) -> Result:
        names, value = self._key.names, self._value
        known = codes != NULL
        if self._listed:
            listed = [self._listed[code] for code in codes.tolist()]
            present = np.array([item is not None for item in listed], np.bool_)
            return Result(names, Vector("json", objects(listed), present), listed)
        if isinstance(value, Bucket):
            texts = [
                buckets.render(code, self._zone) if code != NULL else None
                for code in codes.tolist()
            ]
            return Result(names, Vector("time", codes, known), texts)
        if isinstance(value, Part) and value.name == "date":
            days = [
                clock.render(code * clock.DAY)[:10] if code != NULL else None
                for code in codes.tolist()
            ]
            return Result(names, Vector("text", objects(days), known), days)
        shown = [code if code != NULL else None for code in codes.tolist()]
        return Result(names, Vector("number", codes.astype(np.float64), known), shown)


def objects(values: Sequence[Any]) -> Any:
    made = np.empty(len(values), object)
    made[:] = values
    return made


def plain(value: Any) -> Any:
    """A number as JSON shows it best; anything else as it is."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    if isinstance(value, bool | int | float):
        return 1, value
    return 2, str(value)
