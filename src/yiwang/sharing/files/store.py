"""All SQL of files and uploads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from yiwang.sharing.files.model import KEPT, REPLACED, Upload, Version
from yiwang.sharing.files.tables import share_file_uploads, share_file_versions
from yiwang.sharing.grants import store as grants
from yiwang.sharing.grants.model import Grant
from yiwang.sharing.grants.tables import share_grants
from yiwang.store.database import Instant
from yiwang.store.statements import Statement

_versions, _uploads = share_file_versions.c, share_file_uploads.c
_forgotten = Statement(
    select(share_file_uploads)
    .where(_uploads.expires_at < bindparam("at_", 0, Instant))
    .order_by(_uploads.expires_at)
    .limit(100)
)


def _version(row: Row[Any]) -> Version:
    return Version(**{name: row._mapping[name] for name in Version.__struct_fields__})


def _upload(row: Any) -> Upload:
    return Upload(**{name: getattr(row, name) for name in Upload.__struct_fields__})


def version(connection: Connection, id: int) -> Version | None:
    row = connection.execute(select(share_file_versions).where(_versions.id == id)).first()
    return None if row is None else _version(row)


def page(connection: Connection, resource: int, before: int | None, limit: int) -> list[Version]:
    """Versions of a resource's files, the newest first."""
    query = select(share_file_versions).where(_versions.resource == resource)
    if before is not None:
        query = query.where(_versions.id < before)
    query = query.order_by(_versions.id.desc()).limit(limit)
    return [_version(row) for row in connection.execute(query)]


def newest(connection: Connection, resources: Iterable[int], most: int) -> list[Version]:
    """Of each file of some resources the newest version that is kept, by resource and name."""
    held = select(
        _versions.resource, _versions.name, func.max(_versions.number).label("number")
    ).where(_versions.resource.in_(list(resources)), _versions.state == KEPT)
    last = held.group_by(_versions.resource, _versions.name).subquery()
    query = select(share_file_versions).join(
        last,
        (_versions.resource == last.c.resource)
        & (_versions.name == last.c.name)
        & (_versions.number == last.c.number),
    )
    query = query.order_by(_versions.resource, _versions.name).limit(most)
    return [_version(row) for row in connection.execute(query)]


def numbers(
    connection: Connection, resource: int, name: str, opened: bool = True
) -> dict[int, int]:
    """The numbers of a file's versions that are kept, by id; with or without ``opened`` ones."""
    query = select(_versions.id, _versions.number).where(
        _versions.resource == resource, _versions.name == name, _versions.state == KEPT
    )
    if not opened:
        query = query.where(_versions.opening.is_(None))
    return {row.id: row.number for row in connection.execute(query)}


def opened(connection: Connection, opening: int | None = None) -> list[Version]:
    """Versions that everybody gets, of one release or of all that are in force, by name."""
    query = select(share_file_versions).where(_versions.state == KEPT)
    one = _versions.opening.is_not(None) if opening is None else _versions.opening == opening
    query = query.where(one).order_by(_versions.name, _versions.number)
    return [_version(row) for row in connection.execute(query)]


def kept(connection: Connection, resource: int, ids: Iterable[int]) -> list[Version]:
    """Those of some versions that are a resource's and kept."""
    query = select(share_file_versions).where(
        _versions.id.in_(list(ids)), _versions.resource == resource, _versions.state == KEPT
    )
    return [_version(row) for row in connection.execute(query.order_by(_versions.id))]


def open_versions(connection: Connection, ids: Iterable[int], opening: int) -> int:
    """Let a release give versions; how many of them are kept."""
    wanted = update(share_file_versions).where(_versions.id.in_(list(ids)), _versions.state == KEPT)
    return connection.execute(wanted.values(opening=opening)).rowcount


def close_versions(connection: Connection, resource: int) -> None:
    """No version of a resource is given to everybody any more."""
    wanted = update(share_file_versions).where(
        _versions.resource == resource, _versions.opening.is_not(None)
    )
    connection.execute(wanted.values(opening=None))


def next_number(connection: Connection, resource: int, name: str) -> int:
    last = select(func.max(_versions.number)).where(
        _versions.resource == resource, _versions.name == name
    )
    return int(connection.execute(last).scalar() or 0) + 1


def files_of(connection: Connection, resource: int) -> int:
    """How many files, whatever their versions, a resource has."""
    query = select(func.count(func.distinct(_versions.name))).where(_versions.resource == resource)
    return int(connection.execute(query).scalar_one())


def add_version(connection: Connection, values: Mapping[str, Any]) -> int:
    made = connection.execute(insert(share_file_versions).values(**values)).inserted_primary_key
    return int(made[0])  # type: ignore[index]


def end_version(connection: Connection, id: int, state: str, at: int, by: str, why: str) -> bool:
    """Whether it was kept until now; no release gives it any more."""
    wanted = update(share_file_versions).where(_versions.id == id, _versions.state == KEPT)
    values = {"state": state, "ended_at": at, "ended_by": by, "end_reason": why, "opening": None}
    return connection.execute(wanted.values(**values)).rowcount == 1


def replace(connection: Connection, ids: Iterable[int], at: int) -> None:
    """Newer ones take the place of versions, but for those that a release names meanwhile."""
    values = {"state": REPLACED, "ended_at": at, "ended_by": "", "end_reason": ""}
    wanted = update(share_file_versions).where(
        _versions.id.in_(list(ids)), _versions.state == KEPT, _versions.opening.is_(None)
    )
    connection.execute(wanted.values(**values))


def named(connection: Connection, content: str) -> bool:
    """Whether a version that is kept has this content."""
    query = select(_versions.id).where(_versions.content == content, _versions.state == KEPT)
    return connection.execute(query.limit(1)).first() is not None


def contents(connection: Connection, ids: Iterable[int]) -> set[str]:
    query = select(_versions.content).where(_versions.id.in_(list(ids)))
    return set(connection.execute(query).scalars())


def add_upload(connection: Connection, one: Upload) -> None:
    values = {name: getattr(one, name) for name in Upload.__struct_fields__}
    connection.execute(insert(share_file_uploads).values(**values))


def upload(connection: Connection, key: str) -> Upload | None:
    row = connection.execute(select(share_file_uploads).where(_uploads.key == key)).first()
    return None if row is None else _upload(row)


def open_uploads(connection: Connection, organisation: int | None = None) -> list[Upload]:
    query = select(share_file_uploads).where(_uploads.version.is_(None))
    if organisation is not None:
        query = query.where(_uploads.organisation == organisation)
    return [_upload(row) for row in connection.execute(query.order_by(_uploads.at))]


def change_upload(connection: Connection, key: str, **values: Any) -> None:
    connection.execute(update(share_file_uploads).where(_uploads.key == key).values(**values))


def drop_upload(connection: Connection, key: str) -> bool:
    made = share_file_uploads.delete().where(_uploads.key == key)
    return connection.execute(made).rowcount == 1


def forgotten(connection: Connection, at: int) -> list[Upload]:
    """Uploads, finished ones too, that nobody needs any more."""
    return [_upload(row) for row in _forgotten.named(connection, {"at_": at})]


def upload_keys(connection: Connection) -> set[str]:
    return set(connection.execute(select(_uploads.key)).scalars())


def granted(
    connection: Connection, organisation: int, at: int, before: int | None, limit: int
) -> list[Grant]:
    """Grants in force of an organisation, the newest first."""
    held = share_grants.c
    query = select(share_grants).where(
        held.organisation == organisation, held.ended_at.is_(None), held.expires_at > at
    )
    if before is not None:
        query = query.where(held.id < before)
    query = query.order_by(held.id.desc()).limit(limit)
    return [grants.read_row(row) for row in connection.execute(query)]
