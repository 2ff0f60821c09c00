"""Pictures that simulated people take: drawn, not photographed, and striped so that one sees it."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from yiwang.demo.weather import rng

WIDTH, HEIGHT = 320, 200


def take(seed: int, case: int, shot: int) -> bytes:
    """A PNG of a road, some water and a striped band, different for every case and shot."""
    draw = rng(seed, "photo", case, shot)
    rows = np.arange(HEIGHT)[:, None]
    columns = np.arange(WIDTH)[None, :]
    horizon = int(draw.integers(70, 100))
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:] = (96, 102, 108)
    picture[:horizon] = draw.integers((150, 170, 190), (180, 200, 225))
    road = np.abs(columns - WIDTH / 2) < (rows - horizon) * 1.5 + 12
    picture[(rows >= horizon) & road] = (70, 72, 76)
    middle, wide = draw.integers(90, 230), draw.integers(40, 110)
    tall = draw.integers(8, 26)
    pool = ((columns - middle) / wide) ** 2 + ((rows - horizon - 55) / tall) ** 2 < 1
    picture[pool] = (92, 120, 134)
    band = (rows >= HEIGHT - 18) & ((columns + rows) // 12 % 2 == 0)
    picture[HEIGHT - 18 :] = (250, 200, 40)
    picture[band] = (40, 40, 40)
    noise = draw.integers(-6, 7, picture.shape)
    return png(np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8))


def png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """An RGB picture as PNG."""
    height, width, _ = pixels.shape
    lines = np.zeros((height, 1 + width * 3), np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)
