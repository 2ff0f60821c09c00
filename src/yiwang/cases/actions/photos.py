"""Photos of cases: checked, stored once by content, served to those who may see the case."""

from __future__ import annotations

from sqlalchemy import func, insert, select

from yiwang.cases.actions.steps import seen
from yiwang.cases.desk import Desk
from yiwang.cases.errors import (
    NoSuchCase,
    NoSuchPicture,
    NotAPicture,
    PictureTooLarge,
    TooManyPictures,
)
from yiwang.cases.tables import case_photos
from yiwang.security.actions import Context, action, query
from yiwang.store.blobs import Blobs

MOST_BYTES = 10 * 1024 * 1024
MOST_PHOTOS = 50
"""Photos that one case may have."""


def picture_type(content: bytes) -> str | None:
    """The media type by the content's first bytes; None for what is not a picture we take."""
    if content.startswith(b"\xff\xd8\xff") and len(content) > 100:
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        return "image/avif" if content[8:12] == b"avif" else "image/heic"
    return None


def checked(content: bytes, name: str = "") -> str:
    """The type of a picture. Raises PictureTooLarge, NotAPicture."""
    if len(content) > MOST_BYTES:
        raise PictureTooLarge(name, size=len(content) // 1024, most=MOST_BYTES // 1024)
    found = picture_type(content)
    if found is None:
        raise NotAPicture(name)
    return found


@action("cases.add_photo", permission="cases.report", audit_verb="case_photo_added")
def add(ctx: Context, no: int, content: bytes, name: str = "") -> str:
    """Attach a photo to a case; returns the name of the blob. The same picture attached twice
    stays one. Raises NoSuchCase, PictureTooLarge, NotAPicture, TooManyPictures."""
    desk = Desk(ctx)
    record = seen(ctx, desk, no)
    kind = checked(content, name)
    count = select(func.count()).where(case_photos.c.case == no)
    if (ctx.connection.execute(count).scalar() or 0) >= MOST_PHOTOS:
        raise TooManyPictures(f"case:{no}", most=MOST_PHOTOS)
    sha = ctx.port(Blobs).put(content)
    held = select(case_photos.c.sha).where(case_photos.c.case == no, case_photos.c.sha == sha)
    if ctx.connection.execute(held).first() is None:
        ctx.connection.execute(
            insert(case_photos).values(
                case=no,
                sha=sha,
                type=kind,
                size=len(content),
                at=ctx.now,
                actor=ctx.identity.label,
            )
        )
        desk.line(record, "photo", ctx.now, photos=[sha])
        desk.flush()
    ctx.note(f"case:{no}", photo=sha)
    return sha


@query("cases.photo", permission="cases.read_own")
def show(ctx: Context, sha: str) -> tuple[str, bytes]:
    """Type and content of a photo of some case that the caller may see. Raises
    NoSuchPicture."""
    rows = ctx.connection.execute(select(case_photos).where(case_photos.c.sha == sha))
    for row in rows:
        try:
            seen(ctx, Desk(ctx), row.case)
        except NoSuchCase:
            continue
        return content(ctx.port(Blobs), sha, row.type)
    raise NoSuchPicture(sha, sha=sha)


def content(blobs: Blobs, sha: str, kind: str, size: int = 0) -> tuple[str, bytes]:
    """Type and content of a stored photo. Raises NoSuchPicture."""
    try:
        return kind, blobs.get(sha)
    except FileNotFoundError:
        raise NoSuchPicture(sha, sha=sha) from None
