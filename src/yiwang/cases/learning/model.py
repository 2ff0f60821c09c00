"""What is known of a case at intake, and how a learnt proposal is made of it: pure NumPy.

Tokens are hashed to a fixed number of columns, so nothing that people wrote is kept in a
model. A model joins a linear classifier with a table by class; its confidence is calibrated.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yiwang.kernel.clock import DAY, HOUR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = 1 << 16
CANDIDATES = 3
NEVER = 1.01
"""A share that none reaches."""
_CELLS = (0.02, 0.005)
"""Sides of the squares, in degrees, by which a place is known."""
_MOST_WORDS = 200
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Known:
    """What is known at intake. ``organisation``, ``department``, closing and everything else
    that comes later is left out."""

    case_class: str = ""
    text: str = ""
    channel: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    at: int = 0


def tokens(known: Known) -> dict[str, float]:
    """Names of what is known, each with its weight. All words together weigh as much as the
    class; characters serve languages without spaces between words."""
    found = {f"class {known.case_class}": 1.0} if known.case_class else {}
    found[f"channel {known.channel}"] = 1.0
    found[f"hour {known.at % DAY // (3 * HOUR)}"] = 0.5
    found[f"day {known.at // DAY % 7}"] = 0.5
    if known.lon is not None and known.lat is not None:
        for side in _CELLS:
            cell = f"{math.floor(known.lon / side)},{math.floor(known.lat / side)}"
            found[f"place {side} {cell}"] = 1.0
    for word in _WORD.findall(known.address.lower()):
        if not word.isdigit():
            found[f"address {word}"] = 0.5
    pieces = list(_pieces(known.text))
    weight = 1.0 / math.sqrt(len(pieces) or 1)
    return found | {piece: weight for piece in pieces}


def _pieces(text: str) -> Iterator[str]:
    words = _WORD.findall(text.lower())[:_MOST_WORDS]
    yield from dict.fromkeys(f"word {word}" for word in words)
    line = f" {' '.join(words)} "
    sizes = (3, 4) if line.isascii() else (1, 2, 3)
    yield from dict.fromkeys(
        f"part {line[start : start + size]}"
        for size in sizes
        for start in range(len(line) - size + 1)
    )


def hashed(found: Mapping[str, float]) -> tuple[Ints, Floats]:
    """Columns and weights of tokens; those that share a column are added."""
    sums: dict[int, float] = {}
    for token, weight in found.items():
        column = zlib.crc32(token.encode()) % COLUMNS
        sums[column] = sums.get(column, 0.0) + weight
    return np.array(list(sums), np.int64), np.array(list(sums.values()), np.float64)


@dataclass(frozen=True)
class Candidate:
    target: str
    confidence: float


@dataclass(frozen=True)
class Proposal:
    """The best candidates, best first, and the words that spoke for the first one.
    ``promised``: the first is right often enough to be acted upon unasked."""

    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]
    promised: bool = False


@dataclass(frozen=True)
class Model:
    """One target. ``weights`` has shape (targets, used columns), ``columns`` names the used
    ones in order; ``table`` (classes, targets) are shares by class, counting ``blend`` of the
    whole; ``raw`` → ``sure`` is the calibration; ``least`` the share from which on a target is
    right often enough to be acted upon unasked, ``NEVER`` where that cannot be promised."""

    targets: tuple[str, ...]
    columns: Ints
    weights: Floats
    offsets: Floats
    classes: tuple[str, ...]
    table: Floats
    blend: float
    raw: Floats
    sure: Floats
    least: Floats

    def shares(self, known: Sequence[Known]) -> Floats:
        """For each case the share of each target, before calibration; rows sum to 1."""
        rows = np.stack([self._linear(one) for one in known]) if known else np.zeros((0, 1))
        return self.blended(rows, [one.case_class for one in known])

    def blended(self, rows: Floats, classes: Sequence[str]) -> Floats:
        """Shares by words, a row each for cases of these classes, joined with the table; where
        no row of the table is about a class, they stay."""
        place = {name: row for row, name in enumerate(self.classes)}
        for row, one in enumerate(classes):
            held = place.get(one)
            if held is not None:
                rows[row] = (1 - self.blend) * rows[row] + self.blend * self.table[held]
        return rows

    def confidence(self, shares: Floats) -> Floats:
        """How often such a share was right, where it was tried."""
        found: Floats = np.interp(shares, self.raw, self.sure)
        return found

    def propose(self, known: Known) -> Proposal:
        shares = self.shares([known])[0]
        best = [int(one) for one in np.argsort(-shares, kind="stable")[:CANDIDATES]]
        sure = self.confidence(shares[best])
        sure[1:] = np.minimum(sure[1:], np.maximum(0.0, 1.0 - sure[0]))
        candidates = [
            Candidate(self.targets[row], round(float(each), 4))
            for row, each in zip(best, sure, strict=True)
        ]
        promised = bool(shares[best[0]] >= self.least[best[0]])
        return Proposal(tuple(candidates), self._reasons(known, best), promised)

    def _linear(self, known: Known) -> Floats:
        scores = self.offsets.copy()
        place, weights = self._used(*hashed(tokens(known)))
        scores += self.weights[:, place] @ weights
        return softmax(scores)

    def _used(self, columns: Ints, weights: Floats) -> tuple[Ints, Floats]:
        place = np.searchsorted(self.columns, columns)
        place = np.minimum(place, max(len(self.columns) - 1, 0))
        held = self.columns[place] == columns if len(self.columns) else np.zeros(0, bool)
        return place[held], weights[held]

    def _reasons(self, known: Known, best: Sequence[int], most: int = 5) -> tuple[str, ...]:
        """What spoke most for the first candidate against the second, in words."""
        spoke: dict[str, float] = {}
        other = best[1] if len(best) > 1 else best[0]
        for token, weight in tokens(known).items():
            if token.startswith("part "):
                continue
            place, given = self._used(*hashed({token: weight}))
            if len(place):
                gap = self.weights[best[0], place[0]] - self.weights[other, place[0]]
                spoke[token] = float(gap * given[0])
        ranked = sorted(spoke.items(), key=lambda item: (_telling(item[0]), -item[1], item[0]))
        return tuple(token for token, gain in ranked[:most] if gain > 0)


def _telling(token: str) -> int:
    """What people can judge goes first: words and classes before squares and hours."""
    kind = token.partition(" ")[0]
    return ("word", "class", "address", "channel").index(kind) if kind not in _DIM else 4


_DIM = ("place", "hour", "day")


def softmax(scores: Floats) -> Floats:
    """Shares that sum to 1 along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    found: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return found


def top(shares: Floats, targets: Sequence[str], truth: Sequence[str], most: int) -> float:
    """The part of cases whose true target is among the first ``most``."""
    if not truth:
        return 0.0
    place = {name: number for number, name in enumerate(targets)}
    wanted = np.array([place.get(name, -1) for name in truth])
    best = np.argsort(-shares, axis=1, kind="stable")[:, :most]
    return float((best == wanted[:, None]).any(axis=1).mean())


def reliability(sure: Floats, right: NDArray[np.bool_], bins: int = 10) -> dict[str, Any]:
    """Expected calibration error and, by tenths of confidence, how sure and how often right."""
    place = np.minimum((sure * bins).astype(int), bins - 1)
    table, error = [], 0.0
    for each in range(bins):
        held = place == each
        count = int(held.sum())
        if count:
            said, was = float(sure[held].mean()), float(right[held].mean())
            error += abs(said - was) * count / len(sure)
            row = {"from": each / bins, "cases": count, "confidence": round(said, 4)}
            table.append(row | {"right": round(was, 4)})
    return {"expected_calibration_error": round(error, 4), "table": table}


def threshold(sure: Floats, right: NDArray[np.bool_], wanted: float) -> float:
    """The least confidence from which on at least ``wanted`` were right; above 1: none."""
    order = np.argsort(-sure, kind="stable")
    held = np.cumsum(right[order]) / np.arange(1, len(sure) + 1)
    last = np.append(sure[order][1:] != sure[order][:-1], True)
    good = np.flatnonzero((held >= wanted) & last)
    return float(sure[order][good[-1]]) if len(good) else NEVER


def at_least(share: float, count: float, z: float) -> float:
    """The lower bound of a share that was seen in ``count`` cases: the score interval (Wilson
    1927), ``z`` standard deviations away."""
    spread = z * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return (share + z * z / (2 * count) - spread) / (1 + z * z / count)
