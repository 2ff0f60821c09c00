"""The portal: what everybody sees of opened resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yiwang.kernel import clock
from yiwang.security.actions import Context, query
from yiwang.sharing.catalogue import classes
from yiwang.sharing.catalogue import views as catalogue
from yiwang.sharing.catalogue.search.service import Search
from yiwang.sharing.opening import files, model, rows, store
from yiwang.sharing.opening.counting import Counting
from yiwang.sharing.opening.errors import NotReleased
from yiwang.sharing.opening.model import Public
from yiwang.sharing.sources.model import Condition, Order

MOST_FOUND = 10_000


@query("sharing.open_resources", permission="sharing.read_opened")
def listing(ctx: Context, text: str, lang: str) -> list[dict[str, Any]]:
    """Opened resources, the newest release first; with a ``text`` those that the search of the
    catalogue finds, the best first."""
    every = store.every(ctx.connection)
    if text.strip():
        search, by_number = ctx.port(Search), {one.resource.id: one for one in every}
        search.refresh(ctx.connection)
        ids = search.index(opened=True).search(text, {}, MOST_FOUND).ids
        every = [by_number[id] for id in ids if id in by_number]
    held, named = classes.known(ctx.connection), catalogue.names(ctx, lang)
    return [short(one, held, named, lang) for one in every]


@query("sharing.open_resource", permission="sharing.read_opened")
def show(ctx: Context, name: str, lang: str) -> dict[str, Any]:
    """One with its fields, use and ratings. Raises NotReleased."""
    one = found(ctx, name)
    ctx.port(Counting).add(ctx.now, one.resource.id, "views")
    named = catalogue.names(ctx, lang)
    values = short(one, classes.known(ctx.connection), named, lang)
    given = store.ratings(ctx.connection, one.resource.id)
    values["fields"] = [
        {"column": item.column, "name": item.name, "type": item.type, "text": item.text}
        for item in one.items
    ]
    values["forms"], values["files"] = one.forms, files.shown(one)
    values["uses"] = store.uses(ctx.connection, one.resource.id)
    values["stars"] = model.stars([row.stars for row in given])
    values["ratings"] = [
        {"stars": row.stars, "text": row.text, "at": clock.render(row.at)} for row in given[:50]
    ]
    return values


@query("sharing.open_rows", permission="sharing.read_opened")
def preview(
    ctx: Context,
    name: str,
    fields: Sequence[str],
    where: Sequence[Condition],
    order: Sequence[Order],
    limit: int,
    skip: int,
) -> dict[str, Any]:
    """Rows of an opened resource and how many there are. Raises NotReleased, BadChoice, NoRows."""
    one = found(ctx, name)
    ctx.port(Counting).add(ctx.now, one.resource.id, "calls")
    items = rows.read(ctx, one, fields, where, order, limit, skip)
    return {"items": items, "total": rows.count(ctx, one, where)}


@query("sharing.download_open", permission="sharing.read_opened")
def download(ctx: Context, name: str, form: str) -> tuple[str, Any]:
    """A file's name and its parts. Raises NotReleased, NoRows."""
    one = found(ctx, name)
    rows.count(ctx, one)
    ctx.port(Counting).add(ctx.now, one.resource.id, "downloads")
    return f"{one.name}.{form}", rows.stream(ctx, one, form)


def found(ctx: Context, name: str) -> Public:
    """Raises NotReleased."""
    one = store.by_name(ctx.connection, name)
    if one is None:
        raise NotReleased(name=name)
    return one


def short(one: Public, held: Mapping[str, Any], named: dict[int, str], lang: str) -> dict[str, Any]:
    resource = one.resource
    licence, url = model.LICENCES[one.opening.licence]
    return {
        "id": resource.id,
        "name": one.name,
        "code": resource.code,
        "title": resource.name,
        "summary": resource.summary,
        "organisation": resource.organisation,
        "organisation_name": named[resource.organisation],
        "class_path": classes.path(held, resource.class_code, lang),
        "keywords": list(resource.keywords),
        "update_cycle": resource.update_cycle,
        "condition": resource.open_condition,
        "licence": one.opening.licence,
        "licence_title": licence,
        "licence_url": url,
        "released_at": clock.render(one.opening.released_at),
        "changed_at": clock.render(resource.changed_at),
    }
