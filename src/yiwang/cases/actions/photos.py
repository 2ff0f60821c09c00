"""Photos of cases: cleaned, stored once by content, served to those who may see the case."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from yiwang.cases.actions.steps import seen
from yiwang.cases.desk import Desk
from yiwang.cases.errors import NoSuchCase, NoSuchPicture, TooManyPictures
from yiwang.cases.likeness import proposing
from yiwang.cases.pictures import cleaning
from yiwang.cases.pictures.cleaning import Picture
from yiwang.cases.record import Record
from yiwang.cases.tables import case_photos
from yiwang.kernel import clock
from yiwang.kernel.settings import Settings
from yiwang.security.actions import Caller, Context, action, query
from yiwang.store.blobs import Blobs

MOST_PHOTOS = 50
"""Photos that one case may have."""


def cleaned(caller: Caller, content: bytes, name: str = "") -> Picture:
    """A file as a picture that can be kept: work to be done before a transaction begins.
    Raises PictureTooLarge, PictureTooWide, NotAPicture."""
    settings = caller.ports.get(Settings)
    zone = UTC if settings is None else ZoneInfo(settings.time_zone)
    return cleaning.clean(content, name, zone)


@query("cases.read_photo", permission="cases.report")
def read(ctx: Context, content: bytes, name: str = "") -> dict[str, Any]:
    """Where and when a picture was taken, as its file says: a place to offer to whoever
    reports. Nothing is kept. Raises PictureTooLarge, PictureTooWide, NotAPicture."""
    taken = cleaned(ctx.caller, content, name).taken
    at = None if taken.at is None else clock.render(taken.at)
    return {"lon": taken.lon, "lat": taken.lat, "taken_at": at}


@action("cases.add_photo", permission="cases.report", audit_verb="case_photo_added")
def add(ctx: Context, no: int, content: bytes | Picture, name: str = "") -> str:
    """Attach a photo to a case; returns the name of the blob. The same picture attached twice
    stays one. Raises NoSuchCase, TooManyPictures, and what ``cleaned`` raises."""
    desk = Desk(ctx)
    record = seen(ctx, desk, no)
    picture = content if isinstance(content, Picture) else cleaned(ctx.caller, content, name)
    return keep(desk, record, picture)


def keep(desk: Desk, record: Record, picture: Picture) -> str:
    """Keep a photo with a case at the desk; returns the name of the blob. Raises
    TooManyPictures."""
    ctx, no = desk.ctx, record.no
    count = select(func.count()).where(case_photos.c.case == no)
    if (ctx.connection.execute(count).scalar() or 0) >= MOST_PHOTOS:
        raise TooManyPictures(f"case:{no}", most=MOST_PHOTOS)
    sha = ctx.port(Blobs).put(picture.content)
    held = select(case_photos.c.sha).where(case_photos.c.case == no, case_photos.c.sha == sha)
    if ctx.connection.execute(held).first() is None:
        ctx.connection.execute(
            insert(case_photos).values(
                case=no,
                sha=sha,
                type=picture.type,
                size=len(picture.content),
                at=ctx.now,
                actor=ctx.identity.label,
                lon=picture.taken.lon,
                lat=picture.taken.lat,
                taken_at=picture.taken.at,
                print=picture.print or None,
            )
        )
        if picture.print and record.open:
            proposing.propose(desk, record, desk.class_of(record), picture.print)
        desk.line(record, "photo", ctx.now, photos=[sha])
        desk.flush()
    ctx.note(f"case:{no}", photo=sha)
    return sha


@query("cases.photo", permission="cases.read_own")
def show(ctx: Context, sha: str, size: int = 0) -> tuple[str, bytes]:
    """Type and content of a photo of some case that the caller may see, or of a small one
    whose longest side is ``size``. Raises NoSuchPicture."""
    rows = ctx.connection.execute(select(case_photos).where(case_photos.c.sha == sha))
    for row in rows:
        try:
            seen(ctx, Desk(ctx), row.case)
        except NoSuchCase:
            continue
        return content(ctx.port(Blobs), sha, row.type, size)
    raise NoSuchPicture(sha, sha=sha)


def content(blobs: Blobs, sha: str, kind: str, size: int = 0) -> tuple[str, bytes]:
    """Type and content of a stored photo; small ones are made once and kept beside it. One
    that cannot be decoded here is given as it is. Raises NoSuchPicture."""
    try:
        if not size:
            return kind, blobs.get(sha)
        variant = f"{size}.jpg"
        held = blobs.variant(sha, variant)
        if held is None:
            whole = blobs.get(sha)
            held = cleaning.smaller(whole, kind, size)
            if held is None:
                return kind, whole
            blobs.keep_variant(sha, variant, held)
        return "image/jpeg", held
    except FileNotFoundError:
        raise NoSuchPicture(sha, sha=sha) from None
