"""Texts as they are searched: folded, read as pinyin, cut into grams. Pure.

Grams are numbers: a Chinese sign alone, two signs beside one another of which one is not ASCII,
three ASCII signs. They are made for many texts at once, with numpy.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BREAKS = re.compile(r"[\W_]+")
_SPACE, _END = 32, 10
_TWO, _THREE = 1 << 42, 1 << 43


def folded(text: str) -> str:
    """Words of letters, digits and signs in lower case, with single spaces between."""
    return _BREAKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


@cache
def _readings() -> list[dict[int, str]]:
    """For each rank, how a sign is read; a sign without that many has the last it has."""
    file = resources.files("yiwang.sharing.catalogue.search").joinpath("readings.json")
    ranks: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))["ranks"]
    tables: list[dict[int, str]] = []
    for rank in ranks:
        own = {ord(sign): reading for reading, signs in rank.items() for sign in signs}
        tables.append((tables[-1] if tables else {}) | own)
    return tables


@cache
def _initials() -> list[dict[int, str]]:
    return [{sign: reading[0] for sign, reading in table.items()} for table in _readings()]


@lru_cache(maxsize=65536)
def _variants(word: str, first: bool) -> str:
    """A word in all readings, or their first letters: all signs in their first reading, then all
    in their second …"""
    tables = _initials() if first else _readings()
    return " ".join(dict.fromkeys(word.translate(table) for table in tables))


@lru_cache(maxsize=65536)
def _read(word: str) -> str:
    return word.translate(_readings()[0])


def pinyin(text: str) -> str:
    """A folded text with every sign as it is read most often."""
    return " ".join(word if word.isascii() else _read(word) for word in text.split(" "))


def pinyins(text: str) -> str:
    """The words of a folded text that are not ASCII, in all their readings."""
    return " ".join(_variants(word, False) for word in text.split(" ") if not word.isascii())


def initials(text: str) -> str:
    """The first letters of the readings of a folded text, as ``pinyins``."""
    return " ".join(_variants(word, True) for word in text.split(" ") if not word.isascii())


class _Letters(NamedTuple):
    """As which letters each sign is read most often, itself where it has no reading, one after
    the other; where those of each begin, and how many they are. The last is a zero for all signs
    behind it."""

    letters: NDArray[np.uint32]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]


@cache
def _letters() -> _Letters:
    readings = _readings()[0]
    last = max(readings) + 1
    said = [readings.get(sign) or chr(sign) for sign in range(last)]
    said[_END] = ""
    counts = np.array([*map(len, said), 1])
    joined = np.frombuffer("".join([*said, "\0"]).encode("utf-32-le"), np.uint32)
    return _Letters(joined, counts.cumsum() - counts, counts)


def read(grid: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The signs of folded texts, each in a row that is filled up with line feeds, as ``pinyin``
    reads them, and how many letters each row has up to each sign."""
    known = _letters()
    last = len(known.counts) - 1
    signs = np.minimum(grid, last)
    counts = known.counts[signs]
    ends = counts.cumsum(axis=1)
    lengths = ends[:, -1:] if ends.size else np.zeros((len(grid), 1), np.int64)
    each = counts.ravel()
    moved = known.starts[signs].ravel() - (each.cumsum() - each)
    places = np.repeat(moved, each)
    places += np.arange(len(places))
    letters = known.letters[places]
    letters[letters == 0] = grid[signs == last]
    columns = np.arange(lengths.max(initial=0))
    found = np.full((len(grid), len(columns)), _END, np.uint32)
    found[columns < lengths] = letters
    return found, ends


class Signs(NamedTuple):
    """The signs of many texts one after the other, and which text each is of."""

    signs: NDArray[np.int64]
    texts: NDArray[np.int64]


class Grams(NamedTuple):
    """Grams, and which text each is of."""

    grams: NDArray[np.int64]
    texts: NDArray[np.int64]


def signs(texts: Sequence[str]) -> Signs:
    """The signs of folded texts."""
    joined = "".join(f"{text}\n" for text in texts).encode("utf-32-le")
    found = np.frombuffer(joined, np.uint32).astype(np.int64)
    lengths = np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts))
    return Signs(found, np.repeat(np.arange(len(texts)), lengths))


def _words(found: Signs) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which signs are of words, and which of those are ASCII."""
    word = (found.signs != _SPACE) & (found.signs != _END)
    return word, word & (found.signs < 128)


def ones(found: Signs) -> Grams:
    """Single signs that are not ASCII."""
    word, ascii_ = _words(found)
    kept = word & ~ascii_
    return Grams(found.signs[kept], found.texts[kept])


def twos(found: Signs, letters: bool = False) -> Grams:
    """Two signs of which one is not ASCII; with ``letters``, two of any."""
    word, ascii_ = _words(found)
    kept = word[:-1] & word[1:]
    if not letters:
        kept &= ~(ascii_[:-1] & ascii_[1:])
    grams = _TWO | found.signs[:-1] << 21 | found.signs[1:]
    return Grams(grams[kept], found.texts[:-1][kept])


def threes(found: Signs) -> Grams:
    """Three ASCII signs of one word."""
    _, ascii_ = _words(found)
    kept = ascii_[:-2] & ascii_[1:-1] & ascii_[2:]
    grams = _THREE | found.signs[:-2] << 14 | found.signs[1:-1] << 7 | found.signs[2:]
    return Grams(grams[kept], found.texts[:-2][kept])


def of_one(text: str, size: int, letters: bool = False) -> NDArray[np.int64]:
    """The different grams of one folded text, by number, which ``ones``, ``twos`` and ``threes``
    have for many: of so many signs."""
    found: set[int] = set()
    for word in text.split(" "):
        codes = [ord(sign) for sign in word]
        if size == 1:
            found.update(one for one in codes if one > 127)
        elif size == 2:
            pairs = pairwise(codes)
            found.update(_TWO | a << 21 | b for a, b in pairs if letters or a > 127 or b > 127)
        else:
            each = zip(codes, codes[1:], codes[2:], strict=False)
            found.update(_THREE | a << 14 | b << 7 | c for a, b, c in each if max(a, b, c) < 128)
    return np.array(sorted(found), np.int64)


_RUNS = re.compile(r"[!-~]+|[^ -~]+")


def terms(query: str, most: int = 8, longest: int = 32) -> list[str]:
    """The terms of a query: runs of one script, so that ``水wei`` is two. What is said twice
    counts once; a letter alone says nothing; what is longer or more than is searched is cut."""
    runs = _RUNS.findall(folded(query[:256]))
    kept = [run[:longest] for run in runs if len(run) > 1 or not run.isascii()]
    return list(dict.fromkeys(kept))[:most]
