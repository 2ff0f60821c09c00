"""SQL of the Open311 interface. What everybody may see is decided here: cases of the classes
that the city opened; and for a reporter, those that they reported."""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Result,
    Row,
    Select,
    and_,
    false,
    func,
    or_,
    select,
)

from yiwang.cases import store as case_store
from yiwang.cases.model.classes import OPEN_KINDS
from yiwang.cases.model.forms import MOST_ROUND_M
from yiwang.cases.open311.model import Wanted
from yiwang.cases.open311.numbers import MOVED, Joined, name
from yiwang.cases.open311.tables import case_contacts
from yiwang.cases.record import Record
from yiwang.cases.tables import case_photos, case_sources, case_timeline, cases
from yiwang.registry.tables import places

_PART = 500
TOLD = (
    *("opened", "accept", "decline", "dispatch", "start", "report", "suspend", "resume"),
    *("verify_ok", "close", "reopen", "void", "merge", "split", "comment"),
)
"""Lines of the timeline that say where a request stands; others are of the city's inner work."""


def visible(opened: Collection[str], reporter: str) -> ColumnElement[bool]:
    own = select(case_sources.c.case).where(case_sources.c.reporter == reporter)
    mine = or_(cases.c.reporter == reporter, cases.c.no.in_(own)) if reporter else false()
    return or_(cases.c.class_code.in_(sorted(opened)), mine)


def told_of(
    realtime: Collection[str], batch: Mapping[str, str], opened: Collection[str], reporter: str
) -> ColumnElement[bool]:
    """Joined reports whose number was told: of classes that tell it at once, and of those
    (``batch``, with the state in which they are reported) whose case has left that state; to
    everybody where the class is opened, else to who made the report."""
    waits = [
        and_(cases.c.class_code == code, cases.c.state != state) for code, state in batch.items()
    ]
    mine = case_contacts.c.reporter == reporter if reporter else false()
    anybody = cases.c.class_code.in_(sorted(opened))
    return and_(or_(cases.c.class_code.in_(sorted(realtime)), *waits), or_(anybody, mine))


class Listed(NamedTuple):
    """A line of the list: a case, and the joined report that is listed with its state."""

    record: Record
    own: Joined | None = None


def listed(
    connection: Connection,
    seen: ColumnElement[bool],
    told: ColumnElement[bool],
    wanted: Wanted,
) -> Iterator[Listed]:
    """Every number that was given, newest first: of cases that are seen, and of reports that
    joined one and whose number was told; the place is not looked at here."""
    rows = _rows(connection, seen, wanted)
    joined = _joined(connection, seen, told, wanted)
    for _, own, row in heapq.merge(rows, joined, key=lambda one: one[0], reverse=True):
        yield Listed(case_store.record(row), own)


Sorted = Iterator[tuple[tuple[int, int, int], Joined | None, Sequence[Any]]]
"""Instant, whether it is a joined report, and number; then what is listed."""


def _rows(connection: Connection, seen: ColumnElement[bool], wanted: Wanted) -> Sorted:
    query = select(cases).where(seen, *_conditions(connection, wanted, cases.c.opened_at))
    query = query.order_by(cases.c.opened_at.desc(), cases.c.no.desc())
    for row in _read(connection, query, wanted):
        yield (row.opened_at, 0, row.no), None, row


def _joined(
    connection: Connection, seen: ColumnElement[bool], told: ColumnElement[bool], wanted: Wanted
) -> Sorted:
    if wanted.ids is not None:
        return
    own = case_contacts.c
    moved = select(func.max(case_sources.c.case)).where(case_sources.c.came_to == own.case, MOVED)
    now = func.coalesce(moved.correlate(case_contacts).scalar_subquery(), own.case)
    query = (
        select(*cases.c, own.id, own.at, own.case.label("came_to"))
        .select_from(case_contacts)
        .join(cases, cases.c.no == now)
        .where(own.joined, seen, told, *_conditions(connection, wanted, own.at))
        .order_by(own.at.desc(), own.id.desc())
    )
    width = len(cases.c)
    for row in _read(connection, query, wanted):
        report = Joined(name(row.came_to, row.id), row.no, row.at)
        yield (row.at, 1, row.id), report, row[:width]


def _read(connection: Connection, query: Select[Any], wanted: Wanted) -> Result[Any]:
    """As far as the page goes; of a box, which may hold less than it seems, as far as is read."""
    if wanted.bbox is None:
        query = query.limit(wanted.skip + wanted.limit)
    return connection.execute(query, execution_options={"yield_per": _PART})


def _conditions(
    connection: Connection, wanted: Wanted, at: ColumnElement[int]
) -> list[ColumnElement[bool]]:
    """``at``: when what is listed was reported."""
    if wanted.ids is not None:
        return [cases.c.no.in_(wanted.ids)]
    found: list[ColumnElement[bool]] = []
    if wanted.codes:
        found.append(cases.c.class_code.in_(wanted.codes))
    if wanted.start is not None and wanted.end is not None:
        found.append(at.between(wanted.start, wanted.end))
    if wanted.opens is not None:
        among = _opens()
        found.append(among if wanted.opens else ~among)
    if wanted.updated_after is not None:
        touched = select(case_timeline.c.case).where(
            case_timeline.c.id >= first_line(connection, wanted.updated_after)
        )
        found += [cases.c.changed_at >= wanted.updated_after, cases.c.no.in_(touched)]
    if wanted.bbox is not None:
        west, south, east, north = wanted.bbox
        high = MOST_ROUND_M / 111_195.0
        wide = high / max(0.01, math.cos(math.radians(min(89.0, max(abs(south), abs(north))))))
        found.append(cases.c.lat.between(south - high, north + high))
        found.append(cases.c.lon.between(west - wide, east + wide))
    if wanted.updated_before is not None:
        found.append(cases.c.changed_at <= wanted.updated_before)
    return found


def _opens() -> ColumnElement[bool]:
    """A merged case is as open as the one that it has gone into."""
    end = cases.alias("ends")
    gone = (
        select(end.c.no)
        .join(case_sources, case_sources.c.case == end.c.no)
        .where(case_sources.c.came_to == cases.c.no, MOVED, end.c.kind.in_(OPEN_KINDS))
        .correlate(cases)
    )
    merged = and_(cases.c.merged_into.is_not(None), gone.exists())
    return or_(cases.c.kind.in_(OPEN_KINDS), merged)


def first_line(connection: Connection, at: int) -> int:
    """The first line of all timelines recorded at or after an instant, found by halving: lines
    are numbered in the order in which they are recorded, and no index keeps that time."""
    line = case_timeline.c
    most = connection.execute(select(func.max(line.id))).scalar() or 0
    low, high = 1, most + 1
    while low < high:
        middle = (low + high) // 2
        query = select(line.id, line.recorded_at).where(line.id >= middle).order_by(line.id)
        row = connection.execute(query.limit(1)).first()
        if row is None or row.recorded_at >= at:
            high = middle
        else:
            low = row.id + 1
    return low


def lines(
    connection: Connection, seen: ColumnElement[bool], start: int, end: int, most: int
) -> list[tuple[Row[Any], Record]]:
    """Lines recorded in a span, with their cases, oldest first."""
    line = case_timeline.c
    query = (
        select(case_timeline)
        .join(cases, cases.c.no == line.case)
        .where(line.id >= first_line(connection, start), line.recorded_at.between(start, end))
        .where(line.step.in_(TOLD), seen)
        .order_by(line.id)
        .limit(most)
    )
    found = list(connection.execute(query))
    held = {row.case for row in found}
    records = {one.no: one for one in case_store.many(connection, cases.c.no, held)}
    return [(row, records[row.case]) for row in found]


def ends(connection: Connection, records: Collection[Record]) -> dict[int, Record]:
    """For each merged case the one that it has gone into, to the last."""
    heads = {one.no: one.merged_into for one in records if one.merged_into is not None}
    known: dict[int, Record] = {}
    wanted = set(heads.values())
    while wanted:
        fresh = {one.no: one for one in case_store.many(connection, cases.c.no, wanted)}
        known |= fresh
        further = {one.merged_into for one in fresh.values() if one.merged_into is not None}
        wanted = further - set(known)
    found = {}
    for no, head in heads.items():
        end = known[head]
        while end.merged_into is not None:
            end = known[end.merged_into]
        found[no] = end
    return found


def mine(connection: Connection, numbers: Collection[int], reporter: str) -> set[int]:
    """Those of some cases to which this person has reported."""
    if not reporter:
        return set()
    found = _by(connection, case_sources, case_sources.c.case, numbers)
    return {row.case for row in found if row.reporter == reporter}


def reports(connection: Connection, numbers: Collection[int]) -> dict[int, list[Row[Any]]]:
    """Reports by people, by case."""
    found: dict[int, list[Row[Any]]] = {}
    for row in _by(connection, case_sources, case_sources.c.case, numbers):
        if row.kind == "report":
            found.setdefault(row.case, []).append(row)
    return found


def photos(connection: Connection, numbers: Collection[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    rows_ = _by(connection, case_photos, case_photos.c.case, numbers)
    for row in sorted(rows_, key=lambda row: (row.at, row.sha)):
        found.setdefault(row.case, []).append(row)
    return found


def by_token(connection: Connection, token: str) -> Row[Any] | None:
    query = select(case_contacts).where(case_contacts.c.token == token)
    return connection.execute(query).first()


def contacts(connection: Connection, no: int) -> list[Row[Any]]:
    """Of all reports that are with a case now, wherever they came to first."""
    came = select(case_sources.c.came_to).where(case_sources.c.case == no)
    query = select(case_contacts).where(case_contacts.c.case.in_(came))
    return list(connection.execute(query.order_by(case_contacts.c.id)))


def update_of(connection: Connection, no: int, update_id: str, actor: str) -> int | None:
    """The line that an update of this id, by this account, led to."""
    line = case_timeline.c
    query = select(line.id, line.details).where(line.case == no, line.actor == actor)
    for row in connection.execute(query.order_by(line.id)):
        if row.details.get("update_id") == update_id:
            number: int = row.id
            return number
    return None


def last_line(connection: Connection, no: int) -> int:
    query = select(func.max(case_timeline.c.id)).where(case_timeline.c.case == no)
    return connection.execute(query).scalar() or 0


def place(connection: Connection, address_id: str) -> int | None:
    """A place by its number or, where only one has it, its code."""
    known = and_(places.c.code == address_id, places.c.removed_at.is_(None))
    found = [row.id for row in connection.execute(select(places.c.id).where(known).limit(2))]
    if len(found) == 1:
        return int(found[0])
    if address_id.isascii() and address_id.isdigit() and len(address_id) < 16:
        query = select(places.c.id).where(places.c.id == int(address_id))
        return connection.execute(query).scalar()
    return None


def _by(connection: Connection, table: Any, column: Any, values: Collection[int]) -> list[Row[Any]]:
    wanted = sorted(values)
    found: list[Row[Any]] = []
    for low in range(0, len(wanted), _PART):
        query = select(table).where(column.in_(wanted[low : low + _PART]))
        found += connection.execute(query)
    return found
