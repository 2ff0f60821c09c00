"""The centre offers a case by hand, whatever its class says of offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yiwang.cases.desk import Desk
from yiwang.cases.model.classes import CaseClass, OfferRule
from yiwang.cases.offers import model, opening, store
from yiwang.cases.offers.errors import BadTerms, CannotOffer
from yiwang.cases.offers.model import FIRMS, RESIDENTS
from yiwang.cases.offers.spec import MOST_POINTS
from yiwang.cases.record import Record
from yiwang.kernel import clock
from yiwang.kernel.clock import HOUR, MINUTE
from yiwang.security.actions import Context, action, query

USUAL = OfferRule((RESIDENTS, FIRMS), 10, 2 * HOUR, 24 * HOUR, None, 3)
MOST_MINUTES = 31 * 24 * 60
MOST_RADIUS_M = 100_000.0
MOST_REASON = 1000
"""Characters."""


@dataclass(frozen=True)
class Terms:
    """What is not given is as the class says, else as usual. Times are minutes."""

    to: tuple[str, ...] | None = None
    points: int | None = None
    claim_within: int | None = None
    done_within: int | None = None
    radius_m: float | None = None
    reason: str = ""


@action("cases.offer", permission="cases.dispatch", audit_verb="case_offered")
def offer(ctx: Context, no: int, terms: Terms) -> None:
    """Offer a case that is with nobody to residents and service firms: they see its class, its
    rounded place and its points. Raises NoSuchCase, BadTerms, CannotOffer."""
    desk = Desk(ctx)
    record = desk.record(no)
    case_class = desk.class_of(record)
    rule = _rule(case_class, terms)
    why = _hindered(desk, record, case_class)
    until = model.claim_by(rule, ctx.now, record.due_at)
    if why or until <= ctx.now:
        raise CannotOffer(f"case:{no}", no=no, why=why or "no_time")
    by = ctx.identity.label
    opening.put(desk, record, rule, ctx.now, until, by, terms.reason.strip())
    desk.flush()
    ctx.note(f"case:{no}", to=list(rule.to), points=rule.points)


@query("cases.show_offerable", permission="cases.dispatch")
def show(ctx: Context, no: int) -> dict[str, Any]:
    """Whether a case may be offered (``why`` not), with which usual terms, and its last offer.
    Raises NoSuchCase."""
    desk = Desk(ctx)
    record = desk.record(no)
    case_class = desk.class_of(record)
    rule = case_class.offer or USUAL
    held = store.latest(ctx.connection, [no]).get(no)
    terms = {
        "to": list(rule.to),
        "points": rule.points,
        "claim_within": rule.claim_within // MINUTE,
        "done_within": rule.done_within // MINUTE,
        "radius_m": rule.radius_m,
    }
    return {"why": _hindered(desk, record, case_class), "terms": terms, "offer": _shown(held)}


def _shown(held: Any) -> dict[str, Any] | None:
    if held is None:
        return None
    return {
        "id": held.id,
        "state": held.state,
        "to": held.to,
        "points": held.points,
        "claimer": held.claimer,
        "opened_at": clock.render(held.opened_at),
        "claim_by": clock.render(held.claim_by),
        "done_by": None if held.done_by is None else clock.render(held.done_by),
    }


def _hindered(desk: Desk, record: Record, case_class: CaseClass) -> str:
    """Why a case cannot be offered now; empty when it can."""
    steps = case_class.machine.steps
    report, start = steps.get("report"), steps.get("dispatch")
    if record.kind != "new" or start is None or record.state not in start.sources:
        return "not_new"
    if record.lon is None or record.lat is None:
        return "no_place"
    if case_class.verification == "none":
        return "unverified"
    if report is None or start.to not in report.sources:
        return "no_way"
    held = store.latest(desk.ctx.connection, [record.no]).get(record.no)
    if held is not None and held.state in model.LIVE:
        return "offered"
    return "" if record.due_at is None or record.due_at > desk.ctx.now else "no_time"


def _rule(case_class: CaseClass, terms: Terms) -> OfferRule:
    """Raises BadTerms."""
    _within("reason", len(terms.reason), 0, MOST_REASON)
    usual = case_class.offer or USUAL
    to = usual.to if terms.to is None else terms.to
    if not to or set(to) - {RESIDENTS, FIRMS}:
        raise BadTerms("to", name="to", value=", ".join(to), wanted=f"{RESIDENTS}, {FIRMS}")
    points = usual.points if terms.points is None else terms.points
    _within("points", points, 0, MOST_POINTS)
    spans = {"claim_within": usual.claim_within, "done_within": usual.done_within}
    for name in spans:
        minutes = getattr(terms, name)
        if minutes is not None:
            _within(name, minutes, 1, MOST_MINUTES)
            spans[name] = minutes * MINUTE
    radius = usual.radius_m if terms.radius_m is None else terms.radius_m
    if terms.radius_m is not None:
        _within("radius_m", terms.radius_m, 1, MOST_RADIUS_M)
    return OfferRule(
        tuple(to), points, spans["claim_within"], spans["done_within"], radius, usual.claims
    )


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise BadTerms(name, name=name, value=value, wanted=f"{least:g} … {most:g}")
