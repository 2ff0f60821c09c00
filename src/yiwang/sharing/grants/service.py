"""Requests and grants: ask, answer, renew, revoke. Each leaves a line in the log of uses."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row, true

from yiwang.contracts.events import GrantChanged
from yiwang.kernel.clock import DAY
from yiwang.security.actions import Caller, Context, action
from yiwang.security.evidence.log import Log, line
from yiwang.security.model import allowed
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.grants import model, store, telling
from yiwang.sharing.grants.errors import (
    BadTerms,
    NoOrganisation,
    NoSuchGrant,
    NoSuchRequest,
    NotInForce,
    NotShared,
    NotYours,
    OpenAlready,
    Settled,
)
from yiwang.sharing.grants.model import GRANTED, REFUSED, WAITING, WITHDRAWN, Grant, Terms
from yiwang.sharing.grants.tables import share_grants, share_requests

BY_RULE = "无条件共享"
MOST_TEXT = 2000
_KEPT = ("request", "resource", "provider", "organisation", "purpose")
"""What a narrower grant has of the one that it takes the place of."""


@action("sharing.request", permission="sharing.request", audit_verb="data_requested")
def ask(ctx: Context, resource: int, purpose: str, terms: Terms, renews: int | None = None) -> int:
    """Ask for a resource for the own organisation; the number of the request.

    无条件共享 is granted at once, unless its provider took it back from the organisation before;
    有条件共享 waits for its provider. ``renews``: a grant that is to last longer.
    Raises NoSuchResource, NotInForce, NotShared, NoOrganisation, BadTerms, OpenAlready,
    NoSuchGrant, Settled.
    """
    held, organisation = _resource(ctx, resource), _organisation(ctx)
    check_text("purpose", purpose)
    _check(terms, held)
    if organisation == held.organisation:
        raise NotYours(organisation=organisation)
    if store.waiting(ctx.connection, organisation, resource):
        raise OpenAlready(resource=resource)
    if renews is not None:
        _check_renewed(_grant(ctx, renews), organisation, resource)
    row = {
        "resource": resource,
        "provider": held.organisation,
        "organisation": organisation,
        "renews": renews,
        "purpose": purpose.strip(),
        "terms": terms,
        "state": WAITING,
        "asked_at": ctx.now,
        "asked_by": ctx.identity.label,
        "answer_by": model.answer_by(ctx.caller.calendar, ctx.now),
        "answered_by": "",
        "answer": "",
    }
    id = store.add(ctx.connection, share_requests, row)
    note(ctx, "data_requested", f"request:{id}", resource=resource, organisation=organisation)
    free = held.share_type == "unconditional"
    if free and not store.held_back(ctx.connection, organisation, resource):
        _give(ctx, request(ctx, id), model.by_rule(terms), BY_RULE)
    else:
        telling.asked(ctx, request(ctx, id), held)
    return id


@action("sharing.grant_request", permission="sharing.provide", audit_verb="data_granted")
def grant(ctx: Context, id: int, answer: str = "", terms: Terms | None = None) -> int:
    """Grant a request, whole or narrowed to ``terms``; the number of the grant. The provider
    answers, and once the limit is over the data bureau may. Raises NoSuchRequest, NotYours,
    Settled, NotInForce, BadTerms."""
    asked = _to_answer(ctx, id)
    held = _resource(ctx, asked.resource)
    wanted = store.terms_in(asked)
    given = terms or wanted
    _check(given, held)
    if more := model.wider(given, wanted):
        raise BadTerms("terms", name=more, why="wider")
    store.let_go(ctx.connection, asked.organisation, asked.resource)
    return _give(ctx, asked, given, answer.strip())


@action("sharing.refuse_request", permission="sharing.provide", audit_verb="data_refused")
def refuse(ctx: Context, id: int, answer: str) -> None:
    """Refuse a request with the reason. Raises NoSuchRequest, NotYours, Settled, BadTerms."""
    asked = _to_answer(ctx, id)
    check_text("answer", answer)
    _settle(ctx, id, REFUSED, answer)
    note(ctx, "data_refused", f"request:{id}", resource=asked.resource)
    telling.answered(ctx, asked, "refused", answer.strip())


@action("sharing.withdraw_request", permission="sharing.request", audit_verb="request_withdrawn")
def withdraw(ctx: Context, id: int) -> None:
    """Take a request back that waits. Raises NoSuchRequest, NotYours, Settled."""
    asked = request(ctx, id)
    if asked.organisation != _organisation(ctx):
        raise NotYours(organisation=asked.organisation)
    _settle(ctx, id, WITHDRAWN, "")
    note(ctx, "request_withdrawn", f"request:{id}")


@action("sharing.end_grant", permission="sharing.request", audit_verb="grant_ended")
def end(ctx: Context, id: int, reason: str) -> None:
    """End a grant: its provider or the data bureau revokes it, its user gives it up. The next
    call already finds none. Raises NoSuchGrant, NotYours, Settled, BadTerms."""
    held, own = _grant(ctx, id), ctx.identity.organisation
    provides = allowed(ctx.identity, "sharing.provide") and own == held.provider
    if not (provides or own == held.organisation or allowed(ctx.identity, "sharing.review")):
        raise NotYours(organisation=held.provider)
    check_text("reason", reason)
    if not _end(ctx, id, reason.strip(), held_back=own != held.organisation):
        raise Settled(number=id)
    note(ctx, "grant_ended", f"grant:{id}", resource=held.resource)
    ctx.emit(GrantChanged(id, held.resource, held.organisation, "ended"))
    telling.ended(ctx, held, reason.strip())


@action("sharing.narrow_grant", permission="sharing.provide", audit_verb="grant_narrowed")
def narrow(ctx: Context, id: int, terms: Terms, reason: str) -> int:
    """Let a grant give less from now on: another with narrower ``terms``, whose number this is,
    takes its place at once. ``days`` count from now, and it never lasts longer than before. Its
    provider or the data bureau does so. Raises NoSuchGrant, NotYours, Settled, NotInForce,
    NotShared, BadTerms."""
    held = _grant(ctx, id)
    if ctx.identity.organisation != held.provider and not allowed(ctx.identity, "sharing.review"):
        raise NotYours(organisation=held.provider)
    if not held.in_force(ctx.now):
        raise Settled(number=id)
    check_text("reason", reason)
    _check(terms, _resource(ctx, held.resource))
    if more := model.wider(terms, held.terms):
        raise BadTerms("terms", name=more, why="wider")
    expires = min(held.expires_at, ctx.now + terms.days * DAY)
    if expires == held.expires_at and msgspec.structs.replace(terms, days=held.terms.days) == (
        held.terms
    ):
        raise BadTerms("terms", name="terms", why="not_narrower")
    new = store.add(
        ctx.connection,
        share_grants,
        {
            **{name: getattr(held, name) for name in _KEPT},
            "terms": terms,
            "basis": reason.strip(),
            "granted_at": ctx.now,
            "granted_by": ctx.identity.label,
            "expires_at": expires,
            "ended_by": "",
            "end_reason": "",
        },
    )
    if not _end(ctx, id, f"grant:{new}", held_back=True):
        raise Settled(number=id)
    store.change(ctx.connection, share_requests, held.request, true(), grant=new)
    details = {"resource": held.resource, "organisation": held.organisation, "instead_of": id}
    note(ctx, "grant_narrowed", f"grant:{new}", **details, terms=msgspec.to_builtins(terms))
    ctx.emit(GrantChanged(id, held.resource, held.organisation, "ended"))
    ctx.emit(GrantChanged(new, held.resource, held.organisation, "granted"))
    telling.narrowed(ctx, held, reason.strip())
    return new


def sweep(caller: Caller) -> int:
    """``watch`` where there is something to do; leaves no trace where there is not."""
    at = caller.clock.now()
    with caller.database.read() as connection:
        late = any(store.late(connection, table, at) for table in telling.ANSWERED)
        if not late and not store.ending(connection, at, at + model.WARNED_BEFORE):
            return 0
    return watch(caller)


@action("sharing.watch_grants", permission="sharing.operate", audit_verb="grants_watched")
def watch(ctx: Context) -> int:
    """Escalate what was not answered in time to the data bureau, and tell users of grants that
    end soon; how many there were."""
    told = 0
    for table in telling.ANSWERED:
        for row in store.late(ctx.connection, table, ctx.now):
            store.change(ctx.connection, table, row.id, true(), escalated_at=ctx.now)
            telling.escalated(ctx, table, row)
            told += 1
    for held in store.ending(ctx.connection, ctx.now, ctx.now + model.WARNED_BEFORE):
        store.change(ctx.connection, share_grants, held.id, true(), warned_at=ctx.now)
        telling.ends_soon(ctx, held)
        told += 1
    ctx.note("grants", told=told)
    return told


def request(ctx: Context, id: int) -> Row[Any]:
    """Raises NoSuchRequest."""
    found = store.row(ctx.connection, share_requests, id)
    if found is None:
        raise NoSuchRequest(request=id)
    return found


def note(ctx: Context, verb: str, about: str, **details: Any) -> None:
    """The audit line and the entry in the log of uses, both in this transaction."""
    ctx.note(about, **details)
    entry = line(ctx.now, ctx.identity.label, verb, about, details)
    ctx.port(Log).append(ctx.connection, [entry])


def _give(ctx: Context, asked: Row[Any], terms: Terms, answer: str) -> int:
    """Make the grant of a request; one that is renewed ends with it."""
    row = {
        "request": asked.id,
        "resource": asked.resource,
        "provider": asked.provider,
        "organisation": asked.organisation,
        "purpose": asked.purpose,
        "terms": terms,
        "basis": answer or f"request:{asked.id}",
        "granted_at": ctx.now,
        "granted_by": ctx.identity.label,
        "expires_at": ctx.now + terms.days * DAY,
        "ended_by": "",
        "end_reason": "",
    }
    id = store.add(ctx.connection, share_grants, row)
    _settle(ctx, asked.id, GRANTED, answer, grant=id)
    if asked.renews is not None:
        _end(ctx, asked.renews, f"grant:{id}")
    details = {"resource": asked.resource, "organisation": asked.organisation}
    note(ctx, "data_granted", f"grant:{id}", **details, terms=msgspec.to_builtins(terms))
    ctx.emit(GrantChanged(id, asked.resource, asked.organisation, "granted"))
    telling.answered(ctx, asked, "granted", answer)
    return id


def _end(ctx: Context, id: int, reason: str, held_back: bool = False) -> bool:
    """End a grant that has not ended; whether it had not."""
    values = {"ended_at": ctx.now, "ended_by": ctx.identity.label, "end_reason": reason}
    values |= {"held_back": held_back}
    open_ = share_grants.c.ended_at.is_(None)
    return store.change(ctx.connection, share_grants, id, open_, **values)


def _settle(ctx: Context, id: int, state: str, answer: str, **values: Any) -> None:
    values |= {"answered_at": ctx.now, "answered_by": ctx.identity.label, "answer": answer.strip()}
    waits = share_requests.c.state == WAITING
    if not store.change(ctx.connection, share_requests, id, waits, state=state, **values):
        raise Settled(number=id)


def _to_answer(ctx: Context, id: int) -> Row[Any]:
    """A request that the caller has to answer."""
    asked = request(ctx, id)
    late = asked.escalated_at is not None or ctx.now > asked.answer_by
    if ctx.identity.organisation != asked.provider and not (
        late and allowed(ctx.identity, "sharing.review")
    ):
        raise NotYours(organisation=asked.provider)
    if asked.state != WAITING:
        raise Settled(number=id)
    return asked


def _grant(ctx: Context, id: int) -> Grant:
    found = store.grant(ctx.connection, id)
    if found is None:
        raise NoSuchGrant(grant=id)
    return found


def _resource(ctx: Context, id: int) -> Resource:
    held = catalogue.resource(ctx.connection, id)
    if not held.in_force:
        raise NotInForce(resource=id)
    if held.share_type == "none":
        raise NotShared(resource=id, name=held.name, basis=held.share_basis)
    return held


def _organisation(ctx: Context) -> int:
    if ctx.identity.organisation is None:
        raise NoOrganisation(who=ctx.identity.label)
    return ctx.identity.organisation


def _check(terms: Terms, resource: Resource) -> None:
    if (wrong := model.fault(terms, resource)) is not None:
        raise BadTerms("terms", name=wrong[0], why=wrong[1])


def _check_renewed(grant: Grant, organisation: int, resource: int) -> None:
    if (grant.organisation, grant.resource) != (organisation, resource):
        raise NoSuchGrant(grant=grant.id)
    if grant.ended_at is not None:
        raise Settled(number=grant.id)


def check_text(name: str, text: str) -> None:
    """Raises BadTerms for a text that says nothing, or too much."""
    if not 0 < len(text.strip()) <= MOST_TEXT:
        raise BadTerms(name, name=name, why="text")
