"""All SQL of the catalogue. Other parts of sharing read resources by ``resource``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from yiwang.sharing.catalogue.errors import NoSuchResource, NoSuchVersion
from yiwang.sharing.catalogue.model import Entry, Item, Resource
from yiwang.sharing.catalogue.tables import (
    share_classes,
    share_items,
    share_resource_steps,
    share_resource_versions,
    share_resources,
    share_sequences,
)
from yiwang.store.database import Key
from yiwang.store.statements import Statement, adding, listed
from yiwang.store.upsert import upsert

_FIELDS = [name for name in Entry.__struct_fields__ if name != "items"]
_count_on = adding(share_sequences, ["class_code"], "last")
_AT_ONCE = 256
_NAMES = [column.name for column in share_resources.c]
_own = share_classes.c
_classes = Statement(
    select(_own.code, _own.name_zh, _own.name_en, _own.organisation).order_by(_own.code)
)


@cache
def _among(count: int) -> Statement:
    return Statement(select(share_resources).where(share_resources.c.id.in_(_numbers(count))))


@cache
def _in_force_among(count: int, opened: bool) -> Statement:
    held = share_resources.c
    query = select(held.id, held.revision).where(held.state == "published")
    if opened:
        query = query.where(held.open_type != "none")
    return Statement(query.where(held.id.in_(_numbers(count))))


def _numbers(count: int) -> list[BindParameter[int]]:
    return [bindparam(f"id_{place}", 0, Key) for place in range(count)]


def resource(connection: Connection, key: int | str) -> Resource:
    """A resource by its number or its code, with its items, as it is in force (``in_force``
    says whether it is). Raises NoSuchResource."""
    found = find(connection, key)
    if found is None:
        raise NoSuchResource(key=key)
    return found


def find(connection: Connection, key: int | str) -> Resource | None:
    """As ``resource``; None where there is none."""
    column = share_resources.c.id if isinstance(key, int) else share_resources.c.code
    found = _resources(connection, select(share_resources).where(column == key))
    return found[0] if found else None


def of_dataset(connection: Connection, dataset: str) -> Resource | None:
    """The published resource whose rows lie in a table of Datasets."""
    query = select(share_resources).where(
        share_resources.c.dataset == dataset, share_resources.c.state == "published"
    )
    found = _resources(connection, query.order_by(share_resources.c.id).limit(1))
    return found[0] if found else None


def of_table(connection: Connection, source: str, table: str) -> Resource | None:
    """The resource, in any state but retired, whose rows lie in a table of a source."""
    held = share_resources.c
    query = select(share_resources).where(
        held.source == source, held.table == table, held.state != "retired"
    )
    found = _resources(connection, query.order_by(held.id).limit(1))
    return found[0] if found else None


def of_tables(
    connection: Connection, source: str, tables: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """The resources, in any state but retired, whose rows lie in some tables of a source."""
    held = share_resources.c
    query = select(held.id, held.name, held.state, held.table).where(
        held.source == source, held.table.in_(tables), held.state != "retired"
    )
    rows = connection.execute(query.order_by(held.id.desc()))
    return {row.table: {"id": row.id, "name": row.name, "state": row.state} for row in rows}


def named(connection: Connection, organisation: int, name: str) -> str | None:
    """The code (perhaps empty) of an organisation's resource of this name that is not retired;
    None where there is none."""
    held = share_resources.c
    query = select(held.code).where(
        held.organisation == organisation, held.name == name, held.state != "retired"
    )
    found = connection.execute(query.limit(1)).first()
    return None if found is None else (found.code or "")


def with_items(connection: Connection, resources: Sequence[Resource]) -> list[Resource]:
    """The same resources with their items."""
    items = items_of(connection, [one.id for one in resources])
    return [msgspec.structs.replace(one, items=tuple(items[one.id])) for one in resources]


def published(connection: Connection) -> list[Resource]:
    """Every resource that is in force, by number."""
    query = select(share_resources).where(share_resources.c.state == "published")
    return _resources(connection, query.order_by(share_resources.c.id))


def page(
    connection: Connection,
    where: Mapping[str, Any],
    sight: tuple[tuple[str, ...], int | None, bool],
    after: int,
    limit: int,
) -> list[Resource]:
    """Resources behind number ``after``, without their items. ``sight``: states seen of
    everybody, the organisation of which all is seen, and whether only opened ones are."""
    states, own, opened = sight
    seen: ColumnElement[bool] = share_resources.c.state.in_(states)
    if own is not None:
        seen = or_(seen, share_resources.c.organisation == own)
    wanted = [share_resources.c[name] == value for name, value in where.items()]
    if opened:
        wanted.append(share_resources.c.open_type != "none")
    query = select(share_resources).where(share_resources.c.id > after, seen, *wanted)
    rows = connection.execute(query.order_by(share_resources.c.id).limit(limit))
    return [_made(row) for row in rows]


def some(connection: Connection, ids: Sequence[int]) -> list[Resource]:
    """Resources by number, as they are in force, in no order, without their items."""
    return [
        _made(row)
        for start in range(0, len(ids), _AT_ONCE)
        for given in [listed("id_", ids[start : start + _AT_ONCE])]
        for row in _among(len(given)).records(connection, given)
    ]


def in_force(connection: Connection, ids: Sequence[int], opened: bool) -> dict[int, int]:
    """The revisions of those resources that are in force; ``opened``: of what is opened."""
    return {
        id: revision
        for start in range(0, len(ids), _AT_ONCE)
        for given in [listed("id_", ids[start : start + _AT_ONCE])]
        for id, revision in _in_force_among(len(given), opened).rows(connection, given)
    }


def coded(connection: Connection, codes: Sequence[str]) -> list[Resource]:
    """As ``some``, by code."""
    found: list[Resource] = []
    for start in range(0, len(codes), 500):
        part = share_resources.c.code.in_(codes[start : start + 500])
        rows = connection.execute(select(share_resources).where(part))
        found += [_made(row) for row in rows]
    return found


def item_counts(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """How many items resources have."""
    held = share_items.c
    query = select(held.resource, func.count()).where(held.resource.in_(ids))
    counted = connection.execute(query.group_by(held.resource)).all()
    return {id: count for id, count in counted}


def waiting(connection: Connection, limit: int) -> list[Row[Any]]:
    """Versions that wait for a review, the longest first."""
    versions, held = share_resource_versions, share_resources
    query = (
        select(held.c.id, held.c.code, held.c.organisation, versions)
        .join(held, held.c.id == versions.c.resource)
        .where(versions.c.state == "in_review")
        .order_by(versions.c.made_at, held.c.id)
    )
    return list(connection.execute(query.limit(limit)))


def add(connection: Connection, entry: Entry, code: str | None, at: int, actor: str) -> int:
    """A new resource with its first version as a draft; its number."""
    row = _columns(entry) | {"code": code, "state": "draft", "pending": "", "version": 0}
    row |= {"revision": 1, "made_at": at, "changed_at": at}
    id: int = connection.execute(insert(share_resources).values(**row)).inserted_primary_key[0]  # type: ignore[index]
    _put_items(connection, id, entry.items)
    add_version(connection, id, 1, entry, at, actor)
    return id


def project(connection: Connection, id: int, entry: Entry, **values: Any) -> None:
    """Let the resource be as an entry says, with these other columns."""
    changed = _columns(entry) | values
    connection.execute(update(share_resources).where(share_resources.c.id == id).values(**changed))
    connection.execute(delete(share_items).where(share_items.c.resource == id))
    _put_items(connection, id, entry.items)


def touch(connection: Connection, id: int, revision: int, values: Mapping[str, Any]) -> bool:
    """Change columns of the resource that has this revision; False where it has another."""
    held = share_resources.c
    wanted = update(share_resources).where(held.id == id, held.revision == revision)
    return connection.execute(wanted.values(revision=revision + 1, **values)).rowcount == 1


def remove(connection: Connection, id: int) -> None:
    """Take away a draft that was never published."""
    for table in (share_items, share_resource_versions, share_resource_steps):
        connection.execute(delete(table).where(table.c.resource == id))
    connection.execute(delete(share_resources).where(share_resources.c.id == id))


def add_version(
    connection: Connection, id: int, version: int, entry: Entry, at: int, actor: str
) -> None:
    row = {
        "resource": id,
        "version": version,
        "state": "draft",
        "entry": msgspec.to_builtins(entry),
    }
    row |= {"made_at": at, "made_by": actor, "submitted_by": "", "published_by": ""}
    connection.execute(insert(share_resource_versions).values(**row))


def change_version(connection: Connection, id: int, version: int, **values: Any) -> None:
    held = share_resource_versions
    if isinstance(values.get("entry"), Entry):
        values["entry"] = msgspec.to_builtins(values["entry"])
    wanted = update(held).where(held.c.resource == id, held.c.version == version)
    connection.execute(wanted.values(**values))


def drop_version(connection: Connection, id: int, version: int) -> None:
    held = share_resource_versions
    wanted = delete(held).where(held.c.resource == id, held.c.version == version)
    connection.execute(wanted)


def version(connection: Connection, id: int, number: int) -> Row[Any]:
    """A version; ``entry_in`` reads what it says. Raises NoSuchVersion."""
    held = share_resource_versions
    query = select(held).where(held.c.resource == id, held.c.version == number)
    found = connection.execute(query).first()
    if found is None:
        raise NoSuchVersion(id=id, version=number)
    return found


def versions(connection: Connection, id: int) -> Sequence[Row[Any]]:
    """Every version, the newest first."""
    held = share_resource_versions
    query = select(held).where(held.c.resource == id).order_by(held.c.version.desc())
    return connection.execute(query).all()


def entry_in(row: Row[Any]) -> Entry:
    return msgspec.convert(row.entry, Entry)


def add_step(
    connection: Connection, id: int, version: int, step: str, at: int, actor: str, text: str
) -> None:
    row = {"resource": id, "version": version, "step": step, "at": at, "actor": actor, "text": text}
    connection.execute(insert(share_resource_steps).values(**row))


def steps(connection: Connection, id: int) -> Sequence[Row[Any]]:
    """What was done with a resource, the newest first."""
    held = share_resource_steps
    query = select(held).where(held.c.resource == id).order_by(held.c.id.desc())
    return connection.execute(query).all()


def next_sequence(connection: Connection, class_code: str) -> int:
    """A sequence that was never given in a class."""
    _count_on.run(connection, {"class_code": class_code, "last": 1})
    held = share_sequences.c
    query = select(held.last).where(held.class_code == class_code)
    last: int = connection.execute(query).scalar_one()
    return last


def classes(connection: Connection) -> list[tuple[Any, ...]]:
    """The city's own classes, by code: code, name_zh, name_en, organisation."""
    return _classes.rows(connection, {})


def put_class(connection: Connection, row: Mapping[str, Any]) -> None:
    upsert(connection, share_classes, row, ["code"])


def remove_class(connection: Connection, code: str) -> bool:
    gone = connection.execute(delete(share_classes).where(share_classes.c.code == code))
    return gone.rowcount == 1


def in_class(connection: Connection, code: str) -> bool:
    """Whether a resource is, or will be, in a class or one below it."""
    query = select(share_resources.c.id).where(share_resources.c.class_code.startswith(code))
    return connection.execute(query.limit(1)).first() is not None


def items_of(connection: Connection, ids: Collection[int]) -> dict[int, list[Item]]:
    """Items in their order, by the number of their resource."""
    found: dict[int, list[Item]] = {id: [] for id in ids}
    listed = list(ids)
    names = Item.__struct_fields__
    columns = [share_items.c[name] for name in names]
    for start in range(0, len(listed), 500):
        part = listed[start : start + 500]
        query = select(share_items.c.resource, *columns).where(share_items.c.resource.in_(part))
        rows = connection.execute(query.order_by(share_items.c.resource, share_items.c.place))
        for id, *values in rows:
            found[id].append(Item(**dict(zip(names, values, strict=True))))
    return found


def _resources(connection: Connection, query: Select[Any]) -> list[Resource]:
    rows = connection.execute(query).all()
    items = items_of(connection, [row.id for row in rows])
    return [_made(row, items[row.id]) for row in rows]


def _made(row: Sequence[Any], items: Sequence[Item] = ()) -> Resource:
    """A whole row of ``share_resources``."""
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    values["items"], values["code"] = tuple(items), values["code"] or ""
    for name in ("keywords", "related"):
        values[name] = tuple(values[name])
    return Resource(**values)


def _columns(entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in _FIELDS}
    return values | {name: list(values[name]) for name in ("keywords", "related")}


def _put_items(connection: Connection, id: int, items: Sequence[Item]) -> None:
    rows = [
        {"resource": id, "place": place} | msgspec.structs.asdict(item)
        for place, item in enumerate(items)
    ]
    if rows:
        connection.execute(insert(share_items), rows)


def lying_in(connection: Connection, source: str) -> list[tuple[int, str]]:
    """Number and name of the resources whose rows lie in a source, without retired ones."""
    held = share_resources.c
    query = select(held.id, held.name).where(held.source == source, held.state != "retired")
    return [(row.id, row.name) for row in connection.execute(query.order_by(held.id))]
