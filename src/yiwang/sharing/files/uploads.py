"""Uploads: begun, gone on with, finished as a version, given up or forgotten."""

from __future__ import annotations

import secrets

from yiwang.kernel.clock import HOUR
from yiwang.security.actions import Caller, Context, action, query
from yiwang.security.evidence.log import Log, line
from yiwang.security.model import allowed
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue import views as catalogue_views
from yiwang.sharing.catalogue.errors import NoSuchResource, NotYourResource
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.files import model, store
from yiwang.sharing.files.errors import (
    BadUpload,
    FileTooLarge,
    NoSuchUpload,
    NotAFile,
    TooManyUploads,
    WrongChecksum,
)
from yiwang.sharing.files.model import KEPT, Upload
from yiwang.sharing.files.parts import digest, room
from yiwang.sharing.files.shelf import MIB, Shelf

MOST_OPEN = 20
"""Uploads of one organisation at the same time."""
MOST_FILES = 1000
"""Files, whatever their versions, of one resource."""


@action("sharing.begin_upload", permission="sharing.provide", audit_verb="file_upload_begun")
def begin(
    ctx: Context, resource: int, name: str, size: int, note: str = "", sha256: str = ""
) -> Upload:
    """Begin to upload a file, or another version of one, of the own organisation's resource.
    Raises NoSuchResource, NotYourResource, NotAFile, BadFileName, BadUpload, FileTooLarge,
    TooManyUploads, DiskFull."""
    held, shelf = owned(ctx, resource), ctx.port(Shelf)
    if held.share_mode != "file" or held.state == "retired":
        raise NotAFile(resource=resource, name=held.name)
    if not 0 < size <= shelf.most_bytes:
        raise FileTooLarge(size=size, most=f"{shelf.most_bytes // MIB} MiB")
    if len(note) > model.LONGEST_NOTE or "\0" in note:
        raise BadUpload("note", name="note", wanted=f"≤ {model.LONGEST_NOTE}")
    name = model.name_of(name)
    if store.files_of(ctx.connection, resource) >= MOST_FILES and not store.numbers(
        ctx.connection, resource, name
    ):
        raise TooManyUploads(most=MOST_FILES)
    open_ = store.open_uploads(ctx.connection)
    if sum(one.organisation == held.organisation for one in open_) >= MOST_OPEN:
        raise TooManyUploads(most=MOST_OPEN)
    shelf.parts.check_room(size, {one.key: one.size for one in open_})
    made = Upload(
        key=secrets.token_urlsafe(24),
        resource=resource,
        organisation=held.organisation,
        name=name,
        note=note.strip(),
        size=size,
        sha256=model.sha256_of(sha256),
        at=ctx.now,
        by=ctx.identity.label,
        expires_at=_forgotten_at(ctx),
    )
    store.add_upload(ctx.connection, made)
    ctx.note(f"resource:{resource}", file=name, size=size)
    return made


@query("sharing.show_upload", permission="sharing.provide")
def show(ctx: Context, key: str) -> Upload:
    """An upload of the own organisation. Raises NoSuchUpload."""
    found = store.upload(ctx.connection, key) if len(key) <= 64 else None
    if found is None or not _mine(ctx, found.organisation):
        raise NoSuchUpload()
    return found


@action("sharing.touch_upload", permission="sharing.provide", audit_verb="file_piece_taken")
def touch(ctx: Context, key: str) -> int:
    """A piece has come: the upload is kept for longer. Until when. Raises NoSuchUpload."""
    held, until = show(ctx, key), _forgotten_at(ctx)
    store.change_upload(ctx.connection, key, expires_at=until)
    ctx.note(f"resource:{held.resource}", file=held.name)
    return until


@action("sharing.drop_upload", permission="sharing.provide", audit_verb="file_upload_dropped")
def drop(ctx: Context, key: str) -> None:
    """Give an upload up. Raises NoSuchUpload."""
    held = show(ctx, key)
    store.drop_upload(ctx.connection, key)
    ctx.note(f"resource:{held.resource}", file=held.name)


def terminate(caller: Caller, key: str) -> None:
    """``drop``, and what has arrived goes too."""
    shelf: Shelf = caller.ports[Shelf]
    drop(caller, key)
    shelf.parts.remove(key)


def standing(caller: Caller, key: str) -> tuple[Upload, bool]:
    """An upload, and whether it is whole and no version yet. Raises NoSuchUpload."""
    shelf: Shelf = caller.ports[Shelf]
    held = show(caller, key)
    return held, held.version is None and shelf.parts.size(key) >= held.size


def finish(caller: Caller, key: str) -> int | None:
    """What a whole upload becomes: a version, durable; None for one that is not whole yet. Once
    more gives the same. Raises NoSuchUpload, DiskFull, and WrongChecksum: then it is given up."""
    shelf: Shelf = caller.ports[Shelf]
    held, whole = standing(caller, key)
    if not whole:
        return held.version
    with shelf.finishing:
        return _finished(caller, shelf, key)


def _finished(caller: Caller, shelf: Shelf, key: str) -> int | None:
    held = show(caller, key)
    if held.version is not None:
        return held.version
    shelf.parts.settle(key)
    with shelf.parts.open(key) as content:
        found = digest(content).hex()
    if held.sha256 not in ("", found):
        terminate(caller, key)
        raise WrongChecksum(held.name, algorithm="sha256")
    with shelf.parts.open(key) as content:
        shelf.contents.seal(content, shelf.parts.sealed(key), found)
    with shelf.lock:
        try:
            version, freed = keep_version(caller, key, found)
        except BaseException:
            release(caller, {found})
            raise
        release(caller, freed)
    shelf.parts.remove(key)
    return version


@action("sharing.keep_file_version", permission="sharing.provide", audit_verb="file_uploaded")
def keep_version(ctx: Context, key: str, content: str) -> tuple[int, set[str]]:
    """Make a version of a whole and sealed upload with this SHA-256, and let go of the oldest
    ones; its number, and contents that a version less has. Raises NoSuchUpload, NotAFile."""
    held, shelf = show(ctx, key), ctx.port(Shelf)
    if held.version is not None:
        return held.version, set()
    resource = catalogue.resource(ctx.connection, held.resource)
    if resource.share_mode != "file" or resource.state == "retired":
        raise NotAFile(resource=held.resource, name=resource.name)
    with room():
        shelf.contents.adopt(shelf.parts.sealed(key), content)
    number = store.next_number(ctx.connection, held.resource, held.name)
    values = {
        "resource": held.resource,
        "name": held.name,
        "number": number,
        "size": held.size,
        "content": content,
        "note": held.note,
        "state": KEPT,
        "at": ctx.now,
        "by": held.by,
        "ended_by": "",
        "end_reason": "",
    }
    id = store.add_version(ctx.connection, values)
    store.change_upload(ctx.connection, key, version=id, expires_at=_forgotten_at(ctx))
    numbers = store.numbers(ctx.connection, held.resource, held.name, opened=False)
    old = model.surplus(numbers, shelf.versions)
    freed = store.contents(ctx.connection, old)
    store.replace(ctx.connection, old, ctx.now)
    about = f"resource:{held.resource}"
    details = {"version": id, "file": held.name, "number": number, "sha256": content}
    ctx.note(about, **details, size=held.size)
    entry = line(ctx.now, held.by, "file_uploaded", about, details)
    ctx.port(Log).append(ctx.connection, [entry])
    return id, freed


def release(caller: Caller, contents: set[str]) -> None:
    """Take away contents that no version has any more; under the shelf's lock."""
    shelf: Shelf = caller.ports[Shelf]
    with caller.database.read() as connection:
        gone = [one for one in contents if not store.named(connection, one)]
    for one in gone:
        shelf.contents.drop(one)


def sweep(caller: Caller) -> int:
    """Forget uploads that nobody went on with, and what a crash left of others; how many."""
    shelf: Shelf = caller.ports[Shelf]
    there = shelf.parts.keys()  # before the uploads are read: a new one has its row first
    with caller.database.read() as connection:
        due = store.forgotten(connection, caller.clock.now())
        left = there - store.upload_keys(connection) if there else set()
    if due:
        forget(caller, [one.key for one in due])
    for key in (*left, *(one.key for one in due)):
        shelf.parts.remove(key)
    return len(due)


@action("sharing.forget_uploads", permission="sharing.operate", audit_verb="uploads_forgotten")
def forget(ctx: Context, keys: list[str]) -> None:
    """Drop uploads whose time is over."""
    for key in keys:
        store.drop_upload(ctx.connection, key)
    ctx.note("uploads", count=len(keys))


def owned(ctx: Context, id: int) -> Resource:
    """A resource for which the caller provides. Raises NoSuchResource, NotYourResource."""
    held = catalogue.find(ctx.connection, id)
    if held is None or not catalogue_views.visible(ctx.identity, held):
        raise NoSuchResource(key=id)
    if not _mine(ctx, held.organisation):
        raise NotYourResource(organisation=held.organisation)
    return held


def _mine(ctx: Context, organisation: int) -> bool:
    own = ctx.identity.organisation == organisation
    return own or allowed(ctx.identity, "sharing.operate")


def _forgotten_at(ctx: Context) -> int:
    return ctx.now + ctx.port(Shelf).upload_hours * HOUR
