"""Counting: one walk of an index for each instant that decides, all its counts, sums and times
used together. Totals are added up from the groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, select, true

from yiwang.cases.scoring.counts import COUNTS, SUMS, Asked
from yiwang.cases.scoring.model.figures import figures
from yiwang.cases.scoring.tables import case_results
from yiwang.kernel.clock import MINUTE
from yiwang.security.actions import Context

_c = case_results.c
ALL: ColumnElement[bool] = true()
TIMES = {"median_minutes": _c.close_clock, "median_working_minutes": _c.close_work}
"""Of the cases that were closed; the middle of each."""
NAMES = frozenset([*COUNTS, *SUMS, *TIMES])
_NOW = frozenset({"open_now", "overdue_now"})
Part = dict[str, Any]


class Tally:
    """Adds up what the walks find."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys([*COUNTS, *SUMS], 0)
        self._times: dict[str, list[str]] = {name: [] for name in TIMES}

    def add(self, part: Part) -> None:
        for name, value in part.items():
            if name in TIMES:
                self._times[name].append(value)
            else:
                self.counts[name] += int(value)

    def had_any(self) -> bool:
        """Whether there is anything beside what is so now, whenever asked."""
        return any(value for name, value in self.counts.items() if name not in _NOW)

    def figures(self) -> dict[str, Any]:
        return figures(self.counts, {name: _middle(said) for name, said in self._times.items()})


def _middle(lists: list[str]) -> float | None:
    """The median of numbers in lists with commas, microseconds, in minutes."""
    if not lists:
        return None
    return float(np.median(np.fromstring(",".join(lists), dtype=np.int64, sep=","))) / MINUTE


def walk(
    ctx: Context,
    key: Any,
    start: int,
    said: Asked,
    reach: ColumnElement[bool],
    own: ColumnElement[bool],
    names: Collection[str] = NAMES,
) -> Iterator[tuple[Any, bool, Part]]:
    """Of the results within ``reach`` parts to add up: the group (0 of those without), whether
    they are ``own``, and what of ``names`` is not nothing."""
    mine = literal(1) if own is ALL else case((own, 1), else_=0)
    for where, counts in _walks(start, said):
        columns = _columns(said, counts, names)
        if not columns:
            continue
        query = select(key.label("key"), mine.label("mine"), *columns).where(where, reach)
        for row in ctx.connection.execute(query.group_by("key", "mine")):
            found: Part = row._asdict()
            group, is_own = found.pop("key"), bool(found.pop("mine"))
            yield (
                0 if group is None else group,
                is_own,
                {name: value for name, value in found.items() if value},
            )


def _columns(said: Asked, counts: Collection[str], names: Collection[str]) -> list[Any]:
    columns: list[Any] = [
        func.count().filter(COUNTS[name].condition(said)).label(name)
        for name in counts
        if name in names
    ]
    for name, (of, column) in SUMS.items():
        if of in counts and name in names:
            columns.append(func.sum(column).filter(COUNTS[of].condition(said)).label(name))
    for name, column in TIMES.items():
        if "closed" in counts and name in names:
            columns.append(func.aggregate_strings(cast(column, String), ",").label(name))
    return columns


def _walks(start: int, said: Asked) -> Iterator[tuple[ColumnElement[bool], list[str]]]:
    """Where to look, and what is counted there."""
    by_instant: dict[str, list[str]] = defaultdict(list)
    for name, count in COUNTS.items():
        if count.instant is not None:
            by_instant[count.instant.key].append(name)
    for column, names in by_instant.items():
        yield and_(_c[column] >= start, _c[column] < said.end), names
    yield _c.ended_at.is_(None), [name for name, count in COUNTS.items() if count.instant is None]
    yield and_(_c.ended_at >= said.end, _c.opened_at < said.end), ["backlog"]
