"""A file that somebody sent, as a picture that can be kept: checked, read, cleaned."""

from __future__ import annotations

import io
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo

from PIL import Image, ImageOps

from yiwang.cases.errors import NotAPicture, PictureTooLarge, PictureTooWide
from yiwang.cases.pictures import containers, exif, heif, prints
from yiwang.cases.pictures.containers import Broken, Parts
from yiwang.cases.pictures.exif import Taken

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 64_000_000
SIZES = (320, 640, 1280)
"""Longest sides of the small pictures that are made."""

_TAKEN_APART: dict[str, Callable[[bytes, int], Parts]] = {
    "image/jpeg": containers.jpeg,
    "image/png": containers.png,
    "image/webp": containers.webp,
}
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/avif": "AVIF"}
_one_at_a_time = threading.Lock()
"""Whole pictures in memory are large: only one is decoded at any time."""


@dataclass(frozen=True)
class Picture:
    """What is kept of a file, what it told about where and when it was taken, and by what the
    same picture is known (``prints``)."""

    content: bytes
    type: str
    taken: Taken
    print: str = ""


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


def clean(content: bytes, name: str = "", zone: tzinfo = UTC) -> Picture:
    """Raises PictureTooLarge, PictureTooWide, NotAPicture. The same file gives the same
    content, and a cleaned one itself."""
    if len(content) > MOST_BYTES:
        raise PictureTooLarge(name, size=len(content) // 1024, most=MOST_BYTES // 1024)
    kind = picture_type(content)
    if kind is None:
        raise NotAPicture(name)
    try:
        if kind in _TAKEN_APART:
            apart = _TAKEN_APART[kind]
            parts = apart(content, 1)
            taken, turned = exif.read(parts.exif, zone)
            cleaned = parts.content if turned == 1 else apart(content, turned).content
            size = _size(cleaned, kind)
        else:
            parts, size = heif.clean(content)
            taken, _ = exif.read(parts.exif, zone)
            cleaned = parts.content
    except (Broken, struct.error, IndexError):
        raise NotAPicture(name) from None
    if size[0] * size[1] > MOST_PIXELS:
        raise PictureTooWide(name, width=size[0], height=size[1], most=MOST_PIXELS // 1_000_000)
    if min(size) < 1:
        raise NotAPicture(name)
    with _one_at_a_time:
        print_ = prints.of(cleaned, _FORMATS[kind]) if kind in _FORMATS else ""
    return Picture(cleaned, kind, taken, print_)


def _size(content: bytes, kind: str) -> tuple[int, int]:
    """Width and height by the picture's head; nothing is decoded. Raises Broken."""
    try:
        with Image.open(io.BytesIO(content), formats=[_FORMATS[kind]]) as opened:
            return opened.size
    except Image.DecompressionBombError:
        return MOST_PIXELS, MOST_PIXELS
    except Exception as error:  # whatever a crafted head provokes
        raise Broken from error


def smaller(content: bytes, kind: str, size: int) -> bytes | None:
    """A JPEG of the picture, upright, whose longest side is ``size`` pixels at most; None for
    what cannot be decoded here."""
    if kind not in _FORMATS:
        return None
    made = io.BytesIO()
    try:
        with _one_at_a_time, Image.open(io.BytesIO(content), formats=[_FORMATS[kind]]) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return None
            opened.draft("RGB", (size * 2, size * 2))
            upright = ImageOps.exif_transpose(opened) or opened
            upright.thumbnail((size, size))
            upright.convert("RGB").save(made, "JPEG", quality=82, optimize=True)
    except Exception:  # a picture that breaks off is shown as it is
        return None
    return made.getvalue()
