"""SQL of possible duplicates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    bindparam,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from yiwang.cases.likeness.tables import case_likes
from yiwang.cases.tables import case_photos, cases
from yiwang.store.database import Key
from yiwang.store.statements import Statement

NEWEST = 100
"""Open cases of a grid, or of a box, that a report is compared with, the newest."""

_SAID = (
    cases.c.no,
    cases.c.class_code,
    cases.c.description,
    cases.c.opened_at,
    cases.c.lon,
    cases.c.lat,
)
_most = bindparam("most_", NEWEST, BigInteger)
_of_grid = Statement(
    select(*_SAID)
    .where(cases.c.grid == bindparam("grid_", 0, Key), cases.c.open)
    .order_by(cases.c.no.desc())
    .limit(_most)
)
_inside = (
    select(cases.c.no)
    .where(
        cases.c.open,
        cases.c.lon.between(bindparam("west_", 0.0, Float), bindparam("east_", 0.0, Float)),
        cases.c.lat.between(bindparam("south_", 0.0, Float), bindparam("north_", 0.0, Float)),
    )
    # By their position, and not by walking the newest: the index that has both holds all of it.
    .order_by((cases.c.no + literal_column("0")).desc())
    .limit(_most)
)
_in_box = Statement(select(*_SAID).where(cases.c.no.in_(_inside)).order_by(cases.c.no.desc()))


_COLUMNS = (
    cases.c.no,
    cases.c.class_code,
    cases.c.description,
    cases.c.address,
    cases.c.opened_at,
    cases.c.lon,
    cases.c.lat,
    cases.c.grid,
    cases.c.organisation,
)


def without_place(
    connection: Connection, grids: Collection[int], organisation: int | None
) -> list[Any]:
    """The newest open cases of some grids, of an organisation, and, where neither is known, of
    nowhere."""
    known: list[ColumnElement[bool]] = []
    if grids:
        known.append(cases.c.grid.in_(sorted(grids)))
    if organisation is not None:
        known.append(cases.c.organisation == organisation)
    found = {}
    for where in known or [cases.c.lon.is_(None)]:
        query = select(*_COLUMNS).where(where, cases.c.open).order_by(cases.c.no.desc())
        for row in connection.execute(query.limit(NEWEST)):
            found[row.no] = row
    return list(found.values())


def of_grid(connection: Connection, grid: int) -> list[tuple[Any, ...]]:
    """no, class_code, description, opened_at, lon and lat of the newest open cases there."""
    return _of_grid.records(connection, {"grid_": grid, "most_": NEWEST})


def in_box(connection: Connection, box: tuple[float, float, float, float]) -> list[tuple[Any, ...]]:
    """The same of the newest open cases in a box: west, south, east, north, degrees."""
    given = dict(zip(("west_", "south_", "east_", "north_"), box, strict=True))
    return _in_box.records(connection, given)


def prints(connection: Connection, numbers: Collection[int]) -> dict[int, list[str]]:
    """The prints of the photos of cases."""
    photo = case_photos.c
    query = select(photo.case, photo.print).where(
        photo.case.in_(sorted(numbers)), photo.print.is_not(None)
    )
    found: dict[int, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.case, []).append(row.print)
    return found


def same_print(connection: Connection, print_: str, since: int) -> list[int]:
    """The cases that got a photo with this print since then."""
    photo = case_photos.c
    query = select(photo.case).where(photo.print == print_, photo.at >= since).limit(20)
    return sorted({row.case for row in connection.execute(query)})


def put(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep pairs of one case; of one that is known the graver reasons stay, and one that was
    dismissed stays so."""
    if not rows:
        return
    pair, no = case_likes.c, rows[0]["case"]
    query = select(pair.other, pair.score, pair.dismissed_at).where(pair.case == no)
    known = {row.other: row for row in connection.execute(query)}
    fresh = [row for row in rows if row["other"] not in known]
    if fresh:
        connection.execute(insert(case_likes), fresh)
    for row in rows:
        held = known.get(row["other"])
        if held is not None and held.dismissed_at is None and held.score < row["score"]:
            mine = (pair.case == no) & (pair.other == row["other"])
            connection.execute(update(case_likes).where(mine).values(row))


def of_case(connection: Connection, no: int) -> list[Any]:
    """The pairs that a case is in and that nobody has dismissed, the most alike first."""
    pair = case_likes.c
    query = select(case_likes).where(
        or_(pair.case == no, pair.other == no), pair.dismissed_at.is_(None)
    )
    return list(connection.execute(query.order_by(pair.score.desc(), pair.case).limit(50)))


def dismiss(connection: Connection, no: int, other: int, at: int, by: str) -> bool:
    """Whether there was such a pair."""
    pair = case_likes.c
    change = (
        update(case_likes)
        .where(pair.case == max(no, other), pair.other == min(no, other))
        .values(dismissed_at=at, dismissed_by=by)
    )
    return connection.execute(change).rowcount > 0
