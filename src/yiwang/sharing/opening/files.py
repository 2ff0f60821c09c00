"""Uploaded files of opened resources: the versions that a release names, for everybody.

What the release does not name is not there for the portal, in the same words as what never was:
older versions, newer ones, those of other resources, and all of them when it is withdrawn.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from yiwang.kernel import clock
from yiwang.security.actions import Context, query
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.files import store, versions
from yiwang.sharing.files.model import KEPT, Version
from yiwang.sharing.files.shelf import Shelf
from yiwang.sharing.files.versions import Opened
from yiwang.sharing.opening import formats, model
from yiwang.sharing.opening import store as openings
from yiwang.sharing.opening.errors import NotReleased
from yiwang.sharing.opening.model import Public

MOST_SHOWN = 1000
"""Versions that a reviewer chooses from."""


@query("sharing.open_released_file", permission="sharing.read_opened")
def open_released(ctx: Context, name: str, version: int) -> Opened:
    """A version that the release in force of a resource names. Raises NotReleased."""
    one, found = _released(ctx, name, version)
    return _opened(ctx, found, {"mode": "open", "opening": one.opening.id})


@query("sharing.look_at_released_file", permission="sharing.read_opened")
def look(ctx: Context, name: str, version: int) -> None:
    """Whether everybody may still have a version that goes out. Raises NotReleased."""
    _released(ctx, name, version)


@query("sharing.open_file_for_review", permission="sharing.review")
def open_for_review(ctx: Context, resource: int, version: int) -> Opened:
    """A version that somebody looks through before it is opened. Raises NotReleased."""
    held = catalogue.find(ctx.connection, resource)
    found = store.version(ctx.connection, version)
    if (
        held is None
        or found is None
        or found.resource != resource
        or found.state != KEPT
        or not model.may_be_opened(held)
    ):
        raise NotReleased(name=version)
    return _opened(ctx, found, {"mode": "review"})


@query("sharing.files_to_open", permission="sharing.review")
def to_open(ctx: Context, resource: int) -> list[dict[str, Any]]:
    """Versions from which a release may choose: the newest of each file and those that are open."""
    catalogue.resource(ctx.connection, resource)
    found = {one.id: one for one in store.newest(ctx.connection, [resource], MOST_SHOWN)}
    now = openings.opening(ctx.connection, resource)
    if now is not None:
        found |= {one.id: one for one in store.opened(ctx.connection, now.id)}
    ordered = sorted(found.values(), key=lambda one: (one.name, one.number))
    return [versions.shown(one) for one in ordered]


def shown(one: Public) -> list[dict[str, Any]]:
    """Files as the portal lists them."""
    return [
        {
            "id": file.id,
            "name": file.name,
            "number": file.number,
            "size": file.size,
            "at": clock.render(file.at),
            "format": formats.of(file.name).name,
            "sha256": file.content,
            "url": one.address("", file),
        }
        for file in one.files
    ]


def _released(ctx: Context, name: str, version: int) -> tuple[Public, Version]:
    one = openings.by_name(ctx.connection, name)
    for found in one.files if one else ():
        if one is not None and found.id == version:
            return one, found
    raise NotReleased(name=f"{name} / {version}")


def _opened(ctx: Context, found: Version, about: dict[str, Any]) -> Opened:
    content = partial(ctx.port(Shelf).contents.open, found.content)
    about |= {"version": found.id, "file": found.name, "number": found.number}
    return Opened(content, found.name, found.size, found.content, found.resource, None, about)
