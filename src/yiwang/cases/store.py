"""All SQL that reads and writes single cases; lists are in ``lists.py``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    String,
    Table,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)

from yiwang.cases import texts
from yiwang.cases.errors import ChangedMeanwhile
from yiwang.cases.learning.tables import case_class_proposals, case_proposals
from yiwang.cases.record import COLUMNS, Record
from yiwang.cases.tables import (
    SENSED,
    case_counts,
    case_loads,
    case_numbers,
    case_photos,
    case_sources,
    case_timeline,
    cases,
)
from yiwang.store.database import Key, remembered
from yiwang.store.statements import Among, Statement, Writing, adding, inserting

_CHUNK = 1000
_FIXED = ("no", "opened_at", "received_at", "reporter")
_mutable = ("dispatch",)
"""What was read is the same object, and may have changed with it."""
_VERSION = COLUMNS.index("version")
_in_order = itemgetter(*[list(cases.c.keys()).index(name) for name in COLUMNS])

_one = Statement(select(cases).where(cases.c.no == bindparam("no_", 0, Key)))
_insert_cases = inserting(cases, COLUMNS)
_insert_rows = {table: inserting(table) for table in (case_timeline, case_sources)}
_CELL = ("class_code", "organisation", "kind", "overdue")
_LOAD = ("handler", "severity")
_add_counts = adding(case_counts, _CELL, "count")
_add_loads = adding(case_loads, _LOAD, "count")


def get(connection: Connection, no: int) -> Record | None:
    found = _one.records(connection, {"no_": no})
    return record(found[0]) if found else None


def many(connection: Connection, column: Any, values: Collection[Any]) -> Iterator[Record]:
    """Cases in which a column of ``cases`` has one of the values."""
    return map(record, _having(column).records(connection, values))


def numbers(connection: Connection, column: Any, values: Collection[Any]) -> list[int]:
    """The numbers of these cases; where there are none, in a third of the time."""
    return [no for (no,) in _numbers_having(column).records(connection, values)]


def record(row: Sequence[Any]) -> Record:
    """A whole row of ``cases``."""
    return Record(*_in_order(row))


@cache
def _having(column: Any) -> Among:
    return Among(select(cases).where(column.is_not(None)), column)


@cache
def _numbers_having(column: Any) -> Among:
    return Among(select(cases.c.no).where(column.is_not(None)), column)


class _Rows:
    """Rows of a table by the case they belong to, with their columns as attributes."""

    def __init__(self, table: Table, order: str) -> None:
        own = (table.c.case == bindparam("case_", 0, Key), table.c[order])
        most = bindparam("most_", 1_000_000, BigInteger)
        self._statement = Statement(select(table).where(own[0]).order_by(own[1]).limit(most))

    def of(self, connection: Connection, no: int, **most: int) -> list[Any]:
        return self._statement.named(connection, {"case_": no, **most})


_sources = _Rows(case_sources, "id")
_timeline = _Rows(case_timeline, "id")
_photos = _Rows(case_photos, "at")
_there: list[Any] = [
    exists().where(table.c.case == bindparam("case_", 0, Key)).label(table.name)
    for table in (case_photos, case_proposals, case_class_proposals)
]
_beside = Statement(select(*_there))
_has_reporter = Statement(
    select(case_sources.c.id)
    .where(
        case_sources.c.case == bindparam("case_", 0, Key),
        case_sources.c.reporter == bindparam("name_", "", String),
    )
    .limit(1)
)


def sources_of_findings(connection: Connection, findings: Collection[int]) -> dict[int, Any]:
    """For each finding that led to a case: its source (id, case, at, cleared_at,
    withdrawn_at)."""
    wanted = select(
        case_sources.c.finding,
        case_sources.c.id,
        case_sources.c.at,
        case_sources.c.case,
        case_sources.c.cleared_at,
        case_sources.c.withdrawn_at,
    )
    found: dict[int, Any] = {}
    for part in _chunks(findings):
        for row in connection.execute(wanted.where(case_sources.c.finding.in_(part))):
            found[row.finding] = row
    return found


def sources_of_troubles(connection: Connection, troubles: Collection[int]) -> dict[int, Any]:
    """For each trouble of a device that led to a case: its source (id, case, cleared_at)."""
    columns = (case_sources.c.trouble, case_sources.c.id, case_sources.c.case)
    wanted = select(*columns, case_sources.c.cleared_at)
    found: dict[int, Any] = {}
    for part in _chunks(troubles):
        for row in connection.execute(wanted.where(case_sources.c.trouble.in_(part))):
            found[row.trouble] = row
    return found


def sources(connection: Connection, no: int, most: int = 500) -> list[Any]:
    return _sources.of(connection, no, most_=most)


def has_reporter(connection: Connection, no: int, name: str) -> bool:
    return bool(_has_reporter.rows(connection, {"case_": no, "name_": name}))


def beside(connection: Connection, no: int) -> tuple[bool, bool, bool]:
    """Whether a case has photos, proposals and class proposals: most have none."""
    [(photos, proposals, classes)] = _beside.rows(connection, {"case_": no})
    return bool(photos), bool(proposals), bool(classes)


def timeline(connection: Connection, no: int) -> list[Any]:
    return _timeline.of(connection, no)


def photos(connection: Connection, no: int, since: int | None = None) -> list[Any]:
    found = _photos.of(connection, no)
    return found if since is None else [row for row in found if row.at >= since]


_take_number = Writing(
    update(case_numbers)
    .where(case_numbers.c.name == "case")
    .values(last=case_numbers.c.last + literal_column("1"))
    .returning(case_numbers.c.last)
)
_set_number = Writing(
    update(case_numbers).where(case_numbers.c.name == "case").values(last=bindparam("last_"))
)


class Numbers:
    """The numbers of new cases. The first is taken at once, so that no other desk and, until the
    transaction ends, no other transaction takes it; those behind it are taken together by
    ``write``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: int | None = None
        self._taken = 0

    def next(self) -> int:
        if self._last is None:
            self._taken = self._last = self._first()
        else:
            self._last += 1
        return self._last

    def write(self) -> None:
        if self._last is not None and self._last != self._taken:
            self._set(self._last)
        self._last = None

    def _first(self) -> int:
        """By ``returning`` only once in a transaction: for its sake SQLite writes its index of
        texts out."""
        known: int | None = remembered(self._connection).get(Numbers)
        if known is not None:
            return self._set(known + 1)
        taken = remembered(self._connection)[Numbers] = self._take()
        return taken

    def _set(self, last: int) -> int:
        _set_number.run(self._connection, {"last_": last})
        remembered(self._connection)[Numbers] = last
        return last

    def _take(self) -> int:
        taken: Any = _take_number.rows(self._connection, {})
        if not taken:
            self._connection.execute(insert(case_numbers).values(name="case", last=1))
            return 1
        number: int = taken[0][0]
        return number


def insert_cases(connection: Connection, records: Sequence[Record]) -> None:
    if records:
        _insert_cases.many(connection, [record.values() for record in records])
        texts.write(connection, records)


def update_cases(connection: Connection, changed: Sequence[tuple[Record, Sequence[Any]]]) -> None:
    """Write what of records is not as it was read (as ``Record.row`` has it); an index of which
    no column changes is left alone. Raises ChangedMeanwhile."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    told: list[Record] = []
    for record, was in changed:
        values = {
            name: new
            for name, new, old in zip(COLUMNS, record.row(), was, strict=True)
            if (new != old or name in _mutable) and name not in _FIXED
        }
        names = tuple(values)
        if not texts.MADE_OF.isdisjoint(names):
            told.append(record)
        alike[names].append(values | {"b_no": record.no, "b_version": was[_VERSION]})
    texts.write_changed(connection, told)
    for names, rows in alike.items():
        if _update(names).many(connection, rows) != len(rows):
            raise ChangedMeanwhile(f"case:{rows[0]['b_no']}", no=rows[0]["b_no"], step="", actor="")


@lru_cache(maxsize=512)
def _update(names: tuple[str, ...]) -> Writing:
    same = (cases.c.no == bindparam("b_no", type_=Key), cases.c.version == bindparam("b_version"))
    return Writing(update(cases).where(*same).values({name: bindparam(name) for name in names}))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        _insert_rows[table].many(connection, rows)


def mark_sources(connection: Connection, column: str, marks: Sequence[tuple[int, int]]) -> None:
    """Set ``cleared_at`` or ``withdrawn_at`` of sources: (id, instant)."""
    if marks:
        statement = (
            update(case_sources)
            .where(case_sources.c.id == bindparam("b_id"))
            .values({column: bindparam("b_at")})
        )
        connection.execute(statement, [{"b_id": key, "b_at": at} for key, at in marks])


Counted = tuple[tuple[str, int, str, bool], tuple[str, str] | None]


def counted(record: Record) -> Counted:
    """Where a case is counted."""
    return record.cell(), record.load()


class Counts:
    """By how much the counts of cases change in a transaction."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, int, str, bool], int] = defaultdict(int)
        self._loads: dict[tuple[str, str], int] = defaultdict(int)

    def add(self, where: Counted, by: int) -> None:
        cell, load = where
        self._cells[cell] += by
        if load is not None:
            self._loads[load] += by

    def write(self, connection: Connection) -> None:
        for adding_, keys, deltas in (
            (_add_counts, _CELL, self._cells),
            (_add_loads, _LOAD, self._loads),
        ):
            rows = [
                dict(zip((*keys, "count"), (*key, delta), strict=True))
                for key, delta in sorted(deltas.items())
                if delta
            ]
            if rows:
                adding_.many(connection, rows)


def move_sources(connection: Connection, came_from: int, to: int) -> int:
    """Give all sources of one case to another."""
    change = update(case_sources).where(case_sources.c.case == came_from).values(case=to)
    return connection.execute(change).rowcount


def take_back_sources(connection: Connection, came_to: int, holder: int) -> int:
    """The sources that first led to ``came_to`` leave ``holder`` and go back."""
    change = (
        update(case_sources)
        .where(case_sources.c.came_to == came_to, case_sources.c.case == holder)
        .values(case=came_to)
    )
    return connection.execute(change).rowcount


def tally(connection: Connection, no: int) -> dict[str, int]:
    """The columns of a case that count its sources."""
    one: Any = literal_column("1")
    finding = case_sources.c.kind.in_(SENSED)
    valid = case_sources.c.withdrawn_at.is_(None)
    query = select(
        func.count().label("sources"),
        func.count(one).filter(valid).label("valid_sources"),
        func.count(one).filter(finding).label("findings"),
        func.count(one)
        .filter(and_(finding, valid, case_sources.c.cleared_at.is_(None)))
        .label("live_findings"),
    ).where(case_sources.c.case == no)
    return dict(connection.execute(query).one()._mapping)


def _chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    left = iter(values)
    while part := list(islice(left, _CHUNK)):
        yield part
