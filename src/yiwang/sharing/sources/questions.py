"""What is asked of one table that is kept, as SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, false, func, literal, or_, select

from yiwang.sharing.sources import kept, reading
from yiwang.sharing.sources.kept import Dataset
from yiwang.sharing.sources.model import Column, Condition, Order, Shape, with_required
from yiwang.sharing.sources.reading import Bound
from yiwang.sharing.sources.sealed import Sealer


class Questions:
    """``sealer`` is there where columns are sealed: they are compared by their digests."""

    def __init__(
        self, found: Dataset, table: Table, zone: ZoneInfo, sealer: Sealer | None, dialect: str
    ) -> None:
        self.dataset = found
        self.table = table
        self.shape = Shape(found.name, with_required(found.columns, found.key), found.key)
        self._zone = zone
        self._sealer = sealer
        self._dialect = dialect
        self._held = {one.name: table.c[one.name] for one in found.columns}
        self._compared = self._held | {one: table.c[kept.DIGEST + one] for one in found.sealed}
        self._loose = {one.name: reading.loose(one) for one in found.columns}

    def rows(
        self,
        columns: Sequence[str] | None,
        where: Sequence[Condition],
        order: Sequence[Order],
        after: Sequence[Any] | None = None,
        words: Sequence[str] = (),
        bound: Bound | None = None,
    ) -> tuple[list[Column], Any]:
        """The columns asked for and the select, whose order the key completes. ``bound``: how
        values are bound, where not as they are. Raises NoSuchColumn, BadCondition."""
        bound = bound or self._bound
        wanted = reading.chosen(self.shape, columns)
        named = {one.column for one in order}
        full = (*order, *(Order(one) for one in self.dataset.key if one not in named))
        query = select(*(self._held[one.name] for one in wanted))
        query = query.where(*self._clauses(where, bound, order))
        query = query.where(*self._holding([one.name for one in wanted], words))
        query = query.order_by(*reading.ordering(self.shape, full, self._held, self._dialect))
        if after is not None:
            args = (self.shape, full, after, self._held, self._dialect, bound)
            query = query.where(reading.behind(*args))
        return wanted, query

    def count(
        self, where: Sequence[Condition], columns: Sequence[str], words: Sequence[str]
    ) -> Any:
        """How many rows meet the conditions. Raises NoSuchColumn, BadCondition."""
        query = select(func.count()).select_from(self.table)
        query = query.where(*self._holding(columns, words))
        return query.where(*self._clauses(where, self._bound))

    def given(self, name: str, value: Any) -> Any:
        """A value as it is given, as one to compare a column with. Raises BadCondition,
        NoSuchColumn."""
        known = self._loose.get(name) or reading.column(self.shape, name)
        return reading.value_in(self.shape.table, known, value)

    def plain(self, name: str, value: Any) -> Any:
        """A value as it stands in what it is compared with."""
        if self._sealer is not None and name in self.dataset.sealed:
            return self._sealer.digest(name, value)
        return kept.local(value, self._zone)

    def _bound(self, name: str, value: Any) -> Any:
        return literal(self.plain(name, value), self.table.c[name].type)

    def _clauses(
        self, where: Sequence[Condition], bound: Bound, order: Sequence[Order] = ()
    ) -> list[Any]:
        if self._sealer is not None:
            self._sealer.check(where, order)
        return list(reading.clauses(self.shape, where, self._compared, self._dialect, bound))

    def _holding(self, columns: Sequence[str], words: Sequence[str]) -> list[Any]:
        """Each word in a text of one of the columns."""
        found = self.dataset
        texts = [one.name for one in found.columns if one.type in "CM" and one.name in columns]
        texts = [one for one in texts if one not in found.sealed]
        return [
            or_(
                false(),
                *self._clauses([Condition(one, "contains", word) for one in texts], self._bound),
            )
            for word in words
        ]
