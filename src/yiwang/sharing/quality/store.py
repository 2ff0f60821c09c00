"""All SQL of quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from yiwang.kernel.clock import DAY
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.sharing.quality.tables import (
    share_quality_issues,
    share_quality_rules,
    share_quality_runs,
    share_quality_watch,
)
from yiwang.store.upsert import upsert

RUNS_KEPT = 400 * DAY


def rule_sets(connection: Connection) -> list[Row[Any]]:
    """Those that hold, by name."""
    held = share_quality_rules
    return list(connection.execute(select(held).where(held.c.active).order_by(held.c.name)))


def judged(connection: Connection) -> set[str]:
    """The codes of the resources that rules judge."""
    held = share_quality_rules
    listed = connection.execute(select(held.c.tables).where(held.c.active)).scalars()
    return {code for tables in listed for code in tables}


def rule_set(connection: Connection, name: str) -> Row[Any] | None:
    held = share_quality_rules
    return connection.execute(select(held).where(held.c.name == name, held.c.active)).first()


def put_rule_set(connection: Connection, values: Mapping[str, Any]) -> None:
    """Write the next version of a rule set; it holds from now on."""
    held = share_quality_rules
    newest = select(func.max(held.c.version)).where(held.c.name == values["name"])
    number = (connection.execute(newest).scalar() or 0) + 1
    end_rule_set(connection, values["name"])
    connection.execute(insert(held).values(**values, version=number, active=True))


def end_rule_set(connection: Connection, name: str) -> None:
    held = share_quality_rules
    ended = update(held).where(held.c.name == name, held.c.active).values(active=False)
    connection.execute(ended)


def watched(connection: Connection, resource: int) -> Row[Any] | None:
    held = share_quality_watch
    return connection.execute(select(held).where(held.c.resource == resource)).first()


def watch(connection: Connection, values: Mapping[str, Any]) -> None:
    """Change what is known of a resource, or begin to watch it; ``values`` have the resource,
    its organisation, code and name, and whatever has changed."""
    blank: dict[str, Any] = {"dimensions": {}, "open_issues": 0}
    changed = [name for name in values if name != "resource"]
    upsert(connection, share_quality_watch, {**blank, **values}, ["resource"], changed)


def due(connection: Connection, now: int) -> int | None:
    """The resource that has waited longest for a run."""
    held = share_quality_watch
    query = select(held.c.resource).where(held.c.due_at <= now).order_by(held.c.due_at)
    found: int | None = connection.execute(query.limit(1)).scalar()
    return found


def put_off(connection: Connection, resource: int, due_at: int) -> None:
    held = share_quality_watch
    connection.execute(update(held).where(held.c.resource == resource).values(due_at=due_at))


def rest(connection: Connection, resource: int) -> None:
    """Let a resource count in no score, and be looked at when something changes."""
    held = share_quality_watch
    none: dict[str, Any] = {"due_at": None, "run": None, "score": None}
    none |= {"dimensions": {}, "open_issues": 0}
    connection.execute(update(held).where(held.c.resource == resource).values(**none))


def forget(connection: Connection, resource: int) -> None:
    """Watch a resource no more; its runs and issues stay."""
    held = share_quality_watch
    connection.execute(delete(held).where(held.c.resource == resource))


def run(connection: Connection, id: int) -> Row[Any] | None:
    held = share_quality_runs
    return connection.execute(select(held).where(held.c.id == id)).first()


def runs(connection: Connection, resource: int, most: int) -> list[Row[Any]]:
    """The newest first, without what each rule said."""
    held = share_quality_runs
    columns = [one for one in held.c if one.name not in ("verdicts", "profile")]
    query = select(*columns).where(held.c.resource == resource).order_by(held.c.id.desc())
    return list(connection.execute(query.limit(most)))


def add_run(connection: Connection, values: Mapping[str, Any]) -> int:
    """Keep a run; those of the resource that are too old go."""
    held = share_quality_runs
    old = held.c.at < values["at"] - RUNS_KEPT
    connection.execute(delete(held).where(held.c.resource == values["resource"], old))
    number: int = connection.execute(
        insert(held).values(**values).returning(held.c.id)
    ).scalar_one()
    return number


def open_issues(connection: Connection, resource: int) -> dict[str, Row[Any]]:
    """Of one resource, by rule."""
    held = share_quality_issues
    query = select(held).where(held.c.resource == resource, held.c.closed_at.is_(None))
    return {row.rule: row for row in connection.execute(query)}


def issue(connection: Connection, id: int) -> Row[Any] | None:
    held = share_quality_issues
    return connection.execute(select(held).where(held.c.id == id)).first()


def issues(
    connection: Connection,
    where: Mapping[str, Any],
    open_: bool | None,
    before: int | None,
    limit: int,
) -> list[Row[Any]]:
    """The newest first, without the rows they show; all, open or closed ones."""
    held, named = share_quality_issues, share_resources
    columns = [one for one in held.c if one.name != "shown"]
    query = select(*columns, named.c.code, named.c.name).join(named, named.c.id == held.c.resource)
    query = query.where(*(held.c[name] == value for name, value in where.items()))
    if open_ is not None:
        query = query.where(held.c.closed_at.is_(None) if open_ else held.c.closed_at.is_not(None))
    if before is not None:
        query = query.where(held.c.id < before)
    return list(connection.execute(query.order_by(held.c.id.desc()).limit(limit)))


def add_issue(connection: Connection, values: Mapping[str, Any]) -> int:
    held = share_quality_issues
    made = insert(held).values(**values).returning(held.c.id)
    number: int = connection.execute(made).scalar_one()
    return number


def change_issue(connection: Connection, id: int, values: Mapping[str, Any]) -> None:
    held = share_quality_issues
    connection.execute(update(held).where(held.c.id == id).values(**values))


def resources(
    connection: Connection, organisation: int | None, after: int, limit: int
) -> list[Row[Any]]:
    """Resources that were checked, by number."""
    held = share_quality_watch
    query = select(held).where(held.c.resource > after, held.c.run.is_not(None))
    if organisation is not None:
        query = query.where(held.c.organisation == organisation)
    return list(connection.execute(query.order_by(held.c.resource).limit(limit)))


def departments(connection: Connection) -> list[Row[Any]]:
    """By organisation: the mean score of its resources, how many were checked, open issues."""
    held = share_quality_watch
    query = (
        select(
            held.c.organisation,
            func.avg(held.c.score).label("score"),
            func.count().label("resources"),
            func.sum(held.c.open_issues).label("open_issues"),
            func.max(held.c.checked_at).label("checked_at"),
        )
        .where(held.c.run.is_not(None))
        .group_by(held.c.organisation)
    )
    return list(connection.execute(query.order_by(held.c.organisation)))


def daily(connection: Connection, since: int, offset: int) -> list[Row[Any]]:
    """The mean score of the runs of each day, by days since the epoch; ``offset``: how far local
    time is ahead."""
    held = share_quality_runs
    day = (held.c.at + offset) // DAY
    query = select(day.label("day"), func.avg(held.c.score).label("score")).where(
        held.c.at >= since, held.c.score.is_not(None)
    )
    return list(connection.execute(query.group_by(day).order_by(day)))
