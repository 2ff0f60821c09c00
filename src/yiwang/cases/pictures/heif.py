"""HEIC and AVIF (ISO/IEC 23008-12 in boxes of ISO/IEC 14496-12), which are cleaned in place:
offsets stay as they are, and every byte that belongs to no item of the picture becomes zero."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from yiwang.cases.pictures.containers import EXIF_HEAD, Broken, Parts

_INSIDE = (b"Exif", b"mime", b"uri ")
"""Types of items that are metadata."""
_NOTHING = bytes(4) + b"MM\0*" + struct.pack(">IHI", 8, 0, 0)
"""An Exif item that says nothing: readers refuse a file in which it cannot be read."""
_MOST_BOXES = 10_000
_MOST_EXTENTS = 100_000


class Box(NamedTuple):
    kind: bytes
    start: int
    body: int
    end: int


class Extent(NamedTuple):
    item: int
    method: int
    start: int
    end: int


def clean(content: bytes) -> tuple[Parts, tuple[int, int]]:
    """The file without metadata, its Exif, and the size of its largest picture. Raises Broken
    for what cannot be followed: nothing is guessed."""
    top = list(_boxes(content, 0, len(content)))
    meta = next((box for box in top if box.kind == b"meta"), None)
    if meta is None or not top or top[0].kind != b"ftyp":
        raise Broken
    inner = list(_boxes(content, meta.body + 4, meta.end))
    kinds = _kinds(content, _of(inner, b"iinf"))
    held = next((box for box in inner if box.kind == b"idat"), None)
    extents = list(_extents(content, _of(inner, b"iloc"), held))
    cleaned = bytearray(len(content))
    kept = [*_skeleton(content, top, meta, inner), *_data(extents, kinds)]
    for start, end in kept:
        cleaned[start:end] = content[start:end]
    for box in top:
        if box.kind not in (b"ftyp", b"meta", b"mdat"):
            _freed(cleaned, content, box)
    for extent in extents:
        if kinds.get(extent.item) in _INSIDE:
            cleaned[extent.start : extent.end] = bytes(extent.end - extent.start)
    mine = [extent for extent in extents if kinds.get(extent.item) == b"Exif"]
    block = b"".join(content[extent.start : extent.end] for extent in mine)
    for extent in mine:
        if extent.end - extent.start >= len(_NOTHING):
            cleaned[extent.start : extent.start + len(_NOTHING)] = _NOTHING
    return Parts(bytes(cleaned), _tiff(block)), _size(content, inner)


def _boxes(content: bytes, start: int, end: int) -> Iterator[Box]:
    count = 0
    while start < end:
        if start + 8 > end or count >= _MOST_BOXES:
            raise Broken
        size, kind = struct.unpack_from(">I4s", content, start)
        body = start + 8
        if size == 1:
            if start + 16 > end:
                raise Broken
            (size,) = struct.unpack_from(">Q", content, body)
            body += 8
        elif size == 0:
            size = end - start
        if size < body - start or start + size > end:
            raise Broken
        yield Box(kind, start, body, start + size)
        start += size
        count += 1


def _of(boxes: list[Box], kind: bytes) -> Box:
    found = next((box for box in boxes if box.kind == kind), None)
    if found is None:
        raise Broken
    return found


def _skeleton(
    content: bytes, top: list[Box], meta: Box, inner: list[Box]
) -> Iterator[tuple[int, int]]:
    """Heads of all boxes, and the boxes that describe the picture."""
    for box in top:
        whole = box.kind == b"ftyp"
        yield box.start, box.end if whole else box.body
    yield meta.body, meta.body + 4
    for box in inner:
        described = box.kind in (b"hdlr", b"pitm", b"iinf", b"iref", b"iprp", b"iloc", b"grpl")
        yield box.start, box.end if described else box.body


def _data(extents: list[Extent], kinds: dict[int, bytes]) -> Iterator[tuple[int, int]]:
    for extent in extents:
        if kinds.get(extent.item, b"Exif") not in _INSIDE:
            yield extent.start, extent.end


def _freed(cleaned: bytearray, content: bytes, box: Box) -> None:
    """A box whose content is gone is free space."""
    cleaned[box.start : box.body] = content[box.start : box.body]
    cleaned[box.start + 4 : box.start + 8] = b"free"


def _kinds(content: bytes, box: Box) -> dict[int, bytes]:
    """The type of each item, out of ``iinf``."""
    version, place = content[box.body], box.body + 4
    place += 2 if version == 0 else 4
    found: dict[int, bytes] = {}
    for entry in _boxes(content, place, box.end):
        version, at = content[entry.body], entry.body + 4
        if entry.kind != b"infe" or version not in (2, 3):
            raise Broken
        item = _number(content, at, 2 if version == 2 else 4, entry.end)
        at += (2 if version == 2 else 4) + 2
        if at + 4 > entry.end:
            raise Broken
        found[item] = content[at : at + 4]
    return found


def _number(content: bytes, place: int, size: int, end: int) -> int:
    if place + size > end:
        raise Broken
    return int.from_bytes(content[place : place + size], "big")


def _extents(content: bytes, box: Box, held: Box | None) -> Iterator[Extent]:
    """Where the data of items lies, out of ``iloc``: in the file or in ``idat``."""
    version, end = content[box.body], box.end
    if version > 2 or box.body + 6 > end:
        raise Broken
    sizes = _number(content, box.body + 4, 2, end)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    count, place, total = _number(content, box.body + 6, wide, end), box.body + 6 + wide, 0
    for _ in range(count):
        item = _number(content, place, wide, end)
        place += wide
        method = _number(content, place, 2, end) & 15 if version else 0
        place += 2 if version else 0
        if _number(content, place, 2, end) != 0 or method > 1:
            raise Broken
        start = _number(content, place + 2, base, end)
        parts = _number(content, place + 2 + base, 2, end)
        place += 4 + base
        for _ in range(parts):
            place += index if version else 0
            low = start + _number(content, place, offset, end)
            size = _number(content, place + offset, length, end)
            place += offset + length
            total += 1
            yield _extent(len(content), Extent(item, method, low, low + size), held, total)


def _extent(size: int, found: Extent, held: Box | None, total: int) -> Extent:
    if found.method == 1:
        if held is None:
            raise Broken
        found = found._replace(start=found.start + held.body, end=found.end + held.body)
        size = held.end
    if found.end > size or found.end <= found.start or total > _MOST_EXTENTS:
        raise Broken
    return found


def _size(content: bytes, inner: list[Box]) -> tuple[int, int]:
    """The largest of the sizes that ``ispe`` properties tell."""
    properties = _of(inner, b"iprp")
    found = [(0, 0)]
    for box in _boxes(content, properties.body, properties.end):
        if box.kind != b"ipco":
            continue
        for one in _boxes(content, box.body, box.end):
            if one.kind == b"ispe" and one.end - one.body >= 12:
                width, height = struct.unpack_from(">II", content, one.body + 4)
                found.append((width, height))
    return max(found, key=lambda one: one[0] * one[1])


def _tiff(item: bytes) -> bytes:
    """The TIFF block of an Exif item, behind the offset at its beginning."""
    if len(item) < 4:
        return b""
    return item[4 + int.from_bytes(item[:4], "big") :].removeprefix(EXIF_HEAD)
