"""The responsibility list (one duty, one source), the demand list and the negative list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, select, update

from yiwang.kernel import clock
from yiwang.kernel.text import render
from yiwang.registry import service as registry
from yiwang.security.actions import Context, action, query
from yiwang.security.model import allowed
from yiwang.sharing.catalogue import service as catalogue
from yiwang.sharing.catalogue import store, views
from yiwang.sharing.catalogue.errors import NotYourResource
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.sharing.ledger import model
from yiwang.sharing.ledger.errors import BadLine, NoSuchDemand, NoSuchDuty
from yiwang.sharing.ledger.model import Duty
from yiwang.sharing.ledger.tables import share_demands, share_duties

_MOST_LINES = 10_000
"""Of the elements of one page, with all that name the same."""
_d, _n, _r = share_duties.c, share_demands.c, share_resources.c


@action("sharing.add_duty", permission="sharing.compile", audit_verb="duty_added")
def add_duty(ctx: Context, organisation: int, element: str, basis: str, resource: str = "") -> int:
    """Say that an organisation gives a data element, on which basis, and by which resource (its
    code); the number of the line. Raises NotYourResource, BadLine."""
    if not catalogue.mine(ctx, organisation):
        raise NotYourResource(organisation=organisation)
    registry.organisation(ctx, organisation)
    _told("element", element)
    _told("basis", basis)
    if len(resource) > 80:
        raise BadLine("resource", field="resource", value=resource[:40])
    row = {"organisation": organisation, "element": element.strip(), "basis": basis.strip()}
    row["folded"] = model.folded(element)
    made = ctx.connection.execute(insert(share_duties).values(**row, resource=resource.strip()))
    id: int = made.inserted_primary_key[0]  # type: ignore[index]
    ctx.note(f"duty:{id}", element=element)
    return id


@action("sharing.remove_duty", permission="sharing.compile", audit_verb="duty_removed")
def remove_duty(ctx: Context, id: int) -> None:
    """Take a line out of the responsibility list. Raises NoSuchDuty, NotYourResource."""
    chosen = select(share_duties).where(_d.id == id, _d.removed_at.is_(None))
    row = ctx.connection.execute(chosen).first()
    if row is None:
        raise NoSuchDuty(id=id)
    if not catalogue.mine(ctx, row.organisation):
        raise NotYourResource(organisation=row.organisation)
    ctx.connection.execute(update(share_duties).where(_d.id == id).values(removed_at=ctx.now))
    ctx.note(f"duty:{id}", element=row.element)


@query("sharing.duties", permission="sharing.read")
def duties(ctx: Context, after: int, limit: int, lang: str, part: str = "") -> list[dict[str, Any]]:
    """The responsibility list, the oldest first, those whose element holds a text; each line with
    what in it breaks 一数一源: one element, one source."""
    chosen = select(share_duties).where(_d.removed_at.is_(None), _d.id > after).order_by(_d.id)
    if part:
        chosen = chosen.where(_d.folded.contains(model.folded(part), autoescape=True))
    rows = ctx.connection.execute(chosen.limit(limit)).all()
    broken = _conflicts(ctx, sorted({row.folded for row in rows}), lang)
    named = views.names(ctx, lang)
    held = _in_force(ctx, {row.resource for row in rows})
    return [
        {"id": row.id, "element": row.element, "organisation": row.organisation}
        | {"organisation_name": named.get(row.organisation, ""), "basis": row.basis}
        | {"resource": row.resource, "conflicts": broken.get(row.id, [])}
        | _called(held.get(row.resource))
        | {"mine": catalogue.mine(ctx, row.organisation)}
        for row in rows
    ]


def _in_force(ctx: Context, codes: Iterable[str]) -> dict[str, Resource]:
    """Resources in force by their codes."""
    found = store.coded(ctx.connection, sorted(code for code in set(codes) if code))
    return {one.code: one for one in found if one.state == "published"}


def _called(resource: Resource | None) -> dict[str, Any]:
    if resource is None:
        return {"resource_id": None, "resource_name": ""}
    return {"resource_id": resource.id, "resource_name": resource.name}


def _conflicts(ctx: Context, elements: list[str], lang: str) -> dict[int, list[dict[str, Any]]]:
    """Of the lines of some elements, by number."""
    chosen = select(share_duties).where(_d.removed_at.is_(None), _d.folded.in_(elements))
    rows = ctx.connection.execute(chosen.order_by(_d.id).limit(_MOST_LINES)).all()
    lines = [Duty(row.id, row.element, row.organisation, row.basis, row.resource) for row in rows]
    held = _in_force(ctx, {one.resource for one in lines})
    providers = {code: one.organisation for code, one in held.items()}
    found: dict[int, list[dict[str, Any]]] = {}
    for one in model.conflicts(lines, providers):
        text = render(f"sharing.ledger.conflict.{one.sort}", lang, one.fields)
        for id in one.duties:
            told = {"sort": one.sort, "text": text, "duties": list(one.duties)}
            found.setdefault(id, []).append(told)
    return found


@action("sharing.add_demand", permission="sharing.request", audit_verb="demand_added")
def add_demand(
    ctx: Context, element: str, purpose: str, organisation: int, provider: int | None = None
) -> int:
    """Say that an organisation needs data that the catalogue has not, and what for; ``provider``
    is who should have it. The number of the line. Raises NotYourResource, BadLine."""
    own = ctx.identity.organisation == organisation
    if not own and not allowed(ctx.identity, "sharing.review"):
        raise NotYourResource(organisation=organisation)
    _told("element", element)
    _told("purpose", purpose)
    for unit in (organisation, provider):
        if unit is not None:
            registry.organisation(ctx, unit)
    row = {"organisation": organisation, "element": element.strip(), "purpose": purpose.strip()}
    row |= {"provider": provider, "state": "open", "answer": "", "answered_by": ""}
    row |= {"made_at": ctx.now, "made_by": ctx.identity.label}
    made = ctx.connection.execute(insert(share_demands).values(**row))
    id: int = made.inserted_primary_key[0]  # type: ignore[index]
    ctx.note(f"demand:{id}", element=element)
    return id


@action("sharing.answer_demand", permission="sharing.provide", audit_verb="demand_answered")
def answer_demand(ctx: Context, id: int, text: str, resource: int | None = None) -> None:
    """Meet a demand by a resource in force, or refuse it with the reason: its provider or, where
    none is named, the data bureau. Raises NoSuchDemand, NotYourResource, BadLine."""
    chosen = select(share_demands).where(_n.id == id, _n.state == "open")
    row = ctx.connection.execute(chosen).first()
    if row is None:
        raise NoSuchDemand(id=id)
    if not _answers(ctx, row):
        raise NotYourResource(organisation=row.provider or "–")
    if resource is None:
        _told("text", text)
    elif not store.resource(ctx.connection, resource).in_force:
        raise BadLine("resource", field="resource", value=str(resource))
    values = {"state": "refused" if resource is None else "met", "resource": resource}
    values |= {"answer": text.strip(), "answered_at": ctx.now, "answered_by": ctx.identity.label}
    answered = update(share_demands).where(_n.id == id, _n.state == "open").values(**values)
    if ctx.connection.execute(answered).rowcount != 1:
        raise NoSuchDemand(id=id)
    ctx.note(f"demand:{id}", state=values["state"])


@query("sharing.demands", permission="sharing.read")
def demands(
    ctx: Context, state: str | None, after: int, limit: int, lang: str
) -> list[dict[str, Any]]:
    """The demand list, the oldest first."""
    chosen = (
        select(share_demands, _r.name.label("resource_name"))
        .outerjoin(share_resources, _r.id == _n.resource)
        .where(_n.id > after)
        .order_by(_n.id)
        .limit(limit)
    )
    if state is not None:
        chosen = chosen.where(_n.state == state)
    named = views.names(ctx, lang)
    found = []
    for row in ctx.connection.execute(chosen):
        answered = None if row.answered_at is None else clock.render(row.answered_at)
        shown = {"id": row.id, "element": row.element, "purpose": row.purpose, "state": row.state}
        shown |= {"organisation": row.organisation, "provider": row.provider}
        shown |= {"organisation_name": named.get(row.organisation, "")}
        shown |= {"provider_name": named.get(row.provider or 0, ""), "resource": row.resource}
        shown |= {"resource_name": row.resource_name or "", "mine": _answers(ctx, row)}
        shown |= {"answer": row.answer, "made_at": clock.render(row.made_at)}
        found.append(shown | {"answered_at": answered})
    return found


@query("sharing.negative_list", permission="sharing.read")
def negative(ctx: Context, after: int, limit: int, lang: str) -> list[dict[str, Any]]:
    """The negative list: what is not shared (不予共享), each with the law on which that rests."""
    chosen = (
        select(_r.id, _r.code, _r.name, _r.organisation, _r.share_basis)
        .where(_r.state == "published", _r.share_type == "none", _r.id > after)
        .order_by(_r.id)
        .limit(limit)
    )
    named = views.names(ctx, lang)
    return [
        {"id": row.id, "code": row.code, "name": row.name, "basis": row.share_basis}
        | {"organisation": row.organisation, "organisation_name": named.get(row.organisation, "")}
        for row in ctx.connection.execute(chosen)
    ]


def _answers(ctx: Context, demand: Any) -> bool:
    """Whether the caller answers an open demand: its provider, or the data bureau."""
    if demand.state != "open" or not allowed(ctx.identity, "sharing.provide"):
        return False
    if allowed(ctx.identity, "sharing.review"):
        return True
    return demand.provider is not None and demand.provider == ctx.identity.organisation


def _told(field: str, text: str) -> None:
    if not text.strip() or len(text) > (200 if field == "element" else 5000):
        raise BadLine(field, field=field, value=text[:40])
