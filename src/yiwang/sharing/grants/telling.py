"""Who is told of requests, grants and complaints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Table

from yiwang.notices import service as notices
from yiwang.notices.model import EMAIL, IN_APP, Notice, Recipient, account
from yiwang.notices.recipients import holding
from yiwang.security.actions import Context
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.grants.model import Grant
from yiwang.sharing.grants.tables import share_complaints, share_requests

ANSWERED = (share_requests, share_complaints)
"""What somebody has to answer within days."""
_STEWARD, _BUREAU = "data_steward", "data_bureau"


def asked(ctx: Context, request: Row[Any], resource: Resource) -> None:
    """The provider has a request to answer."""
    fields = {"name": resource.name, "purpose": request.purpose, "until": _at(request.answer_by)}
    _tell(ctx, f"request:{request.id}", "asked", fields, _stewards(ctx, request.provider))


def answered(ctx: Context, request: Row[Any], outcome: str, answer: str) -> None:
    """Whoever asked hears the answer."""
    to = [account(request.asked_by.removeprefix("user:"))]
    fields = {"name": _name(ctx, request.resource), "answer": answer}
    _tell(ctx, f"request:{request.id}", outcome, fields, to)


def ended(ctx: Context, grant: Grant, reason: str) -> None:
    """Both sides hear that a grant is over."""
    to = [*_stewards(ctx, grant.organisation), *_stewards(ctx, grant.provider)]
    fields = {"name": _name(ctx, grant.resource), "answer": reason}
    _tell(ctx, f"grant:{grant.id}", "ended", fields, to)


def narrowed(ctx: Context, grant: Grant, reason: str) -> None:
    """Whoever uses a grant hears that it gives less from now on."""
    fields = {"name": _name(ctx, grant.resource), "answer": reason}
    _tell(ctx, f"grant:{grant.id}", "narrowed", fields, _stewards(ctx, grant.organisation))


def ends_soon(ctx: Context, grant: Grant) -> None:
    fields = {"name": _name(ctx, grant.resource), "until": _at(grant.expires_at)}
    _tell(ctx, f"grant:{grant.id}", "ends_soon", fields, _stewards(ctx, grant.organisation))


def complained(ctx: Context, complaint: Row[Any], resource: Resource) -> None:
    fields = {"name": resource.name, "text": complaint.text, "until": _at(complaint.answer_by)}
    to = _stewards(ctx, complaint.provider)
    _tell(ctx, f"complaint:{complaint.id}", complaint.kind, fields, to)


def complaint_answered(ctx: Context, complaint: Row[Any], accepted: bool, answer: str) -> None:
    to = [account(complaint.filed_by.removeprefix("user:"))]
    fields = {"name": _name(ctx, complaint.resource), "answer": answer}
    outcome = "accepted" if accepted else "rejected"
    _tell(ctx, f"complaint:{complaint.id}", outcome, fields, to)


def escalated(ctx: Context, table: Table, row: Row[Any]) -> None:
    """The data bureau hears that nobody answered in time, and so does the provider."""
    about = "request" if table is share_requests else "complaint"
    to = [*holding(ctx, _BUREAU), *_stewards(ctx, row.provider)]
    fields = {"name": _name(ctx, row.resource), "until": _at(row.answer_by)}
    _tell(ctx, f"{about}:{row.id}", "late", fields, to)


def _tell(
    ctx: Context, about: str, what: str, fields: Mapping[str, Any], to: list[Recipient]
) -> None:
    template = f"sharing.grants.notice.{what}"
    path = "/sharing/requests"
    event = f"sharing:{about}/{what}"
    channels = (IN_APP, EMAIL)
    if to:
        notice = Notice(event, f"sharing.{what}", about, template, fields, to, channels, path=path)
        notices.send(ctx, notice)


def _stewards(ctx: Context, organisation: int) -> list[Recipient]:
    return holding(ctx, _STEWARD, organisation)


def _name(ctx: Context, resource: int) -> str:
    return catalogue.resource(ctx.connection, resource).name


def _at(instant: int) -> dict[str, int]:
    return {"at": instant}
