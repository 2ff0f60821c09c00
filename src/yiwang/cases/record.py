"""A case while it is worked on: one row of the table ``cases``, changeable."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from yiwang.cases.model.classes import OPEN_KINDS
from yiwang.cases.model.deadlines import CaseClock
from yiwang.cases.model.guards import Facts


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
    merged_into: int | None = None
    dispatch: list[dict[str, Any]] = field(default_factory=list)

    def facts(self, photos: int = 0) -> Facts:
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
            photos,
        )

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
        return {name: getattr(self, name) for name in COLUMNS}

    def cell(self) -> tuple[str, int, str, bool]:
        """Where this case is counted in ``case_counts``."""
        return (self.class_code, self.organisation or 0, self.kind, self.overdue)


COLUMNS = tuple(item.name for item in fields(Record))
