"""All SQL of offers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from yiwang.cases.offers.model import LIVE
from yiwang.cases.offers.tables import case_offers, offer_points, offer_takers
from yiwang.store.database import Instant
from yiwang.store.statements import Among, Statement
from yiwang.store.upsert import upsert

_BLANK = {"claims": 0, "points": 0, "blocked_at": None, "blocked_by": "", "reason": ""}
_due = Statement(
    select(case_offers)
    .where(case_offers.c.watch_at <= bindparam("now_", 0, Instant), case_offers.c.state.in_(LIVE))
    .order_by(case_offers.c.watch_at)
    .limit(bindparam("most_", 1))
)


def add(connection: Connection, values: dict[str, Any]) -> None:
    blank = {"claimer": "", "claimed_at": None, "done_by": None, "ended_at": None, "why": ""}
    connection.execute(insert(case_offers).values(**(blank | {"state": "open"} | values)))


def get(connection: Connection, id: int) -> Row[Any] | None:
    return connection.execute(select(case_offers).where(case_offers.c.id == id)).first()


_of_cases = Among(select(case_offers).order_by(case_offers.c.id), case_offers.c.case)


def latest(connection: Connection, cases: Collection[int]) -> dict[int, Any]:
    """The last offer of each case."""
    return {row.case: row for row in _of_cases.named(connection, sorted(cases))}


def change(connection: Connection, id: int, was: str, values: dict[str, Any]) -> bool:
    """Change an offer that is in a state; False when somebody else was quicker."""
    wanted = update(case_offers).where(case_offers.c.id == id, case_offers.c.state == was)
    return connection.execute(wanted.values(**values)).rowcount == 1


def listing(connection: Connection, state: str, after: int, most: int) -> list[Row[Any]]:
    """Offers in a state, the newest first, before number ``after`` (0: from the newest)."""
    query = select(case_offers).where(case_offers.c.state == state)
    if after:
        query = query.where(case_offers.c.id < after)
    return list(connection.execute(query.order_by(case_offers.c.id.desc()).limit(most)))


def running(connection: Connection, before: int | None, most: int) -> list[Row[Any]]:
    """Offers that are not over, the newest first, before number ``before``."""
    query = select(case_offers).where(case_offers.c.state.in_(LIVE))
    if before is not None:
        query = query.where(case_offers.c.id < before)
    return list(connection.execute(query.order_by(case_offers.c.id.desc()).limit(most)))


def of_taker(connection: Connection, user: str, most: int) -> list[Row[Any]]:
    query = select(case_offers).where(case_offers.c.claimer == user)
    return list(connection.execute(query.order_by(case_offers.c.id.desc()).limit(most)))


def due(connection: Connection, now: int, most: int) -> list[Any]:
    """Offers that time has ended."""
    return _due.named(connection, {"now_": now, "most_": most})


def taker(connection: Connection, user: str) -> Row[Any] | None:
    return connection.execute(select(offer_takers).where(offer_takers.c.user == user)).first()


def takers(connection: Connection, most: int) -> list[Row[Any]]:
    """Those with the most points first."""
    query = select(offer_takers).order_by(offer_takers.c.points.desc(), offer_takers.c.user)
    return list(connection.execute(query.limit(most)))


def take(connection: Connection, user: str, most: int) -> bool:
    """One more open claim; False when there are as many as there may be, or when blocked."""
    upsert(connection, offer_takers, [{"user": user} | _BLANK], ["user"], update=[])
    wanted = update(offer_takers).where(
        offer_takers.c.user == user,
        offer_takers.c.claims < most,
        offer_takers.c.blocked_at.is_(None),
    )
    return connection.execute(wanted.values(claims=offer_takers.c.claims + 1)).rowcount == 1


def give(connection: Connection, user: str) -> None:
    """One open claim less."""
    wanted = update(offer_takers).where(offer_takers.c.user == user)
    connection.execute(wanted.values(claims=offer_takers.c.claims - 1))


def block(connection: Connection, user: str, at: int | None, by: str, reason: str) -> None:
    row = {"user": user} | _BLANK | {"blocked_at": at, "blocked_by": by, "reason": reason}
    changed = ["blocked_at", "blocked_by", "reason"]
    upsert(connection, offer_takers, [row], ["user"], update=changed)


def book(connection: Connection, offer: Row[Any], points: int, why: str, at: int) -> bool:
    """Into the ledger, once for each offer and reason; False when it stands there already."""
    held = select(offer_points.c.id).where(
        offer_points.c.offer == offer.id, offer_points.c.why == why
    )
    if connection.execute(held).first() is not None:
        return False
    row = {"user": offer.claimer, "offer": offer.id, "case": offer.case, "points": points}
    connection.execute(insert(offer_points).values(**row, why=why, at=at))
    wanted = update(offer_takers).where(offer_takers.c.user == offer.claimer)
    connection.execute(wanted.values(points=offer_takers.c.points + points))
    return True


def ledger(connection: Connection, user: str, after: int, most: int) -> Sequence[Row[Any]]:
    query = select(offer_points).where(offer_points.c.user == user)
    if after:
        query = query.where(offer_points.c.id < after)
    return list(connection.execute(query.order_by(offer_points.c.id.desc()).limit(most)))


def balance(connection: Connection, user: str) -> int:
    """The sum of the ledger."""
    total = select(func.sum(offer_points.c.points)).where(offer_points.c.user == user)
    return connection.execute(total).scalar() or 0
