"""JPEG, PNG and WebP files taken apart and put together again with nothing but the picture:
the pixels stay bit by bit what they were; metadata, thumbnails, comments and whatever hangs
behind the picture stay out."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from yiwang.cases.pictures import exif

EXIF_HEAD = b"Exif\0\0"
MOST_PROFILE = 1024 * 1024
"""Bytes of colour profiles that are kept."""


class Broken(Exception):
    """The file is not what its first bytes say."""


class Parts(NamedTuple):
    """A picture's file without metadata, and the TIFF block of Exif that it had."""

    content: bytes
    exif: bytes = b""


def jpeg(content: bytes, turned: int = 1) -> Parts:
    """ITU T.81: kept are JFIF without thumbnail, colour profiles, Adobe's colour transform,
    tables, frames and scans; the end is the first end of image."""
    kept, found, profile = [b"\xff\xd8"], b"", 0
    if turned != 1:
        kept.append(_segment(0xE1, EXIF_HEAD + exif.upright(turned)))
    for marker, body in _segments(content):
        if marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 14:
            kept.append(_segment(marker, body[:12] + b"\0\0"))
        elif marker == 0xE1 and body.startswith(EXIF_HEAD):
            found = found or body[len(EXIF_HEAD) :]
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            profile += len(body)
            kept += [_segment(marker, body)] if profile <= MOST_PROFILE else []
        elif marker == 0xEE and body.startswith(b"Adobe"):
            kept.append(_segment(marker, body[:12]))
        elif marker == 0:
            kept.append(body)
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept.append(_segment(marker, body))
    return Parts(b"".join([*kept, b"\xff\xd9"]), found)


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Segments as marker and body; the data of scans under marker 0."""
    place, scans = 2, 0
    while True:
        if content[place : place + 1] != b"\xff":
            raise Broken
        while content[place : place + 1] == b"\xff":
            place += 1
        if place >= len(content):
            raise Broken
        marker = content[place]
        place += 1
        if marker == 0xD9:
            if not scans:
                raise Broken
            return
        if marker == 0 or marker == 0x01 or 0xD0 <= marker <= 0xD8 or place + 2 > len(content):
            raise Broken
        (size,) = struct.unpack_from(">H", content, place)
        if size < 2 or place + size > len(content):
            raise Broken
        yield marker, content[place + 2 : place + size]
        place += size
        if marker == 0xDA:
            scans += 1
            end = _scan_end(content, place)
            yield 0, content[place:end]
            place = end


def _scan_end(content: bytes, place: int) -> int:
    """Where the data of a scan ends: at a marker that is neither stuffing nor a restart."""
    while True:
        place = content.find(b"\xff", place)
        if place < 0 or place + 1 >= len(content):
            raise Broken
        after = content[place + 1]
        if after == 0xFF:
            place += 1
        elif after == 0 or 0xD0 <= after <= 0xD7:
            place += 2
        else:
            return place


_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs cICP acTL fcTL fdAT".split()
)


def png(content: bytes, turned: int = 1) -> Parts:
    """ISO/IEC 15948: kept are the chunks that say how the picture looks."""
    kept, found, place, last = [content[:8]], b"", 8, b""
    while last != b"IEND":
        if place + 12 > len(content):
            raise Broken
        size, last = struct.unpack_from(">I4s", content, place)
        end = place + 12 + size
        if end > len(content) or (place == 8) != (last == b"IHDR"):
            raise Broken
        body = content[place + 8 : end - 4]
        if last == b"eXIf":
            found = found or body
        elif last in _PNG_KEPT and not (last == b"iCCP" and size > MOST_PROFILE):
            kept.append(content[place:end])
            if last == b"IHDR" and turned != 1:
                kept.append(_chunk(b"eXIf", exif.upright(turned)))
        place = end
    return Parts(b"".join(kept), found)


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)


_WEBP_KEPT = frozenset([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"])
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04


def webp(content: bytes, turned: int = 1) -> Parts:
    """RFC 9649: chunks of the picture, its frames and its colour profile are kept."""
    (size,) = struct.unpack_from("<I", content, 4)
    if 8 + size > len(content):
        raise Broken
    chunks = list(_riff(content[12 : 8 + size]))
    found = next((body for kind, body in chunks if kind == b"EXIF"), b"")
    kept = [(kind, body) for kind, body in chunks if kind in _WEBP_KEPT]
    if not any(kind in (b"VP8 ", b"VP8L", b"ANMF") for kind, _ in kept):
        raise Broken
    extended = kept[0][0] == b"VP8X" and len(kept[0][1]) == 10
    turned = turned if extended else 1
    parts = [_riff_chunk(*_cleaned(kind, body, turned)) for kind, body in kept]
    if turned != 1:
        parts.append(_riff_chunk(b"EXIF", exif.upright(turned)))
    body = b"WEBP" + b"".join(parts)
    return Parts(b"RIFF" + struct.pack("<I", len(body)) + body, found.removeprefix(EXIF_HEAD))


def _cleaned(kind: bytes, body: bytes, turned: int) -> tuple[bytes, bytes]:
    if kind == b"VP8X" and body:
        flags = body[0] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if turned != 1 else 0)
        return kind, bytes([flags]) + body[1:10]
    if kind == b"ANMF":
        inner = [one for one in _riff(body[16:]) if one[0] in (b"VP8 ", b"VP8L", b"ALPH")]
        return kind, body[:16] + b"".join(_riff_chunk(*one) for one in inner)
    return kind, body


def _riff(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place < len(content):
        if place + 8 > len(content):
            raise Broken
        kind, size = struct.unpack_from("<4sI", content, place)
        if place + 8 + size > len(content):
            raise Broken
        yield kind, content[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
