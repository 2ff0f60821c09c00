"""What a job of exchange is, and what became of its rows: pure logic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from yiwang.kernel import identifiers

MODES = ("full", "incremental", "captured")
OTHERWISE = ("reject", "keep", "empty")
STATES = ("running", "waiting", "done", "differs", "failed", "stopped")
"""``waiting``: for its next try; ``differs``: all rows are in, but source and target are not
alike."""
OPEN = ("running", "waiting")
NODE_ROLE = "data_node"
"""Of the accounts of front-end nodes: they push, and do nothing else."""
FIRST_PAUSE_S = 10
LONGEST_PAUSE_S = 3600
MOST_BATCH = 200_000
MOST_RULES = 50
SUM_BITS = (1 << 63) - 1


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where rows come from or go to: a table of a source, a dataset, or (as a source) a front-end
    node. ``key``: of a dataset that the job makes if it is not there."""

    source: str = ""
    table: str = ""
    dataset: str = ""
    node: bool = False
    key: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        if self.node:
            return "node"
        return f"{self.source}/{self.table}" if self.source else self.dataset


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """How a column of the target comes to be: ``from`` one of the source, ``join`` of several
    with ``between`` them, or a ``constant``; ``codes`` translates values, ``otherwise`` says what
    becomes of one that is not in them."""

    to: str
    from_: str = ""
    join: tuple[str, ...] = ()
    between: str = ""
    constant: str | int | float | bool | None = None
    codes: dict[str, str] | None = None
    otherwise: str = "reject"
    trim: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the source that it needs."""
        return self.join or ((self.from_,) if self.from_ else ())


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a value of the target must be; an empty one need not, unless ``required``."""

    column: str
    required: bool = False
    pattern: str = ""
    least: str | int | float | None = None
    most: str | int | float | None = None
    identifier: str = ""


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    column: str
    operator: str
    value: Any = None


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A job. ``by`` and ``overlap``: for incremental, the column that only grows, and how far
    behind its last value to begin again (seconds for times, units for numbers). ``rules``: rules of
    quality (``set`` or ``set/rule``) that rows of the target's resource must pass. ``removals``:
    whether rows that the source no longer has leave the target. ``schedule``: five fields of cron
    in the city's time; empty: by hand."""

    from_: End
    to: End
    mode: str = "full"
    by: str = ""
    overlap: int = 0
    where: tuple[Filter, ...] = ()
    mapping: tuple[Rule, ...] = ()
    checks: tuple[Check, ...] = ()
    rules: tuple[str, ...] = ()
    removals: bool = False
    schedule: str = ""
    batch: int = 20_000
    most_rejected: int = 10_000
    tries: int = 8


def problem(spec: Spec) -> tuple[str, str] | None:
    """The first field that cannot be, and what it could be."""
    tests: list[tuple[bool, str, str]] = [
        (spec.mode in MODES, "mode", ", ".join(MODES)),
        (_end(spec.from_, True), "from", "source"),
        (_end(spec.to, False), "to", "target"),
        ((spec.mode == "incremental") == bool(spec.by), "by", "by_incremental"),
        (spec.mode != "captured" or bool(spec.from_.source), "mode", "captured_database"),
        (not spec.removals or spec.mode == "full", "removals", "full_only"),
        (not spec.removals or not spec.where, "removals", "no_conditions"),
        (not spec.from_.node or spec.mode == "full", "mode", "node_full"),
        (not spec.from_.node or not spec.where, "where", "node_whole"),
        (not spec.from_.node or not spec.schedule, "schedule", "node_own"),
        (0 <= spec.overlap <= 31_536_000, "overlap", "0 … 31536000"),
        (1 <= spec.batch <= MOST_BATCH, "batch", f"1 … {MOST_BATCH}"),
        (0 <= spec.most_rejected <= 1_000_000, "most_rejected", "0 … 1000000"),
        (len(spec.rules) <= MOST_RULES, "rules", f"0 … {MOST_RULES}"),
        (1 <= spec.tries <= 100, "tries", "1 … 100"),
        (len({one.to for one in spec.mapping}) == len(spec.mapping), "mapping", "each_once"),
    ]
    for rule in spec.mapping:
        tests.append((rule.otherwise in OTHERWISE, "otherwise", ", ".join(OTHERWISE)))
        tests.append((bool(rule.to), "to", "target_column"))
    for one in spec.checks:
        known = one.identifier in ("", *identifiers.KINDS)
        tests.append((known, "identifier", ", ".join(identifiers.KINDS)))
    return next(((field, wanted) for good, field, wanted in tests if not good), None)


def _end(end: End, gives: bool) -> bool:
    kinds = [bool(end.source and end.table), bool(end.dataset), end.node and gives]
    return sum(kinds) == 1 and bool(end.source) == bool(end.table) and (gives or not end.node)


def node_name(job: str) -> str:
    """The account of the node that reads a job."""
    return f"node.{job}"


def pause(tries: int) -> int:
    """Seconds to wait before trying once more, after so many failures."""
    return min(FIRST_PAUSE_S << min(max(tries - 1, 0), 20), LONGEST_PAUSE_S)


class Tally(msgspec.Struct, frozen=True):
    """Rows by what became of them: read = written + unchanged + rejected. ``removed`` are rows of
    the target; ``sum`` is the sum of the digests of the rows that were taken, in any order."""

    read: int = 0
    written: int = 0
    unchanged: int = 0
    rejected: int = 0
    removed: int = 0
    sum: int = 0

    @property
    def taken(self) -> int:
        return self.written + self.unchanged

    @property
    def balanced(self) -> bool:
        return self.read == self.written + self.unchanged + self.rejected

    def plus(self, more: Tally) -> Tally:
        return Tally(
            self.read + more.read,
            self.written + more.written,
            self.unchanged + more.unchanged,
            self.rejected + more.rejected,
            self.removed + more.removed,
            (self.sum + more.sum) & SUM_BITS,
        )

    @classmethod
    def of(cls, values: Mapping[str, int]) -> Tally:
        return cls(**values)

    def values(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Compared(msgspec.Struct, frozen=True):
    """Source and target at the end of a run. ``same``: None where they cannot be compared; then
    ``why`` says it: ``others`` (the target holds rows of others too), ``rejected`` (older versions
    of rejected rows may stand there), ``unmapped`` (the target lacks the column ``by``),
    ``current`` (captured rows are read as they are now)."""

    same: bool | None
    source: int = 0
    target: int = 0
    source_sum: int = 0
    target_sum: int = 0
    why: str = ""


def compared(taken: int, sum_: int, target: int, target_sum: int, rejected: int) -> Compared:
    """What the counts and sums of both sides say."""
    same: bool | None = (taken, sum_) == (target, target_sum)
    why = ""
    if not same and rejected:
        same, why = None, "rejected"
    elif not same and target > taken:
        same, why = None, "others"
    return Compared(same, taken, target, sum_, target_sum, why)
