"""Opening a declared source: which options each kind takes, and where none may lead."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from yiwang.sharing.sources import model
from yiwang.sharing.sources.databases import SqlReader
from yiwang.sharing.sources.errors import BadSource, ForbiddenPlace, SourceUnreachable
from yiwang.sharing.sources.files import FileReader
from yiwang.sharing.sources.model import Source
from yiwang.sharing.sources.reading import Reader
from yiwang.sharing.sources.vault import Vault
from yiwang.sharing.sources.web import WebReader

_SERVER: Mapping[str, type] = {"host": str, "port": int, "database": str, "user": str}
_OPTIONS: Mapping[str, Mapping[str, type]] = {
    "postgresql": {**_SERVER, "schema": str, "sslmode": str},
    "mysql": _SERVER,
    "sqlite": {"path": str},
    "files": {"path": str, "encoding": str, "delimiter": str},
    "http": {
        "url": str,
        "tables": dict,
        "items": str,
        "auth": str,
        "paging": str,
        "page_param": str,
        "size_param": str,
        "page_size": int,
        "next_field": str,
    },
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "postgresql": ("host", "database", "user"),
    "mysql": ("host", "database", "user"),
    "sqlite": ("path",),
    "files": ("path",),
    "http": ("url",),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "paging": ("none", "page", "offset", "cursor"),
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "delimiter": (",", ";", "\t", "|"),
    "encoding": ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"),
}
CONNECT_S = 10
_POOL: Mapping[str, Any] = {"poolclass": QueuePool, "pool_size": 2, "max_overflow": 4}
"""Whoever opens closes: no connection outlives what it was opened for."""
INCOMING = "incoming"
"""The one folder of the home that a source may name."""


class Sources:
    """Opens declared sources. ``home``: the platform's own folder, into which none may lead;
    ``zone``: of the times without one that are written."""

    def __init__(self, vault: Vault, home: Path | None = None, zone: str = "UTC") -> None:
        self.vault = vault
        self.zone = zone
        self._home = None if home is None else home.resolve()

    def open(self, source: Source) -> Reader:
        """For reading only. Raises BadSource, ForbiddenPlace, SecretLost; what cannot be reached
        shows when it is asked. Whoever opens closes."""
        options = self.checked(source.kind, source.options)
        secret = self.vault.get(source.code) if source.has_secret else ""
        if source.kind == "files":
            path = Path(options["path"])
            return FileReader(path, options.get("encoding", ""), options.get("delimiter", ""))
        if source.kind == "http":
            return WebReader(options, secret, check_address)
        engine = self._engine(source.kind, options, secret, writing=False)
        return SqlReader(engine, options.get("schema"))

    def engine(self, source: Source) -> Engine:
        """A database for writing. Raises as ``open``, and BadSource for what is no database."""
        options = self.checked(source.kind, source.options)
        if source.kind not in ("postgresql", "mysql", "sqlite"):
            raise BadSource("kind", option="kind", value=source.kind, wanted="database")
        secret = self.vault.get(source.code) if source.has_secret else ""
        return self._engine(source.kind, options, secret, writing=True)

    def checked(self, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a source, all known and of their types, leading nowhere forbidden.
        Raises BadSource, ForbiddenPlace."""
        if kind not in model.KINDS:
            raise BadSource("kind", option="kind", value=kind, wanted=", ".join(model.KINDS))
        known = _OPTIONS[kind]
        for name, value in options.items():
            if name not in known or not isinstance(value, known[name]):
                wanted = ", ".join(f"{key} ({one.__name__})" for key, one in known.items())
                raise BadSource(name, option=name, value=str(value)[:80], wanted=wanted)
            if name in _CHOICES and value not in _CHOICES[name]:
                listed = ", ".join(_CHOICES[name])
                raise BadSource(name, option=name, value=str(value)[:80], wanted=listed)
        for name in _NEEDED[kind]:
            if not options.get(name):
                raise BadSource(name, option=name, value="", wanted=", ".join(_NEEDED[kind]))
        self._check_place(kind, options)
        return dict(options)

    def _check_place(self, kind: str, options: Mapping[str, Any]) -> None:
        if kind in ("sqlite", "files"):
            self._check_path(Path(options["path"]), folder=kind == "files")
        elif kind == "http":
            _check_url(str(options["url"]))
        elif "/" in options["host"]:
            raise ForbiddenPlace("host", place=options["host"])

    def _check_path(self, path: Path, folder: bool) -> None:
        if not path.is_absolute():
            raise BadSource("path", option="path", value=str(path), wanted="/…")
        found = path.resolve()
        if self._home is not None and not found.is_relative_to(self._home / INCOMING):
            inside = found.is_relative_to(self._home)
            if inside or (folder and self._home.is_relative_to(found)):
                raise ForbiddenPlace("path", place=str(path))
        if not (found.is_dir() if folder else found.is_file()):
            raise BadSource(
                "path",
                option="path",
                value=str(path),
                wanted="folder_there" if folder else "file_there",
            )

    def _engine(self, kind: str, options: Mapping[str, Any], secret: str, writing: bool) -> Engine:
        if kind == "sqlite":
            return _sqlite(str(Path(options["path"]).resolve()), writing)
        check_address(options["host"], int(options.get("port") or 0))
        url = URL.create(
            "postgresql+psycopg" if kind == "postgresql" else "mysql+pymysql",
            options["user"],
            secret or None,
            options["host"],
            options.get("port"),
            options["database"],
        )
        if kind == "postgresql":
            return _postgresql(url, options, writing, self.zone)
        return _mysql(url, writing)


def _sqlite(path: str, writing: bool) -> Engine:
    mode = "rw" if writing else "ro"
    url = f"sqlite:///file:{quote(path)}?mode={mode}&uri=true"
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, **_POOL)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgresql(url: URL, options: Mapping[str, Any], writing: bool, zone: str) -> Engine:
    given: dict[str, Any] = {"connect_timeout": CONNECT_S}
    parts = [f"-c TimeZone={zone if writing else 'UTC'}", "-c DateStyle=ISO"]
    if options.get("schema"):
        escaped = (
            str(options["schema"]).replace('"', '""').replace("\\", "\\\\").replace(" ", "\\ ")
        )
        parts.append(f'-c search_path="{escaped}"')
    if not writing:
        parts.append("-c default_transaction_read_only=on")
    given["options"] = " ".join(parts)
    if options.get("sslmode"):
        given["sslmode"] = options["sslmode"]
    return create_engine(url, connect_args=given, **_POOL)


def _mysql(url: URL, writing: bool) -> Engine:
    given = {"connect_timeout": CONNECT_S, "read_timeout": 3600, "charset": "utf8mb4"}
    engine = create_engine(url, connect_args=given, **_POOL)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'")
            if not writing:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")

    return engine


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.username
        port = parts.port
    except ValueError:
        good, port = None, None
    if not good or not parts.hostname:
        raise BadSource("url", option="url", value=url[:80], wanted="https://…")
    literal = parts.hostname.replace(".", "").isdigit() or ":" in parts.hostname
    if literal:
        check_address(parts.hostname, port or 443)


def check_address(host: str, port: int) -> None:
    """Raises ForbiddenPlace where any address of a host is link-local (where clouds keep their
    credentials), multicast or unspecified; SourceUnreachable where it has none. Private networks
    are where departments' systems are."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SourceUnreachable(reason=f"{host}: {error.strerror or error}") from error
    for entry in found:
        address = ipaddress.ip_address(str(entry[4][0]).partition("%")[0])
        inner = getattr(address, "ipv4_mapped", None) or address
        if inner.is_link_local or inner.is_multicast or inner.is_unspecified:
            raise ForbiddenPlace(host, place=f"{host} ({address})")
