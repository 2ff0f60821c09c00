"""The actions of the Open311 interface. Those that only read are open to everybody, and say of
each case no more than the city opened; with a key, reporters see what they reported."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import insert, select

from yiwang.cases import catalogue, choices
from yiwang.cases.actions import photos as pictures
from yiwang.cases.actions.reports import Report, report
from yiwang.cases.actions.steps import check, seen
from yiwang.cases.desk import Desk
from yiwang.cases.errors import BadTarget, NoSuchCase, NoSuchClass, NoSuchPicture
from yiwang.cases.model import masking
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.model.forms import Opening
from yiwang.cases.model.guards import Given
from yiwang.cases.open311 import model, numbers, store, views
from yiwang.cases.open311.errors import KeyInvalid, NoSuchToken
from yiwang.cases.open311.model import Own, Submission, Update, Wanted
from yiwang.cases.open311.numbers import Joined
from yiwang.cases.open311.store import Listed
from yiwang.cases.open311.tables import case_contacts
from yiwang.cases.open311.views import Asked, Page
from yiwang.cases.pictures.cleaning import Picture
from yiwang.cases.record import Record
from yiwang.cases.tables import case_photos, cases
from yiwang.cases.views import DONE_BY_ITSELF
from yiwang.kernel import clock
from yiwang.security import accounts
from yiwang.security.actions import Caller, Context, action, query
from yiwang.security.model import Identity, allowed
from yiwang.store.blobs import Blobs

CHANNEL = "open311"
_PART = 500


def by_key(caller: Caller, key: str) -> Identity:
    """The account of an API token. Raises KeyInvalid."""
    found = accounts.by_token(caller.database, caller.clock.now(), key)
    if found is None:
        raise KeyInvalid("api_key")
    return found


@query("cases.open311_services", permission="cases.read_opened")
def show_services(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """GET Service List: the classes that can be reported from outside."""
    return [views.service(ctx, one, lang) for one in _offered(ctx)]


@query("cases.open311_definition", permission="cases.read_opened")
def show_definition(ctx: Context, code: str, lang: str) -> dict[str, Any]:
    """GET Service Definition: what the form of a class asks. Raises NoSuchClass."""
    return views.definition(_one(ctx, code), lang)


@query("cases.open311_changeset", permission="cases.read_opened")
def show_changeset(ctx: Context) -> int:
    """When the services last changed (Service Discovery), as an instant."""
    return catalogue.changed_at(ctx)


@action("cases.open311_submit", permission="cases.report", audit_verb="case_reported_outside")
def submit(
    ctx: Context, given: Submission, files: Sequence[Picture] = (), lang: str = "en"
) -> dict[str, Any]:
    """POST Service Request: open or join a case, with its photos, as one transaction. A report
    without a place is where its photo was taken.

    Raises NoSuchClass, BadTarget for an unknown address_id, what ``report`` and ``add`` raise.
    """
    case_class = _one(ctx, given.service_code)
    asked = {one.code for one in case_class.form}
    extra = {code: value for code, value in given.attributes.items() if code not in asked}
    answers = {code: value for code, value in given.attributes.items() if code in asked}
    no = report(
        ctx,
        Report(
            case_class.code,
            given.description or choices.class_title(case_class, lang),
            *_spot(given, files),
            _place(ctx, given.address_id),
            given.address,
            channel=CHANNEL,
            answers=answers,
            values={"media_urls": list(given.media_urls)} if given.media_urls else {},
        ),
    )
    for photo in files:
        pictures.add(ctx, no, photo)
    token = secrets.token_urlsafe(24)
    record = Desk(ctx).record(no)
    joined = record.sources > 1
    report_ = _keep(ctx, no, token, given, extra, joined)
    number = numbers.name(no, report_) if joined else str(no)
    ctx.note(f"case:{no}", channel=CHANNEL, photos=len(files))
    told: dict[str, Any] = {"service_notice": views.notice(ctx, record, lang)}
    if case_class.reports == "realtime":
        told = {"service_request_id": number} | told
    elif case_class.reports == "batch":
        told = {"token": token} | told
    return told | {"account_id": given.contact.get("account_id")}


@query("cases.open311_token", permission="cases.read_opened")
def show_token(ctx: Context, token: str) -> dict[str, Any]:
    """GET service_request_id from a token: the number is told once the case has left the state
    in which it is reported. Raises NoSuchToken."""
    row = store.by_token(ctx.connection, token)
    if row is None:
        raise NoSuchToken(token=token[:64])
    desk = Desk(ctx)
    record = desk.record(row.case)
    case_class = desk.class_of(record)
    if case_class.reports == "blackbox":
        raise NoSuchToken(token=token[:64])
    waits = case_class.reports == "batch" and record.state == case_class.machine.start
    number = numbers.name(row.case, row.id) if row.joined else str(record.no)
    return {"service_request_id": None if waits else number, "token": token}


@query("cases.open311_requests", permission="cases.read_opened")
def show_requests(ctx: Context, wanted: Wanted, asked: Asked) -> list[dict[str, Any]]:
    """GET Service Requests: every number that was given, newest first, at most 1,000."""
    openings, reporter = _openings(ctx), _reporter(ctx)
    if wanted.own:
        return _asked_for(ctx, wanted, asked)
    told = store.told_of(*_telling(ctx), openings, reporter)
    rows = store.listed(ctx.connection, store.visible(openings, reporter), told, wanted)
    first, last = wanted.skip, wanted.skip + wanted.limit
    if wanted.bbox is not None:
        return list(islice(_inside(ctx, rows, wanted, asked), first, last))
    found = list(islice(rows, first, last))
    page = Page(ctx, openings, reporter, _records(found), asked.lang)
    return [_listed(page, one, asked) for one in found]


@query("cases.open311_request", permission="cases.read_opened")
def show_request(
    ctx: Context, no: int, asked: Asked, own: Own | None = None
) -> list[dict[str, Any]]:
    """GET Service Request: one, by the number of its case or a joined report's own, in a list.
    Raises NoSuchCase."""
    found = show_requests(ctx, Wanted((), own=(own,)) if own else Wanted((no,)), asked)
    if not found:
        raise NoSuchCase(no=numbers.name(*own) if own else no)
    return found


@query("cases.open311_updates", permission="cases.read_opened")
def show_updates(ctx: Context, start: int, end: int, asked: Asked) -> list[dict[str, Any]]:
    """What happened to requests in a span, oldest first, at most 1,000; in words of our own
    for everybody, with the words of those who acted for who reported it."""
    openings, reporter = _openings(ctx), _reporter(ctx)
    seen_ = store.visible(openings, reporter)
    lines = store.lines(ctx.connection, seen_, start, end, model.MOST_ROWS)
    records = list({record.no: record for _, record in lines}.values())
    page = Page(ctx, openings, reporter, records, asked.lang)
    reports = numbers.of_cases(ctx.connection, {record.no for record in records})
    found = []
    for row, record in lines:
        if row.step != "comment" or record.no in page.mine:
            one = _update(page, row, record, asked)
            found.append(one)
            found += [
                one | {"update_id": _number_of(row.id, each.id), "service_request_id": each.id}
                for each in reports.get(record.no, ())
                if each.at <= row.recorded_at
            ]
    return found


@action("cases.open311_add_update", permission="cases.report", audit_verb="case_update_added")
def add_update(ctx: Context, given: Update, files: Sequence[Picture] = ()) -> dict[str, Any]:
    """Add a client's words and pictures to a request as a comment; an update sent twice stays
    one. Raises NoSuchCase, StepRefused, TooManyPictures."""
    desk = Desk(ctx)
    if given.own is not None:
        known = numbers.resolve(ctx.connection, [given.own])
        given = replace(given, no=known[0].case if known else 0)
    record = seen(ctx, desk, given.no)
    label = ctx.identity.label
    line = None
    if given.update_id:
        line = store.update_of(ctx.connection, given.no, given.update_id, label)
    if line is None:
        check(ctx, desk, record, "comment", Given(text=given.description))
        details: dict[str, Any] = {"channel": CHANNEL}
        details |= {"update_id": given.update_id} if given.update_id else {}
        details |= {"media_urls": list(given.media_urls)} if given.media_urls else {}
        photos = [pictures.keep(desk, record, one) for one in files]
        text = given.description
        desk.line(record, "comment", ctx.now, text=text, photos=photos, details=details)
        desk.flush()
        line = store.last_line(ctx.connection, given.no)
    ctx.note(f"case:{given.no}", update=line)
    return {"update_id": _number_of(line, numbers.name(*given.own) if given.own else "")}


@query("cases.open311_photo", permission="cases.read_opened")
def show_opened_photo(ctx: Context, sha: str, size: int = 0) -> tuple[str, bytes]:
    """A photo that the city opened, or of what the caller reported. Raises NoSuchPicture."""
    openings, reporter = _openings(ctx), _reporter(ctx)
    query_ = (
        select(cases.c.no, cases.c.class_code, cases.c.reporter, case_photos.c.type)
        .join(case_photos, case_photos.c.case == cases.c.no)
        .where(case_photos.c.sha == sha, store.visible(openings, reporter))
    )
    for row in ctx.connection.execute(query_):
        opening = openings.get(row.class_code)
        own = reporter and (
            row.reporter == reporter or store.mine(ctx.connection, [row.no], reporter)
        )
        if own or (opening is not None and opening.photos):
            return pictures.content(ctx.port(Blobs), sha, row.type, size)
    raise NoSuchPicture(sha, sha=sha)


@action("cases.show_contacts", permission="cases.read", audit_verb="case_contacts_read")
def show_contacts(ctx: Context, no: int) -> list[dict[str, Any]]:
    """Who reported a case from outside and how they are reached: personal data, for staff who
    may see the case, and for those who do not speak with callers masked; each look at it is in
    the audit. Raises NoSuchCase."""
    seen(ctx, Desk(ctx), no)
    whole = allowed(ctx.identity, "cases.hotline")
    ctx.note(f"case:{no}", masked=not whole)
    rows = store.contacts(ctx.connection, no)
    return [masking.contact(row._mapping, whole) | {"at": clock.render(row.at)} for row in rows]


def _offered(ctx: Context) -> list[CaseClass]:
    return [one for one in catalogue.list_classes(ctx) if one.reports != "closed"]


def _one(ctx: Context, code: str) -> CaseClass:
    found = next((one for one in _offered(ctx) if one.code == code), None)
    if found is None:
        raise NoSuchClass("service_code", code=code[:100])
    return found


def _openings(ctx: Context) -> dict[str, Opening]:
    return {one.code: one.public for one in catalogue.list_classes(ctx) if one.public is not None}


def _reporter(ctx: Context) -> str:
    return ctx.identity.name if ctx.identity.kind in ("user", "token") else ""


def _place(ctx: Context, address_id: str) -> int | None:
    if not address_id:
        return None
    found = store.place(ctx.connection, address_id)
    if found is None:
        raise BadTarget("address_id", what="address_id", value=address_id)
    return found


def _spot(given: Submission, files: Sequence[Picture]) -> tuple[float | None, float | None]:
    if given.lon is None and not given.address and not given.address_id:
        for one in files:
            if one.taken.lon is not None:
                return one.taken.lon, one.taken.lat
    return given.lon, given.lat


def _asked_for(ctx: Context, wanted: Wanted, asked: Asked) -> list[dict[str, Any]]:
    """Requests by their numbers, some of them joined reports: these have the state of the case
    that they are with now, under their own number and date."""
    own = numbers.resolve(ctx.connection, wanted.own)
    ids = tuple(dict.fromkeys((*(wanted.ids or ()), *(one.case for one in own))))
    found = show_requests(ctx, replace(wanted, ids=ids, own=()), asked)
    by_id = {one["service_request_id"]: one for one in found}
    return [by_id[str(no)] for no in wanted.ids or () if str(no) in by_id] + [
        by_id[str(one.case)] | _own(one) for one in own if str(one.case) in by_id
    ]


def _keep(
    ctx: Context,
    no: int,
    token: str,
    given: Submission,
    extra: Mapping[str, object],
    joined: bool,
) -> int:
    """The contact of a report, by its number; those without one have their token and nothing
    else."""
    kept = {name: given.contact.get(name, "") for name in model.CONTACT}
    some = dict(list(extra.items())[: model.MOST_EXTRA])
    shortened = {code: str(value)[: model.MOST_DESCRIPTION] for code, value in some.items()}
    made = ctx.connection.execute(
        insert(case_contacts)
        .values(
            joined=joined,
            case=no,
            at=ctx.now,
            token=token,
            reporter=_reporter(ctx),
            media_url=next(iter(given.media_urls), ""),
            extra=shortened,
            **kept,
        )
        .returning(case_contacts.c.id)
    )
    id: int = made.scalar_one()
    return id


def _inside(
    ctx: Context, rows: Iterator[Listed], wanted: Wanted, asked: Asked
) -> Iterator[dict[str, Any]]:
    """Those that lie in the box where they are shown: nobody learns an exact place by asking
    for ever smaller boxes."""
    openings, reporter = _openings(ctx), _reporter(ctx)
    while part := list(islice(rows, _PART)):
        page = Page(ctx, openings, reporter, _records(part), asked.lang)
        for one in part:
            lon, lat = views.spot(one.record, page.opening(one.record))
            if model.inside(wanted.bbox, lon, lat):
                yield _listed(page, one, asked)


def _records(found: Sequence[Listed]) -> list[Record]:
    return list({one.record.no: one.record for one in found}.values())


def _listed(page: Page, one: Listed, asked: Asked) -> dict[str, Any]:
    shown = views.request(page, one.record, asked)
    return shown if one.own is None else shown | _own(one.own)


def _own(report: Joined) -> dict[str, Any]:
    """A joined report under its own number and date."""
    return {
        "service_request_id": report.id,
        "requested_datetime": clock.render(report.at),
    }


def _telling(ctx: Context) -> tuple[list[str], dict[str, str]]:
    """The classes that tell a report's number at once; and those that do later, with the state
    in which they are reported."""
    known = catalogue.list_classes(ctx)
    return (
        [one.code for one in known if one.reports == "realtime"],
        {one.code: one.machine.start for one in known if one.reports == "batch"},
    )


def _number_of(line: int, report: str) -> str:
    """The number of an update: of a line of the timeline, as a joined report has it."""
    return f"{line}-{report}" if report else str(line)


def _update(page: Page, row: Any, record: Any, asked: Asked) -> dict[str, Any]:
    case_class = catalogue.by_id(page.ctx, record.case_class)
    kind = case_class.machine.kind(row.state) if row.state in case_class.machine.states else "new"
    opening = page.opening(record)
    words = [choices.step_title(case_class, row.step, asked.lang)]
    if record.no in page.mine and row.step != "opened":
        words += [
            part for part in (row.text, row.reason) if part and not part.startswith(DONE_BY_ITSELF)
        ]
    media = row.photos[0] if row.photos and opening.photos else None
    return {
        "update_id": str(row.id),
        "service_request_id": str(record.no),
        "status": model.extended_status(kind, row.state),
        "updated_datetime": clock.render(row.recorded_at),
        "description": ": ".join(words),
        "media_url": f"{asked.base}/media/{media}" if media else None,
    }
