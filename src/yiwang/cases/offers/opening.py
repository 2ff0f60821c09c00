"""Opening an offer, in the place of a dispatch or by hand."""

from __future__ import annotations

from yiwang.cases.desk import Desk
from yiwang.cases.model.classes import OfferRule
from yiwang.cases.offers import model, store
from yiwang.cases.record import Record

ACTOR = "system:offers"


def open_(desk: Desk, record: Record, at: int) -> bool:
    """Offer a new case, where its class is offered and its place is known; whether it was."""
    rule = desk.class_of(record).offer
    if rule is None or record.kind != "new" or record.lon is None or record.lat is None:
        return False
    until = model.claim_by(rule, at, record.due_at)
    if until <= desk.ctx.now:
        return False
    put(desk, record, rule, at, until, ACTOR)
    return True


def put(
    desk: Desk, record: Record, rule: OfferRule, at: int, until: int, actor: str, reason: str = ""
) -> None:
    """Offer a case whose place is known, to be claimed before ``until``."""
    values = {
        "case": record.no,
        "class_code": record.class_code,
        "role": desk.class_of(record).role,
        "to": list(rule.to),
        "points": rule.points,
        "most_claims": rule.claims,
        "radius_m": rule.radius_m,
        "done_within": rule.done_within,
        "lon": record.lon,
        "lat": record.lat,
        "opened_at": at,
        "claim_by": until,
        "watch_at": until,
    }
    connection = desk.ctx.connection
    desk.afterwards(lambda: store.add(connection, values))
    details = {"to": list(rule.to), "points": rule.points, "claim_by": until}
    desk.line(record, "offered", at, actor=actor, reason=reason, details=details)
