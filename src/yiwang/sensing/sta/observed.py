"""Reading observations for $filter, $orderby and paging, from log and segments.

Collections are in the order of phenomenonTime, then id, unless $orderby says otherwise. Such
a page is read in growing windows of time from the end at which it begins, so that the newest
hundred of a long series do not cost the whole series.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock
from yiwang.sensing.observations import FAR, Observations
from yiwang.sensing.segments import SCHEMA
from yiwang.sensing.sight import Mask
from yiwang.sensing.sta import ast, columns, cursors, temporal
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.bounds import Bounds, of
from yiwang.sensing.sta.columns import Evaluator, Observed
from yiwang.sensing.sta.entities import Entities, Page, Row, top
from yiwang.sensing.sta.errors import NotSupported, words
from yiwang.sensing.sta.ordering import order
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.related import Links
from yiwang.sensing.sta.schema import FEATURE_OF_INTEREST

_FIRST_WINDOW = clock.HOUR
_FIRST_WINDOW_OF_ALL = clock.MINUTE
_GROWTH = 4
_FEW = 500
"""Datastreams up to which a window of the first length is read."""
_AMPLE = 8
"""Windows are made for so many times the rows that are needed."""
_AT_ONCE = 500_000
"""Observations that are read at once, about."""
MOST_READ = 40_000_000
"""Observations one answer may look at."""


@dataclass
class Found:
    """A page of observations as columns; the rest is as in ``Page``."""

    observed: Observed
    more: bool = False
    count: int | None = None
    after: str = ""

    @property
    def size(self) -> int:
        return len(self.observed)


class ObservationReading:
    """Pages of observations at one moment."""

    def __init__(
        self, store: Observations, entities: Entities, now: int, seen: Mask | None = None
    ) -> None:
        """``seen``: true at the numbers of the datastreams that are seen (None: all are)."""
        self._store = store
        self._entities = entities
        self._now = now
        self._seen = seen
        self.links = Links(entities)
        entities.outside.observing = self

    def one(self, number: int) -> Row | None:
        found = self._store.one(number)
        if found is None or not self.sees(found["datastream"]):
            return None
        table = pa.Table.from_pylist([found], schema=SCHEMA)
        return self.rows(columns.observed(table))[0]

    def sees(self, datastream: int) -> bool:
        seen = self._seen
        return seen is None or (0 < datastream < len(seen) and bool(seen[datastream]))

    def knows(self, datastream: int) -> bool:
        """Whether memory tells that a number is that of a datastream, which is seen: it has
        observations, and they are not those of a multi-datastream."""
        return (
            self.sees(datastream)
            and self._store.latest.has(datastream)
            and not self._store.latest.exact.get(datastream, "").startswith("[")
        )

    def latest(self, datastreams: Sequence[int]) -> dict[int, Row]:
        """The latest observation of each datastream that has one, from memory."""
        observed = self._latest(datastreams)
        rows = self.rows(observed)
        return dict(zip(observed.datastream.tolist(), rows, strict=True))

    def newest(self, datastreams: Sequence[int]) -> tuple[Observed, set[int]]:
        """The same as columns, and which of the datastreams have more than one."""
        return self._latest(datastreams), self._more_than_one(datastreams)

    def _latest(self, datastreams: Sequence[int]) -> Observed:
        latest = self._store.latest
        if self._seen is not None:
            datastreams = [one for one in datastreams if self.sees(one)]
        wanted = np.asarray(datastreams, np.int64)
        time, number = latest.time, latest.number
        wanted = wanted[(wanted > 0) & (wanted < min(len(time), len(number)))]
        wanted = wanted[number[wanted] > 0]
        exact, extra = latest.exact, latest.extra
        streams = wanted.tolist()
        return Observed(
            number[wanted],
            wanted,
            time[wanted],
            latest.result[wanted],
            [exact.get(stream) for stream in streams] if exact else None,
            [extra.get(stream) for stream in streams] if extra else None,
        )

    def spans(self, datastreams: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Earliest and latest phenomenon time of each datastream that has observations."""
        latest = self._store.latest
        time, first = latest.time, latest.first_time
        size = min(len(time), len(first))
        return {
            stream: (int(first[stream]), int(time[stream]))
            for stream in datastreams
            if 0 < stream < size and latest.number[stream] > 0
        }

    def result_spans(self, datastreams: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Earliest and latest result time of each datastream whose observations have one."""
        spans = self._store.latest.result_spans
        return {stream: spans[stream] for stream in datastreams if stream in spans}

    def owners(self, condition: Node, inverse: str, datastreams: Sequence[int] | None) -> list[int]:
        """Ids of the datastreams (``inverse``: Datastream) or features of interest that have
        an observation for which a condition holds. Raises NotSupported beyond MOST_READ."""
        of_features = inverse == FEATURE_OF_INTEREST.name
        owners: set[int] = set()
        wanted = None if of_features else datastreams
        for part in self.every(condition, wanted, most=MOST_READ):
            named = [row.get(inverse) for row in Evaluator(part, 0, self.links, "").extras()]
            ids = part.datastream
            if of_features:
                ids = self.links.features(part, named or [None] * len(part))
            owners.update(np.unique(ids).tolist())
        return sorted(owners - {0})

    def features(self, rows: Sequence[Row]) -> dict[int, int | None]:
        """The feature of interest of each observation."""
        observed = Observed(
            np.array([row["id"] for row in rows], np.int64),
            np.array([row["datastream"] for row in rows], np.int64),
            np.zeros(len(rows), np.int64),
            np.zeros(len(rows)),
        )
        named = [row.get("FeatureOfInterest") for row in rows]
        found = self.links.features(observed, named).tolist()
        return {row["id"]: id_ or None for row, id_ in zip(rows, found, strict=True)}

    def page(self, query: Query, datastreams: Sequence[int] | None, feature: int = 0) -> Page:
        """A page of the observations of some datastreams (None: all) or of one feature of
        interest."""
        found = self.found(query, datastreams, feature)
        return Page(self.rows(found.observed), found.more, found.count, found.after)

    def found(self, query: Query, datastreams: Sequence[int] | None, feature: int = 0) -> Found:
        """The same page as columns."""
        condition = query.filter
        one = datastreams is not None and len(datastreams) == 1
        if datastreams is not None and one and cursors.is_latest(query, condition):
            return Found(self._latest(datastreams), bool(self._more_than_one(datastreams)))
        bounds = self.bounds(condition, datastreams, feature)
        if bounds.numbers is not None:
            return self._numbered(query, bounds)
        return self._scanned(query, bounds)

    def every(
        self,
        condition: Node | None,
        datastreams: Sequence[int] | None,
        feature: int = 0,
        most: int = FAR,
    ) -> Iterator[Observed]:
        """All observations for which a condition holds, in parts of no order. Raises
        NotSupported when more than ``most`` have to be looked at."""
        bounds = self.bounds(condition, datastreams, feature)
        if bounds.numbers is not None:
            yield self._with_numbers(bounds)
            return
        for rows in self._store.parts(bounds.datastreams, bounds.start, bounds.end):
            yield self.matching(columns.observed(rows), bounds.condition)
            most -= rows.num_rows
            if most < 0:
                raise _too_many()

    def evaluator(self, observed: Observed, option: str) -> Evaluator:
        return Evaluator(observed, self._now, self.links, option)

    def bounds(
        self, condition: Node | None, datastreams: Sequence[int] | None, feature: int
    ) -> Bounds:
        """What the observations of some datastreams or a feature of interest, for which a
        condition holds, have in common."""
        if feature:
            mine = ast.Path(("FeatureOfInterest", "id"))
            own = ast.Compare("eq", mine, ast.Literal("number", feature))
            condition = own if condition is None else ast.Logic("and", (own, condition))
        bounds = of(condition, datastreams, self._entities.ids)
        if self._seen is not None:
            bounds.narrow_to(self._seen)
        return bounds

    def several(self, query: Query, datastreams: Sequence[int]) -> dict[int, Page]:
        """For each datastream a page of its own."""
        if cursors.is_latest(query, query.filter):
            spans = self._more_than_one(datastreams)
            latest = self.latest(datastreams).items()
            return {stream: Page([row], stream in spans) for stream, row in latest}
        return {stream: self.page(query, [stream]) for stream in datastreams}

    def _more_than_one(self, datastreams: Sequence[int]) -> set[int]:
        """Those that have more than one observation."""
        spans = self.spans(datastreams)
        several = {stream for stream, (start, end) in spans.items() if start < end}
        at_once = np.array(sorted(spans.keys() - several), np.int64)
        if len(at_once):
            times = [spans[stream][0] for stream in at_once.tolist()]
            rows = self._store.rows(at_once, min(times), max(times))
            streams, counts = np.unique(rows.column("datastream").to_numpy(), return_counts=True)
            several |= set(streams[counts > 1].tolist())
        return several

    def rows(self, observed: Observed) -> list[Row]:
        """Observations as rows to render; ``exact`` texts stay as they are."""
        exacts = observed.exact or itertools.repeat(None)
        extras = observed.extra or itertools.repeat(None)
        multi = self.links.multi(observed.with_arrays())
        made: list[Row] = []
        columns_ = (
            observed.number.tolist(),
            observed.datastream.tolist(),
            observed.time.tolist(),
            temporal.texts(observed.time),
            observed.result.tolist(),
        )
        for number, stream, time, text, result, exact, extra in zip(
            *columns_, exacts, extras, strict=False
        ):
            row: Row = {} if extra is None else msgspec.json.decode(extra)
            row["id"] = number
            row["datastream"] = stream
            if stream in multi:
                row["multi"] = True
            row["time"] = time
            row.setdefault("phenomenonTime", text)
            row["result"] = (
                columns.shortest(result) if exact is None else msgspec.Raw(exact.encode())
            )
            made.append(row)
        return made

    def _numbered(self, query: Query, bounds: Bounds) -> Found:
        observed = self._with_numbers(bounds)
        page = self._paged(observed, query)
        page.count = len(observed) if query.count else None
        return page

    def _with_numbers(self, bounds: Bounds) -> Observed:
        found = [self._store.one(number) for number in bounds.numbers or ()]
        present = [row for row in found if row is not None]
        observed = columns.observed(pa.Table.from_pylist(present, schema=SCHEMA))
        observed = self.matching(observed, bounds.condition)
        if bounds.datastreams is not None:
            mine = np.isin(observed.datastream, bounds.datastreams)
            observed = observed.take(np.flatnonzero(mine))
        return observed

    def _paged(self, observed: Observed, query: Query) -> Found:
        evaluator = Evaluator(observed, self._now, self.links, "$orderby")
        observed = observed.take(order(observed, evaluator, query.orderby))
        descending = cursors.by_time(query)
        if query.after and descending is not None:
            observed = observed.take(cursors.behind(observed, query.after, descending))
        skip = 0 if query.after else query.skip
        most = top(query)
        more = len(observed) > skip + most and most > 0
        page = Found(observed.take(np.arange(skip, min(skip + most, len(observed)))), more)
        if more and descending is not None:
            page.after = f"{int(page.observed.time[-1])},{int(page.observed.number[-1])}"
        return page

    def _scanned(self, query: Query, bounds: Bounds) -> Found:
        """Read window after window, and hold of what was found only what the page needs."""
        descending = cursors.by_time(query)
        start, end = self._extent(bounds)
        if query.after and descending is not None and not query.count:
            time = cursors.cursor(query.after)[0]
            start, end = (start, min(end, time)) if descending else (max(start, time), end)
        needed = top(query) + 1 + (0 if query.after else query.skip)
        everything = query.filter is None and bounds.datastreams is None and not bounds.rest
        counting = bool(query.count) and not everything
        whole = counting or descending is None
        kept, total = columns.joined([]), 0
        for part in self._windows(bounds, start, end, bool(descending), 0 if whole else needed):
            total += len(part)
            if query.after and descending is not None:
                part = part.take(cursors.behind(part, query.after, descending))
            if descending is None or len(kept) < needed:
                kept = columns.joined([kept, part]) if len(kept) else part
            if descending is None and len(kept) > needed:
                evaluator = Evaluator(kept, self._now, self.links, "$orderby")
                kept = kept.take(order(kept, evaluator, query.orderby, needed))
            if descending is not None and len(kept) >= needed and not counting:
                break
        page = self._paged(kept, query)
        if query.count:
            page.count = self._store.count if everything else total
        return page

    def _windows(
        self, bounds: Bounds, start: int, end: int, backwards: bool, needed: int
    ) -> Iterator[Observed]:
        """What is found in one window of time after the other; each is as long as can be read
        at once. ``needed``: how many rows will do; 0: all of them will be wanted."""
        wanted = bounds.datastreams
        few = wanted is not None and len(wanted) < _FEW
        width = _FIRST_WINDOW if few else _FIRST_WINDOW_OF_ALL
        stored = self._store.next_number
        if wanted is not None:
            stored = max(stored * len(wanted) // len(self._store.latest.time), 1)
        enough = min(needed * _AMPLE, _AT_ONCE) if needed else _AT_ONCE
        if few or not needed:
            width = max((end - start) * enough // stored, width)
        read = 0
        while start <= end:
            low, high = (end - width, end) if backwards else (start, start + width)
            rows = self._read(wanted, max(low, start), min(high, end))
            instants = rows.extra is None
            yield self.matching(rows, bounds.of_instants if instants else bounds.condition)
            start, end = (start, low - 1) if backwards else (high + 1, end)
            read += len(rows)
            if read > MOST_READ and start <= end:
                raise _too_many()
            if len(rows) < _AT_ONCE:
                width *= _GROWTH
            elif len(rows) > _AT_ONCE * _GROWTH:
                width = max(width // _GROWTH, clock.SECOND)

    def _read(self, datastreams: Ints | None, start: int, end: int) -> Observed:
        if datastreams is None or len(datastreams) != 1:
            return columns.observed(self._store.rows(datastreams, start, end))
        stream = int(datastreams[0])
        return columns.of_one(stream, self._store.series(stream, start, end))

    def matching(self, observed: Observed, condition: Node | None) -> Observed:
        if condition is None or not len(observed):
            return observed
        evaluator = Evaluator(observed, self._now, self.links, "$filter")
        return observed.take(np.flatnonzero(evaluator.condition(condition)))

    def _extent(self, bounds: Bounds) -> tuple[int, int]:
        """From the first to the last time at which there can be an observation."""
        latest = self._store.latest
        first, last = latest.first_time, latest.time
        wanted = bounds.datastreams
        if wanted is not None and len(wanted) == 1 and self._store.latest.has(int(wanted[0])):
            stream = int(wanted[0])
            return max(bounds.start, int(first[stream])), min(bounds.end, int(last[stream]))
        if wanted is not None:
            inside = wanted[wanted < min(len(first), len(last))]
            first, last = first[inside], last[inside]
        if not len(first):
            return 0, -1
        return max(bounds.start, int(first.min())), min(bounds.end, int(last.max()))


def _too_many() -> NotSupported:
    return NotSupported("$filter", what=words("reads_too_many", most=MOST_READ))
