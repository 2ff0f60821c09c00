"""$filter and $orderby over columns of observations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from yiwang.contracts.observations import Floats, Ints
from yiwang.sensing.series import Series, together
from yiwang.sensing.sta import ast, temporal, vectors
from yiwang.sensing.sta.evaluation import Evaluation
from yiwang.sensing.sta.render import place
from yiwang.sensing.sta.schema import IDS, OBSERVATION
from yiwang.sensing.sta.vectors import Mask, Vector


@dataclass(frozen=True)
class Observed:
    """Observations as columns of one length; ``number`` is the id."""

    number: Ints
    datastream: Ints
    time: Ints
    result: Floats
    exact: Sequence[str | None] | None = None
    extra: Sequence[str | None] | None = None

    def __len__(self) -> int:
        return len(self.number)

    def with_arrays(self) -> list[int]:
        """The datastreams of which a result is an array; a multi-datastream has no other."""
        rows = [row for row, text in enumerate(self.exact or ()) if text and text[0] == "["]
        return np.unique(self.datastream[rows]).tolist() if rows else []

    def take(self, rows: NDArray[Any]) -> Observed:
        """The rows of an index array, in its order."""
        return Observed(
            self.number[rows],
            self.datastream[rows],
            self.time[rows],
            self.result[rows],
            None if self.exact is None else [self.exact[row] for row in rows.tolist()],
            None if self.extra is None else [self.extra[row] for row in rows.tolist()],
        )


def observed(table: pa.Table) -> Observed:
    table = table.combine_chunks()
    exact, extra = table.column("exact"), table.column("extra")
    size = table.num_rows
    return Observed(
        table.column("number").to_numpy(),
        table.column("datastream").to_numpy().astype(np.int64),
        table.column("time").cast(pa.int64()).to_numpy(),
        table.column("result").to_numpy(),
        exact.to_pylist() if exact.null_count < size else None,
        extra.to_pylist() if extra.null_count < size else None,
    )


def of_one(datastream: int, rows: Series) -> Observed:
    stream = np.full(len(rows), datastream)
    return Observed(rows.number, stream, rows.time, rows.result, rows.exact, rows.extra)


def joined(parts: Sequence[Observed]) -> Observed:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        none = np.zeros(0, np.int64)
        return Observed(none, none, none, np.zeros(0))
    return Observed(
        np.concatenate([part.number for part in parts]),
        np.concatenate([part.datastream for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.result for part in parts]),
        together([part.exact for part in parts], parts),
        together([part.extra for part in parts], parts),
    )


class Related:
    """What observations are related to; given to the evaluator by the one who can ask."""

    def datastream_values(self, datastreams: Ints, node: ast.Path, multi: bool) -> dict[int, Any]:
        """The value of a path of Datastream (``multi``: of MultiDatastream), for those of the
        datastreams that are one."""
        raise NotImplementedError

    def multi(self, datastreams: Sequence[int]) -> set[int]:
        """Those of some numbers that are multi-datastreams."""
        raise NotImplementedError

    def feature_values(self, features: Ints, node: ast.Path) -> dict[int, Any]:
        raise NotImplementedError

    def features(self, observed: Observed, named: Sequence[int | None]) -> Ints:
        """The feature of interest of each observation, 0 where there is none; ``named`` are
        those that the observations name themselves."""
        raise NotImplementedError


MOST_WHOLE = 1e15
"""From here on whole numbers are written as doubles are."""


def shortest(result: float) -> int | float | None:
    """A plain result as JSON shows it."""
    if result != result:
        return None
    return int(result) if result.is_integer() and abs(result) < MOST_WHOLE else result


def written(result: Floats) -> bytes:
    """Plain results as JSON shows them, joined by commas."""
    values = result.tolist()
    with np.errstate(invalid="ignore"):
        whole = (np.abs(result) < MOST_WHOLE) & (result == np.trunc(result))
    for row in np.flatnonzero(whole).tolist():
        values[row] = int(values[row])
    return msgspec.json.encode(values)[1:-1]


class Evaluator(Evaluation):
    def __init__(self, observed: Observed, now: int, related: Related, option: str) -> None:
        super().__init__(len(observed), now, option)
        self._of = observed
        self._related = related
        self._extras: list[dict[str, Any]] | None = None

    def converted(self, kind: str, vector: Vector) -> Vector | None:
        if vector.kind == "result" and kind == "number":
            return Vector("number", vector.values, vector.known)
        return super().converted(kind, self._texts() if vector.kind == "result" else vector)

    def _compare(self, operator: str, left: Vector, right: Vector, at: int) -> Vector:
        """A result that is compared with a text is compared as text, whatever it is: so do
        FROST-Server and the OGC's test suite."""
        if (left.kind, right.kind) == ("result", "text"):
            left = self._result_texts()
        if (left.kind, right.kind) == ("text", "result"):
            right = self._result_texts()
        return super()._compare(operator, left, right, at)

    def _result_texts(self) -> Vector:
        values = np.empty(len(self._of), object)
        known = np.ones(len(self._of), np.bool_)
        exacts = self._of.exact or [None] * len(self._of)
        for row, (result, exact) in enumerate(zip(self._of.result.tolist(), exacts, strict=True)):
            value = exact if exact is not None else shortest(result)
            if exact is not None and exact.startswith('"'):
                value = msgspec.json.decode(exact)
            known[row] = value not in (None, "null")
            values[row] = None if value is None else str(value)
        return Vector("text", values, known)

    def present(self, item: Vector) -> Mask:
        if item.kind != "result":
            return super().present(item)
        return item.known | super().present(self._texts())

    def path(self, node: ast.Path) -> Vector:
        first, rest = node.names[0], node.names[1:]
        if first in IDS and not rest:
            return Vector("number", self._of.number.astype(np.float64), self._yes())
        if first == "phenomenonTime" and not rest:
            return self._phenomenon_time()
        if first == "result":
            return self._result(rest)
        if first in ("resultTime", "validTime") and not rest:
            kind = "interval" if first == "validTime" else "time"
            return self._as(kind, self._extra(first, ()), node.at)
        if first in ("parameters", "resultQuality"):
            return self._extra(first, rest)
        if first in ("Datastream", "MultiDatastream") and rest:
            return self._datastream(ast.Path(rest, node.at), first != "Datastream")
        if first == "FeatureOfInterest" and rest:
            return self._feature(ast.Path(rest, node.at))
        raise OBSERVATION.unknown(first, self._where(node.at))

    def _phenomenon_time(self) -> Vector:
        """Intervals; most are instants, and of one the text is not kept."""
        ends = self._of.time
        if any("phenomenonTime" in extra for extra in self.extras()):
            ends = ends.copy()
            for row, extra in enumerate(self.extras()):
                if "phenomenonTime" in extra:
                    ends[row] = temporal.span(extra["phenomenonTime"])[1]
        return Vector("interval", self._of.time, self._yes(), ends)

    def _result(self, rest: tuple[str, ...]) -> Vector:
        if rest:
            return self._texts(rest)
        return Vector("result", self._of.result, np.isfinite(self._of.result))

    def _texts(self, names: tuple[str, ...] = ()) -> Vector:
        """A place in the results that are kept as JSON text; the plain numbers are unknown."""
        values = np.empty(len(self._of), object)
        known = np.zeros(len(self._of), np.bool_)
        for row, text in enumerate(self._of.exact or ()):
            if text is not None:
                known[row], values[row] = place(msgspec.json.decode(text), names)
        return Vector("json", values, known)

    def _extra(self, name: str, rest: tuple[str, ...]) -> Vector:
        values = np.empty(len(self._of), object)
        known = np.zeros(len(self._of), np.bool_)
        for row, extra in enumerate(self.extras()):
            if name in extra:
                known[row], values[row] = place(extra[name], rest)
        return Vector("json", values, known)

    def extras(self) -> list[dict[str, Any]]:
        """The extra of every observation as a mapping; empty list where there is none."""
        if self._extras is None:
            decode = msgspec.json.decode
            texts = self._of.extra or ()
            self._extras = [{} if text is None else decode(text) for text in texts]
        return self._extras

    def _datastream(self, path: ast.Path, multi: bool) -> Vector:
        if path.names[0] in IDS and len(path.names) == 1:
            streams = self._of.datastream
            mine = np.isin(streams, sorted(self._related.multi(self._of.with_arrays())))
            return Vector("number", streams.astype(np.float64), mine if multi else ~mine)
        distinct, place_of = np.unique(self._of.datastream, return_inverse=True)
        found = self._related.datastream_values(distinct, path, multi)
        return vectors.gathered(distinct, place_of, found)

    def _feature(self, path: ast.Path) -> Vector:
        extras = self.extras() or [{}] * len(self._of)
        named = [extra.get("FeatureOfInterest") for extra in extras]
        features = self._related.features(self._of, named)
        if path.names[0] in IDS and len(path.names) == 1:
            return Vector("number", features.astype(np.float64), features > 0)
        distinct, place_of = np.unique(features, return_inverse=True)
        return vectors.gathered(distinct, place_of, self._related.feature_values(distinct, path))
