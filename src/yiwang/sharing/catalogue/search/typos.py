"""How far a term is from the nearest part of each of many texts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST = 240
"""So much of a text is compared."""


def distances(term: str, texts: Sequence[str]) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """The fewest signs to put in, take out or change until a term is a part of each text
    (Sellers' distance), and where in the text that part ends."""
    grid = _grid(texts)
    steps = np.arange(len(grid) + 1, dtype=np.int16)[:, None]
    row = np.zeros((len(grid) + 1, len(texts)), np.int16)
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


def _grid(texts: Sequence[str]) -> NDArray[np.uint32]:
    """The signs of texts, each in a column: what is done with all texts at once lies together."""
    width = max((min(len(text), LONGEST) for text in texts), default=0)
    cut = "".join(text[:LONGEST].ljust(width, "\n")[:width] for text in texts)
    signs = np.frombuffer(cut.encode("utf-32-le"), np.uint32).reshape(len(texts), width)
    return np.ascontiguousarray(signs.T)
