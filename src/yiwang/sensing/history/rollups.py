"""Roll-ups: what is kept of observations by bucket of time, as a Delta table of its own.

A bucket of a datastream is one row. Rows are added to as observations come in, in pages: one
file for each width and day (or month, for days). The commit that replaces pages also records,
by width, the number of the last observation that is counted; so each is counted once, whatever
crashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock
from yiwang.sensing.columns import instants, times
from yiwang.sensing.delta import DeltaLog
from yiwang.sensing.history import buckets, model
from yiwang.sensing.history.buckets import Width
from yiwang.sensing.history.model import Groups
from yiwang.sensing.history.policy import width_name
from yiwang.sensing.log import sync_file
from yiwang.store import folders

INSTANT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("datastream", pa.int32()),
        ("width", pa.string()),
        ("start", INSTANT),
        ("count", pa.int64()),
        ("others", pa.int64()),
        ("sum", pa.float64()),
        ("mean", pa.float64()),
        ("min", pa.float64()),
        ("max", pa.float64()),
        ("last", pa.float64()),
        ("last_time", INSTANT),
        ("last_number", pa.int64()),
    ]
)
"""``count`` is of results that are numbers, ``others`` of those that are not; ``last`` is the
last number."""

_GROUP_ROWS = 50_000
_EMPTY = {"sum": 0.0, "min": np.inf, "max": -np.inf, "last": np.nan}

Wanted = Mapping[str, Any]
"""By column (mean, min, max, last) and datastream: whether it is kept."""


@dataclass(frozen=True)
class Page:
    path: Path
    width: str
    period: int
    """Where the day or month begins of which it holds the buckets."""
    least: int
    most: int


class Rollups:
    """The roll-ups of one home, counted by the clocks of ``zone``. One thread changes them;
    any reads."""

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        self._folder = folder
        self.zone = zone
        self._delta = DeltaLog(folder, SCHEMA)
        self._pages = {(page.width, page.period): page for page in self._listed()}
        self._stale: list[Page] = []
        names = {page.path.name for page in self._pages.values()}
        for path in (*folder.glob("*.parquet"), *folder.glob("*.part")):
            if path.name not in names:
                path.unlink()

    def _listed(self) -> Iterator[Page]:
        for added in self._delta.added():
            path = self._folder / added["path"]
            width, period, _ = path.name.split("_")
            least, most = (clock.from_datetime(added[f"{end}.start"]) for end in ("min", "max"))
            yield Page(path, width, int(period), least, most)

    def counted(self, width: int) -> int:
        """The number of the last observation that the roll-ups of a width count."""
        return self._delta.number(f"yiwang.rollups.{width_name(width)}") or 0

    def add(self, width: int, groups: Groups, wanted: Wanted, number: int, now: int) -> None:
        """Count in the groups of (datastream, start), which hold every observation between the
        last one counted and ``number``."""
        name = width_name(width)
        size = Width(months=1) if width >= clock.DAY else Width(clock.DAY)
        periods = buckets.starts(groups.keys[:, 1], size, self.zone)
        actions: list[Any] = []
        pages: list[Page] = []
        for period in np.unique(periods).tolist():
            part = _chosen(groups, np.flatnonzero(periods == period))
            old = self._pages.get((name, period))
            if old is not None:
                part = model.joined([_groups(pq.read_table(old.path)), part])
                actions.append(RemoveAction(old.path.name, True, now // 1000))
            page = self._written(name, period, _table(name, part, wanted))
            pages.append(page)
            actions.append(_added(page, len(part), now))
        self._delta.commit(actions, {f"yiwang.rollups.{name}": number})
        self._replace(pages)

    def _replace(self, pages: Sequence[Page], gone: Sequence[Page] = ()) -> None:
        """Show new pages; the files that were replaced last time go, which nobody reads now."""
        for page in self._stale:
            page.path.unlink(missing_ok=True)
        new = dict(self._pages)
        keys = [(page.width, page.period) for page in (*pages, *gone)]
        self._stale = [new.pop(key) for key in keys if key in new]
        new.update({(page.width, page.period): page for page in pages})
        self._pages = new

    def _written(self, name: str, period: int, rows: pa.Table) -> Page:
        serial = self._delta.version + 1
        path = self._folder / f"{name}_{period}_{serial}.parquet"
        partial = path.with_suffix(".part")
        pq.write_table(rows, partial, row_group_size=_GROUP_ROWS, compression="zstd")
        sync_file(partial)
        partial.rename(path)
        folders.settled(self._folder)
        start = times(rows.column("start"))
        return Page(path, name, period, int(start.min()), int(start.max()))

    def rows(
        self, width: int, datastreams: Ints | None, start: int, end: int
    ) -> Iterator[pa.Table]:
        """Roll-ups of the sorted ``datastreams`` (None: of all) that begin in start … end."""
        name = width_name(width)
        for page in list(self._pages.values()):
            if page.width != name or page.least > end or page.most < start:
                continue
            span = None
            if datastreams is not None and len(datastreams):
                low, high = int(datastreams[0]), int(datastreams[-1])
                span = [("datastream", ">=", low), ("datastream", "<=", high)]
            rows = pq.read_table(page.path, filters=span).cast(SCHEMA)
            begin = times(rows.column("start"))
            keep = (begin >= start) & (begin <= end)
            if datastreams is not None:
                keep &= np.isin(rows.column("datastream").to_numpy(), datastreams)
            if keep.any():
                yield rows.filter(pa.array(keep))

    def forget(self, width: int, kept_from: Ints, now: int) -> int:
        """Delete roll-ups that begin before ``kept_from`` (by datastream); returns how many."""
        actions: list[Any] = []
        pages: list[Page] = []
        gone: list[Page] = []
        count = 0
        name = width_name(width)
        latest = int(kept_from.max()) if len(kept_from) else 0
        for old in [page for page in self._pages.values() if page.width == name]:
            if old.least >= latest:
                continue
            rows = pq.read_table(old.path).cast(SCHEMA)
            stream = np.minimum(rows.column("datastream").to_numpy(), len(kept_from) - 1)
            keep = times(rows.column("start")) >= kept_from[stream]
            if keep.all():
                continue
            count += int((~keep).sum())
            actions.append(RemoveAction(old.path.name, True, now // 1000))
            if keep.any():
                kept = rows.filter(pa.array(keep))
                pages.append(self._written(name, old.period, kept))
                actions.append(_added(pages[-1], kept.num_rows, now))
            else:
                gone.append(old)
        if actions:
            self._delta.commit(actions, {})
            self._replace(pages, gone)
        return count

    def extent(self, width: int) -> tuple[int, int] | None:
        """Where the first and the last roll-up of a width begin."""
        pages = [page for page in self._pages.values() if page.width == width_name(width)]
        if not pages:
            return None
        return min(page.least for page in pages), max(page.most for page in pages)


def _chosen(groups: Groups, rows: Ints) -> Groups:
    columns = {name: column[rows] for name, column in groups.columns.items()}
    return Groups(groups.keys[rows], columns)


def groups_of(rows: pa.Table, keys: Ints) -> Groups:
    """Roll-ups as partial aggregates of the first expression, grouped by ``keys``."""
    count = rows.column("count").to_numpy()

    def filled(name: str) -> Any:
        return rows.column(name).fill_null(_EMPTY[name]).to_numpy()

    last_time = rows.column("last_time").cast(pa.int64()).fill_null(-model.NEVER).to_numpy()
    columns = {
        "rows": count + rows.column("others").to_numpy(),
        "0.known": count,
        "0.sum": filled("sum"),
        "0.least": filled("min"),
        "0.most": filled("max"),
        "0.last.time": last_time,
        "0.last.number": rows.column("last_number").fill_null(0).to_numpy(),
        "0.last.value": filled("last"),
        "0.last.known": last_time != -model.NEVER,
    }
    return Groups(keys, columns)


def _groups(rows: pa.Table) -> Groups:
    keys = np.column_stack(
        (rows.column("datastream").to_numpy().astype(np.int64), times(rows.column("start")))
    )
    return groups_of(rows, keys)


def _table(name: str, groups: Groups, wanted: Wanted) -> pa.Table:
    columns, stream = groups.columns, groups.keys[:, 0]
    count = columns["0.known"]
    some = count > 0

    def column(values: Any, kept: str) -> Any:
        there = wanted[kept][stream] & some
        return pa.array(values, mask=~there)

    with np.errstate(all="ignore"):
        mean = columns["0.sum"] / count
    last = column(columns["0.last.value"], "last")
    arrays = [
        pa.array(stream.astype(np.int32)),
        pa.array([name] * len(groups), pa.string()),
        instants(groups.keys[:, 1]),
        pa.array(count),
        pa.array(columns["rows"] - count),
        column(columns["0.sum"], "mean"),
        column(mean, "mean"),
        column(columns["0.least"], "min"),
        column(columns["0.most"], "max"),
        last,
        column(columns["0.last.time"], "last").cast(INSTANT),
        column(columns["0.last.number"], "last"),
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _added(page: Page, rows: int, now: int) -> AddAction:
    def precise(instant: int) -> str:
        moment = clock.to_datetime(instant)
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")

    statistics = {
        "numRecords": rows,
        "minValues": {"width": page.width, "start": precise(page.least)},
        "maxValues": {"width": page.width, "start": precise(page.most)},
        "nullCount": {"width": 0, "start": 0},
    }
    size = page.path.stat().st_size
    stats = msgspec.json.encode(statistics).decode()
    return AddAction(page.path.name, size, {}, now // 1000, True, stats)
