"""What people see of requests, grants and complaints."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row, Table

from yiwang.kernel import clock
from yiwang.security.actions import Context, query
from yiwang.security.model import allowed
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.views import names
from yiwang.sharing.grants import model, places, store
from yiwang.sharing.grants.errors import NoSuchComplaint, NoSuchGrant, NoSuchRequest
from yiwang.sharing.grants.tables import share_complaints, share_grants, share_requests

Paging = tuple[int | None, int]
"""The number before which to begin, and how many."""
_INSTANTS = (
    *("asked_at", "answer_by", "escalated_at", "answered_at", "granted_at", "expires_at"),
    *("ended_at", "warned_at", "filed_at", "corrected_at"),
)
_ERRORS: dict[Table, Any] = {
    share_requests: lambda id: NoSuchRequest(request=id),
    share_grants: lambda id: NoSuchGrant(grant=id),
    share_complaints: lambda id: NoSuchComplaint(complaint=id),
}


def _sight(ctx: Context, side: str) -> tuple[int | None, str]:
    """Whose rows the caller sees: all of them, or those of the own organisation."""
    for permission in ("sharing.review", "sharing.audit"):
        if allowed(ctx.identity, permission) and not side:
            return None, ""
    return ctx.identity.organisation or -1, side


@query("sharing.requests", permission="sharing.read")
def requests(ctx: Context, where: dict[str, Any], side: str, page: Paging, lang: str) -> Any:
    """Requests, the newest first; ``side``: those that the own organisation asked (user), has to
    answer (provider) or, empty, all that the caller sees."""
    return _page(ctx, share_requests, where, side, page, lang)


@query("sharing.grants", permission="sharing.read")
def grants(ctx: Context, where: dict[str, Any], side: str, page: Paging, lang: str) -> Any:
    """Grants, the newest first, as ``requests``."""
    return _page(ctx, share_grants, where, side, page, lang)


@query("sharing.complaints", permission="sharing.read")
def complaints(ctx: Context, where: dict[str, Any], side: str, page: Paging, lang: str) -> Any:
    """Complaints and corrections, the newest first, as ``requests``."""
    return _page(ctx, share_complaints, where, side, page, lang)


@query("sharing.one_request", permission="sharing.read")
def one(ctx: Context, kind: str, id: int, lang: str) -> dict[str, Any]:
    """A request, grant or complaint (``kind``) of one's own, or any for who sees all. Raises
    NoSuchRequest, NoSuchGrant, NoSuchComplaint."""
    table = TABLES[kind]
    found = store.row(ctx.connection, table, id)
    own, _ = _sight(ctx, "")
    if found is None or (own is not None and own not in (found.organisation, found.provider)):
        raise _ERRORS[table](id)
    return _shown(ctx, [found], lang)[0]


TABLES = {"request": share_requests, "grant": share_grants, "complaint": share_complaints}


def _page(
    ctx: Context, table: Table, where: dict[str, Any], side: str, page: Paging, lang: str
) -> list[dict[str, Any]]:
    before, limit = page
    rows = store.page(ctx.connection, table, _sight(ctx, side), where, before, limit)
    return _shown(ctx, rows, lang)


def _shown(ctx: Context, rows: list[Row[Any]], lang: str) -> list[dict[str, Any]]:
    """Rows with the names of resources and organisations, and whose turn it is."""
    own, named = ctx.identity.organisation, names(ctx, lang)
    found = catalogue.some(ctx.connection, sorted({row.resource for row in rows}))
    resources = {one.id: one for one in catalogue.with_items(ctx.connection, found)}
    shown = []
    for row in rows:
        values = dict(row._mapping)
        values |= {
            name: clock.render(values[name]) for name in _INSTANTS if values.get(name) is not None
        }
        resource = resources[row.resource]
        values["resource_name"], values["resource_code"] = resource.name, resource.code
        for name in ("provider", "organisation"):
            values[f"{name}_name"] = named[values[name]]
        if "granted_at" in row._mapping:
            held = store.read_row(row)
            values["in_force"] = held.in_force(ctx.now) and resource.in_force
            values["masked"] = [
                item.column for item in model.readable(held, resource) if model.masked(item, held)
            ]
        else:
            open_ = row.state in (model.WAITING, model.OPEN)
            values["yours"] = open_ and own == row.provider
            values["late"] = open_ and ctx.now > row.answer_by
            if values.get("place"):
                values["place"] = _place(ctx, row, values["late"])
        shown.append(msgspec.to_builtins(values))
    return shown


def _place(ctx: Context, row: Row[Any], late: bool) -> dict[str, Any]:
    """Which value is said to be wrong, for both sides and for who answers in the provider's place
    when it is late; others read the column alone."""
    answers = late and allowed(ctx.identity, "sharing.review")
    if ctx.identity.organisation in (row.provider, row.organisation) or answers:
        shown: dict[str, Any] = msgspec.to_builtins(places.opened(ctx, row.id, row.place))
        return shown
    return {"column": row.place["column"]}
