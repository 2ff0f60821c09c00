"""What users say of data: complaints, and wrong values (数据纠错) that flow back."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import Row, and_, true

from yiwang.contracts.events import ValueCorrected
from yiwang.security.actions import Context, action
from yiwang.security.model import allowed
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.grants import model, places, service, store, telling
from yiwang.sharing.grants.errors import (
    BadTerms,
    NoOrganisation,
    NoSuchComplaint,
    NotInForce,
    NotYours,
    Settled,
)
from yiwang.sharing.grants.model import ACCEPTED, OPEN, REJECTED, WITHDRAWN
from yiwang.sharing.grants.places import Place
from yiwang.sharing.grants.tables import share_complaints
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Condition


@action("sharing.complain", permission="sharing.request", audit_verb="data_complaint_filed")
def file(ctx: Context, kind: str, resource: int, text: str, place: Place | None = None) -> int:
    """Complain of a resource, or report a wrong value of one that the own organisation may
    read; its number. Raises NoSuchResource, NotInForce, NoOrganisation, NotYours, BadTerms."""
    held = catalogue.resource(ctx.connection, resource)
    own = ctx.identity.organisation
    if own is None:
        raise NoOrganisation(who=ctx.identity.label)
    if not held.in_force:
        raise NotInForce(resource=resource)
    if kind not in model.KINDS or (kind == "correction") != (place is not None):
        raise BadTerms("kind", name=kind, why="no_kind")
    service.check_text("text", text)
    if place is not None:
        _check_place(ctx, held, own, place)
    row = {
        "kind": kind,
        "resource": resource,
        "provider": held.organisation,
        "organisation": own,
        "text": text.strip(),
        "place": {},
        "state": OPEN,
        "filed_at": ctx.now,
        "filed_by": ctx.identity.label,
        "answer_by": model.answer_by(ctx.caller.calendar, ctx.now),
        "answered_by": "",
        "answer": "",
    }
    id = store.add(ctx.connection, share_complaints, row)
    if place is not None:
        kept = places.sealed(ctx, id, place)
        store.change(ctx.connection, share_complaints, id, true(), place=kept)
    service.note(ctx, "data_complaint_filed", f"complaint:{id}", resource=resource)
    telling.complained(ctx, complaint(ctx, id), held)
    return id


@action("sharing.answer_complaint", permission="sharing.provide", audit_verb="complaint_answered")
def answer(ctx: Context, id: int, accepted: bool, text: str) -> None:
    """Answer a complaint or correction. An accepted value is written into the table that the
    platform keeps, and announced to those who exchange it. Raises NoSuchComplaint, NotYours,
    Settled, BadTerms."""
    held = complaint(ctx, id)
    late = ctx.now > held.answer_by and allowed(ctx.identity, "sharing.review")
    if ctx.identity.organisation != held.provider and not late:
        raise NotYours(organisation=held.provider)
    service.check_text("answer", text)
    values: dict[str, Any] = {"answered_at": ctx.now, "answered_by": ctx.identity.label}
    values |= {"answer": text.strip(), "state": ACCEPTED if accepted else REJECTED}
    _settle(ctx, id, values)
    service.note(ctx, "complaint_answered", f"complaint:{id}", accepted=accepted)
    if accepted and held.kind == "correction":
        _correct(ctx, held)
    telling.complaint_answered(ctx, held, accepted, text.strip())


@action(
    "sharing.withdraw_complaint", permission="sharing.request", audit_verb="complaint_withdrawn"
)
def withdraw(ctx: Context, id: int) -> None:
    """Take a complaint back that is open. Raises NoSuchComplaint, NotYours, Settled."""
    _own(ctx, id)
    _settle(ctx, id, {"state": WITHDRAWN, "answered_at": ctx.now})
    service.note(ctx, "complaint_withdrawn", f"complaint:{id}")


@action("sharing.rate_answer", permission="sharing.request", audit_verb="complaint_rated")
def rate(ctx: Context, id: int, stars: int) -> None:
    """Say from 1 to 5 how good the answer was, once. Raises NoSuchComplaint, NotYours, Settled,
    BadTerms."""
    _own(ctx, id)
    if not 1 <= stars <= 5:
        raise BadTerms("stars", name="stars", why="out_of_range")
    table = share_complaints.c
    unrated = and_(table.state.in_((ACCEPTED, REJECTED)), table.stars.is_(None))
    if not store.change(ctx.connection, share_complaints, id, unrated, stars=stars):
        raise Settled(number=id)
    ctx.note(f"complaint:{id}", stars=stars)


def complaint(ctx: Context, id: int) -> Row[Any]:
    """Raises NoSuchComplaint."""
    found = store.row(ctx.connection, share_complaints, id)
    if found is None:
        raise NoSuchComplaint(complaint=id)
    return found


def _own(ctx: Context, id: int) -> None:
    found = complaint(ctx, id)
    if found.organisation != ctx.identity.organisation:
        raise NotYours(organisation=found.organisation)


def _settle(ctx: Context, id: int, values: dict[str, Any]) -> None:
    open_ = share_complaints.c.state == OPEN
    if not store.change(ctx.connection, share_complaints, id, open_, **values):
        raise Settled(number=id)


def _check_place(ctx: Context, held: Resource, own: int, place: Place) -> None:
    """Only a value that somebody may read can be said to be wrong: else it could be guessed."""
    grants = store.of(ctx.connection, own, held.id, ctx.now)
    readable = {item.column for one in grants for item in model.readable(one, held)}
    for name in (place.column, *place.key):
        if name not in readable:
            raise BadTerms("place", name=name, why="not_shared")
    if set(place.key) != set(held.keys):
        raise BadTerms("place", name=", ".join(held.keys), why="key")


def _correct(ctx: Context, held: Row[Any]) -> None:
    """Write the value where the platform keeps the table, and tell who exchanges it."""
    resource = catalogue.resource(ctx.connection, held.resource)
    place = places.opened(ctx, held.id, held.place)
    if resource.dataset:
        datasets = ctx.port(Datasets)
        where = [Condition(name, "=", value) for name, value in place.key.items()]
        opened = datasets.describe(resource.dataset).sealed
        rows = datasets.read(resource.dataset, None, where, limit=1, opened=opened)
        if rows:
            row = rows[0] | {place.column: place.value}
            written = datasets.upsert(resource.dataset, pa.RecordBatch.from_pylist([row]))
            if written.refused:
                raise BadTerms("place", name=place.column, why="value")
            values = {"corrected_at": ctx.now}
            whole = share_complaints.c.id == held.id
            store.change(ctx.connection, share_complaints, held.id, whole, **values)
    ctx.emit(ValueCorrected(held.resource, place.key, place.column, place.value))
