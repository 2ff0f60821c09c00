"""How far a term is from the nearest part of each of many texts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

LONGEST = 240
"""So much of a text is compared."""
_FEW, _BITS = 8, 64
"""A term of fewer or more signs is compared sign by sign: the one is faster so, and a number has
no more bits."""
_STRETCH = 24
"""Signs of a text that are gone through one after the other; its stretches are side by side."""

FILLED = 10
"""Behind the end of a text in its row of signs: a line feed, which no text has."""

Found = tuple[NDArray[np.int16], NDArray[np.int64]]


def distances(term: str, signs: NDArray[np.uint32], most: int) -> Found:
    """The fewest signs to put in, take out or change until a term is a part of each text
    (Sellers' distance), and where in the text that part first ends. What is further than
    ``most`` is only known to be further. ``signs`` are those of texts, as ``grid`` gives them."""
    if not _FEW <= len(term) <= _BITS or not signs.size:
        return _by_signs(term, signs)
    before = len(term) + most
    stretches = -(-signs.shape[1] // _STRETCH)
    after = stretches * _STRETCH - signs.shape[1]
    held = np.pad(_places(term, signs), ((0, 0), (before, after)))
    parts = sliding_window_view(held, before + _STRETCH, axis=1)[:, ::_STRETCH]
    rows = np.ascontiguousarray(parts.reshape(-1, before + _STRETCH).T)
    away = _at_ends(len(term), rows)[before:]
    least = away.min(axis=0).reshape(-1, stretches)
    ends = away.argmin(axis=0).reshape(-1, stretches)
    first = least.argmin(axis=1)
    lines = np.arange(len(first))
    return least[lines, first], first * _STRETCH + ends[lines, first]


def _at_ends(length: int, rows: NDArray[Any]) -> NDArray[np.int16]:
    """The distance of a term from what ends behind each sign, from none on. ``rows`` are the
    signs of texts, one text a column, as the places that each has in the term. All signs of the
    term are compared at once, as bits of a number: G. Myers, A Fast Bit-Vector Algorithm for
    Approximate String Matching Based on Dynamic Programming (1999). ``up`` and ``down`` are the
    places where the distances along the term grow and fall by one."""
    one, last = rows.dtype.type(1), rows.dtype.type(length - 1)
    up = np.full(rows.shape[1], 2**length - 1, rows.dtype)
    down = np.zeros_like(up)
    grows, falls = np.empty_like(rows), np.empty_like(rows)
    for place, same in enumerate(rows):
        across = same & up
        across += up
        across ^= up
        across |= same
        rise, fall = grows[place], falls[place]
        np.bitwise_or(across, up, out=rise)
        np.invert(rise, out=rise)
        rise |= down
        np.bitwise_and(up, across, out=fall)
        held = same | down
        right = rise << one
        np.bitwise_and(right, held, out=down)
        right |= held
        np.invert(right, out=up)
        up |= fall << one
    away = np.full((len(rows) + 1, rows.shape[1]), length, np.int16)
    steps = (grows >> last & one).astype(np.int16) - (falls >> last & one).astype(np.int16)
    away[1:] += np.add.accumulate(steps, axis=0, dtype=np.int16)
    return away


def _places(term: str, signs: NDArray[np.uint32]) -> NDArray[Any]:
    """The places that each sign has in a term, as bits."""
    size = next(one for one in (np.uint16, np.uint32, np.uint64) if len(term) <= 8 * one().nbytes)
    known = np.zeros(int(signs.max()) + 1, size)
    for place, sign in enumerate(term):
        if ord(sign) < len(known):
            known[ord(sign)] |= known.dtype.type(1 << place)
    return known[signs]


def _by_signs(term: str, signs: NDArray[np.uint32]) -> Found:
    """As ``distances``, sign by sign of the term."""
    grid = np.ascontiguousarray(signs.T)
    steps = np.arange(len(grid) + 1, dtype=np.int16)[:, None]
    row = np.zeros((len(grid) + 1, len(signs)), np.int16)
    for place, sign in enumerate(term, 1):
        below = np.empty_like(row)
        below[0] = place
        changed = row[:-1] + (grid != ord(sign))
        np.minimum(changed, row[1:] + 1, out=below[1:])
        row = np.minimum.accumulate(below - steps, axis=0) + steps
    return row.min(axis=0), row.argmin(axis=0)


def allowed(term: str) -> int:
    """How many typos a term may have: one in three signs, one in four letters."""
    return len(term) // (4 if term.isascii() else 3)


def grid(texts: Sequence[str]) -> NDArray[np.uint32]:
    """The signs of texts, each in a row, as far as they are compared; behind its end a row has
    line feeds."""
    width = max((min(len(text), LONGEST) for text in texts), default=0)
    cut = "".join(text[:LONGEST].ljust(width, chr(FILLED))[:width] for text in texts)
    return np.frombuffer(cut.encode("utf-32-le"), np.uint32).reshape(len(texts), width)
