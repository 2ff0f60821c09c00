"""What is looked up before a list of cases is read: which hold a text, and which lie in a box."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection, select

from yiwang.cases import conditions, texts
from yiwang.cases.conditions import Condition, Narrowed
from yiwang.cases.model.classes import OPEN_KINDS
from yiwang.cases.tables import cases
from yiwang.store.statements import Statement

MOST_NEAR = 2000
"""Cases in a box that are named one by one."""
Box = tuple[float, float, float, float]
"""West, south, east and north, degrees."""


def of(
    connection: Connection, q: str, box: Box | None, kind: str, newest: tuple[int, int] | None
) -> list[Narrowed]:
    """``kind`` as in a filter, ``newest`` as of ``texts.matching``."""
    found = []
    if q:
        found.append(texts.matching(connection, q, newest))
    if box is not None:
        open_ = {"": (True, False), "open": (True,)}.get(kind, (kind in OPEN_KINDS,))
        found.append(_inside(connection, box, open_))
    return found


@lru_cache
def _in_box(open_: tuple[bool, ...], most: int) -> Statement:
    given = conditions.Parameters()
    within = given.sql((("within", "lon", 2), ("within", "lat", 2)))
    query = select(cases.c.no).where(cases.c.open.in_(open_), *within)
    return Statement(query.limit(most))


def _inside(connection: Connection, box: Box, open_: tuple[bool, ...]) -> Narrowed:
    """The cases in a box. Where they are few they are named, where many the list is walked."""
    within = (
        Condition("within", "lon", (box[0], box[2])),
        Condition("within", "lat", (box[1], box[3])),
    )
    rows = _in_box(open_, MOST_NEAR + 1).rows(connection, conditions.values(within))
    few = len(rows) <= MOST_NEAR
    if few:
        return Narrowed((conditions.among("no", [no for (no,) in rows]),), True)
    return Narrowed(tuple(one._replace(how="inside") for one in within), False)
