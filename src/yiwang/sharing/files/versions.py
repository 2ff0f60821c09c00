"""Versions of files: listed, withdrawn, and given out under a grant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import msgspec

from yiwang.kernel import clock
from yiwang.notices import service as notices
from yiwang.notices.model import EMAIL, IN_APP, Notice
from yiwang.notices.recipients import holding
from yiwang.security.actions import Caller, Context, action, query
from yiwang.security.evidence.log import Log, line
from yiwang.security.model import allowed
from yiwang.security.protection.city import Protection
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.errors import NoSuchResource
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.files import model, store, uploads
from yiwang.sharing.files.errors import NoSuchFile, NotWhole, Withdrawn
from yiwang.sharing.files.model import KEPT, WITHDRAWN, Version
from yiwang.sharing.files.shelf import Shelf
from yiwang.sharing.gateway import access
from yiwang.sharing.gateway.access import Access
from yiwang.sharing.gateway.errors import NoGrant
from yiwang.sharing.gateway.usage import Usage
from yiwang.sharing.grants import store as grants
from yiwang.sharing.grants.service import check_text


@dataclass(frozen=True)
class Opened:
    """A file that may be given out: how it is read, and under which grant (None: to its own
    provider, to who reviews it, or to everybody). ``about`` goes into the log of uses."""

    content: Callable[[], BinaryIO]
    name: str
    size: int
    sha256: str
    resource: int
    access: Access | None
    about: dict[str, Any]


@query("sharing.file_versions", permission="sharing.use")
def listing(ctx: Context, resource: int, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Versions of a resource's files, the newest first, for its provider and for those with a
    grant of its files. Raises NoSuchResource, NoGrant."""
    held = catalogue.find(ctx.connection, resource)
    if held is None:
        raise NoSuchResource(key=resource)
    if not (_provides(ctx, held) or allowed(ctx.identity, "sharing.operate")):
        access.find(ctx, resource, "file")
    return [shown(one) for one in store.page(ctx.connection, resource, before, limit)]


@query("sharing.open_file_version", permission="sharing.use")
def open_version(ctx: Context, id: int) -> Opened:
    """A version that the caller may have now: the own organisation's, or one whose resource it
    has a grant of that gives files, all rows and everything plainly. Raises NoSuchFile, Withdrawn,
    NotWhole, TooManyCalls."""
    found, held = may_have(ctx, id)
    if held is not None:
        ctx.port(Usage).admit(ctx, held.grant)
    contents = ctx.port(Shelf).contents
    about = {"version": id, "file": found.name, "number": found.number}
    args = (found.name, found.size, found.content, found.resource)
    return Opened(partial(contents.open, found.content), *args, held, about)


@query("sharing.look_at_file", permission="sharing.use")
def look(ctx: Context, id: int) -> None:
    """Whether the caller may still have a version that goes out. Raises as ``open_version``."""
    may_have(ctx, id)


def may_have(ctx: Context, id: int) -> tuple[Version, Access | None]:
    """A version and the grant under which the caller has it (None: the own organisation's).
    Raises NoSuchFile, Withdrawn, NotWhole."""
    found = store.version(ctx.connection, id)
    resource = None if found is None else catalogue.find(ctx.connection, found.resource)
    if found is None or resource is None:
        raise NoSuchFile(file=id)
    held = None
    if not _provides(ctx, resource):
        try:
            held = access.find(ctx, resource.id, "file")
        except (NoGrant, NoSuchResource):
            raise NoSuchFile(file=id) from None
    check_kept(found)
    missing = [] if held is None else model.uncovered(held.grant, resource, shows(ctx))
    if missing:
        raise NotWhole(file=found.name, columns=", ".join(missing))
    return found, held


def shows(ctx: Context) -> Callable[[str], bool]:
    """Whether the mask of a label leaves values as they are."""
    protection = ctx.port(Protection)
    return lambda label: protection.mask(label).method == "plain"


def check_kept(version: Version | None) -> None:
    """Raises Withdrawn."""
    if version is not None and version.state != KEPT:
        raise Withdrawn(file=version.name, number=version.number, why=version.end_reason)


@query("sharing.count_file", permission="sharing.use")
def count(ctx: Context, opened: Opened, bytes_: int) -> int:
    """Count so many bytes of a file against its grant's day before they are given out; as how
    many uses. Raises TooManyCalls."""
    if opened.access is None or not bytes_:
        return 0
    usage, shelf, grant = ctx.port(Usage), ctx.port(Shelf), opened.access.grant
    with shelf.counting:
        args = (grant.id, opened.sha256, opened.size, bytes_, usage.day(ctx.now))
        times = shelf.times(*args)
        if times:
            usage.take(ctx, grant, times)
        shelf.given(grant.id, opened.sha256, bytes_)
    return times


@action("sharing.withdraw_file", permission="sharing.provide", audit_verb="file_withdrawn")
def withdraw(ctx: Context, id: int, reason: str) -> str:
    """Withdraw a version: nobody gets it any more. Its content. Raises NoSuchFile, Withdrawn,
    NotYourResource, BadTerms."""
    found = store.version(ctx.connection, id)
    if found is None:
        raise NoSuchFile(file=id)
    try:
        uploads.owned(ctx, found.resource)
    except NoSuchResource:
        raise NoSuchFile(file=id) from None
    check_text("reason", reason)
    args = (id, WITHDRAWN, ctx.now, ctx.identity.label, reason.strip())
    if not store.end_version(ctx.connection, *args):
        raise Withdrawn(file=found.name, number=found.number, why=found.end_reason)
    about = f"resource:{found.resource}"
    details = {"version": id, "file": found.name, "number": found.number}
    ctx.note(about, **details)
    entry = line(ctx.now, ctx.identity.label, "file_withdrawn", about, details)
    ctx.port(Log).append(ctx.connection, [entry])
    _tell(ctx, found, reason.strip())
    return found.content


def _tell(ctx: Context, version: Version, reason: str) -> None:
    """Departments that may have had a version hear that it was withdrawn."""
    held = grants.grants_of(ctx.connection, version.resource, ctx.now)
    users = sorted({one.organisation for one in held if "file" in one.terms.modes})
    to = [one for user in users for one in holding(ctx, "data_steward", user)]
    if to:
        about, template = f"file:{version.id}", "sharing.files.notice.withdrawn"
        fields = {"file": version.name, "number": version.number, "why": reason}
        channels = (IN_APP, EMAIL)
        args = (f"sharing:{about}/withdrawn", "sharing.withdrawn", about, template, fields, to)
        notices.send(ctx, Notice(*args, channels, path="/sharing/files"))


def take_back(caller: Caller, id: int, reason: str) -> None:
    """``withdraw``, and the content goes where no other version has it."""
    shelf: Shelf = caller.ports[Shelf]
    with shelf.lock:
        uploads.release(caller, {withdraw(caller, id, reason)})


def _provides(ctx: Context, resource: Resource) -> bool:
    own = ctx.identity.organisation == resource.organisation
    return own and allowed(ctx.identity, "sharing.provide")


def shown(version: Version) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(version)
    for name in ("at", "ended_at"):
        if values[name] is not None:
            values[name] = clock.render(values[name])
    opened = values.pop("opening") is not None
    return values | {"sha256": values.pop("content"), "opened": opened}
