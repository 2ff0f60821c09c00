"""Pictures as cameras write them: with a place, a time, a thumbnail and other metadata."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, PngImagePlugin
from PIL.ExifTags import IFD, Base

SECRET = b"SECRET-PLACE-39.1"
"""Stands in every piece of metadata; none of it may be left."""
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + SECRET + b"</x:xmpmeta>"


def exif(turned: int = 1, lat: float = 39.1, lon: float = 116.1) -> bytes:
    """A TIFF block with a place, times and a maker's note."""
    block = Image.Exif()
    block[Base.Orientation] = turned
    block[Base.Make] = SECRET.decode()
    inner = block.get_ifd(IFD.Exif)
    inner[Base.DateTimeOriginal] = "2026:07:01 16:00:00"
    inner[Base.OffsetTimeOriginal] = "+08:00"
    inner[Base.MakerNote] = SECRET * 3
    north, east = ((float(int(one)), one % 1 * 60, 0.0) for one in (lat, lon))
    block.get_ifd(IFD.GPSInfo).update({1: "N", 2: north, 3: "E", 4: east})
    return block.tobytes()


def drawn(width: int = 64, height: int = 48) -> Image.Image:
    """Red on the left half, blue on the right."""
    picture = Image.new("RGB", (width, height), (200, 30, 30))
    picture.paste((30, 30, 200), (width // 2, 0, width, height))
    return picture


def jpeg(turned: int = 1, lat: float = 39.1, lon: float = 116.1, **how: object) -> bytes:
    """With Exif, XMP, IPTC, a comment, and another file behind the picture."""
    made = io.BytesIO()
    block = exif(turned, lat, lon)
    drawn().save(made, "JPEG", exif=block, comment=SECRET, **how)  # type: ignore[arg-type]
    content = made.getvalue()
    for marker, body in ((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP), (0xED, SECRET)):
        content = (
            content[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + content[2:]
        )
    return content + SECRET


def png(turned: int = 1) -> bytes:
    made = io.BytesIO()
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", SECRET.decode(), zip=False)
    words.add_itxt("XML:com.adobe.xmp", XMP.decode())
    drawn().save(made, "PNG", exif=exif(turned), pnginfo=words)
    return made.getvalue() + SECRET


def webp(turned: int = 1, lossless: bool = False) -> bytes:
    made = io.BytesIO()
    drawn().save(made, "WEBP", exif=exif(turned), xmp=XMP, lossless=lossless)
    return made.getvalue() + SECRET


def avif() -> bytes:
    made = io.BytesIO()
    drawn().save(made, "AVIF", exif=exif(), xmp=XMP)
    return made.getvalue() + box(b"mpvd", SECRET)


def heic() -> bytes:
    """The boxes of a HEIC file around data that nobody decodes: a picture, Exif and XMP."""
    picture, block = b"\x26\x01" + bytes(98), struct.pack(">I", 6) + b"Exif\0\0" + exif()
    entries = b"".join(
        full(b"infe", struct.pack(">HH4s", item, 0, kind) + b"\0", version=2)
        for item, kind in ((1, b"hvc1"), (2, b"Exif"), (3, b"mime"))
    )
    items = full(b"iinf", struct.pack(">H", 3) + entries)
    size = full(b"ispe", struct.pack(">II", 64, 48))
    shape = box(b"iprp", box(b"ipco", size))
    start = box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(first: int) -> bytes:
        places, at = b"", first
        for item, data in ((1, picture), (2, block), (3, XMP)):
            places += struct.pack(">HHHII", item, 0, 1, at, len(data))
            at += len(data)
        where = full(b"iloc", struct.pack(">BBH", 0x44, 0x00, 3) + places)
        inside = full(b"hdlr", bytes(20)) + items + where + shape + full(b"pitm", b"\0\1")
        return full(b"meta", inside)

    first = len(start) + len(meta(0)) + 8
    data = box(b"mdat", picture + block + XMP + SECRET)
    return start + meta(first) + data + box(b"uuid", bytes(16) + XMP)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full(kind: bytes, body: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]) + body)


def bomb() -> bytes:
    """A small PNG whose head promises 30,000 by 30,000 pixels."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    chunks = [(b"IHDR", head), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
