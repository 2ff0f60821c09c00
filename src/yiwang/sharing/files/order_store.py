"""All SQL of receivers' keys and of deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, insert, select, update

from yiwang.sharing.files.orders import GONE, MAKING, READY, WAITING, Delivery, FileKey
from yiwang.sharing.files.tables import share_file_deliveries, share_file_keys
from yiwang.store.database import Instant
from yiwang.store.statements import Statement

_keys, _deliveries = share_file_keys.c, share_file_deliveries.c
_waiting = Statement(
    select(share_file_deliveries)
    .where(_deliveries.state.in_((WAITING, MAKING)))
    .order_by(_deliveries.id)
    .limit(100)
)
_over = Statement(
    select(_deliveries.id)
    .where(_deliveries.state == READY, _deliveries.expires_at < bindparam("at_", 0, Instant))
    .limit(100)
)


def _key(row: Row[Any]) -> FileKey:
    return FileKey(**{name: row._mapping[name] for name in FileKey.__struct_fields__})


def _delivery(row: Any) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__struct_fields__})


def _add(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    made = connection.execute(insert(table).values(**values)).inserted_primary_key
    return int(made[0])  # type: ignore[index]


def add_key(connection: Connection, values: Mapping[str, Any]) -> int:
    return _add(connection, share_file_keys, values)


def keys_in_force(connection: Connection, organisation: int) -> list[FileKey]:
    query = select(share_file_keys).where(
        _keys.organisation == organisation, _keys.ended_at.is_(None)
    )
    return [_key(row) for row in connection.execute(query.order_by(_keys.id))]


def keys(connection: Connection, ids: Iterable[int]) -> list[FileKey]:
    query = select(share_file_keys).where(_keys.id.in_(list(ids))).order_by(_keys.id)
    return [_key(row) for row in connection.execute(query)]


def end_key(connection: Connection, id: int, at: int, by: str) -> bool:
    wanted = update(share_file_keys).where(_keys.id == id, _keys.ended_at.is_(None))
    return connection.execute(wanted.values(ended_at=at, ended_by=by)).rowcount == 1


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    return _add(connection, share_file_deliveries, values)


def delivery(connection: Connection, id: int) -> Delivery | None:
    row = connection.execute(select(share_file_deliveries).where(_deliveries.id == id)).first()
    return None if row is None else _delivery(row)


def page(
    connection: Connection, organisation: int, before: int | None, limit: int
) -> list[Delivery]:
    """Deliveries to an organisation, the newest first."""
    query = select(share_file_deliveries).where(_deliveries.organisation == organisation)
    if before is not None:
        query = query.where(_deliveries.id < before)
    query = query.order_by(_deliveries.id.desc()).limit(limit)
    return [_delivery(row) for row in connection.execute(query)]


def marked_for(
    connection: Connection, resource: int, organisation: int, limit: int
) -> list[Delivery]:
    """Extracts of a resource that an organisation had, the newest first."""
    query = select(share_file_deliveries).where(
        _deliveries.resource == resource,
        _deliveries.organisation == organisation,
        _deliveries.made_at.is_not(None),
        _deliveries.version.is_(None),
    )
    query = query.order_by(_deliveries.id.desc()).limit(limit)
    return [_delivery(row) for row in connection.execute(query)]


def open_count(connection: Connection, organisation: int) -> int:
    query = select(func.count()).where(
        _deliveries.organisation == organisation, _deliveries.state.in_((WAITING, MAKING))
    )
    return int(connection.execute(query).scalar_one())


def waiting(connection: Connection) -> list[Delivery]:
    """The oldest ones that are to be made or are being made; those at which the platform died
    look like the latter."""
    return [_delivery(row) for row in _waiting.named(connection, {})]


def change(connection: Connection, id: int, states: Sequence[str], **values: Any) -> bool:
    """Change a delivery that is in one of these states; whether it was."""
    wanted = update(share_file_deliveries).where(
        _deliveries.id == id, _deliveries.state.in_(states)
    )
    return connection.execute(wanted.values(**values)).rowcount == 1


def over(connection: Connection, at: int) -> list[int]:
    """Deliveries whose time is over."""
    return [id for (id,) in _over.records(connection, {"at_": at})]


def let_go(connection: Connection, ids: Iterable[int]) -> None:
    wanted = update(share_file_deliveries).where(
        _deliveries.id.in_(list(ids)), _deliveries.state == READY
    )
    connection.execute(wanted.values(state=GONE))
