"""What reporters think of the end of a case (回访, 评价): all SQL of ``case_assessments``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select

from yiwang.cases.tables import case_assessments


def of_case(connection: Connection, no: int) -> list[Row[Any]]:
    """Every assessment of a case, the first one first."""
    table = case_assessments
    return list(connection.execute(select(table).where(table.c.case == no).order_by(table.c.id)))


def given_by(connection: Connection, no: int, actor: str, since: int) -> bool:
    """Whether somebody has assessed a case since its end."""
    table = case_assessments
    wanted = select(table.c.id).where(
        table.c.case == no, table.c.actor == actor, table.c.at >= since
    )
    return connection.execute(wanted.limit(1)).first() is not None


def add(connection: Connection, **values: Any) -> None:
    connection.execute(insert(case_assessments).values(**values))
