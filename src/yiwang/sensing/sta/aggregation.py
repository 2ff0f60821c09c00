"""$apply carried out: parts of observations in, groups with their measures out.

Parts may come in any order and of any size; what is held is the groups, and for percentiles
and distinct counts the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock
from yiwang.kernel.text import phrase
from yiwang.sensing.history import model
from yiwang.sensing.history.model import Groups, Merging, Values
from yiwang.sensing.history.rollups import groups_of
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.apply import Group, Measure
from yiwang.sensing.sta.errors import TooMuch, WrongOperand, position, words
from yiwang.sensing.sta.grouping import Grouping, Result, Rows, objects, plain
from yiwang.sensing.sta.vectors import Vector

MOST_GROUPS = 1_000_000
"""Groups that one answer may form."""
MOST_VALUES = 5_000_000
"""Values that one answer may hold for percentiles, and distinct ones for distinct counts."""


class Aggregation:
    """One ``groupby`` or ``aggregate``. ``place`` names it in errors."""

    def __init__(self, group: Group, option: str = "$apply") -> None:
        self._option = option
        self._keys = [Grouping(key, option) for key in group.keys]
        self._measures = group.measures
        self._expressions: list[ast.Node] = []
        self._wanted: list[set[str]] = []
        self._values = Merging()
        self._distinct: dict[int, Merging] = {}
        self._held: dict[int, list[tuple[Ints, Any]]] = {}
        self._count = 0
        self._texts: dict[str, int] = {}
        self._is_time: dict[int, bool] = {}
        self._place = [self._noted(measure) for measure in group.measures]

    def _noted(self, measure: Measure) -> int:
        """The index of the measure's expression; what is to be known of it is noted."""
        if measure.of is None:
            return -1
        if measure.of not in self._expressions:
            self._expressions.append(measure.of)
            self._wanted.append(set())
        index = self._expressions.index(measure.of)
        self._wanted[index] |= _NEEDS.get(measure.method, set())
        if measure.method == "countdistinct":
            self._distinct.setdefault(index, Merging())
        if measure.method == "percentile":
            self._held.setdefault(index, [])
        return index

    def add(self, rows: Rows) -> None:
        """Take in some rows. Raises WrongOperand, UnknownProperty, TooMuch."""
        if not len(rows):
            return
        keys = self._codes(rows)
        values = [self._value(rows, index) for index in range(len(self._expressions))]
        wanted = [frozenset(names) for names in self._wanted]
        self._values.add(model.partial(keys, values, wanted, (rows.time, rows.number)))
        if len(self._values) > MOST_GROUPS and self._groups() > MOST_GROUPS:
            raise TooMuch(self._option, what=words("groups"), most=MOST_GROUPS)
        for index in self._distinct:
            self._add_distinct(index, keys, values[index])
        for index, held in self._held.items():
            known = values[index].known
            held.append((keys[known], values[index].numbers[known]))
            self._count += int(known.sum())
        if self._count > MOST_VALUES:
            raise TooMuch(self._option, what=words("percentile_values"), most=MOST_VALUES)

    def add_rolled(self, rows: Rows, table: pa.Table) -> None:
        """Take in roll-ups: what is measured is the result, if anything. ``rows`` are the
        buckets, each at its start."""
        keys = self._codes(rows)
        names = self._wanted[0] if self._wanted else set()
        kept = {"rows", *(f"0.{name}" for name in names), *(["0.known"] if names else [])}
        columns = {
            name: column
            for name, column in groups_of(table, keys).columns.items()
            if name in kept or name.rpartition(".")[0] in kept
        }
        self._values.add(model.merged(keys, columns))

    def _codes(self, rows: Rows) -> Ints:
        if not self._keys:
            return np.zeros((len(rows), 0), np.int64)
        return np.stack([key.codes(rows) for key in self._keys], axis=1)

    def _groups(self) -> int:
        found = self._values.result()
        return 0 if found is None else len(found)

    def _value(self, rows: Rows, index: int) -> Values:
        node = self._expressions[index]
        observed = rows.observed
        if observed is not None and node == _RESULT:
            texts = None if observed.exact is None else objects(observed.exact)
            return Values(observed.result, np.isfinite(observed.result), texts)
        vectors = rows.evaluator.sort(node)
        vector = vectors[0]
        if vector.kind not in ("number", "time"):
            found, wanted = words(vector.kind), words("number_or_time")
            raise WrongOperand(position(self._option, node.at), wanted=wanted, found=found)
        self._is_time[index] = vector.kind == "time"
        if vector.kind == "time" and "sum" in self._wanted[index]:
            where = position(self._option, node.at)
            raise WrongOperand(where, wanted=phrase("number"), found=words("time"))
        return Values(vector.values, vector.known)

    def _add_distinct(self, index: int, keys: Ints, value: Values) -> None:
        known = value.known
        numbers = value.numbers[known]
        codes = numbers if numbers.dtype.kind == "i" else (numbers + 0.0).view(np.int64)
        parts = [np.column_stack((keys[known], np.zeros(len(codes), np.int64), codes))]
        if value.texts is not None:
            worded = [
                (row, self._texts.setdefault(text, len(self._texts)))
                for row, text in enumerate(value.texts.tolist())
                if text is not None and not known[row]
            ]
            if worded:
                at = np.array(worded, np.int64)
                parts.append(
                    np.column_stack((keys[at[:, 0]], np.ones(len(at), np.int64), at[:, 1]))
                )
        for part in parts:
            if len(part):
                self._distinct[index].add(model.merged(part, {}))
        if len(self._distinct[index]) > MOST_VALUES:
            held = self._distinct[index].result()
            if held is not None and len(held) > MOST_VALUES:
                raise TooMuch(self._option, what=words("distinct_values"), most=MOST_VALUES)

    def results(self) -> list[Result]:
        """The columns of the answer, keys first, in the order of the keys."""
        groups = self._values.result()
        if groups is None:
            if self._keys:
                return [key.result(np.zeros(0, np.int64)) for key in self._keys] + [
                    _shown((measure.name,), "number", np.zeros(0), np.zeros(0, np.bool_))
                    for measure in self._measures
                ]
            groups = _nothing(self._wanted)
        order = self._order(groups)
        made = [key.result(groups.keys[order, i]) for i, key in enumerate(self._keys)]
        share = self._percentiles(groups)
        for index, measure in zip(self._place, self._measures, strict=True):
            made.append(self._measured(groups, order, index, measure, share))
        return made

    def _order(self, groups: Groups) -> Ints:
        ranks = [key.ranks(groups.keys[:, index]) for index, key in enumerate(self._keys)]
        return np.lexsort(ranks[::-1]) if ranks else np.arange(len(groups))

    def _percentiles(self, groups: Groups) -> dict[tuple[int, float], Any]:
        found: dict[tuple[int, float], Any] = {}
        for index, held in self._held.items():
            shares = sorted({m.share for m in self._measures_of("percentile", index)})
            keys = [groups.keys, *(part for part, _ in held)]
            codes = np.unique(model.packed(np.concatenate(keys)), return_inverse=True)[1]
            values = np.concatenate([np.zeros(0), *(part for _, part in held)])
            rows = codes[len(groups) :]
            made = model.percentiles(rows, len(groups), values, shares)
            places = codes[: len(groups)]
            for share, each in zip(shares, made, strict=True):
                found[index, share] = each[places]
        return found

    def _measures_of(self, method: str, index: int) -> Iterator[Measure]:
        for place, measure in zip(self._place, self._measures, strict=True):
            if measure.method == method and place == index:
                yield measure

    def _measured(
        self, groups: Groups, order: Ints, index: int, measure: Measure, share: Any
    ) -> Result:
        columns, names, method = groups.columns, (measure.name,), measure.method
        yes = np.ones(len(order), np.bool_)
        prefix = f"{index}."
        if method == "count":
            return _shown(names, "number", columns["rows"][order], yes)
        if method == "countdistinct":
            counted = self._counted(groups, index)[order]
            return _shown(names, "number", counted, yes)
        if method == "percentile":
            values = share[index, measure.share][order]
            kind = "time" if self._is_time.get(index) else "number"
            return _shown(names, kind, values, np.isfinite(values))
        numbers = columns[prefix + "known"][order]
        if method in OWN_COUNTS:
            values = numbers if method == "numbers" else columns["rows"][order] - numbers
            return _shown(names, "number", values, yes)
        kind = "time" if self._is_time.get(index) else "number"
        if method in ("first", "last"):
            return _ended(names, kind, columns, f"{prefix}{method}.", order)
        if method == "average":
            with np.errstate(all="ignore"):
                values = columns[prefix + "sum"][order] / numbers
        else:
            values = columns[prefix + _COLUMN[method]][order]
        return _shown(names, kind, values, numbers > 0)

    def _counted(self, groups: Groups, index: int) -> Ints:
        """How many distinct values each group has."""
        held = self._distinct[index].result()
        if held is None:
            return np.zeros(len(groups), np.int64)
        keys = np.concatenate((groups.keys, held.keys[:, : groups.keys.shape[1]]))
        codes = np.unique(model.packed(keys), return_inverse=True)[1]
        counts = np.bincount(codes[len(groups) :], minlength=len(groups))
        counted: Ints = counts[codes[: len(groups)]]
        return counted


_RESULT = ast.Path(("result",))
OWN_COUNTS = ("numbers", "others")
_COLUMN = {"sum": "sum", "min": "least", "max": "most"}
_NEEDS: dict[str, set[str]] = {
    "sum": {"sum"},
    "average": {"sum"},
    "min": {"least"},
    "max": {"most"},
    "first": {"first"},
    "last": {"last"},
    "numbers": {"count"},
    "others": {"count"},
}


def _nothing(wanted: Iterable[set[str]]) -> Groups:
    """The one group of ``aggregate`` over nothing."""
    zero = np.zeros(1, np.int64)
    columns: dict[str, Any] = {"rows": zero}
    for index, names in enumerate(wanted):
        columns[f"{index}.known"] = zero
        for name in names:
            for column in ("", ".time", ".number", ".value"):
                columns[f"{index}.{name}{column}"] = zero
            columns[f"{index}.{name}.known"] = zero.astype(np.bool_)
    return Groups(np.zeros((1, 0), np.int64), columns)


def _shown(names: tuple[str, ...], kind: str, values: Any, known: Any) -> Result:
    if kind == "time":
        values = values.astype(np.int64)
        shown = [
            clock.render(value) if there else None
            for value, there in zip(values.tolist(), known.tolist(), strict=True)
        ]
        return Result(names, Vector("time", values, known), shown)
    shown = [
        plain(value) if there else None
        for value, there in zip(values.tolist(), known.tolist(), strict=True)
    ]
    return Result(names, Vector("number", values.astype(np.float64), known), shown)


def _ended(names: tuple[str, ...], kind: str, columns: Any, prefix: str, order: Ints) -> Result:
    """The first or last values, with what is no number in its own form."""
    made = _shown(names, kind, columns[prefix + "value"][order], columns[prefix + "known"][order])
    texts = columns.get(prefix + "text")
    if texts is None:
        return made
    shown = [
        value if text is None else Exact(text)
        for value, text in zip(made.shown, texts[order].tolist(), strict=True)
    ]
    return Result(names, made.vector, shown)


class Exact(str):
    """A result as JSON text, given back as it came."""

    __slots__ = ()
