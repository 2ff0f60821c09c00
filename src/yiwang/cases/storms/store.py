"""SQL of storms, silences and held findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, func, insert, select, update

from yiwang.cases.storms.model import Gathering, Silence
from yiwang.cases.storms.tables import case_held, case_silences, case_storms
from yiwang.cases.tables import cases
from yiwang.store.database import Instant, Key
from yiwang.store.statements import Statement

_CHUNK = 1000

# Storms


def gathering(connection: Connection, cause: str, low: int, high: int) -> list[Any]:
    """The storms of a cause that go on somewhere between two instants."""
    storm = case_storms.c
    query = select(case_storms).where(
        storm.cause == cause,
        storm.last_at >= low,
        storm.first_at <= high,
        storm.dissolved_at.is_(None),
    )
    return list(connection.execute(query.order_by(storm.id)))


def loose(connection: Connection, codes: Collection[str], low: int, high: int) -> list[int]:
    """The open cases of these classes, opened between two instants, that are in no storm and
    were taken out of none."""
    query = select(cases.c.no).where(
        cases.c.opened_at.between(low, high),
        cases.c.class_code.in_(codes),
        cases.c.storm.is_(None),
        cases.c.open,
    )
    return [row.no for row in connection.execute(query.order_by(cases.c.no))]


def add(connection: Connection, cause: str, storm: Gathering, now: int) -> int:
    """A new storm, with no members yet; returns its number."""
    lead = storm.lead
    values = {
        "cause": cause,
        "shared": lead.shared,
        "lead": lead.no,
        "lon": lead.lon,
        "lat": lead.lat,
        "first_at": storm.first_at,
        "last_at": storm.last_at,
        "members": 0,
        "formed_at": now,
        "acknowledged_by": "",
        "dissolved_by": "",
    }
    made = insert(case_storms).values(values).returning(case_storms.c.id)
    number: int = connection.execute(made).scalar_one()
    return number


def grow(connection: Connection, storm: Gathering, more: int) -> None:
    """Members more (or fewer), and how long it has gone on."""
    own = case_storms.c
    values = {
        "members": own.members + more,
        "first_at": case((own.first_at < storm.first_at, own.first_at), else_=storm.first_at),
        "last_at": case((own.last_at > storm.last_at, own.last_at), else_=storm.last_at),
    }
    connection.execute(update(case_storms).where(own.id == storm.id).values(values))


def lead(connection: Connection, storm: int) -> int:
    number: int = connection.execute(
        select(case_storms.c.lead).where(case_storms.c.id == storm)
    ).scalar_one()
    return number


def leads(connection: Connection, numbers: Collection[int]) -> dict[int, int]:
    """The leading case of each storm."""
    if not numbers:
        return {}
    query = select(case_storms.c.id, case_storms.c.lead).where(case_storms.c.id.in_(numbers))
    return {row.id: row.lead for row in connection.execute(query)}


def storm(connection: Connection, number: int) -> Any:
    query = select(case_storms).where(case_storms.c.id == number)
    return connection.execute(query).first()


def change_storm(connection: Connection, number: int, **values: Any) -> None:
    connection.execute(update(case_storms).where(case_storms.c.id == number).values(values))


def members(connection: Connection, number: int) -> list[int]:
    query = select(cases.c.no).where(cases.c.storm == number)
    return [row.no for row in connection.execute(query.order_by(cases.c.no))]


def open_members(connection: Connection, numbers: Collection[int]) -> dict[int, int]:
    query = select(cases.c.storm, func.count()).where(cases.c.storm.in_(numbers), cases.c.open)
    return {storm: count for storm, count in connection.execute(query.group_by(cases.c.storm))}


def storms(connection: Connection, state: str, limit: int, after: int | None) -> list[Any]:
    """Newest first; ``state``: open (some member is), over, or empty for all."""
    some = select(cases.c.no).where(cases.c.storm == case_storms.c.id, cases.c.open).exists()
    query = select(case_storms)
    if state:
        query = query.where(some if state == "open" else ~some)
    if after is not None:
        query = query.where(case_storms.c.id < after)
    return list(connection.execute(query.order_by(case_storms.c.id.desc()).limit(limit)))


# Silences


def silences(connection: Connection, low: int, high: int) -> list[Silence]:
    """Those that hold something between two instants."""
    own = case_silences.c
    query = select(
        own.id,
        own.from_at,
        own.until_at,
        own.case_class,
        own.area,
        own.place,
        own.thing,
        own.things,
    ).where(own.until_at > low, own.from_at <= high)
    return [
        Silence(*row[:7], frozenset(row.things))
        for row in connection.execute(query.order_by(own.id))
    ]


def after(connection: Connection, low: int) -> list[Silence]:
    """Those that end after an instant, however late they begin."""
    return silences(connection, low, 2**62)


def held(connection: Connection, sort: str, numbers: Iterable[int]) -> dict[int, Any]:
    """The rows of what is held among these findings or troubles."""
    found: dict[int, Any] = {}
    wanted = sorted(numbers)
    own = case_held.c
    for place in range(0, len(wanted), _CHUNK):
        some = own.number.in_(wanted[place : place + _CHUNK])
        for row in connection.execute(select(case_held).where(own.sort == sort, some)):
            found[row.number] = row
    return found


def add_held(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(case_held), list(rows))


def change_held(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Each with ``sort``, ``number``, ``state``, ``held_until``, ``ended_at`` and ``case``."""
    if not rows:
        return
    names = ("state", "held_until", "ended_at", "case")
    changing = (
        update(case_held)
        .where(
            case_held.c.sort == bindparam("b_sort"),
            case_held.c.number == bindparam("b_number", type_=Key),
        )
        .values({name: bindparam(f"b_{name}") for name in names})
    )
    values = [{f"b_{name}": row[name] for name in ("sort", "number", *names)} for row in rows]
    connection.execute(changing, values)


def _held() -> Select[Any]:
    own = case_held.c
    query = select(case_held).where(own.held_until.is_not(None))
    query = query.order_by(own.held_until, own.raised_at, own.number)
    return query.limit(bindparam("most_", 1000))


_all_held = Statement(_held())
_over = Statement(
    _held().where(
        case_held.c.sort == bindparam("sort_", ""),
        case_held.c.held_until <= bindparam("until_", 0, Instant),
    )
)


def waiting(connection: Connection, sort: str, until: int, most: int = 1000) -> list[Any]:
    """What of one sort has waited until an instant, in the order in which it comes out."""
    return _over.named(connection, {"sort_": sort, "until_": until, "most_": most})


def all_waiting(connection: Connection, most: int) -> list[Any]:
    """Everything that still waits, in the order in which it comes out."""
    return _all_held.named(connection, {"most_": most})


def tally(connection: Connection, numbers: Collection[int]) -> dict[int, dict[str, int]]:
    """How much each silence held, by what became of it."""
    own = case_held.c
    query = select(own.silence, own.state, func.count()).where(own.silence.in_(numbers))
    found: dict[int, dict[str, int]] = {number: {} for number in numbers}
    for silence, state, count in connection.execute(query.group_by(own.silence, own.state)):
        found[silence][state] = count
    return found


def found(connection: Connection, silence: int, sort: str, limit: int) -> list[Any]:
    """The findings or troubles of a silence, newest first."""
    own = case_held.c
    query = select(case_held).where(own.silence == silence, own.sort == sort)
    return list(connection.execute(query.order_by(own.number.desc()).limit(limit)))


def of_work(connection: Connection, work: int) -> Any:
    """The silence that an announced work on devices made."""
    return connection.execute(select(case_silences).where(case_silences.c.work == work)).first()
