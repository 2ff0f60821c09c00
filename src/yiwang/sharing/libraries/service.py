"""Libraries and their feeds: who declares them, and what the lists show everybody who sees the
catalogue, which is no value of any record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Row

from yiwang.kernel import documents
from yiwang.kernel.clock import render
from yiwang.kernel.errors import retold
from yiwang.security.actions import Context, action, query
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue import views as catalogue_views
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.libraries import publishing, spec, store
from yiwang.sharing.libraries.desk import declared
from yiwang.sharing.libraries.errors import BadFeed, BadGiven, BadLibrary, InUse, Rebuilding, words
from yiwang.sharing.libraries.model import Library
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.kept import Dataset

_CODE = re.compile(r"[a-z][a-z0-9_]{0,40}")
_TAKEN = frozenset({"templates"})
MOST_RANK = 99


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feed as it is set up. ``resource``: a code of the catalogue."""

    resource: str
    columns: dict[str, str]
    rank: int = 50
    ranks: dict[str, int] = {}
    since: str = ""


@action("sharing.put_library", permission="sharing.operate", audit_verb="library_declared")
def put_library(ctx: Context, code: str, declaration: str) -> None:
    """Declare a library, or declare it anew: all its records are matched by the new declaration
    then. Raises DocumentError and BadLibrary with line, Rebuilding, TableTaken."""
    if not _CODE.fullmatch(code) or code in _TAKEN:
        raise BadLibrary("code", key="code", value=code[:80], wanted="a-z, 0-9, _")
    if len(declaration) > spec.MOST_TEXT:
        wanted = f"… {spec.MOST_TEXT}"
        raise BadLibrary(code, key="text", value=str(len(declaration)), wanted=wanted)
    made = spec.read(documents.parse(declaration, code))
    rows = {row.code: row for row in store.libraries(ctx.connection)}
    for other, row in rows.items():
        if other != code and declared(row.text).dataset == made.dataset:
            taken = words("not_that_of", other=other)
            raise BadLibrary(code, key="dataset", value=made.dataset, wanted=taken)
    ctx.note(f"library:{code}")
    values: dict[str, Any] = {"text": declaration, "version": 1}
    values |= {"changed_at": ctx.now, "changed_by": ctx.identity.label}
    if code in rows:
        row = _free(ctx, code)
        if row.text == declaration:
            return
        _check_change(declared(row.text), made, code)
        values |= {"version": row.version + 1, "former": row.text, "phase": "keys", "after": 0}
        for feed in store.feeds(ctx.connection, row.id):
            store.change_feed(ctx.connection, feed.id, {"due_at": ctx.now})
    else:
        publishing.prepare(ctx.port(Datasets), made)
    ctx.note(f"library:{code}", version=values["version"])
    store.put_library(ctx.connection, code, values)


def _check_change(old: Library, new: Library, code: str) -> None:
    """The library's table keeps its name and the types of its columns: others read it."""
    if old.dataset != new.dataset:
        raise BadLibrary(code, key="dataset", value=new.dataset, wanted=old.dataset)
    for one in new.fields:
        before = old.by_name.get(one.name)
        if before is not None and before.type != one.type:
            raise BadLibrary(code, key="type", value=f"{one.name}: {one.type}", wanted=before.type)


def _free(ctx: Context, code: str) -> Row[Any]:
    """A library that nothing is done anew for, locked. Raises NoSuchLibrary, Rebuilding."""
    row = store.library(ctx.connection, code, lock=True)
    if row.phase:
        raise Rebuilding(code, library=code)
    return row


@action("sharing.remove_library", permission="sharing.operate", audit_verb="library_removed")
def remove_library(ctx: Context, code: str) -> None:
    """Forget a library that was never fed. Raises NoSuchLibrary, InUse."""
    row = _free(ctx, code)
    if store.feeds(ctx.connection, row.id):
        raise InUse(code, library=code)
    ctx.note(f"library:{code}")
    store.drop_library(ctx.connection, row.id)


@action("sharing.put_feed", permission="sharing.operate", audit_verb="library_feed_set")
def put_feed(ctx: Context, code: str, feed: str, given: Given) -> None:
    """Feed a library from a resource, or change how: which column is which field, how strong the
    source is, altogether and for fields. It is read soon. Raises BadFeed, NoSuchLibrary,
    NoSuchResource, Rebuilding."""
    row = _free(ctx, code)
    if not _CODE.fullmatch(feed):
        raise BadFeed("code", field="code", value=feed[:80], wanted="a-z, 0-9, _")
    resource = catalogue.resource(ctx.connection, given.resource)
    library = declared(row.text)
    _check_feed(ctx, library, resource, given)
    ctx.note(f"library:{code}", feed=feed, resource=resource.code)
    told = {"columns": given.columns, "ranks": given.ranks, "since": given.since}
    values = {"resource": resource.id, "rank": given.rank, "spec": told}
    there = {one.code: one for one in store.feeds(ctx.connection, row.id)}.get(feed)
    store.put_feed(ctx.connection, row.id, feed, values | {"removed_at": None, "due_at": ctx.now})
    if there is not None and (there.rank, there.spec["ranks"]) != (given.rank, given.ranks):
        store.change_library(ctx.connection, row.id, {"phase": "groups", "after": 0})


def _check_feed(ctx: Context, library: Library, resource: Resource, given: Given) -> None:
    kept = resource.dataset and resource.in_force
    if not kept or resource.dataset == library.dataset:
        kept_one = words("resource_kept")
        raise BadFeed("resource", field="resource", value=given.resource[:80], wanted=kept_one)
    table: Dataset = ctx.port(Datasets).describe(str(resource.dataset))
    known = {one.name: one.type for one in table.columns}
    if not given.columns:
        raise BadFeed("columns", field="columns", value="", wanted=", ".join(library.by_name))
    for name, column in given.columns.items():
        if name not in library.by_name:
            wanted = ", ".join(library.by_name)
            raise BadFeed("columns", field="columns", value=name[:80], wanted=wanted)
        if column not in known:
            raise BadFeed("columns", field=name, value=column[:80], wanted=", ".join(known))
    if given.since and known.get(given.since, "") not in ("D", "T"):
        dated = ", ".join(name for name, type in known.items() if type in "DT")
        raise BadFeed("since", field="since", value=given.since[:80], wanted=dated or "-")
    for name, rank in {"": given.rank, **given.ranks}.items():
        if (name and name not in library.by_name) or not 1 <= rank <= MOST_RANK:
            value = f"{name[:80]}: {rank}"
            raise BadFeed("ranks", field="rank", value=value, wanted=f"1 … {MOST_RANK}")


@action("sharing.remove_feed", permission="sharing.operate", audit_verb="library_feed_removed")
def remove_feed(ctx: Context, code: str, feed: str) -> None:
    """Feed a library from a resource no more: what it said ends, and stays in the history."""
    row = _free(ctx, code)
    found = store.feed(ctx.connection, row.id, feed)
    ctx.note(f"library:{code}", feed=feed)
    store.change_feed(ctx.connection, found.id, {"removed_at": ctx.now, "due_at": ctx.now})


@action("sharing.run_feed", permission="sharing.operate", audit_verb="library_feed_run")
def run_feed(ctx: Context, code: str, feed: str, forced: bool = False) -> None:
    """Read a feed soon. ``forced``: however much is gone from it, it is meant. Raises
    NoSuchLibrary, NoSuchFeed."""
    row = store.library(ctx.connection, code)
    found = store.feed(ctx.connection, row.id, feed)
    ctx.note(f"library:{code}", feed=feed, forced=forced)
    store.change_feed(ctx.connection, found.id, {"due_at": ctx.now, "forced": forced})


@query("sharing.library_templates", permission="sharing.operate")
def list_templates(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """The declarations that come with the platform, to be taken as they are or changed."""
    found = []
    for name in spec.templates():
        told = spec.template(name)
        found.append({"name": name, "title": declared(told).title(lang), "text": told})
    return found


@query("sharing.libraries", permission="sharing.read")
def list_libraries(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """All libraries, with how many there are of what."""
    return [_short(row, lang) for row in store.libraries(ctx.connection)]


@query("sharing.library", permission="sharing.read")
def show_library(ctx: Context, code: str, lang: str) -> dict[str, Any]:
    """A library: its fields, and of each the sources, the strongest first (一数一源). Raises
    NoSuchLibrary."""
    row = store.library(ctx.connection, code)
    library = declared(row.text)
    feeds = store.feeds(ctx.connection, row.id)
    resources = {one.id: one for one in catalogue.some(ctx.connection, [f.resource for f in feeds])}
    named = catalogue_views.names(ctx, lang)
    shown = [_feed(one, resources[one.resource], named, lang) for one in feeds]
    return _short(row, lang) | {
        "text": row.text,
        "changed_by": row.changed_by,
        "merge_at": library.merge_at,
        "propose_at": library.propose_at,
        "fields": [_field(library, one.name, feeds, lang) for one in library.fields],
        "feeds": shown,
    }


def _short(row: Row[Any], lang: str) -> dict[str, Any]:
    library = declared(row.text)
    return {
        "code": row.code,
        "title": library.title(lang),
        "version": row.version,
        "dataset": library.dataset,
        "phase": row.phase,
        "changed_at": render(row.changed_at),
        "tally": row.tally,
    }


def _field(library: Library, name: str, feeds: list[Row[Any]], lang: str) -> dict[str, Any]:
    field = library.by_name[name]
    mine = [store.as_feed(one) for one in feeds if one.removed_at is None]
    mine = [one for one in mine if name in one.columns]
    ranked = sorted(mine, key=lambda one: (one.strength(name), one.code))
    return {
        "name": name,
        "title": field.title(lang),
        "type": field.type,
        "identifier": field.identifier,
        "compare": None if field.compare is None else msgspec.to_builtins(field.compare),
        "identity": any(name in one.fields for one in library.identities),
        "sealed": field.sealed,
        "published": field.published,
        "search": field.search,
        "derived": "" if field.derive is None else library.by_name[field.derive[0]].title(lang),
        "sources": [{"feed": one.code, "rank": one.strength(name)} for one in ranked],
    }


def _feed(row: Row[Any], resource: Resource, named: Mapping[int, str], lang: str) -> dict[str, Any]:
    return {
        "code": row.code,
        "resource": resource.code,
        "resource_name": resource.name,
        "organisation": resource.organisation,
        "organisation_name": named.get(resource.organisation, ""),
        "rank": row.rank,
        **row.spec,
        "removed": row.removed_at is not None,
        "due": row.due_at is not None,
        "ran_at": None if row.ran_at is None else render(row.ran_at),
        "state": row.state,
        "tally": row.tally,
        "error": _told(row.error, lang),
    }


def _told(error: Mapping[str, Any] | None, lang: str) -> str:
    """An error that a run ended with, in words."""
    if error is None:
        return ""
    said = retold(error, lang)
    return f"{said['what']} {said['todo']}"


def reasoned(reason: str) -> str:
    """What somebody gives as the reason. Raises BadGiven."""
    found = reason.strip()
    if not 2 <= len(found) <= 500:
        raise BadGiven("reason", field="reason", value=found[:80], wanted="2 … 500")
    return found
