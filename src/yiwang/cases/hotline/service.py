"""The actions of operators: contacts, what becomes of their requests, and the caller's history.

Who called is written to ``hotline_callers`` (and, for a case, ``case_contacts``) and nowhere
else; an audit line names a caller by number of the row.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from yiwang.cases.actions.reports import Report, report
from yiwang.cases.actions.steps import apply, seen
from yiwang.cases.desk import Desk
from yiwang.cases.errors import BadTarget, TextMissing
from yiwang.cases.hotline import board, model, shelf, store, views
from yiwang.cases.hotline.errors import BadContact, BadNumber, ContactEnded, NoSuchContact
from yiwang.cases.hotline.tables import hotline_callers, hotline_contacts, hotline_requests
from yiwang.cases.model.guards import Given
from yiwang.kernel import clock
from yiwang.kernel.text import phrase
from yiwang.notices import addresses
from yiwang.notices.errors import BadAddress
from yiwang.security.actions import Context, action, query

MOST_TEXT = 10_000


@dataclass(frozen=True)
class Who:
    """Who calls. Without number and e-mail address the caller stays unknown."""

    number: str = ""
    email: str = ""
    name: str = ""


@dataclass(frozen=True)
class Contact:
    line: str
    channel: str
    who: Who = field(default_factory=Who)
    language: str = ""
    emotion: str = "calm"
    urgent: bool = False


@dataclass(frozen=True)
class Request:
    """One thing that is wanted in a contact, and what is done about it. ``case``: the open one
    that is urged or joined; ``reported``: a new case. ``article``: what the answer was taken
    from; ``helpful``: what the caller said of it; ``missing``: no article helped."""

    kind: str
    outcome: str
    text: str = ""
    case: int | None = None
    reported: Report | None = None
    article: int | None = None
    helpful: bool | None = None
    missing: bool = False
    call_back: bool = True


@action("cases.look_up_caller", permission="cases.hotline", audit_verb="caller_looked_up")
def look_up_caller(ctx: Context, who: Who, lang: str) -> dict[str, Any]:
    """Who this number or address is, with earlier contacts and cases. Raises BadNumber."""
    found = known(ctx, who)
    ctx.note(f"caller:{found.id}" if found is not None else "caller:unknown")
    return views.history(ctx, found, lang)


@action("cases.take_contact", permission="cases.hotline", audit_verb="contact_taken")
def take_contact(ctx: Context, given: Contact, lang: str) -> dict[str, Any]:
    """Begin a contact: the contact, with the caller's history. Raises BadNumber, BadContact."""
    contact = begin(ctx, given)
    ctx.note(f"caller:{contact.caller}", contact=contact.id)
    return views.contact(ctx, contact, lang)


@action("cases.show_contact", permission="cases.hotline", audit_verb="caller_read")
def show_contact(ctx: Context, id: int, lang: str) -> dict[str, Any]:
    """A contact with the caller and their history. Raises NoSuchContact."""
    found = _contact(ctx, id)
    ctx.note(f"caller:{found.caller}", contact=id)
    return views.contact(ctx, found, lang)


@query("cases.list_contacts", permission="cases.hotline")
def list_contacts(
    ctx: Context, after: int, most: int, lang: str, unended: bool = False
) -> list[dict[str, Any]]:
    """Contacts, the newest first, without who called. ``unended``: those of the last day that the
    asking operator has begun and not ended."""
    if unended:
        since = ctx.now - clock.DAY
        found = store.unended(ctx.connection, ctx.identity.label, since, most)
        return views.listed(ctx, found, lang)
    return views.listed(ctx, store.contacts(ctx.connection, after, most), lang)


@action("cases.settle_request", permission="cases.hotline", audit_verb="request_settled")
def settle_request(ctx: Context, id: int, given: Request, lang: str) -> dict[str, Any]:
    """What became of one request of a contact: answered, a case, an open case urged or joined,
    or noted. Returns it.

    Raises NoSuchContact, ContactEnded, BadContact, TextMissing, NoSuchArticle, NoSuchCase, and
    what ``report`` and the step ``urge`` raise; then nothing has changed.
    """
    contact = _contact(ctx, id)
    if contact.ended_at is not None:
        raise ContactEnded(f"contact:{id}", id=id)
    one_of("kind", given.kind, model.KINDS)
    one_of("outcome", given.outcome, model.OUTCOMES)
    text = (given.text or (given.reported.text if given.reported else "")).strip()
    if not text or len(text) > MOST_TEXT:
        raise TextMissing("text", most=MOST_TEXT)
    no = _SETTLING[given.outcome](ctx, contact, given, text)
    if given.article is not None:
        shelf.use(ctx.connection, given.article, given.helpful)
    made = store.add(
        ctx.connection,
        hotline_requests,
        contact=id,
        at=ctx.now,
        kind=given.kind,
        outcome=given.outcome,
        text=text,
        case=no,
        article=given.article,
        helpful=given.helpful,
        missing=given.missing,
        call_back=no is not None and given.call_back and contact.caller is not None,
        tries=0,
        tried_at=None,
    )
    ctx.note(f"case:{no}" if no else f"contact:{id}", contact=id, outcome=given.outcome)
    return views.request_of(ctx, made, lang)


@action("cases.end_contact", permission="cases.hotline", audit_verb="contact_ended")
def end_contact(ctx: Context, id: int) -> dict[str, Any]:
    """The contact is over; its time was what lies between. Raises NoSuchContact,
    ContactEnded."""
    contact = _contact(ctx, id)
    if contact.ended_at is not None:
        raise ContactEnded(f"contact:{id}", id=id)
    store.change(ctx.connection, hotline_contacts, id, ended_at=ctx.now)
    ctx.note(f"contact:{id}")
    return {"id": id, "seconds": round((ctx.now - contact.at) / 1_000_000)}


# What the actions share


def begin(ctx: Context, given: Contact) -> Row[Any]:
    """A new contact, with its caller kept. Raises BadNumber, BadContact."""
    rules = board.of(ctx)
    one_of("line", given.line, tuple(rules.lines))
    one_of("channel", given.channel, tuple(rules.channels))
    one_of("emotion", given.emotion, model.EMOTIONS)
    caller = keep_caller(ctx, given.who, given.language)
    since = ctx.now - rules.frequent_within
    before = store.contacts_since(ctx.connection, [caller], since) if caller else {}
    made = store.add(
        ctx.connection,
        hotline_contacts,
        at=ctx.now,
        ended_at=None,
        line=given.line,
        channel=given.channel,
        caller=caller,
        operator=ctx.identity.label,
        language=given.language[:16],
        emotion=given.emotion,
        urgent=given.urgent,
        repeated=bool(before),
    )
    return _contact(ctx, made)


def known(ctx: Context, who: Who) -> Row[Any] | None:
    """The caller of this number or address, if they have called before. Raises BadNumber."""
    number, email = _address(ctx, who)
    kept = number or email
    return store.caller_by(ctx.connection, board.of(ctx).digest(kept)) if kept else None


def keep_caller(ctx: Context, who: Who, language: str = "") -> int | None:
    """The number of the caller's row, made where there is none. Raises BadNumber."""
    number, email = _address(ctx, who)
    if not number and not email:
        return None
    digest = board.of(ctx).digest(number or email)
    found = store.caller_by(ctx.connection, digest)
    said = {"name": who.name.strip()[:128], "email": email, "language": language[:16]}
    given = {key: value for key, value in said.items() if value} | {"last_at": ctx.now}
    if found is not None:
        store.change(ctx.connection, hotline_callers, found.id, **given)
        return int(found.id)
    row = {"digest": digest, "number": number, "first_at": ctx.now, "last_at": ctx.now}
    return store.add(ctx.connection, hotline_callers, **row, **said)


def _address(ctx: Context, who: Who) -> tuple[str, str]:
    try:
        number = model.normalised(who.number, board.of(ctx).numbering)
        email = addresses.email(who.email.strip()) if who.email.strip() else ""
    except ValueError:
        raise BadNumber("number") from None
    except BadAddress:
        raise BadNumber("email") from None
    return number, email.casefold()


def _contact(ctx: Context, id: int) -> Row[Any]:
    found = store.contact(ctx.connection, id)
    if found is None:
        raise NoSuchContact(id=id)
    return found


def one_of(name: str, value: str, known_: tuple[str, ...]) -> None:
    if value not in known_:
        raise BadContact(name, name=name, value=value[:100], known=", ".join(known_))


# What becomes of a request: each returns the case it led to


def _answered(ctx: Context, contact: Row[Any], given: Request, text: str) -> None:
    if given.case is not None or given.reported is not None:
        raise BadContact("outcome", name="outcome", value="answered", known="case, urged, joined")


def _reported(ctx: Context, contact: Row[Any], given: Request, text: str) -> int:
    """A new case in the name of the caller, or the open one that the report belongs to."""
    if given.reported is None:
        raise BadContact("reported", name="reported", value="", known="case_class, text, …")
    asked = given.reported
    no = report(
        ctx,
        Report(
            asked.case_class,
            text,
            asked.lon,
            asked.lat,
            asked.place,
            asked.address,
            asked.title,
            asked.severity,
            contact.channel,
            values=_said(contact, given),
            answers=asked.answers,
            shown=asked.shown,
            on_behalf=True,
        ),
    )
    _keep_address(ctx, no, contact)
    return no


def _urged(ctx: Context, contact: Row[Any], given: Request, text: str) -> int:
    """Another call about the same: for who reported it an urging, and else a source more."""
    no = _open_case(given)
    if contact.caller is None or not store.is_of(ctx.connection, no, contact.caller):
        return _joined(ctx, contact, given, text)
    desk = Desk(ctx)
    apply(desk, seen(ctx, desk, no), "urge", Given(text=text))
    desk.flush()
    return no


def _joined(ctx: Context, contact: Row[Any], given: Request, text: str) -> int:
    no = _open_case(given)
    desk = Desk(ctx)
    record = seen(ctx, desk, no)
    if not record.open:
        raise BadTarget("case", what="case", value=no)
    fields = {"channel": contact.channel}
    how, details = {"code": "by_operator", "fields": fields}, {"why": "by_operator"} | fields
    values = {"channel": contact.channel, **_said(contact, given)}
    desk.add_source(record, ctx.now, "report", text=text, how=how, values=values)
    desk.line(record, "joined", ctx.now, text=text, details=details)
    desk.flush()
    _keep_address(ctx, no, contact)
    return no


def _noted(ctx: Context, contact: Row[Any], given: Request, text: str) -> None:
    return None


_SETTLING: Mapping[str, Any] = {
    "answered": _answered,
    "case": _reported,
    "urged": _urged,
    "joined": _joined,
    "noted": _noted,
}


def _open_case(given: Request) -> int:
    if given.case is None:
        raise BadContact("case", name="case", value="", known=phrase("open_case"))
    return given.case


def _said(contact: Row[Any], given: Request) -> dict[str, object]:
    """What a source keeps of the contact: nothing of who called."""
    marks = {"urgent": True} if contact.urgent else {}
    return {"contact": contact.id, "line": contact.line, "kind": given.kind, "resident": True} | (
        marks
    )


def _keep_address(ctx: Context, no: int, contact: Row[Any]) -> None:
    caller = store.caller(ctx.connection, contact.caller)
    if caller is None:
        return
    row = {"case": no, "at": ctx.now, "token": secrets.token_urlsafe(24), "reporter": ""}
    row |= {"email": caller.email, "phone": caller.number, "first_name": caller.name}
    row |= {"last_name": "", "device_id": "", "account_id": "", "media_url": ""}
    store.keep_address(ctx.connection, row | {"extra": {"contact": str(contact.id)}})
