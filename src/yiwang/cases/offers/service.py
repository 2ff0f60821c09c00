"""Offers: claimed by one, done with evidence, verified by others, else given to the department."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from yiwang.cases.actions import flow, photos
from yiwang.cases.actions.steps import check_given
from yiwang.cases.desk import Desk
from yiwang.cases.model.dispatch import Assignment, Reason
from yiwang.cases.model.guards import Given
from yiwang.cases.offers import model, store
from yiwang.cases.offers.errors import NoSuchOffer, OfferRefused
from yiwang.cases.offers.model import Taker
from yiwang.cases.offers.opening import ACTOR
from yiwang.cases.pictures.cleaning import Picture
from yiwang.cases.record import Record
from yiwang.contracts.events import CaseChanged
from yiwang.security.actions import Caller, Context, action
from yiwang.store.outbox import Delivery

TOPICS = (CaseChanged.topic,)
_BATCH = 500


@action("cases.claim_offer", permission="cases.report", audit_verb="offer_claimed")
def claim(ctx: Context, id: int) -> None:
    """Take an offer on. Of two at once one has it. Raises NoSuchOffer, OfferRefused."""
    offer = _offer(ctx, id)
    desk = Desk(ctx)
    taker = taker_of(desk)
    refusal = model.refuse_claim(tuple(offer.to), offer.role, offer.most_claims, offer.state, taker)
    if refusal is None and offer.claim_by <= ctx.now:
        raise _refused(offer, "offer_over")
    if refusal is not None:
        raise _refused(offer, refusal.code, **refusal.fields)
    if not store.take(ctx.connection, taker.name, offer.most_claims):
        raise _refused(offer, "offer_claims_used", most=offer.most_claims)
    record = desk.record(offer.case)
    done_by = ctx.now + offer.done_within
    values = {"state": "claimed", "claimer": taker.name, "claimed_at": ctx.now}
    values |= {"done_by": done_by, "watch_at": done_by}
    if record.kind != "new" or not store.change(ctx.connection, id, "open", values):
        raise _refused(offer, "offer_taken")
    firm = model.for_whom(tuple(offer.to), offer.role, taker) == model.FIRMS
    unit = ctx.identity.organisation if firm else None
    person = desk.city.person_named(taker.name)
    name = person.name if person else taker.name
    reasons = (Reason("claimed", {"person": name, "points": offer.points}),)
    desk.assign(record, Assignment(unit, taker.name, name, reasons), ctx.now)
    desk.move(record, desk.class_of(record).machine.steps["dispatch"].to, ctx.now)
    details = {"reasons": record.dispatch, "handler": name, "done_by": done_by}
    desk.line(record, "claimed", ctx.now, details=details)
    desk.flush()
    ctx.note(f"case:{record.no}", offer=id)


@action("cases.release_offer", permission="cases.report", audit_verb="offer_released")
def release(ctx: Context, id: int, reason: str) -> None:
    """Give a claim back: others may have it while there is time, else the department. Raises
    NoSuchOffer, OfferRefused."""
    desk, offer, record = _mine(ctx, id)
    again = offer.claim_by > ctx.now
    values: dict[str, Any] = {"state": "open" if again else "fallen_back", "claimer": ""}
    values |= {"claimed_at": None, "done_by": None, "why": "" if again else "released"}
    values |= {"watch_at": offer.claim_by if again else None}
    values |= {"ended_at": None if again else ctx.now}
    _change(ctx, offer, values)
    store.give(ctx.connection, offer.claimer)
    _back(desk, record, ctx.now)
    desk.line(record, "claim_released", ctx.now, reason=reason.strip())
    if not again:
        flow.dispatch(desk, record, ctx.now, offered=False)
    desk.flush()
    ctx.note(f"case:{record.no}", offer=id)


@action("cases.add_offer_photo", permission="cases.report", audit_verb="offer_photo_added")
def add_photo(ctx: Context, id: int, picture: Picture) -> str:
    """Evidence of the work; returns its name. Raises NoSuchOffer, OfferRefused,
    TooManyPictures."""
    desk, _, record = _mine(ctx, id)
    return photos.keep(desk, record, picture)


@action("cases.report_offer", permission="cases.report", audit_verb="offer_reported")
def report(ctx: Context, id: int, text: str, evidence: tuple[str, ...] = ()) -> None:
    """The work is done: with the evidence of the class; somebody else verifies it. Raises
    NoSuchOffer, OfferRefused, StepIncomplete, NoSuchPicture."""
    desk, offer, record = _mine(ctx, id)
    rule = desk.class_of(record).machine.steps["report"]
    if record.state not in rule.sources:
        raise _refused(offer, "offer_over")
    given = Given(text=text, photos=evidence)
    check_given(desk, record, "report", given)
    _change(ctx, offer, {"state": "reported", "watch_at": None})
    record.handled_by = offer.claimer
    record.touched = True
    desk.move(record, rule.to, ctx.now)
    desk.line(record, "report", ctx.now, text=text.strip(), photos=evidence)
    flow.after(desk, record, "report", ctx.now, given)
    desk.flush()
    ctx.note(f"case:{record.no}", offer=id)


@action("cases.follow_offers", permission="cases.consume", audit_verb="offers_followed")
def follow(ctx: Context, deliveries: list[Delivery]) -> None:
    """What steps of cases mean for their offers: points, fall-back, withdrawal."""
    latest = store.latest(ctx.connection, {one.body["case"] for one in deliveries})
    desk = Desk(ctx)
    desk.load(latest)
    for delivery in deliveries:
        body = delivery.body
        if body["case"] in latest:
            offer = store.get(ctx.connection, latest[body["case"]].id)
            assert offer is not None
            _follow(desk, offer, body["step"])
    desk.flush()


def _follow(desk: Desk, offer: Row[Any], step: str) -> None:
    record, now = desk.record(offer.case), desk.ctx.now
    theirs = bool(offer.claimer) and record.handler == offer.claimer
    state = model.after_step(offer.state, step, record.kind, theirs)
    if state == offer.state:
        return
    values: dict[str, Any] = {"state": state, "watch_at": None}
    if state not in model.LIVE:
        values |= {"ended_at": now, "why": step}
    if not store.change(desk.ctx.connection, offer.id, offer.state, values):
        return
    if offer.state in ("claimed", "reported") and state not in model.LIVE:
        store.give(desk.ctx.connection, offer.claimer)
    if state == "reported":
        return
    if state == "verified":
        _book(desk, offer, record, offer.points, "verified")
    elif state == "taken_back":
        _book(desk, offer, record, -offer.points, "reopened")
    elif state == "fallen_back":
        _fall_back(desk, record, "offer_failed" if step == "verify_not_ok" else "offer_returned")
    else:
        desk.line(record, "offer_withdrawn", now, actor=ACTOR)


def _book(desk: Desk, offer: Row[Any], record: Record, points: int, why: str) -> None:
    if points and store.book(desk.ctx.connection, offer, points, why, desk.ctx.now):
        details = {"points": points, "user": offer.claimer}
        step = "points_booked" if points > 0 else "points_taken_back"
        desk.line(record, step, desk.ctx.now, actor=ACTOR, details=details)


def sweep(caller: Caller) -> int:
    """Give offers that nobody took or did in time to the department; how many."""
    given = 0
    while True:
        with caller.database.read() as connection:
            if not store.due(connection, caller.clock.now(), 1):
                return given
        given += watch(caller)


@action("cases.watch_offers", permission="cases.sweep", audit_verb="offers_watched")
def watch(ctx: Context) -> int:
    """As ``sweep``, at most five hundred; returns how many."""
    desk = Desk(ctx)
    offers = store.due(ctx.connection, ctx.now, _BATCH)
    desk.load(one.case for one in offers)
    for offer in offers:
        record = desk.record(offer.case)
        why = "nobody_claimed" if offer.state == "open" else "claim_expired"
        values = {"ended_at": ctx.now, "watch_at": None, "why": why}
        claimed = offer.state != "open"
        stays = record.open and (
            record.handler == offer.claimer if claimed else record.kind == "new"
        )
        state = "fallen_back" if stays else "withdrawn"
        if not store.change(ctx.connection, offer.id, offer.state, values | {"state": state}):
            continue
        if claimed:
            store.give(ctx.connection, offer.claimer)
        if stays:
            _fall_back(desk, record, why)
    desk.flush()
    ctx.note("offers", ended=len(offers))
    return len(offers)


@action("cases.block_taker", permission="cases.dispatch", audit_verb="taker_blocked")
def block(ctx: Context, user: str, reason: str) -> None:
    """Keep somebody from claiming; what they have claimed stays theirs."""
    store.block(ctx.connection, user, ctx.now, ctx.identity.label, reason.strip())
    ctx.note(f"user:{user}", reason=reason.strip())


@action("cases.unblock_taker", permission="cases.dispatch", audit_verb="taker_unblocked")
def unblock(ctx: Context, user: str) -> None:
    """Let somebody claim again."""
    store.block(ctx.connection, user, None, "", "")
    ctx.note(f"user:{user}")


def taker_of(desk: Desk) -> Taker:
    """Whoever is acting, as one who might claim."""
    identity = desk.ctx.identity
    unit = desk.city.organisation(identity.organisation or 0)
    held = store.taker(desk.ctx.connection, identity.name)
    return Taker(
        identity.name if identity.kind in ("user", "token") else "",
        identity.roles if identity.kind in ("user", "token") else frozenset(),
        unit.kind if unit else "",
        frozenset(unit.functions) if unit else frozenset(),
        held.claims if held else 0,
        held is not None and held.blocked_at is not None,
    )


def _fall_back(desk: Desk, record: Record, why: str) -> None:
    """To the department, with what is left of the time."""
    now = desk.ctx.now
    desk.line(record, "offer_over", now, actor=ACTOR, reason=f"cases.reason.{why}")
    _back(desk, record, now)
    flow.dispatch(desk, record, now, offered=False)


def _back(desk: Desk, record: Record, at: int) -> None:
    """Nobody has the case any longer."""
    record.organisation = None
    record.handler = record.handler_name = record.handled_by = ""
    if record.kind != "new":
        machine = desk.class_of(record).machine
        rule = machine.steps.get("return")
        to = rule.to if rule is not None and machine.kind(rule.to) == "new" else machine.start
        desk.move(record, to, at)
    desk.keep(record)


def _offer(ctx: Context, id: int) -> Row[Any]:
    offer = store.get(ctx.connection, id)
    if offer is None:
        raise NoSuchOffer(id=id)
    return offer


def _mine(ctx: Context, id: int) -> tuple[Desk, Row[Any], Record]:
    """An offer that the caller has claimed and that is still theirs. Raises NoSuchOffer,
    OfferRefused."""
    offer = _offer(ctx, id)
    desk = Desk(ctx)
    if ctx.identity.kind not in ("user", "token") or offer.claimer != ctx.identity.name:
        raise NoSuchOffer(id=id)
    record = desk.record(offer.case)
    late = offer.done_by is not None and offer.done_by <= ctx.now
    if offer.state != "claimed" or record.handler != offer.claimer or late:
        raise _refused(offer, "offer_over")
    return desk, offer, record


def _change(ctx: Context, offer: Row[Any], values: dict[str, Any]) -> None:
    if not store.change(ctx.connection, offer.id, offer.state, values):
        raise _refused(offer, "offer_over")


def _refused(offer: Row[Any], why: str, **fields: Any) -> OfferRefused:
    return OfferRefused(f"offer:{offer.id}", id=offer.id, why=why, **fields)
