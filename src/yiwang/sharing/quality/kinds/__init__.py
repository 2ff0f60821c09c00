"""The kinds of rule: how each is read, and how it judges a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from yiwang.kernel.documents import Section
from yiwang.sharing.quality.kinds.cells import Format, Holds, Range, Required, Typed
from yiwang.sharing.quality.kinds.check import Check
from yiwang.sharing.quality.kinds.form import Form
from yiwang.sharing.quality.kinds.rows import Alike, Depends, Order, Reference, Sequence, Unique
from yiwang.sharing.quality.kinds.series import Complete, Constant, Jump, Period
from yiwang.sharing.quality.kinds.sums import Match, Ratio, Sum
from yiwang.sharing.quality.kinds.whole import Copy, Drift, Fresh

__all__ = ["KINDS", "Check", "Kind"]


class Kind(Protocol):
    """A class of checks."""

    dimension: str
    form: Form

    def read(self, section: Section, key: str) -> Check:
        """Raises DocumentError, QualityError."""
        ...


KINDS: Mapping[str, Kind] = {
    "required": Required,
    "type": Typed,
    "range": Range,
    "format": Format,
    "holds": Holds,
    "unique": Unique,
    "alike": Alike,
    "sequence": Sequence,
    "order": Order,
    "depends": Depends,
    "reference": Reference,
    "sum": Sum,
    "ratio": Ratio,
    "match": Match,
    "complete": Complete,
    "constant": Constant,
    "jump": Jump,
    "period": Period,
    "fresh": Fresh,
    "copy": Copy,
    "drift": Drift,
}
