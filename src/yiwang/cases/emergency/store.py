"""All SQL on incidents, their tasks and their log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from yiwang.cases.emergency.jobs import COLUMNS, Job
from yiwang.cases.emergency.tables import (
    incident_cases,
    incident_log,
    incident_photos,
    incident_tasks,
    incidents,
)
from yiwang.cases.tables import cases
from yiwang.store.database import Instant
from yiwang.store.statements import Statement

_late = Statement(
    select(incident_tasks.c.incident)
    .where(incident_tasks.c.watch_at <= bindparam("now_", 0, Instant))
    .distinct()
    .limit(bindparam("most_", 1))
)


def lock_case(connection: Connection, case: int) -> None:
    """Hold a case's row until the transaction ends: two who start a plan for it are one after
    the other, on PostgreSQL too."""
    connection.execute(select(cases.c.no).where(cases.c.no == case).with_for_update())


def incident(connection: Connection, no: int, lock: bool = False) -> Row[Any] | None:
    query = select(incidents).where(incidents.c.no == no)
    return connection.execute(query.with_for_update() if lock else query).first()


def add_incident(connection: Connection, values: dict[str, Any]) -> int:
    made = connection.execute(insert(incidents).values(**values).returning(incidents.c.no))
    number: int = made.scalar_one()
    return number


def change_incident(connection: Connection, no: int, values: dict[str, Any]) -> None:
    if values:
        connection.execute(update(incidents).where(incidents.c.no == no).values(**values))


def running_of(connection: Connection, case: int) -> int | None:
    """The running incident that a case belongs to."""
    query = select(incident_cases.c.incident).where(incident_cases.c.running == case)
    found: int | None = connection.execute(query).scalar()
    return found


def incidents_of(connection: Connection, case: int) -> list[int]:
    """Every incident that a case belonged to, the newest first."""
    query = select(incident_cases.c.incident).where(incident_cases.c.case == case)
    found = connection.execute(query.order_by(incident_cases.c.incident.desc()))
    return list(found.scalars())


def add_case(connection: Connection, no: int, case: int, at: int) -> None:
    values = {"incident": no, "case": case, "running": case, "at": at}
    connection.execute(insert(incident_cases).values(**values))


def cases_of(connection: Connection, no: int) -> list[int]:
    query = select(incident_cases.c.case).where(incident_cases.c.incident == no)
    return list(connection.execute(query.order_by(incident_cases.c.at)).scalars())


def release_cases(connection: Connection, no: int) -> None:
    connection.execute(
        update(incident_cases).where(incident_cases.c.incident == no).values(running=None)
    )


def jobs(connection: Connection, no: int) -> list[Job]:
    query = select(incident_tasks).where(incident_tasks.c.incident == no)
    rows = connection.execute(query.order_by(incident_tasks.c.id))
    return [Job(**row._mapping) for row in rows]


def write_jobs(connection: Connection, all_jobs: Iterable[Job]) -> None:
    """Write tasks; new ones get their number."""
    for job in all_jobs:
        values = {name: getattr(job, name) for name in COLUMNS}
        if job.id:
            same = incident_tasks.c.id == job.id
            connection.execute(update(incident_tasks).where(same).values(**values))
        else:
            made = insert(incident_tasks).values(**values).returning(incident_tasks.c.id)
            job.id = connection.execute(made).scalar_one()


def late(connection: Connection, now: int, most: int) -> list[int]:
    """Incidents with tasks whose time is over and that are not marked."""
    return [no for (no,) in _late.records(connection, {"now_": now, "most_": most})]


def add_lines(connection: Connection, lines: Sequence[dict[str, Any]]) -> None:
    if lines:
        connection.execute(insert(incident_log), list(lines))


def log(connection: Connection, no: int) -> list[Row[Any]]:
    query = select(incident_log).where(incident_log.c.incident == no).order_by(incident_log.c.id)
    return list(connection.execute(query))


def photo(connection: Connection, no: int, sha: str) -> Row[Any] | None:
    query = select(incident_photos).where(
        incident_photos.c.incident == no, incident_photos.c.sha == sha
    )
    return connection.execute(query).first()


def photos_of(connection: Connection, task: int) -> set[str]:
    query = select(incident_photos.c.sha).where(incident_photos.c.task == task)
    return set(connection.execute(query).scalars())


def add_photo(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(insert(incident_photos).values(**values))


def listed(
    connection: Connection, running: bool | None, organisation: int | None
) -> list[Row[Any]]:
    """Incidents, the running ones first and then the newest; with ``organisation`` only those
    in which it has a task."""
    query = select(incidents).order_by(incidents.c.running.desc(), incidents.c.no.desc())
    if running is not None:
        query = query.where(incidents.c.running == running)
    if organisation is not None:
        mine = select(incident_tasks.c.incident).where(
            incident_tasks.c.organisation == organisation
        )
        query = query.where(incidents.c.no.in_(mine))
    return list(connection.execute(query.limit(200)))
