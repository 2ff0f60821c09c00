"""Findings become cases: the consumer of ``finding.raised``, ``.cleared`` and ``.withdrawn``.

A finding leads to one source, so however often an event is delivered it has its effect once.
All of a delivery is folded in memory and written with a handful of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yiwang.cases import catalogue, store
from yiwang.cases.actions import flow
from yiwang.cases.actions.devices import release_held_troubles
from yiwang.cases.desk import Desk
from yiwang.cases.model import merging
from yiwang.cases.model.classes import SEVERITIES, CaseClass
from yiwang.cases.record import Record
from yiwang.cases.storms import gathering, hush
from yiwang.cases.storms import store as silenced
from yiwang.contracts.events import FindingCleared, FindingRaised, FindingWithdrawn
from yiwang.security.actions import Caller, Context, action
from yiwang.store.outbox import Delivery

TOPICS = (FindingRaised.topic, FindingCleared.topic, FindingWithdrawn.topic)


@dataclass
class _Source:
    """What is known of a finding's source while the delivery is folded. ``id`` is None for
    one that is new in this delivery; ``row`` is then what will be written. ``at``: since when
    it speaks for its case."""

    id: int | None
    case: int
    cleared: bool
    withdrawn: bool
    at: int
    row: dict[str, Any] | None = None


@action("cases.consume", permission="cases.consume", audit_verb="findings_taken")
def consume(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Open, merge, note, close or void cases for findings, in the order of the events."""
    _Fold(ctx, deliveries).run()


def release(caller: Caller) -> int:
    """Let through the findings and troubles whose silence is over, whatever their number; leaves
    no trace where there are none. Returns how many."""
    let = 0
    for sort, some in (("finding", release_held), ("trouble", release_held_troubles)):
        while True:
            with caller.database.read() as connection:
                if not silenced.waiting(connection, sort, caller.clock.now(), 1):
                    break
            let += some(caller)
    return let


@action("cases.release_held", permission="cases.sweep", audit_verb="held_findings_released")
def release_held(ctx: Context) -> int:
    """Open or join cases for at most a thousand findings that have lasted longer than the
    silence they were raised in, as of its end; returns how many were let through."""
    rows = silenced.waiting(ctx.connection, "finding", ctx.now)
    bodies = [row.body | {"raised_at": row.held_until} for row in rows]
    _Fold(ctx, [Delivery(0, FindingRaised.topic, body, 0) for body in bodies]).run()
    ctx.note("cases", released=len(rows))
    return len(rows)


class _Fold:
    def __init__(self, ctx: Context, deliveries: Sequence[Delivery]) -> None:
        self._ctx = ctx
        self._deliveries = deliveries
        self._desk = Desk(ctx)
        self._sources: dict[int, _Source] = {}
        self._classes: dict[str, tuple[int, CaseClass]] = {}
        self._grids: dict[int, int | None] = {}

    def run(self) -> None:
        self._load()
        for delivery in self._deliveries:
            body = delivery.body
            if delivery.topic == FindingRaised.topic:
                self._raised(body)
            elif delivery.topic == FindingCleared.topic:
                self._ended(body, "cleared_at")
            elif delivery.topic == FindingWithdrawn.topic:
                self._ended(body, "withdrawn_at")
        self._desk.flush()

    def _load(self) -> None:
        findings = {delivery.body["finding"] for delivery in self._deliveries}
        for finding, row in store.sources_of_findings(self._ctx.connection, findings).items():
            ended = (row.cleared_at is not None, row.withdrawn_at is not None)
            self._sources[finding] = _Source(row.id, row.case, *ended, row.at)
        self._desk.load(source.case for source in self._sources.values())
        self._hush = hush.Hush(self._desk, "finding", findings)
        fresh = self._fresh()
        self._hush.listen(min((body["raised_at"] for body in fresh), default=self._ctx.now))
        self._classes = catalogue.newest(self._ctx, [code for one in fresh for code in _codes(one)])
        keys: set[str] = set()
        cells: set[str] = set()
        for body in fresh:
            held = self._class(body)
            if held is None:
                continue
            source = _source(held[1], body)
            key = merging.key(held[1], source)
            keys |= {key} if key else set()
            cells |= set(merging.cells_around(held[1], source.lon, source.lat))
        self._desk.load_near(keys, cells)
        grids = self._desk.city.grids([(body["lon"], body["lat"]) for body in fresh])
        self._grids = {body["finding"]: grid for body, grid in zip(fresh, grids, strict=True)}

    def _fresh(self) -> list[dict[str, Any]]:
        """The findings that may open cases: those that are raised, and those that were held
        until before they end."""
        found = []
        for delivery in self._deliveries:
            body: dict[str, Any] | None = delivery.body
            if delivery.topic == FindingCleared.topic:
                body = self._hush.outlived(delivery.body["finding"], delivery.body["cleared_at"])
            elif delivery.topic == FindingWithdrawn.topic:
                continue
            if body and body["case_class"] and body["finding"] not in self._sources:
                found.append(body)
        return found

    def _class(self, body: dict[str, Any]) -> tuple[int, CaseClass] | None:
        return next((self._classes[code] for code in _codes(body) if code in self._classes), None)

    def _raised(self, body: dict[str, Any]) -> None:
        held = self._class(body) if body["case_class"] else None
        finding = body["finding"]
        if finding in self._sources:
            return
        if held is None:
            self._hush.opened(finding, None)
        elif not self._hush.holds(body, held[1], self._grids.get(finding)):
            self._let_through(body, *held)

    def _let_through(self, body: dict[str, Any], number: int, case_class: CaseClass) -> None:
        source = _source(case_class, body)
        record, why = self._desk.match(case_class, source)
        opened = record is None
        if record is None:
            severity = body["severity"] if body["severity"] in SEVERITIES else case_class.severity
            record = self._desk.open(
                number,
                case_class,
                source,
                severity,
                place=body["place"],
                grid=self._grids.get(body["finding"]),
            )
        row = self._desk.add_source(
            record,
            source.at,
            "finding",
            finding=body["finding"],
            finding_key=body["key"],
            rule=f"{body['pack']}/{body['rule']}",
            lon=body["lon"],
            lat=body["lat"],
            thing=body["thing"],
            how={"code": why.code, "fields": dict(why.fields)},
            values=body["values"],
        )
        self._sources[body["finding"]] = _Source(None, record.no, False, False, source.at, row)
        self._hush.opened(body["finding"], record.no)
        details = {"finding": body["finding"], "why": why.code} | dict(why.fields)
        if opened:
            self._desk.line(record, "opened", source.at, details=details)
            gathering.opened(self._desk, record, source.at, "finding" in case_class.automatic)
        else:
            self._desk.line(record, "joined", source.at, details=details)
            flow.raise_severity(self._desk, record, body["severity"], source.at)

    def _ended(self, body: dict[str, Any], how: str) -> None:
        at: int = body[how]
        outlived = self._hush.outlived(body["finding"], at) if how == "cleared_at" else None
        if outlived is not None:
            self._raised(outlived)
        self._hush.ended(body["finding"], how, at)
        source = self._sources.get(body["finding"])
        if source is not None and self._hush.row(body["finding"]) and at < source.at:
            how = "withdrawn_at"
        if source is None or source.withdrawn or (source.cleared and how == "cleared_at"):
            return
        record = self._desk.record(source.case)
        if source.row is not None:
            source.row[how] = at
        else:
            assert source.id is not None
            self._desk.mark_source(source.id, how, at)
        record.live_findings -= not source.cleared
        details = {"finding": body["finding"]}
        if how == "cleared_at":
            source.cleared = True
            self._desk.line(record, "cleared", at, details=details)
        else:
            source.withdrawn = True
            record.valid_sources -= 1
            self._desk.line(record, "withdrawn", at, details=details)
            if self._void(record, at):
                return
        if record.live_findings == 0:
            flow.on_cleared(self._desk, record, at)

    def _void(self, record: Record, at: int) -> bool:
        """Nothing is left to stand on and nobody has acted: there was no trouble."""
        if record.valid_sources or record.touched or not record.open:
            return record.valid_sources == 0
        flow.end(self._desk, record, "void", at, "cases.reason.withdrawn")
        return True


def _codes(body: dict[str, Any]) -> tuple[str, str]:
    """A rule names a class of its own pack, or one of the city's taxonomy."""
    return f"{body['pack']}.{body['case_class']}", body["case_class"]


def _source(case_class: CaseClass, body: dict[str, Any]) -> merging.Source:
    return merging.Source(
        case_class.code,
        body["raised_at"],
        body["lon"],
        body["lat"],
        body["one_per"],
        body["thing"] if case_class.merge.radius_m is None else None,
    )
