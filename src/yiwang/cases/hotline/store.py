"""All SQL of contacts, callers and calls; articles are in ``shelf.py``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, insert, or_, select, update

from yiwang.cases.hotline.tables import (
    hotline_callers,
    hotline_calls,
    hotline_contacts,
    hotline_requests,
)
from yiwang.cases.open311.tables import case_contacts
from yiwang.cases.tables import case_sources, cases

_contact, _request, _call = hotline_contacts.c, hotline_requests.c, hotline_calls.c


def caller(connection: Connection, id: int | None) -> Row[Any] | None:
    if id is None:
        return None
    return connection.execute(select(hotline_callers).where(hotline_callers.c.id == id)).first()


def callers(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    rows = connection.execute(select(hotline_callers).where(hotline_callers.c.id.in_(sorted(ids))))
    return {row.id: row for row in rows}


def caller_by(connection: Connection, digest: str) -> Row[Any] | None:
    found = select(hotline_callers).where(hotline_callers.c.digest == digest)
    return connection.execute(found).first()


def add(connection: Connection, table: Any, **values: Any) -> int:
    """Insert a row and give its number."""
    made = connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
    return int(made)


def change(connection: Connection, table: Any, id: int, **values: Any) -> None:
    connection.execute(update(table).where(table.c.id == id).values(**values))


def contact(connection: Connection, id: int, lock: bool = False) -> Row[Any] | None:
    query = select(hotline_contacts).where(_contact.id == id)
    return connection.execute(query.with_for_update() if lock else query).first()


def contacts(
    connection: Connection, after: int, most: int, caller: int | None = None
) -> list[Row[Any]]:
    """The newest first, before number ``after`` (0: from the newest)."""
    query = select(hotline_contacts).order_by(_contact.id.desc()).limit(most)
    if after:
        query = query.where(_contact.id < after)
    if caller is not None:
        query = query.where(_contact.caller == caller)
    return list(connection.execute(query))


def unended(connection: Connection, operator: str, since: int, most: int) -> list[Row[Any]]:
    """What an operator has begun since an instant and not ended, the newest first."""
    query = select(hotline_contacts).where(
        _contact.at >= since, _contact.operator == operator, _contact.ended_at.is_(None)
    )
    return list(connection.execute(query.order_by(_contact.at.desc()).limit(most)))


def contacts_since(connection: Connection, ids: Collection[int], since: int) -> dict[int, int]:
    """How many contacts each caller has had since an instant."""
    query = select(_contact.caller, func.count()).where(
        _contact.caller.in_(sorted(ids)), _contact.at >= since
    )
    rows = connection.execute(query.group_by(_contact.caller))
    return {int(row[0]): int(row[1]) for row in rows if row[0] is not None}


def requests(connection: Connection, contact_ids: Collection[int]) -> list[Row[Any]]:
    query = select(hotline_requests).where(_request.contact.in_(sorted(contact_ids)))
    return list(connection.execute(query.order_by(_request.id)))


def cases_of(connection: Connection, caller_id: int, most: int) -> list[int]:
    """The cases that came from a caller's contacts, the newest first; of a merged case the one
    that it went into."""
    query = (
        select(cases.c.no, cases.c.merged_into)
        .join(hotline_requests, _request.case == cases.c.no)
        .join(hotline_contacts, _contact.id == _request.contact)
        .where(_contact.caller == caller_id)
        .order_by(_request.id.desc())
        .limit(most)
    )
    found = [row.merged_into or row.no for row in connection.execute(query)]
    return list(dict.fromkeys(found))


def is_of(connection: Connection, no: int, caller_id: int) -> bool:
    """Whether this caller has asked for this case, or for one that went into it."""
    query = (
        select(_request.id)
        .join(hotline_contacts, _contact.id == _request.contact)
        .join(cases, cases.c.no == _request.case)
        .where(_contact.caller == caller_id, or_(cases.c.no == no, cases.c.merged_into == no))
    )
    return connection.execute(query.limit(1)).first() is not None


def last_source(connection: Connection, no: int) -> int:
    """The instant of the newest source of a case."""
    found = select(func.max(case_sources.c.at)).where(case_sources.c.case == no)
    return connection.execute(found).scalar() or 0


def keep_address(connection: Connection, values: dict[str, Any]) -> None:
    """How the caller of a case is reached, beside the addresses of other reporters."""
    connection.execute(insert(case_contacts).values(**values))


def rename(connection: Connection, caller: Row[Any], contact_id: int, name: str) -> None:
    """The name under which the caller of a contact is told of what became of its cases: they are
    known by their number, and by their e-mail address where there is none."""
    mine = select(_request.case).where(_request.contact == contact_id, _request.case.is_not(None))
    known = case_contacts.c.email == caller.email
    if caller.number:
        known = case_contacts.c.phone == caller.number
    theirs = and_(case_contacts.c.case.in_(mine), known)
    connection.execute(update(case_contacts).where(theirs).values(first_name=name))


# Calls


def call(connection: Connection, id: int) -> Row[Any] | None:
    return connection.execute(select(hotline_calls).where(_call.id == id)).first()


def call_of(connection: Connection, external: str) -> Row[Any] | None:
    found = select(hotline_calls).where(_call.external == external)
    return connection.execute(found).first()


def waiting_calls(connection: Connection, since: int, operator: str, most: int) -> list[Row[Any]]:
    """Calls that nobody has taken, for everybody or for this operator, the oldest first."""
    query = select(hotline_calls).where(
        _call.at >= since,
        _call.contact.is_(None),
        _call.ended_at.is_(None),
        or_(_call.operator == "", _call.operator == operator),
    )
    return list(connection.execute(query.order_by(_call.at, _call.id).limit(most)))


def take_call(connection: Connection, id: int, contact_id: int) -> bool:
    """False when somebody else was quicker, or the caller has given up."""
    wanted = update(hotline_calls).where(
        _call.id == id, _call.contact.is_(None), _call.ended_at.is_(None)
    )
    return connection.execute(wanted.values(contact=contact_id)).rowcount == 1


# Call-backs


def call_backs(connection: Connection, most: int) -> list[Row[Any]]:
    """Requests whose case has ended and whose caller waits for a call, the longest first."""
    ended = and_(_request.call_back, cases.c.kind == "done", cases.c.closed_at.is_not(None))
    query = (
        select(
            hotline_requests,
            _contact.caller,
            cases.c.closed_at,
        )
        .join(hotline_contacts, _contact.id == _request.contact)
        .join(cases, cases.c.no == _request.case)
        .where(ended)
        .order_by(cases.c.closed_at, _request.id)
    )
    return list(connection.execute(query.limit(most)))


def waits(connection: Connection, request: int) -> Row[Any] | None:
    """A request whose caller waits for a call, with the caller."""
    query = (
        select(hotline_requests, _contact.caller)
        .join(hotline_contacts, _contact.id == _request.contact)
        .where(_request.id == request, _request.call_back)
    )
    return connection.execute(query).first()


# Figures


def in_span(connection: Connection, start: int, end: int) -> Sequence[Row[Any]]:
    """Contacts of a span: at, ended_at, channel, line, repeated, and whether each of their
    requests was answered on the spot."""
    mine = _request.contact == _contact.id
    some = exists(select(_request.id).where(mine))
    other = exists(select(_request.id).where(mine, _request.outcome != "answered"))
    query = select(
        _contact.at,
        _contact.ended_at,
        _contact.channel,
        _contact.line,
        _contact.operator,
        _contact.repeated,
        and_(some, ~other).label("answered"),
    )
    return connection.execute(query.where(_contact.at >= start, _contact.at < end)).all()


def outcomes(connection: Connection, start: int, end: int) -> list[Row[Any]]:
    """Requests of a span by kind and outcome, and how many missed an article."""
    query = select(
        _request.kind,
        _request.outcome,
        func.count().label("number"),
        func.count().filter(_request.missing).label("missing"),
    ).where(_request.at >= start, _request.at < end)
    return list(connection.execute(query.group_by(_request.kind, _request.outcome)))


def missing(connection: Connection, most: int) -> list[Row[Any]]:
    """What was asked last and no article answered."""
    query = select(_request.id, _request.at, _request.text).where(_request.missing)
    return list(connection.execute(query.order_by(_request.id.desc()).limit(most)))
