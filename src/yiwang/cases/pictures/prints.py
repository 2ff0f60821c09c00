"""The print of a picture, by which the same one is known however it was shrunk or stored anew
(difference hash: whether each of 8 × 8 points is brighter than its right neighbour)."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

_FEW = 6
"""With fewer bits (of 64) of one kind a picture is so even that its print says nothing."""


def of(content: bytes, format_: str) -> str:
    """16 hexadecimal digits; empty for a picture that cannot be decoded here or is too even."""
    try:
        with Image.open(io.BytesIO(content), formats=[format_]) as opened:
            opened.draft("L", (144, 128))
            upright = ImageOps.exif_transpose(opened) or opened
            small = upright.convert("L").resize((9, 8), Image.Resampling.BOX)
    except Exception:  # a picture that breaks off has no print
        return ""
    points = small.tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            left = row * 9 + column
            bits = bits << 1 | (points[left] > points[left + 1])
    return f"{bits:016x}" if _FEW <= bits.bit_count() <= 64 - _FEW else ""
