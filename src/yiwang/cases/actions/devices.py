"""Devices in trouble become cases of maintenance: the consumer of ``device.troubled`` and
``device.recovered``. A trouble joins the case that is open for its device, whoever opened it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yiwang.cases import catalogue, store
from yiwang.cases.actions import flow
from yiwang.cases.desk import Desk
from yiwang.cases.model import merging
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.model.dispatch import Reason
from yiwang.cases.record import Record
from yiwang.cases.storms import gathering, hush
from yiwang.cases.storms import store as silenced
from yiwang.contracts.events import DeviceRecovered, DeviceTroubled
from yiwang.security.actions import Context, action
from yiwang.store.outbox import Delivery

TROUBLE_TOPICS = (DeviceTroubled.topic, DeviceRecovered.topic)


@action("cases.consume_troubles", permission="cases.consume", audit_verb="troubles_taken")
def consume_troubles(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Open, join and close cases for devices in trouble, in the order of the events. Where no
    class of case is installed for a trouble, it stays in the list of devices alone."""
    fold = _Fold(ctx, [one.body for one in deliveries])
    for delivery in deliveries:
        if delivery.topic == DeviceTroubled.topic:
            fold.troubled(delivery.body)
        else:
            fold.recovered(delivery.body)
        fold.desk.flush()


@action("cases.release_troubles", permission="cases.sweep", audit_verb="held_troubles_released")
def release_held_troubles(ctx: Context) -> int:
    """Open or join cases for at most a thousand troubles that have lasted longer than the
    silence they were raised in, as of its end; returns how many were let through."""
    rows = silenced.waiting(ctx.connection, "trouble", ctx.now)
    fold = _Fold(ctx, [row.body for row in rows])
    for row in rows:
        fold.troubled(row.body | {"raised_at": row.held_until})
        fold.desk.flush()
    ctx.note("cases", released=len(rows))
    return len(rows)


class _Fold:
    def __init__(self, ctx: Context, bodies: Sequence[Mapping[str, Any]]) -> None:
        self._ctx = ctx
        self.desk = Desk(ctx)
        self._hush = hush.Hush(self.desk, "trouble", [body["trouble"] for body in bodies])
        self._hush.listen(min((body.get("raised_at", ctx.now) for body in bodies), default=ctx.now))

    def troubled(self, body: dict[str, Any]) -> None:
        connection, number = self._ctx.connection, body["trouble"]
        if store.sources_of_troubles(connection, [number]):
            return
        codes: list[str] = body["case_classes"]
        known = catalogue.newest(self._ctx, codes)
        found = next((known[code] for code in codes if code in known), None)
        if found is None:
            self._hush.opened(number, None)
            return
        grid = self.desk.city.grids([(body["lon"], body["lat"])])[0]
        if not self._hush.holds(body, found[1], grid):
            self._hush.opened(number, _let_through(self.desk, *found, body, grid).no)

    def recovered(self, body: dict[str, Any]) -> None:
        """A trouble is over; one that lasted beyond its silence first has its case."""
        number, at = body["trouble"], body["at"]
        outlived = self._hush.outlived(number, at)
        if outlived is not None:
            self.troubled(outlived)
            self.desk.flush()
        self._hush.ended(number, "cleared_at", at)
        source = store.sources_of_troubles(self._ctx.connection, [number]).get(number)
        if source is None or source.cleared_at is not None:
            return
        record = self.desk.record(source.case)
        self.desk.mark_source(source.id, "cleared_at", at)
        record.live_findings -= 1
        details = {"trouble": number, "reason": body["why"]}
        self.desk.line(record, "cleared", at, details=details)
        if record.live_findings == 0:
            flow.on_cleared(self.desk, record, at)


def _let_through(
    desk: Desk, number: int, case_class: CaseClass, body: dict[str, Any], grid: int | None
) -> Record:
    at: int = body["raised_at"]
    source = merging.Source(case_class.code, at, body["lon"], body["lat"], body["one_per"])
    record = desk.with_key(_keys(case_class, body))
    why = Reason("same_device") if record is not None else Reason("first_source")
    opened = record is None
    if record is None:
        severity = case_class.severity
        place = body["place"]
        record = desk.open(number, case_class, source, severity, place=place, grid=grid)
    desk.add_source(
        record,
        at,
        "trouble",
        trouble=body["trouble"],
        finding_key=f"{body['sort']}:{body['thing']}",
        lon=body["lon"],
        lat=body["lat"],
        thing=body["thing"],
        how={"code": why.code, "fields": {}},
        values=body["values"] | {"sort": body["sort"], "since": body["since"]},
    )
    details = {"trouble": body["trouble"], "sort": body["sort"], "why": why.code}
    desk.line(record, "opened" if opened else "joined", at, details=details)
    if opened:
        gathering.opened(desk, record, at, "finding" in case_class.automatic)
    return record


def _keys(case_class: CaseClass, body: dict[str, Any]) -> list[str]:
    """The key of the trouble, and those under which a rule may have opened a case for the same
    device: of the thing, or of the place that it stands at."""
    keys = [f"{case_class.code}|{body['one_per']}"]
    if body["place"] is not None:
        keys.append(f"{case_class.code}|place:{body['place']}")
    return keys
