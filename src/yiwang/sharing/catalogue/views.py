"""What people see of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row

from yiwang.kernel import clock
from yiwang.registry import cache
from yiwang.security.actions import Context, query
from yiwang.security.model import Identity, allowed
from yiwang.sharing.catalogue import checks, classes, differences, model, service, store
from yiwang.sharing.catalogue.errors import NoSuchResource, NoSuchVersion
from yiwang.sharing.catalogue.model import Entry, Resource

_HIDDEN = ("dataset", "source", "table")
"""Where data lies is no business of the public."""
_SHORT = tuple(name for name in Resource.__struct_fields__ if name not in (*_HIDDEN, "items"))
_INSTANTS = ("made_at", "changed_at", "published_at", "retired_at")


def sight(identity: Identity) -> tuple[tuple[str, ...], int | None, bool]:
    """The states that somebody sees of everybody's resources, the organisation of which all is
    seen, and whether only opened ones are."""
    if allowed(identity, "sharing.review"):
        return model.STATES, None, False
    if allowed(identity, "sharing.read"):
        return ("published", "retired"), identity.organisation, False
    return ("published",), None, True


def visible(identity: Identity, resource: Resource) -> bool:
    """Whether a resource exists for somebody."""
    states, own, opened = sight(identity)
    if opened and resource.open_type == "none":
        return False
    return resource.state in states or own == resource.organisation


@query("sharing.resources", permission="sharing.read_opened")
def listing(
    ctx: Context, where: dict[str, Any], after: int, limit: int, lang: str
) -> list[dict[str, Any]]:
    """Resources that the caller sees, by number, without their items."""
    found = store.page(ctx.connection, where, sight(ctx.identity), after, limit)
    held = classes.known(ctx.connection)
    named = names(ctx, lang)
    counts = store.item_counts(ctx.connection, [one.id for one in found])
    return [short(one, held, named, lang, counts.get(one.id, 0)) for one in found]


@query("sharing.resource", permission="sharing.read_opened")
def show(ctx: Context, key: int | str, lang: str) -> dict[str, Any]:
    """A resource whole, by number or code, with the steps that the caller may take; the draft of
    its next version for those who write or review it. Raises NoSuchResource."""
    resource = _visible(ctx, key)
    opened = sight(ctx.identity)[2]
    held = classes.known(ctx.connection)
    values = short(resource, held, names(ctx, lang), lang, len(resource.items))
    values |= entry(resource, opened)
    if opened:
        return values
    values["steps"] = steps(ctx, resource)
    if service.mine(ctx, resource.organisation):
        values["draft"] = _draft(ctx, resource, lang)
    return values


@query("sharing.resource_versions", permission="sharing.read")
def versions(ctx: Context, id: int, lang: str) -> list[dict[str, Any]]:
    """The versions of a resource, the newest first, each with what it changed in words; drafts
    only for those who write or review it. Raises NoSuchResource."""
    rows = _seen(ctx, _visible(ctx, id))
    before = [*rows[1:], None]
    return [_version(row, other, lang) for row, other in zip(rows, before, strict=False)]


@query("sharing.resource_version", permission="sharing.read")
def version(ctx: Context, id: int, number: int, lang: str) -> dict[str, Any]:
    """One version whole. Raises NoSuchResource, NoSuchVersion."""
    rows = _seen(ctx, _visible(ctx, id))
    row = _numbered(rows, id, number)
    before = next((one for one in rows if one.version < number), None)
    return _version(row, before, lang) | {"entry": entry(store.entry_in(row), False)}


@query("sharing.resource_differences", permission="sharing.read")
def compared(ctx: Context, id: int, before: int, after: int, lang: str) -> list[dict[str, Any]]:
    """What version ``after`` says otherwise than ``before``. Raises NoSuchResource,
    NoSuchVersion."""
    rows = _seen(ctx, _visible(ctx, id))
    one, other = (store.entry_in(_numbered(rows, id, each)) for each in (before, after))
    return _differences(one, other, lang)


def _seen(ctx: Context, resource: Resource) -> Sequence[Row[Any]]:
    """The versions that the caller sees, the newest first."""
    rows = store.versions(ctx.connection, resource.id)
    if service.mine(ctx, resource.organisation):
        return rows
    return [row for row in rows if row.published_at is not None]


def _numbered(rows: Sequence[Row[Any]], id: int, number: int) -> Row[Any]:
    found = next((row for row in rows if row.version == number), None)
    if found is None:
        raise NoSuchVersion(id=id, version=number)
    return found


@query("sharing.resource_history", permission="sharing.read")
def history(ctx: Context, id: int) -> list[dict[str, Any]]:
    """What was done with a resource, the newest first; steps of versions that are not published
    only for those who write or review it. Raises NoSuchResource."""
    resource = _visible(ctx, id)
    rows = store.steps(ctx.connection, id)
    if not service.mine(ctx, resource.organisation):
        rows = [row for row in rows if row.step in ("publish", "retire")]
    return [
        {"step": row.step, "version": row.version, "at": clock.render(row.at)}
        | {"actor": row.actor, "text": row.text}
        for row in rows
    ]


@query("sharing.resources_in_review", permission="sharing.review")
def in_review(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """What waits for a review, the longest first, with what is changed in words."""
    named = names(ctx, lang)
    rows = store.waiting(ctx.connection, 1000)
    found = store.some(ctx.connection, [row.id for row in rows])
    resources = {one.id: one for one in store.with_items(ctx.connection, found)}
    shown = []
    for row in rows:
        entry_, held = store.entry_in(row), resources[row.id]
        given = {"id": row.id, "code": row.code or "", "name": entry_.name, "version": row.version}
        given |= {
            "organisation": row.organisation,
            "organisation_name": named.get(row.organisation, ""),
        }
        given |= {"submitted_by": row.submitted_by, "made_at": clock.render(row.made_at)}
        changes = _differences(held.entry(), entry_, lang) if held.version else []
        shown.append(given | {"revision": held.revision, "changes": changes})
    return shown


def steps(ctx: Context, resource: Resource) -> list[str]:
    """The steps that the caller may take with a resource now."""
    reviews = allowed(ctx.identity, "sharing.review")
    writes = service.mine(ctx, resource.organisation)
    found = model.steps_from(resource.state, resource.pending)
    return [one for one in found if (reviews if one in model.REVIEW_STEPS else writes)]


def entry(given: Entry, opened: bool) -> dict[str, Any]:
    """An entry as JSON shows it; for the public (``opened``) without what is not opened."""
    values: dict[str, Any] = msgspec.to_builtins(model.entry_of(given))
    if opened:
        values["items"] = [item for item in values["items"] if item["opened"]]
        values = {name: value for name, value in values.items() if name not in _HIDDEN}
    return values


def names(ctx: Context, lang: str) -> dict[int, str]:
    """The names of all organisations."""
    found = cache.records(ctx.connection, "organisations")
    return {one.id: one.name(lang) for one in found}


def _visible(ctx: Context, key: int | str) -> Resource:
    resource = store.resource(ctx.connection, key)
    if not visible(ctx.identity, resource):
        raise NoSuchResource(key=key)
    return resource


def short(
    resource: Resource,
    held: Mapping[str, classes.Class],
    named: dict[int, str],
    lang: str,
    items: int,
) -> dict[str, Any]:
    """A resource without its items, of which there are so many. ``held`` are the classes,
    ``named`` the organisations."""
    values = {name: getattr(resource, name) for name in _SHORT}
    for name in _INSTANTS:
        values[name] = None if values[name] is None else clock.render(values[name])
    values["organisation_name"] = named.get(resource.organisation, "")
    values["class_path"] = classes.path(held, resource.class_code, lang)
    values["item_count"] = items
    return values


def _draft(ctx: Context, resource: Resource, lang: str) -> dict[str, Any] | None:
    """The version that is worked on, with what it lacks; None where there is none."""
    if resource.version and not resource.pending:
        return None
    row = store.version(ctx.connection, resource.id, resource.version + 1)
    given = store.entry_in(row)
    changes = _differences(resource.entry(), given, lang) if resource.version else []
    return {
        "version": row.version,
        "state": row.state,
        "entry": entry(given, False),
        "gaps": [one.shown(lang) for one in checks.gaps(given)],
        "changes": changes,
    }


def _version(row: Row[Any], before: Row[Any] | None, lang: str) -> dict[str, Any]:
    changes: list[dict[str, Any]] = []
    if before is not None:
        changes = _differences(store.entry_in(before), store.entry_in(row), lang)
    at = None if row.published_at is None else clock.render(row.published_at)
    return {
        "version": row.version,
        "state": row.state,
        "made_at": clock.render(row.made_at),
        "made_by": row.made_by,
        "published_at": at,
        "published_by": row.published_by,
        "changes": changes,
    }


def _differences(before: Entry, after: Entry, lang: str) -> list[dict[str, Any]]:
    return [
        {"sort": one.sort, "field": one.field, "item": one.item, "text": one.words(lang)}
        for one in differences.between(before, after)
    ]
