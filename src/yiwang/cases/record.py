"""A case while it is worked on: one row of the table ``cases``, changeable."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, NamedTuple

from yiwang.cases.model.classes import OPEN_KINDS
from yiwang.cases.model.deadlines import CaseClock
from yiwang.cases.model.guards import Facts
from yiwang.kernel.clock import MINUTE


@dataclass(slots=True)
class Record:
    """The columns of ``cases``, in words of the table."""

    no: int
    case_class: int
    class_code: str
    severity: str
    state: str
    kind: str
    opened_at: int
    received_at: int
    changed_at: int
    last_source_at: int
    title: str = ""
    description: str = ""
    previous: str = ""
    open: bool = True
    version: int = 1
    dispatched_at: int | None = None
    closed_at: int | None = None
    limit_minutes: int | None = None
    counting: str = "clock"
    clock_used: int = 0
    clock_since: int | None = None
    due_at: int | None = None
    watch_at: int | None = None
    overdue: bool = False
    place: int | None = None
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    grid: int | None = None
    organisation: int | None = None
    handler: str = ""
    handler_name: str = ""
    handled_by: str = ""
    reporter: str = ""
    one_per: str = ""
    merge_key: str | None = None
    merge_cell: str | None = None
    sources: int = 0
    valid_sources: int = 0
    findings: int = 0
    live_findings: int = 0
    touched: bool = False
    supervision: int = 0
    answer_by: int | None = None
    resume_at: int | None = None
    stage_due_at: int | None = None
    stage_warn_at: int | None = None
    stage_warned: int = 0
    warn_at: int | None = None
    warned: int = 0
    extended: int = 0
    extensions: int = 0
    extension_asked: int | None = None
    appeal: str = ""
    excused: bool = False
    urges: int = 0
    returns: int = 0
    reworks: int = 0
    reopens: int = 0
    parts: int = 0
    open_parts: int = 0
    assessments: int = 0
    handed_on: bool = False
    merged_into: int | None = None
    storm: int | None = None
    dispatch: list[dict[str, Any]] = field(default_factory=list)

    def facts(
        self,
        now: int,
        joint: frozenset[int] = frozenset(),
        asked: frozenset[int] = frozenset(),
        assessed: bool = False,
        joined: bool = False,
    ) -> Facts:
        return Facts(
            self.no,
            self.state,
            self.kind,
            self.organisation,
            self.handler,
            self.grid,
            self.reporter,
            self.handled_by,
            self.previous,
            joint,
            asked,
            self.open_parts,
            self.returns,
            self.limit_minutes is not None,
            self.extensions,
            self.extension_asked,
            self.overdue or self._late(now),
            self.appeal,
            self.answer_by is not None,
            0 if self.closed_at is None else (now - self.closed_at) // MINUTE,
            assessed,
            joined,
        )

    def _late(self, now: int) -> bool:
        return self.due_at is not None and self.open and now > self.due_at

    @property
    def clock(self) -> CaseClock:
        return CaseClock(self.limit_minutes, self.counting, self.clock_used, self.clock_since)

    def set_clock(self, clock: CaseClock) -> None:
        self.limit_minutes = clock.minutes
        self.counting = clock.counting
        self.clock_used = clock.used
        self.clock_since = clock.since

    def enter(self, state: str, kind: str) -> None:
        if state != self.state:
            self.previous = self.state
        self.state = state
        self.kind = kind
        self.open = kind in OPEN_KINDS

    def values(self) -> dict[str, Any]:
        return dict(zip(COLUMNS, _all(self), strict=True))

    def row(self) -> tuple[Any, ...]:
        """What ``values`` gives, in the order of COLUMNS."""
        found: tuple[Any, ...] = _all(self)
        return found

    def cell(self) -> tuple[str, int, str, bool]:
        """Where this case is counted in ``case_counts``."""
        late = self.overdue and not self.excused
        return (self.class_code, self.organisation or 0, self.kind, late)

    def load(self) -> tuple[str, str] | None:
        """Where this case is counted in ``case_loads``."""
        return (self.handler, self.severity) if self.open and self.handler else None

    def look_next(self) -> int | None:
        """When the watch must look at the case again: whatever comes first."""
        if not self.open:
            return None
        due = None if self.overdue or self.due_at is None else self.due_at + 1  # then it is late
        warn = None if self.overdue else self.warn_at
        stage = (self.stage_warn_at, self.stage_due_at)
        times = (warn, due, self.answer_by, self.resume_at, *stage)
        return min((one for one in times if one is not None), default=None)


class Brief(NamedTuple):
    """Of a case what a list of many is made of, in words of the table."""

    no: int
    case_class: int
    class_code: str
    title: str
    description: str
    severity: str
    state: str
    kind: str
    version: int
    opened_at: int
    due_at: int | None
    overdue: bool
    excused: bool
    place: int | None
    lon: float | None
    lat: float | None
    address: str
    grid: int | None
    organisation: int | None
    handler: str
    handler_name: str
    sources: int
    storm: int | None


class Begun(NamedTuple):
    """A case that has just been written for the first time, with all rows that belong to it."""

    no: int
    lines: list[dict[str, Any]]
    sources: list[dict[str, Any]]


COLUMNS = tuple(item.name for item in fields(Record))
_all = attrgetter(*COLUMNS)
