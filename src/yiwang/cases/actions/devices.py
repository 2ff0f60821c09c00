"""Devices in trouble become cases of maintenance: the consumer of ``device.troubled`` and
``device.recovered``. A trouble joins the case that is open for its device, whoever opened it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yiwang.cases import catalogue, store
from yiwang.cases.actions import flow
from yiwang.cases.desk import Desk
from yiwang.cases.model import merging
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.model.dispatch import Reason
from yiwang.cases.record import Record
from yiwang.cases.storms import gathering
from yiwang.contracts.events import DeviceRecovered, DeviceTroubled
from yiwang.security.actions import Context, action
from yiwang.store.outbox import Delivery

TROUBLE_TOPICS = (DeviceTroubled.topic, DeviceRecovered.topic)


@action("cases.consume_troubles", permission="cases.consume", audit_verb="troubles_taken")
def consume_troubles(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Open, join and close cases for devices in trouble, in the order of the events. Where no
    class of case is installed for a trouble, it stays in the list of devices alone."""
    desk = Desk(ctx)
    for delivery in deliveries:
        if delivery.topic == DeviceTroubled.topic:
            _troubled(ctx, desk, delivery.body)
        else:
            _recovered(ctx, desk, delivery.body)
        desk.flush()


def _troubled(ctx: Context, desk: Desk, body: dict[str, Any]) -> None:
    codes: list[str] = body["case_classes"]
    known = catalogue.newest(ctx, codes)
    held = next((known[code] for code in codes if code in known), None)
    there = store.sources_of_troubles(ctx.connection, [body["trouble"]]).get(body["trouble"])
    if held is None or there is not None:
        return
    number, case_class = held
    at: int = body["raised_at"]
    source = merging.Source(case_class.code, at, body["lon"], body["lat"], body["one_per"])
    record = desk.with_key(_keys(case_class, body))
    why = Reason("same_device") if record is not None else Reason("first_source")
    opened = record is None
    if record is None:
        record = _open(desk, number, case_class, source, body)
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


def _keys(case_class: CaseClass, body: dict[str, Any]) -> list[str]:
    """The key of the trouble, and those under which a rule may have opened a case for the same
    device: of the thing, or of the place that it stands at."""
    keys = [f"{case_class.code}|{body['one_per']}"]
    if body["place"] is not None:
        keys.append(f"{case_class.code}|place:{body['place']}")
    return keys


def _open(
    desk: Desk,
    number: int,
    case_class: CaseClass,
    source: merging.Source,
    body: dict[str, Any],
) -> Record:
    grid = desk.city.grids([(body["lon"], body["lat"])])[0]
    place = body["place"]
    return desk.open(number, case_class, source, case_class.severity, place=place, grid=grid)


def _recovered(ctx: Context, desk: Desk, body: dict[str, Any]) -> None:
    source = store.sources_of_troubles(ctx.connection, [body["trouble"]]).get(body["trouble"])
    if source is None or source.cleared_at is not None:
        return
    at: int = body["at"]
    record = desk.record(source.case)
    desk.mark_source(source.id, "cleared_at", at)
    record.live_findings -= 1
    details = {"trouble": body["trouble"], "reason": body["why"]}
    desk.line(record, "cleared", at, details=details)
    if record.live_findings == 0:
        flow.on_cleared(desk, record, at)
