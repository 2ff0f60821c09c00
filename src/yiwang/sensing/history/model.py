"""Aggregates of observations, as partial results that can be merged in any order.

Rows are grouped by integer keys, one column a key. What is known of each group is a set of
columns, each with its own way of being merged; so a long series is aggregated part by part,
and the memory held is that of the groups, not of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yiwang.contracts.observations import Floats, Ints

Column = NDArray[Any]
Mask = NDArray[np.bool_]

NEVER = 2**62
"""Later than every instant; stands where a group has no first or last value yet."""
_PENDING = 200_000
"""Rows of partial results that may wait to be merged, at least."""


@dataclass(frozen=True)
class Values:
    """One expression over some rows. ``numbers`` are float64, or int64 for times; ``known`` is
    where there is one. ``texts``: what a row has that is no number, as JSON, else None."""

    numbers: Column
    known: Mask
    texts: Column | None = None


@dataclass(frozen=True)
class Groups:
    """Groups and what is known of each. ``keys`` has a row a group, in rising order."""

    keys: Ints
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.keys)


_ADDED = ("rows", "known", "sum")
_LEAST = ("least",)
_MOST = ("most",)


def partial(
    keys: Ints, values: Sequence[Values], wanted: Sequence[frozenset[str]], order: Any
) -> Groups:
    """Group rows by ``keys``. ``wanted`` says of each expression what is to be known: ``sum``,
    ``least``, ``most``, ``first``, ``last``. ``order`` is (time, number) of the rows, by which
    first and last go."""
    columns: dict[str, Column] = {"rows": np.ones(len(keys), np.int64)}
    for index, (value, names) in enumerate(zip(values, wanted, strict=True)):
        for name in names:
            columns.update(_column(f"{index}.", name, value, order))
        if names:
            columns[f"{index}.known"] = value.known.astype(np.int64)
    return merged(keys, columns)


def _column(prefix: str, name: str, value: Values, order: Any) -> dict[str, Column]:
    if name == "sum":
        return {prefix + name: np.where(value.known, value.numbers, 0)}
    if name in ("least", "most"):
        return {prefix + name: np.where(value.known, value.numbers, _empty(value.numbers, name))}
    if name not in ("first", "last"):
        return {}
    present = value.known
    if value.texts is not None:
        present = present | np.array([text is not None for text in value.texts], np.bool_)
    made: dict[str, Column] = {
        f"{prefix}{name}.time": np.where(present, order[0], NEVER if name == "first" else -NEVER),
        f"{prefix}{name}.number": order[1],
        f"{prefix}{name}.value": value.numbers,
        f"{prefix}{name}.known": value.known,
    }
    if value.texts is not None:
        made[f"{prefix}{name}.text"] = value.texts
    return made


def _empty(numbers: Column, name: str) -> float | int:
    whole = numbers.dtype.kind == "i"
    if name == "least":
        return NEVER if whole else np.inf
    return -NEVER if whole else -np.inf


def merged(keys: Ints, columns: Mapping[str, Column]) -> Groups:
    """The rows with the same keys as one."""
    size = len(keys)
    if not size:
        return Groups(keys, columns)
    codes = packed(keys)
    order = np.argsort(codes, kind="stable")
    inside = codes[order]
    opens = np.flatnonzero(np.concatenate(([True], inside[1:] != inside[:-1])))
    if len(opens) == size:
        return Groups(keys[order], {name: column[order] for name, column in columns.items()})
    found: dict[str, Column] = {}
    for name, column in columns.items():
        last = name.rpartition(".")[2]
        if last in _ADDED and ".first." not in name and ".last." not in name:
            found[name] = np.add.reduceat(column[order], opens)
        elif last in _LEAST:
            found[name] = np.minimum.reduceat(column[order], opens)
        elif last in _MOST:
            found[name] = np.maximum.reduceat(column[order], opens)
    for name in columns:
        if name.endswith(".time"):
            found.update(_ends(name.removesuffix("time"), columns, codes, opens))
    return Groups(keys[order[opens]], found)


def _ends(
    prefix: str, columns: Mapping[str, Column], codes: Ints, opens: Ints
) -> dict[str, Column]:
    """The first or last row of each group, by time and number."""
    order = np.lexsort((columns[prefix + "number"], columns[prefix + "time"], codes))
    if prefix.endswith("first."):
        taken = order[opens]
    else:
        taken = order[np.append(opens[1:], len(codes)) - 1]
    return {name: column[taken] for name, column in columns.items() if name.startswith(prefix)}


def packed(keys: Ints) -> Ints:
    """One integer a row that is ordered as the keys are."""
    if keys.shape[1] == 0:
        return np.zeros(len(keys), np.int64)
    low = keys.min(axis=0).tolist()
    high = keys.max(axis=0).tolist()
    spans = [top - bottom + 1 for bottom, top in zip(low, high, strict=True)]
    product = 1
    for span in spans:
        product *= span
    if product < 2**63:
        codes: Ints = np.zeros(len(keys), np.int64)
        for index, span in enumerate(spans):
            codes = codes * span + (keys[:, index] - low[index])
        return codes
    distinct = [np.unique(keys[:, index], return_inverse=True)[1] for index in range(len(spans))]
    narrow = np.stack(distinct, axis=1)
    if any(span > int(narrow[:, index].max()) + 1 for index, span in enumerate(spans)):
        return packed(narrow)
    ordered: Ints = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    return ordered


class Merging:
    """Partial results as they come, merged now and then, so that few are held."""

    def __init__(self) -> None:
        self._held: Groups | None = None
        self._waiting: list[Groups] = []
        self._rows = 0

    def add(self, part: Groups) -> None:
        self._waiting.append(part)
        self._rows += len(part)
        if self._rows > max(_PENDING, 0 if self._held is None else len(self._held)):
            self.result()

    def __len__(self) -> int:
        """Groups, at least as many as there will be in the end."""
        return self._rows + (0 if self._held is None else len(self._held))

    def result(self) -> Groups | None:
        """Everything so far; None when nothing was added."""
        parts = self._waiting if self._held is None else [self._held, *self._waiting]
        self._waiting, self._rows = [], 0
        if parts:
            self._held = joined(parts)
        return self._held


def joined(parts: Sequence[Groups]) -> Groups:
    if len(parts) == 1:
        return parts[0]
    names = {name: column for part in parts for name, column in part.columns.items()}
    columns = {
        name: np.concatenate([_present(part, name, example) for part in parts])
        for name, example in names.items()
    }
    return merged(np.concatenate([part.keys for part in parts]), columns)


def _present(part: Groups, name: str, example: Column) -> Column:
    """A column of texts may be missing where there were none."""
    found = part.columns.get(name)
    return np.full(len(part), None, example.dtype) if found is None else found


def percentiles(codes: Ints, groups: int, values: Floats, shares: Sequence[float]) -> list[Floats]:
    """For each share (0 … 100) the percentile of the values of each group, with linear
    interpolation between the two nearest; NaN for a group without values."""
    order = np.lexsort((values, codes))
    ordered = values[order]
    counts = np.bincount(codes, minlength=groups)
    begins = np.concatenate(([0], np.cumsum(counts)[:-1]))
    some = counts > 0
    found: list[Floats] = []
    for share in shares:
        made: Floats = np.full(groups, np.nan)
        place = begins[some] + (counts[some] - 1) * (share / 100)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, begins[some] + counts[some] - 1)
        made[some] = ordered[low] + (ordered[high] - ordered[low]) * (place - low)
        found.append(made)
    return found
