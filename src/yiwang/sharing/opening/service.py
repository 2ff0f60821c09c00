"""Release and withdraw, with the review for secrecy and privacy; ratings and wishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from yiwang.kernel import clock
from yiwang.security.actions import Context, action, query
from yiwang.security.evidence.log import Log, line
from yiwang.security.protection import anonymity
from yiwang.security.protection.city import Protection
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.files import store as files_store
from yiwang.sharing.files.model import Version
from yiwang.sharing.opening import model, store
from yiwang.sharing.opening.errors import (
    AnsweredBefore,
    BadChoice,
    NoSuchWish,
    NotReleasable,
    NotReleased,
    OwnReview,
)
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.errors import NoSuchDataset

MOST_TEXT = 2000


@query("sharing.review_opening", permission="sharing.review")
def review(
    ctx: Context, resource: int, quasi: Sequence[str] = (), files: Sequence[int] = ()
) -> dict[str, Any]:
    """What speaks against opening a resource: columns that are personal or graded too high, rows
    in which people are known again by the ``quasi`` columns, and columns that versions of
    ``files`` hold beside what is opened. Raises NoSuchResource, BadChoice."""
    held = catalogue.resource(ctx.connection, resource)
    return _review(ctx, held, quasi, _chosen(ctx, resource, files))


@action("sharing.release", permission="sharing.review", audit_verb="data_released")
def release(
    ctx: Context,
    resource: int,
    licence: str,
    text: str,
    quasi: Sequence[str] = (),
    files: Sequence[int] = (),
) -> int:
    """Open what the resource says is opened, and versions of its files, after the review; its
    number. What it looked at is kept, and only that is open. Raises NoSuchResource, NotReleasable,
    BadChoice, OwnReview."""
    held = catalogue.resource(ctx.connection, resource)
    if licence not in model.LICENCES:
        raise BadChoice("licence", name="licence", value=licence, known=", ".join(model.LICENCES))
    _said("text", text)
    row = catalogue.version(ctx.connection, resource, max(held.version, 1))
    chosen = _chosen(ctx, resource, files)
    own = (row.submitted_by, *(one.by for one in chosen))
    if ctx.identity.label in own and ctx.identity.kind != "system":
        raise OwnReview(resource=resource)
    checks = _review(ctx, held, quasi, chosen)
    if checks["findings"]:
        raise NotReleasable(checks["findings"], resource=resource)
    _end(ctx, resource, "released anew")
    values = {
        "resource": resource,
        "version": held.version,
        "columns": [item.column for item in held.items if item.opened],
        "licence": licence,
        "checks": checks,
        "text": text.strip(),
        "released_at": ctx.now,
        "released_by": ctx.identity.label,
        "withdrawn_by": "",
        "reason": "",
    }
    id = store.release(ctx.connection, values)
    numbers = [one.id for one in chosen]
    if files_store.open_versions(ctx.connection, numbers, id) != len(numbers):
        raise _no_such_file(files)
    about = {"columns": values["columns"], "licence": licence, "files": numbers}
    _note(ctx, "data_released", resource, **about)
    return id


@action("sharing.withdraw_opening", permission="sharing.review", audit_verb="opening_withdrawn")
def withdraw(ctx: Context, resource: int, reason: str) -> None:
    """Take a resource from the portal, with the reason. Raises NotReleased, BadChoice."""
    _said("reason", reason)
    if not _end(ctx, resource, reason.strip()):
        raise NotReleased(name=resource)
    _note(ctx, "opening_withdrawn", resource)


@query("sharing.releases", permission="sharing.read")
def releases(ctx: Context, resource: int) -> list[dict[str, Any]]:
    """Every release of a resource with its review, the newest first."""
    return [_shown(row._mapping) for row in store.releases(ctx.connection, resource)]


def _shown(row: Any) -> dict[str, Any]:
    at = {name: row[name] for name in ("released_at", "withdrawn_at")}
    return dict(row) | {name: one and clock.render(one) for name, one in at.items()}


@action("sharing.rate", permission="sharing.read_opened", audit_verb="resource_rated")
def rate(ctx: Context, name: str, stars: int, text: str = "") -> None:
    """Rate an opened resource from 1 to 5, each signed-in person once; the last one counts.
    Raises NotReleased, BadChoice."""
    found = store.by_name(ctx.connection, name)
    if found is None:
        raise NotReleased(name=name)
    if ctx.identity.kind == "anonymous" or not 1 <= stars <= 5 or len(text) > MOST_TEXT:
        raise BadChoice("stars", name="stars", value=stars, known="1 … 5")
    row = {"resource": found.resource.id, "who": ctx.identity.label, "stars": stars}
    store.rate(ctx.connection, row | {"text": text.strip(), "at": ctx.now})
    ctx.note(f"resource:{found.resource.id}", stars=stars)


@action("sharing.wish", permission="sharing.read_opened", audit_verb="data_wished")
def wish(ctx: Context, title: str, text: str) -> int:
    """Ask that something be opened; the number of the wish. Raises BadChoice."""
    if ctx.identity.kind == "anonymous":
        raise BadChoice("who", name="who", value="anonymous", known="signed in")
    _said("title", title, 200)
    _said("text", text)
    row = {"title": title.strip(), "text": text.strip(), "who": ctx.identity.label, "at": ctx.now}
    row |= {"state": "open", "answer": "", "answered_by": ""}
    id = store.add_wish(ctx.connection, row)
    ctx.note(f"wish:{id}")
    return id


@action("sharing.answer_wish", permission="sharing.review", audit_verb="wish_answered")
def answer(ctx: Context, id: int, met: bool, text: str, resource: int | None = None) -> None:
    """Answer a wish; where it is met, with the resource. Raises NoSuchWish, AnsweredBefore,
    BadChoice."""
    _said("answer", text)
    if store.wish(ctx.connection, id) is None:
        raise NoSuchWish(wish=id)
    values: dict[str, Any] = {"state": "met" if met else "refused", "answer": text.strip()}
    values |= {"resource": resource, "answered_at": ctx.now, "answered_by": ctx.identity.label}
    if not store.answer_wish(ctx.connection, id, values):
        raise AnsweredBefore(wish=id)
    ctx.note(f"wish:{id}", met=met)


@query("sharing.wishes", permission="sharing.read_opened")
def wishes(ctx: Context, before: int | None, limit: int) -> list[dict[str, Any]]:
    """What people want to be opened and what was answered, the newest first; not who wants it."""
    rows = store.wishes(ctx.connection, before, limit)
    return [
        {name: value for name, value in row._mapping.items() if name not in ("who", "answered_by")}
        for row in rows
    ]


def _chosen(ctx: Context, resource: int, files: Sequence[int]) -> list[Version]:
    """Versions of a resource that are there. Raises BadChoice."""
    if len(files) > model.MOST_FILES:
        raise BadChoice("files", name="files", value=len(files), known=f"≤ {model.MOST_FILES}")
    there = files_store.kept(ctx.connection, resource, files)
    if len(there) != len(set(files)):
        raise _no_such_file(files)
    return there


def _no_such_file(files: Sequence[int]) -> BadChoice:
    value = ", ".join(str(one) for one in files)[:40]
    return BadChoice("files", name="files", value=value, known="GET …/opening: files")


def _review(
    ctx: Context, held: Resource, quasi: Sequence[str], files: Sequence[Version]
) -> dict[str, Any]:
    opened = {item.column for item in held.items if item.opened}
    for name in quasi:
        if name not in opened:
            raise BadChoice("quasi", name="quasi", value=name, known=", ".join(sorted(opened)))
    k = _alike(ctx, held, quasi) if quasi else None
    found = model.findings(held, ctx.port(Protection).labels, k, bool(files))
    checked = [
        {"version": one.id, "file": one.name, "number": one.number, "sha256": one.content}
        for one in files
    ]
    values = {"findings": found, "quasi": list(quasi), "k": k, "columns": sorted(opened)}
    return values | {"files": checked}


def _alike(ctx: Context, held: Resource, quasi: Sequence[str]) -> int:
    """Rows of the smallest group that look alike."""
    try:
        batches = list(ctx.port(Datasets).batches(held.dataset or "", list(quasi)))
    except NoSuchDataset:
        return 0
    if not batches:
        return model.LEAST_K
    return int(anonymity.measured(pa.Table.from_batches(batches), list(quasi)).k)


def _end(ctx: Context, resource: int, reason: str) -> int:
    files_store.close_versions(ctx.connection, resource)
    values = {"withdrawn_at": ctx.now, "withdrawn_by": ctx.identity.label, "reason": reason}
    return store.withdraw(ctx.connection, resource, values)


def _note(ctx: Context, verb: str, resource: int, **details: Any) -> None:
    ctx.note(f"resource:{resource}", **details)
    entry = line(ctx.now, ctx.identity.label, verb, f"resource:{resource}", details)
    ctx.port(Log).append(ctx.connection, [entry])


def _said(name: str, text: str, most: int = MOST_TEXT) -> None:
    if not 0 < len(text.strip()) <= most:
        raise BadChoice(name, name=name, value=text[:40], known=f"1 … {most}")
