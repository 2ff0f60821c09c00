"""Aggregates over times whose observations are gone: from the roll-ups that remain of them.

Roll-ups answer where every measure is kept in them, every key is the same for all of a bucket,
and the filters before the grouping speak of datastreams and of phenomenonTime only. A bucket
that the span asked for holds only in part is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock
from yiwang.sensing.columns import times
from yiwang.sensing.history import buckets, model
from yiwang.sensing.history.buckets import Width
from yiwang.sensing.history.keeping import Declared, Keeping
from yiwang.sensing.history.policy import Policy, Rollup
from yiwang.sensing.observations import FAR
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.aggregation import Aggregation
from yiwang.sensing.sta.apply import Bucket, Group, Part
from yiwang.sensing.sta.bounds import Bounds
from yiwang.sensing.sta.columns import Evaluator, Observed
from yiwang.sensing.sta.grouping import Grouping, Rows

_TIME = ast.Path(("phenomenonTime",))
_RESULT = ast.Path(("result",))
_KEPT_AS = {
    "sum": "mean",
    "average": "mean",
    "min": "min",
    "max": "max",
    "last": "last",
    "numbers": "count",
    "others": "count",
}

Asking = Callable[[Observed], Evaluator]


class Past:
    """What is gone of the observations within ``bounds``, and what ``group`` still gets."""

    def __init__(self, keeping: Keeping, declared: Declared, bounds: Bounds, group: Group) -> None:
        self._keeping = keeping
        self._declared = declared
        self._bounds = bounds
        self._group = group
        self._gone = keeping.gone_before(declared)
        self._streams = self._touched()
        self.notes: dict[str, Any] = {}
        """What the answer says of where it comes from."""

    def _touched(self) -> Ints:
        """Datastreams of which something asked for is gone."""
        gone = np.flatnonzero(self._gone > max(self._bounds.start, -model.NEVER))
        wanted = self._bounds.datastreams
        return gone if wanted is None else np.intersect1d(gone, wanted)

    def there(self, parts: Iterator[Observed], asking: Asking, aggregation: Aggregation) -> None:
        """Aggregate what is there, and roll-ups of what is gone."""
        chosen = self._chosen(asking) if len(self._streams) else {}
        served = [stream for streams in chosen.values() for stream in streams.tolist()]
        gone = np.full(len(self._gone), -FAR)
        gone[served] = self._gone[served]
        for part in parts:
            if served:
                inside = np.minimum(part.datastream, len(gone) - 1)
                part = part.take(np.flatnonzero(part.time >= gone[inside]))
            aggregation.add(Rows(asking(part), part.time, part.number, part, asking))
        for width, streams in chosen.items():
            self._add(width, streams, asking, aggregation)
        if len(served) < len(self._streams):
            missing = np.setdiff1d(self._streams, served)
            self.notes["@yiwang.gone"] = clock.render(int(self._gone[missing].max()))

    def _add(self, width: int, streams: Ints, asking: Asking, aggregation: Aggregation) -> None:
        start, end = self._bounds.start, min(self._bounds.end, int(self._gone[streams].max()) - 1)
        for table in self._keeping.rollups.rows(width, streams, start, end):
            table = table.combine_chunks()
            stream = table.column("datastream").to_numpy().astype(np.int64)
            begins = times(table.column("start"))
            ends = buckets.ends(begins, Width(width), self._keeping.rollups.zone)
            keep = (begins < self._gone[stream]) & (ends - 1 <= self._bounds.end)
            table = table.filter(pa.array(keep))
            if table.num_rows:
                rows = _rows(stream[keep], begins[keep], asking)
                aggregation.add_rolled(rows, table)
                self.notes["@yiwang.source"] = "rollup"

    def _chosen(self, asking: Asking) -> dict[int, Ints]:
        """By width the datastreams whose roll-ups of that width answer."""
        if self._bounds.numbers is not None or not self._bounds.only_time or not self._answers():
            return {}
        found: dict[int, list[Ints]] = {}
        of = self._declared.of[self._streams]
        for index in np.unique(of).tolist():
            mine = self._streams[of == index]
            for rollup in _by_reach(self._declared.policies[index]):
                if self._keeps(rollup) and self._aligned(rollup, mine, asking):
                    found.setdefault(rollup.width, []).append(mine)
                    break
        return {width: np.sort(np.concatenate(parts)) for width, parts in found.items()}

    def _answers(self) -> bool:
        measures = all(
            m.method == "count" or (m.of == _RESULT and m.method in _KEPT_AS)
            for m in self._group.measures
        )
        return measures and all(
            key.value.by == _TIME
            if isinstance(key.value, Part | Bucket)
            else isinstance(key.value, ast.Path) and key.value.names[0] == "Datastream"
            for key in self._group.keys
        )

    def _keeps(self, rollup: Rollup) -> bool:
        needed = {_KEPT_AS.get(m.method, "count") for m in self._group.measures}
        return needed <= {*rollup.of, "count"}

    def _aligned(self, rollup: Rollup, streams: Ints, asking: Asking) -> bool:
        """Whether every key is the same at the start and the end of each bucket."""
        keys = [key for key in self._group.keys if isinstance(key.value, Part | Bucket)]
        extent = self._keeping.rollups.extent(rollup.width)
        if not keys or extent is None:
            return True
        zone, size = self._keeping.rollups.zone, Width(rollup.width)
        last = min(extent[1], int(self._gone[streams].max()), self._bounds.end)
        begins = np.arange(max(extent[0], self._bounds.start), last + 1, rollup.width)
        begins = np.unique(buckets.starts(begins, size, zone))
        if not len(begins):
            return True
        ends = buckets.ends(begins, size, zone) - 1
        for key in keys:
            grouping = Grouping(key, "$apply")
            none = np.zeros(len(begins), np.int64)
            one, other = (grouping.codes(_rows(none, at, asking)) for at in (begins, ends))
            if (one != other).any():
                return False
        return True


def _by_reach(policy: Policy) -> list[Rollup]:
    """Roll-ups that are kept longest first, of these the widest."""
    keep = {item: model.NEVER if item.keep is None else item.keep for item in policy.rollups}
    return sorted(policy.rollups, key=lambda item: (-keep[item], -item.width))


def _rows(stream: Ints, time: Ints, asking: Asking) -> Rows:
    """Buckets as if each were one observation at its start."""
    number = np.zeros(len(stream), np.int64)
    observed = Observed(number, stream, time, np.zeros(len(stream)))
    return Rows(asking(observed), time, number, observed, asking)
