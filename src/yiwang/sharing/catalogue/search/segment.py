"""A part of the index: some thousand resources in arrays. Pure.

A gram's posting is the number of a resource in the segment and the weight of the best field that
has it. What matches a term has all its grams; with typos, most of them.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from yiwang.sharing.catalogue.search import typos, words
from yiwang.sharing.catalogue.search.words import Grams

NAME, KEYWORDS, ITEMS, OTHER = 4, 3, 2, 1
"""Weights of the fields of a resource."""
SIZE = 1 << 14
"""So many resources in one segment at most: their numbers take 14 bits."""
_LOW = 16
"""Bits below the gram: those of the number, and two of the weight."""
FACETS = ("organisation", "class_code", "share_type", "share_mode", "open_type", "update_cycle")

_TEXT, _PINYIN, _INITIALS, _CODE = 10, 9, 6, 40
"""What a match is worth: by the text itself, by its reading, by the initials (each times the
weight of the field), by the code."""

_LEAST = 0.3
"""Least share of its grams that something with typos has."""
_LOOSE, _IN_NAME = 20, 5

_SPARSE = 16
"""A gram in so many times more texts is looked up for each of a few."""
_KEPT = 64
"""So many of the grams that many texts have are kept laid out: a byte for each text."""

Rows = NDArray[np.int64]
Scores = NDArray[np.int32]
Grammar = NDArray[np.int64]
"""Different grams, fewer than 256."""
_NONE: Grammar = np.empty(0, np.int64)


class Document(NamedTuple):
    """A resource as it is searched."""

    id: int
    revision: int
    code: str
    name: str
    keywords: str
    items: str
    other: str
    facets: tuple[str, ...]
    """Values of ``FACETS``."""


class Postings:
    """Which texts have which grams, and in how weighty a field."""

    def __init__(self, fields: Sequence[tuple[int, Grams]], count: int) -> None:
        parts = [one.grams << _LOW | one.texts << 2 | 4 - weight for weight, one in fields]
        keys = np.concatenate(parts or [np.empty(0, np.int64)])
        keys.sort()
        pairs = keys >> 2
        keys = keys[np.diff(pairs, prepend=-1) != 0]
        grams = keys >> _LOW
        starts = np.flatnonzero(np.diff(grams, prepend=-1))
        self.grams = grams[starts]
        self._bounds = np.append(starts, len(keys)).astype(np.int32)
        self._texts = (keys >> 2 & SIZE - 1).astype(np.uint16)
        self._weights = (4 - (keys & 3)).astype(np.uint8)
        self._count = count
        self._kept: dict[int, NDArray[np.uint8]] = {}
        self._bits: dict[int, NDArray[np.uint8]] = {}
        self._lock = threading.Lock()

    def all_of(self, grams: Grammar) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        """The texts that have all of these grams, and the weight of the least weighty."""
        places = self._places(grams)
        if not len(places) or len(places) < len(grams):
            return self._texts[:0], self._weights[:0]
        sizes = self._bounds[places + 1] - self._bounds[places]
        first, *others = places[sizes.argsort(kind="stable")].tolist()
        texts, weights = self._of(first)
        for place in others:
            held = self._weights_in(place, texts)
            have = held > 0
            if not have.all():
                texts, weights, held = texts[have], weights[have], held[have]
                if not len(texts):
                    break
            weights = np.minimum(weights, held)
        return texts, weights

    def counts_of(self, grams: Grammar) -> NDArray[np.uint8]:
        """How many of these grams each text has."""
        have = np.zeros(self._count, np.uint8)
        few = [self._texts[:0]]
        for place in self._places(grams).tolist():
            if self._common(place):
                have += np.unpackbits(self._bits_of(place), count=self._count)
            else:
                few.append(self._of(place)[0])
        rare = np.bincount(np.concatenate(few), minlength=self._count)
        have += rare.astype(np.uint8)
        return have

    def _places(self, grams: Grammar) -> NDArray[np.int64]:
        """Where those of the grams stand that any text has."""
        if not len(self.grams):
            return grams[:0]
        places = self.grams.searchsorted(grams)
        found: NDArray[np.int64] = places[self.grams.take(places, mode="clip") == grams]
        return found

    def _of(self, place: int) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        """The texts that have a gram, and the weights."""
        part = slice(self._bounds[place], self._bounds[place + 1])
        return self._texts[part], self._weights[part]

    def _weights_in(self, place: int, texts: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """The weight of a gram in each of some texts; 0 where it is not in it."""
        if self._common(place):
            return self._laid_out(place)[texts]
        others, weights = self._of(place)
        if len(texts) * _SPARSE > len(others):
            return self._spread(others, weights)[texts]
        places = others.searchsorted(texts)
        same = others.take(places, mode="clip") == texts
        return np.where(same, weights.take(places, mode="clip"), np.uint8(0))

    def _common(self, place: int) -> bool:
        return bool(self._bounds[place + 1] - self._bounds[place] > max(self._count // 8, 512))

    def _laid_out(self, place: int) -> NDArray[np.uint8]:
        """As ``_weights_in`` for all texts, kept for a gram that is asked for often."""
        kept = self._kept.get(place)
        if kept is None:
            kept = self._spread(*self._of(place))
            with self._lock:
                if len(self._kept) >= _KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[place] = kept
        return kept

    def _bits_of(self, place: int) -> NDArray[np.uint8]:
        """Which texts have a gram that many have, a bit for each: kept once it was asked for."""
        kept = self._bits.get(place)
        if kept is None:
            held = np.zeros(self._count, np.bool_)
            held[self._of(place)[0]] = True
            kept = self._bits[place] = np.packbits(held)
        return kept

    def _spread(self, texts: NDArray[np.uint16], weights: NDArray[np.uint8]) -> NDArray[np.uint8]:
        found = np.zeros(self._count, np.uint8)
        found[texts] = weights
        return found

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        arrays = (self.grams, self._texts, self._weights, self._bounds)
        return sum(one.nbytes for one in arrays)


class Term:
    """A term of a query with its grams, made once for all segments."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.ascii = text.isascii()
        signs = words.of_one(text, 3 if self.ascii else 1)
        twos = _NONE if self.ascii else words.of_one(text, 2)
        self.exact = twos if len(text) > 1 and not self.ascii else signs
        self.loose = np.concatenate([signs, twos])
        self.read = signs if self.ascii else words.of_one(words.pinyin(text), 3)
        self.initials = _NONE
        if text.isascii() and text.isalpha() and 2 <= len(text) <= 12:
            self.initials = words.of_one(text, 2, letters=True)
        self.code = text if text[0].isdigit() else ""


def _shares(count: int) -> NDArray[np.float32]:
    """Which share of so many grams none are, one, two … and all."""
    return (np.arange(count + 1) / max(count, 1)).astype(np.float32)


class Segment:
    """Documents that do not change any more."""

    def __init__(
        self, documents: Sequence[Document], vocabulary: Mapping[str, dict[str, int]]
    ) -> None:
        """``vocabulary`` gives each value of a facet a number; new ones are added."""
        count = len(documents)
        self.ids = np.array([one.id for one in documents], np.int64)
        names = [words.folded(one.name) for one in documents]
        keywords = [words.folded(one.keywords) for one in documents]
        items = [words.folded(one.items) for one in documents]
        other = [words.folded(one.other) for one in documents]
        self._said = [" ".join(parts) for parts in zip(names, keywords, items, strict=True)]
        self.lengths = np.array([min(len(name), 255) for name in names], np.int32)
        self._text = Postings(
            [
                (weight, grams)
                for weight, texts in zip(
                    (NAME, KEYWORDS, ITEMS, OTHER), (names, keywords, items, other), strict=True
                )
                for found in [words.signs(texts)]
                for grams in (words.ones(found), words.twos(found), words.threes(found))
            ],
            count,
        )
        weighty = ((NAME, names), (KEYWORDS, keywords))
        read = (*weighty, (ITEMS, items))
        self._pinyin = Postings(
            [
                (weight, words.threes(words.signs([words.pinyins(text) for text in texts])))
                for weight, texts in read
            ],
            count,
        )
        self._initials = Postings(
            [
                (weight, words.twos(words.signs([words.initials(t) for t in texts]), letters=True))
                for weight, texts in weighty
            ],
            count,
        )
        self._codes = sorted((one.code, place) for place, one in enumerate(documents))
        self.facets = {
            name: np.array(
                [
                    vocabulary[name].setdefault(one.facets[place], len(vocabulary[name]))
                    for one in documents
                ],
                np.int32,
            )
            for place, name in enumerate(FACETS)
        }

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def size(self) -> int:
        """Bytes of the postings."""
        return self._text.size + self._pinyin.size + self._initials.size

    def exact(self, term: Term) -> tuple[Rows, Scores]:
        """The documents that match a term, and what each is worth."""
        found = [
            (texts, weights.astype(np.int32) * worth)
            for grams, postings, worth in (
                (term.exact, self._text, _TEXT),
                (term.read if term.ascii else _NONE, self._pinyin, _PINYIN),
                (term.initials, self._initials, _INITIALS),
            )
            if len(grams)
            for texts, weights in [postings.all_of(grams)]
            if len(texts)
        ]
        coded = self._with_code(term.code) if term.code else []
        if len(found) == 1 and not coded:
            return found[0][0].astype(np.int64), found[0][1]
        scores = np.zeros(len(self), np.int32)
        for texts, worth in found:
            scores[texts] = np.maximum(scores[texts], worth)
        scores[coded] = _CODE
        rows = np.flatnonzero(scores)
        return rows, scores[rows]

    def candidates(self, term: Term, most: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The documents that have the largest share of a term, written or read, and the share."""
        found = [(self._text, term.loose)]
        if len(term.read) > 1:
            found.append((self._pinyin, term.read))
        counts = [postings.counts_of(grams) for postings, grams in found]
        shares = [_shares(len(grams)) for _, grams in found]
        pairs = list(zip(counts, shares, strict=True))
        near = [have >= int(of.searchsorted(_LEAST)) for have, of in pairs]
        rows = np.flatnonzero(np.logical_or.reduce(near))
        share = np.maximum.reduce([of[have[rows]] for have, of in pairs])
        if len(rows) > most:
            chosen = np.argpartition(share, -most)[-most:]
            return rows[chosen], share[chosen]
        return rows, share

    def said(self, rows: Rows) -> tuple[list[str], NDArray[np.int32]]:
        """The texts of documents, and how much of each is its name, with which it begins."""
        return [self._said[row] for row in rows], self.lengths[rows]

    def _with_code(self, prefix: str) -> list[int]:
        start = bisect_left(self._codes, (prefix,))
        end = bisect_left(self._codes, (prefix + "\U0010ffff",))
        return [place for _, place in self._codes[start:end]]


def loose(term: Term, texts: Sequence[str], names: NDArray[np.int32]) -> Scores:
    """What texts are worth for a term with typos in its signs or its sound; 0 where they are too
    many. ``names``: how much of each is its name."""
    signs = typos.grid(texts)
    letters, ends = words.read(signs)
    letters = letters[:, : typos.LONGEST]
    before = np.pad(ends, ((0, 0), (1, 0)))
    begun = before[np.arange(len(names)), np.minimum(names, signs.shape[1])]
    if term.ascii:
        both = np.full((2, len(texts), letters.shape[1]), typos.FILLED, np.uint32)
        both[0, :, : signs.shape[1]], both[1] = signs, letters
        rows = both.reshape(-1, letters.shape[1])
        worth = _likeness(term.text, rows, np.concatenate([names, begun]))
        return np.maximum(worth[: len(texts)], worth[len(texts) :])
    sound = words.pinyin(term.text)
    return np.maximum(_likeness(term.text, signs, names), _likeness(sound, letters, begun))


def _likeness(term: str, signs: NDArray[np.uint32], names: NDArray[Any]) -> Scores:
    """What texts are worth for a term with typos, more where it is in the name, with which they
    begin."""
    most = typos.allowed(term)
    away, end = typos.distances(term, signs, most)
    worth = _LOOSE * (len(term) - away) // len(term) + _IN_NAME * (end <= names)
    return np.where(away <= most, worth, 0).astype(np.int32)
