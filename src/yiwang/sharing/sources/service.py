"""What is done with sources. Only who operates sharing declares them; a provider looks into those
of its own organisation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from yiwang.registry import cache
from yiwang.security.actions import Caller, Context, action, query
from yiwang.security.model import Identity, allowed
from yiwang.sharing.sources import store
from yiwang.sharing.sources.errors import BadSource, NoSuchSource, SourceExists, SourceInUse
from yiwang.sharing.sources.model import Column, Shape, Source
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.uses import Use, Uses

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,47}")
MOST_SECRET = 8192
"""Characters: a certificate's key fits in."""
MOST_NAMED = 20
"""Of what uses a source, when it is to go."""
MOST_OPTIONS = 20_000
"""Bytes of all options together."""


@dataclass(frozen=True)
class Declared:
    """A source as it is given. ``secret``: a password or key; None leaves the one that is kept."""

    code: str
    name: str
    kind: str
    options: dict[str, Any]
    organisation: int | None = None
    secret: str | None = None


@action("sharing.declare_source", permission="sharing.operate", audit_verb="source_declared")
def declare_source(ctx: Context, given: Declared) -> dict[str, Any]:
    """Declare where data lies. The secret goes to the home's keys, not into the database."""
    if not _CODE.fullmatch(given.code):
        raise BadSource("code", option="code", value=given.code[:80], wanted="a-z, 0-9, _, -")
    if store.exists(ctx.connection, given.code):
        raise SourceExists(given.code, source=given.code)
    ctx.note(f"source:{given.code}", kind=given.kind, organisation=given.organisation)
    store.add(ctx.connection, {"code": given.code, **_values(ctx, given, False)})
    return shown(store.source(ctx.connection, given.code))


@action("sharing.change_source", permission="sharing.operate", audit_verb="source_changed")
def change_source(ctx: Context, given: Declared) -> dict[str, Any]:
    """Change a source. One that leads elsewhere now needs its secret anew."""
    old = store.source(ctx.connection, given.code)
    moved = (old.kind, _place(old.options)) != (given.kind, _place(given.options))
    if old.has_secret and moved and given.secret is None:
        raise BadSource("secret", option="secret", value="", wanted="secret_again")
    ctx.note(f"source:{given.code}", kind=given.kind, organisation=given.organisation)
    store.change(ctx.connection, given.code, _values(ctx, given, old.has_secret))
    return shown(store.source(ctx.connection, given.code))


@action("sharing.remove_source", permission="sharing.operate", audit_verb="source_removed")
def remove_source(ctx: Context, code: str) -> None:
    """Forget a source that nothing uses any more, and its secret; the data stays where it is.
    Raises NoSuchSource, SourceInUse."""
    store.hold(ctx.connection, code)
    store.source(ctx.connection, code)
    users: Uses | None = ctx.caller.ports.get(Uses)
    if found := users.of(ctx.connection, code) if users else []:
        raise SourceInUse(
            code,
            source=code,
            count=len(found),
            names=", ".join(f"{one.name} ({one.key})" for one in found[:MOST_NAMED]),
            jobs=_keys(found, "job"),
            resources=_keys(found, "resource"),
        )
    ctx.note(f"source:{code}")
    store.remove(ctx.connection, code)
    ctx.port(Sources).vault.drop(code)


@query("sharing.list_sources", permission="sharing.provide")
def list_sources(
    ctx: Context, lang: str = "en", after: str = "", limit: int = 1000
) -> list[dict[str, Any]]:
    """The sources that the caller may look into, by code, without their secrets."""
    all_ = allowed(ctx.identity, "sharing.operate")
    if not all_ and ctx.identity.organisation is None:
        return []
    found = store.listed(ctx.connection, ctx.identity.organisation, all_, after, limit)
    units = cache.by_number(ctx.connection, "organisations")
    return [
        shown(one) | {"organisation_name": unit_name(units, one.organisation, lang)}
        for one in found
    ]


def unit_name(units: Mapping[int, Any], organisation: int | None, lang: str) -> str:
    """What an organisation is called; empty where there is none."""
    unit = None if organisation is None else units.get(organisation)
    return "" if unit is None else str(unit.name(lang))


@query("sharing.find_source", permission="sharing.provide")
def find_source(ctx: Context, code: str) -> Source:
    """A source that the caller may look into. Raises NoSuchSource."""
    return of(ctx.connection, ctx.identity, code)


def tables(caller: Caller, code: str) -> list[str]:
    """The tables of a source. Asks the source, in no transaction of ours."""
    source = find_source(caller, code)
    reader = caller.ports[Sources].open(source)
    try:
        found: list[str] = reader.tables()
        return found
    finally:
        reader.close()


def shape(caller: Caller, code: str, table: str, samples: int = 3) -> Shape:
    """What a table of a source looks like, with some of its values. Raises NoSuchTable."""
    source = find_source(caller, code)
    reader = caller.ports[Sources].open(source)
    try:
        found: Shape = reader.shape(table, samples)
        return found
    finally:
        reader.close()


def of(connection: Connection, identity: Identity, code: str) -> Source:
    """A source that an identity may work with: all for who operates sharing, else those of its
    organisation. Raises NoSuchSource."""
    found = store.source(connection, code)
    own = found.organisation is not None and found.organisation == identity.organisation
    if not own and not allowed(identity, "sharing.operate"):
        raise NoSuchSource(code, source=code)
    return found


def shown(one: Source) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "organisation": one.organisation,
        "kind": one.kind,
        "options": dict(one.options),
        "has_secret": one.has_secret,
    }


def shown_shape(one: Shape) -> dict[str, Any]:
    return {
        "table": one.table,
        "comment": one.comment,
        "key": list(one.key),
        "rows": one.rows,
        "columns": [
            {**_column(column), "samples": list(one.samples.get(column.name, ()))}
            for column in one.columns
        ],
    }


def _keys(uses: list[Use], sort: str) -> str:
    return ",".join([one.key for one in uses if one.sort == sort][:MOST_NAMED])


def _column(one: Column) -> dict[str, Any]:
    return {
        "name": one.name,
        "type": one.type,
        "length": one.length,
        "scale": one.scale,
        "required": one.required,
        "comment": one.comment,
    }


def _place(options: Any) -> dict[str, Any]:
    return {name: options.get(name) for name in ("host", "port", "url", "path")}


def _values(ctx: Context, given: Declared, has_secret: bool) -> dict[str, Any]:
    """Columns of the row; the secret is sealed before the row says that there is one."""
    sources = ctx.port(Sources)
    if not given.name.strip() or len(given.name) > 200:
        raise BadSource("name", option="name", value=given.name[:80], wanted="1 … 200")
    if given.secret is not None and len(given.secret) > MOST_SECRET:
        raise BadSource("secret", option="secret", value="", wanted=f"1 … {MOST_SECRET}")
    options = sources.checked(given.kind, given.options)
    if len(msgspec.json.encode(options)) > MOST_OPTIONS:
        raise BadSource("options", option="options", value="", wanted=f"… {MOST_OPTIONS}")
    if given.secret:
        sources.vault.put(given.code, given.secret)
    elif given.secret == "":
        sources.vault.drop(given.code)
    secret = has_secret if given.secret is None else bool(given.secret)
    return {
        "name": given.name.strip(),
        "organisation": given.organisation,
        "kind": given.kind,
        "options": options,
        "has_secret": secret,
        "changed_at": ctx.now,
    }
