"""SQL of what stands between records: links, rulings, entities, conflicts, steps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    union,
    update,
)

from yiwang.sharing.libraries.store import parts
from yiwang.sharing.libraries.tables import (
    share_library_conflicts,
    share_library_entities,
    share_library_links,
    share_library_records,
    share_library_rulings,
    share_library_steps,
)
from yiwang.store.upsert import upsert

Pair = tuple[int, int]


def ordered(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


def links(connection: Connection, ids: Collection[int]) -> dict[Pair, Row[Any]]:
    """The links of records."""
    held = share_library_links
    return {
        (row.one, row.other): row
        for column in (held.c.one, held.c.other)
        for part in parts(ids)
        for row in connection.execute(select(held).where(column.in_(part)))
    }


def link(connection: Connection, library: int, one: int, other: int) -> Row[Any] | None:
    held = share_library_links
    where = (held.c.one == one, held.c.other == other, held.c.library == library)
    return connection.execute(select(held).where(*where)).first()


def drop_links(connection: Connection, ids: Collection[int]) -> None:
    held = share_library_links
    for part in parts(ids):
        for column in (held.c.one, held.c.other):
            connection.execute(delete(held).where(column.in_(part)))


def add_links(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    upsert(connection, share_library_links, rows, ["one", "other"])


def set_states(connection: Connection, states: Mapping[Pair, str]) -> None:
    held = share_library_links
    changed = update(held).where(held.c.one == bindparam("a"), held.c.other == bindparam("b"))
    rows = [{"a": one, "b": other, "s": state} for (one, other), state in states.items()]
    if rows:
        connection.execute(changed.values(state=bindparam("s")), rows)


def waiting(
    connection: Connection, library: int, state: str, after: Sequence[Any] | None, limit: int
) -> list[Row[Any]]:
    """Links in a state, those that speak most for one first, with the entities of their records.
    ``after``: points and pair of the last one seen."""
    held = share_library_links
    first, second = share_library_records.alias(), share_library_records.alias()
    query = (
        select(held, first.c.entity.label("entity"), second.c.entity.label("against"))
        .join(first, first.c.id == held.c.one)
        .join(second, second.c.id == held.c.other)
        .where(held.c.library == library, held.c.state == state)
    )
    if after is not None:
        points, one, other = after
        behind = tuple_(held.c.one, held.c.other) > (one, other)
        query = query.where(or_(held.c.points < points, (held.c.points == points) & behind))
    query = query.order_by(held.c.points.desc(), held.c.one, held.c.other)
    return list(connection.execute(query.limit(limit)))


def rulings(connection: Connection, ids: Collection[int]) -> dict[Pair, bool]:
    """What was said of pairs of which one is among these: whether they are of the same."""
    held = share_library_rulings
    return {
        (row.one, row.other): row.together
        for column in (held.c.one, held.c.other)
        for part in parts(ids)
        for row in connection.execute(select(held).where(column.in_(part)))
    }


def rule(connection: Connection, said: Iterable[Pair], together: bool, step: int) -> None:
    rows = [{"one": one, "other": other, "together": together, "step": step} for one, other in said]
    upsert(connection, share_library_rulings, rows, ["one", "other"])


def unrule(connection: Connection, said: Iterable[Pair]) -> None:
    held = share_library_rulings
    for one, other in said:
        connection.execute(delete(held).where(held.c.one == one, held.c.other == other))


def add_entities(connection: Connection, library: int, ids: Sequence[int], now: int) -> None:
    rows = [
        {"id": id, "library": library, "records": 1, "changed_at": now, "stale": 1} for id in ids
    ]
    if rows:
        connection.execute(insert(share_library_entities), rows)


def count(connection: Connection, counts: Mapping[int, int]) -> None:
    """Entities have so many records now."""
    held = share_library_entities
    changed = update(held).where(held.c.id == bindparam("e")).values(records=bindparam("n"))
    rows = [{"e": id, "n": number} for id, number in counts.items()]
    if rows:
        connection.execute(changed, rows)


def touch(connection: Connection, ids: Collection[int], now: int) -> None:
    """What the library's table has of entities is out of date."""
    held = share_library_entities
    values = {"changed_at": now, "stale": held.c.stale + 1}
    for part in parts(ids):
        connection.execute(update(held).where(held.c.id.in_(part)).values(**values))


def move(connection: Connection, entities: Mapping[int, int]) -> None:
    """By record, the entity that it is of from now on."""
    held = share_library_records
    changed = update(held).where(held.c.id == bindparam("r")).values(entity=bindparam("e"))
    rows = [{"r": record, "e": entity} for record, entity in entities.items()]
    if rows:
        connection.execute(changed, rows)


def entities(connection: Connection, library: int, after: int, limit: int) -> list[Row[Any]]:
    held = share_library_entities
    query = select(held).where(held.c.library == library, held.c.id > after, held.c.records > 0)
    return list(connection.execute(query.order_by(held.c.id).limit(limit)))


def some_entities(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    held = share_library_entities
    query = select(held).where(held.c.id.in_(list(ids))).order_by(held.c.id)
    return list(connection.execute(query))


def stale(connection: Connection, library: int, limit: int) -> list[Row[Any]]:
    held = share_library_entities
    query = select(held.c.id, held.c.stale, held.c.records, held.c.changed_at)
    query = query.where(held.c.library == library, held.c.stale > 0)
    return list(connection.execute(query.order_by(held.c.id).limit(limit)))


def published(connection: Connection, rows: Iterable[Row[Any]]) -> None:
    """What was published is not stale, unless it has changed since it was read."""
    held = share_library_entities
    same = (held.c.id == bindparam("e"), held.c.stale == bindparam("s"))
    seen = [{"e": row.id, "s": row.stale} for row in rows]
    if seen:
        connection.execute(update(held).where(*same).values(stale=0), seen)


def conflicts(connection: Connection, entities: Collection[int]) -> dict[int, dict[str, Row[Any]]]:
    """By entity and field, also those that are gone."""
    held, found = share_library_conflicts, dict[int, dict[str, Row[Any]]]()
    for part in parts(entities):
        for row in connection.execute(select(held).where(held.c.entity.in_(part))):
            found.setdefault(row.entity, {})[row.field] = row
    return found


def put_conflicts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New ones, or another state of those that are there."""
    changed = ["state", "gap", "opened_at"]
    upsert(connection, share_library_conflicts, rows, ["entity", "field"], changed)


def decide(connection: Connection, entity: int, field: str, values: Mapping[str, Any]) -> None:
    held = share_library_conflicts
    where = (held.c.entity == entity, held.c.field == field)
    connection.execute(update(held).where(*where).values(**values))


def disputed(
    connection: Connection, library: int, state: str, after: Sequence[Any] | None, limit: int
) -> list[Row[Any]]:
    """Conflicts in a state, those between the strongest first. ``after``: gap, entity, field."""
    held = share_library_conflicts
    query = select(held).where(held.c.library == library, held.c.state == state)
    place = (held.c.gap, held.c.entity, held.c.field)
    if after is not None:
        query = query.where(tuple_(*place) > tuple(after))
    return list(connection.execute(query.order_by(*place).limit(limit)))


def add_step(connection: Connection, values: Mapping[str, Any]) -> int:
    made = insert(share_library_steps).values(**values).returning(share_library_steps.c.id)
    number: int = connection.execute(made).scalar_one()
    return number


def add_steps(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(share_library_steps), list(rows))


def step(connection: Connection, library: int, id: int) -> Row[Any] | None:
    held = share_library_steps
    where = (held.c.id == id, held.c.library == library)
    return connection.execute(select(held).where(*where)).first()


def steps(
    connection: Connection, library: int, entity: int | None, before: int | None, limit: int
) -> list[Row[Any]]:
    """The newest first, all or those that an entity had to do with: these are looked up, however
    many a library has."""
    held = share_library_steps
    query = select(held).where(held.c.library == library)
    if entity is not None:
        mine = (select(held.c.id).where(one == entity) for one in (held.c.entity, held.c.other))
        query = query.where(held.c.id.in_(union(*mine)))
    if before is not None:
        query = query.where(held.c.id < before)
    return list(connection.execute(query.order_by(held.c.id.desc()).limit(limit)))


def counted(connection: Connection, library: int) -> dict[str, int]:
    """How many there are of what: counted when work is done, not when somebody looks."""
    entity, link_, conflict = share_library_entities, share_library_links, share_library_conflicts
    said = {
        "entities": select(func.count()).where(entity.c.library == library, entity.c.records > 0),
        "joined": select(func.count()).where(entity.c.library == library, entity.c.records > 1),
        "proposals": select(func.count()).where(
            link_.c.library == library, link_.c.state == "proposed"
        ),
        "blocked": select(func.count()).where(
            link_.c.library == library, link_.c.state == "blocked"
        ),
        "conflicts": select(func.count()).where(
            conflict.c.library == library, conflict.c.state == "open"
        ),
    }
    return {name: int(connection.execute(query).scalar_one()) for name, query in said.items()}
