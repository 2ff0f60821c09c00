"""Parts of a case that joint units do (联合处置): all SQL of ``case_parts``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from yiwang.cases.tables import case_parts


def of_case(connection: Connection, no: int) -> list[Row[Any]]:
    """Every part of a case, in the order in which they were asked for."""
    query = select(case_parts).where(case_parts.c.case == no).order_by(case_parts.c.id)
    return list(connection.execute(query))


def ask(
    connection: Connection, no: int, organisations: Sequence[int], asked: str, at: int, by: str
) -> None:
    row = {"case": no, "asked": asked, "asked_at": at, "asked_by": by}
    blank = {"state": "open", "answer": "", "answered_at": None, "answered_by": ""}
    rows = [row | blank | {"organisation": one} for one in organisations]
    connection.execute(insert(case_parts), rows)


def end(
    connection: Connection,
    no: int,
    state: str,
    at: int,
    by: str,
    *,
    answer: str = "",
    organisation: int | None = None,
) -> int:
    """Open parts, of one organisation or of all, come to an end; returns how many."""
    wanted = and_(case_parts.c.case == no, case_parts.c.state == "open")
    if organisation is not None:
        wanted = and_(wanted, case_parts.c.organisation == organisation)
    values = {"state": state, "answer": answer, "answered_at": at, "answered_by": by}
    return connection.execute(update(case_parts).where(wanted).values(values)).rowcount
