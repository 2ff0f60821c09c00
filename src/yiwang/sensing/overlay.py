"""What was corrected or deleted of observations that are stored already.

The log is append-only: a correction is a frame with the new version of a number, a deletion a
frame that names numbers or whole datastreams. Readers lay the overlay over what they read;
compaction writes it into the segments, and what is written there leaves the overlay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from yiwang.contracts.observations import Ints
from yiwang.sensing import columns
from yiwang.sensing.log import Frame
from yiwang.sensing.segments import SCHEMA


@dataclass(frozen=True)
class Edit:
    """One frame: ``rows`` (SCHEMA) are new versions of their numbers, ``deleted`` numbers and
    ``erased`` datastreams are gone. ``position``: the log position after it."""

    position: int
    rows: pa.Table
    deleted: Sequence[int] = ()
    erased: Sequence[int] = ()


def _none() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Overlay:
    """All edits since the last compaction. Never changed: every edit makes a new one.

    ``hidden``: sorted numbers that are not to be read where they stand. ``rows``: their new
    versions, where they have one. ``erased``: sorted datastreams that are gone.
    """

    edits: tuple[Edit, ...] = ()
    hidden: Ints = field(default_factory=_none)
    erased: Ints = field(default_factory=_none)
    rows: pa.Table = field(default_factory=SCHEMA.empty_table)

    def __bool__(self) -> bool:
        return bool(self.edits)

    def plus(self, edit: Edit) -> Overlay:
        touched = np.union1d(edit.rows.column("number").to_numpy(), _ints(edit.deleted))
        kept = _without(self.rows, "number", touched)
        return Overlay(
            (*self.edits, edit),
            np.union1d(self.hidden, touched),
            np.union1d(self.erased, _ints(edit.erased)),
            pa.concat_tables([kept, edit.rows]).combine_chunks(),
        )

    def until(self, position: int) -> Overlay:
        """What the edits up to a log position come to."""
        return of([edit for edit in self.edits if edit.position <= position])

    def after(self, position: int) -> Overlay:
        return of([edit for edit in self.edits if edit.position > position])

    def visible(self, rows: pa.Table) -> pa.Table:
        """The stored rows that are still to be read where they stand."""
        return _without(_without(rows, "number", self.hidden), "datastream", self.erased)

    def versions(self, first: int, last: int) -> pa.Table:
        """New versions of the numbers first … last."""
        number = self.rows.column("number").to_numpy()
        found = self.rows.filter(pa.array((number >= first) & (number <= last)))
        return _without(found, "datastream", self.erased)

    def laid_over(self, parts: Iterable[pa.Table], first: int) -> Iterator[pa.Table]:
        """A run of stored rows as edits left them; it begins with the number ``first``."""
        last = first - 1
        for part in parts:
            if part.num_rows:
                last = max(last, int(part.column("number").to_numpy().max()))
            yield self.visible(part)
        if last >= first and self.rows.num_rows:
            yield self.versions(first, last)

    @property
    def deleted(self) -> int:
        """How many numbers were hidden and have no version that is to be read."""
        shown: int = self.versions(0, 2**62).num_rows
        return len(self.hidden) - shown

    def gone(self, parts: Iterable[pa.Table]) -> int:
        """How many of the stored rows of erased datastreams are not hidden anyway."""
        numbers = (part.column("number").to_numpy() for part in parts)
        return sum(len(np.setdiff1d(number, self.hidden)) for number in numbers)

    def hides(self, number: int) -> bool:
        place = int(np.searchsorted(self.hidden, number))
        return place < len(self.hidden) and int(self.hidden[place]) == number

    def touches(self, first: int, last: int) -> bool:
        """Whether one of the numbers first … last is hidden."""
        low, high = np.searchsorted(self.hidden, (first, last + 1))
        return bool(low < high)


def edit(frame: Frame) -> Edit:
    """What a frame of edits says."""
    header = frame.header
    versions = frame.versions or frame.batch
    rows = columns.versions(versions, header.corrected, header.source)
    return Edit(frame.position, rows, header.deleted, header.erased)


def of(edits: Sequence[Edit]) -> Overlay:
    """The overlay of edits in the order of the log."""
    newest: dict[int, tuple[int, int]] = {}
    hidden: set[int] = set()
    erased: set[int] = set()
    for index, edit in enumerate(edits):
        for row, number in enumerate(edit.rows.column("number").to_pylist()):
            newest[number] = (index, row)
        for number in edit.deleted:
            newest.pop(number, None)
        hidden.update(edit.deleted)
        erased.update(edit.erased)
    hidden.update(newest)
    places = set(newest.values())
    parts = [SCHEMA.empty_table()]
    for index, edit in enumerate(edits):
        keep = [row for row in range(edit.rows.num_rows) if (index, row) in places]
        if keep:
            parts.append(edit.rows.take(pa.array(keep)))
    rows = pa.concat_tables(parts).combine_chunks()
    return Overlay(tuple(edits), _ints(sorted(hidden)), _ints(sorted(erased)), rows)


def _ints(values: Sequence[int]) -> Ints:
    return np.asarray(values, np.int64)


def _without(rows: pa.Table, name: str, values: Ints) -> pa.Table:
    if not len(values) or not rows.num_rows:
        return rows
    keep = ~np.isin(rows.column(name).to_numpy(), values)
    return rows if keep.all() else rows.filter(pa.array(keep))
