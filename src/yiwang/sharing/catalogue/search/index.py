"""The index of the catalogue: segments that are searched together, renewed where something changed.

What is in force is in it, once as departments see it and once as the public does. A changed
resource is taken out of its segment and put into the young one, which is made anew each time;
when too much has changed, all is made anew.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from yiwang.sharing.catalogue.search import words
from yiwang.sharing.catalogue.search.kept import Kept
from yiwang.sharing.catalogue.search.segment import (
    FACETS,
    SIZE,
    Document,
    Rows,
    Scores,
    Segment,
    Term,
    loose,
)

_YOUNG = 512
"""So many documents in the young segment before it is left as it is."""
_MANY = 24
"""More small segments than this are made into large ones."""
_CANDIDATES = 200
"""So many documents are compared sign by sign where a term is matched with typos."""
_ID_BITS = 32
_KEPT_BYTES = 1 << 24
"""Of what was found for questions: 8 for each resource, and the facets."""
_FACETS_BYTES = 1 << 15

Filters = Mapping[str, Sequence[str]]
"""Values that are wanted, by facet; a class is wanted with those below it."""


class Found(NamedTuple):
    """``ids`` in their order, each with its ``keys`` for the next page. ``exact`` is False where
    a term was matched with typos. ``facets``: how many there are of each value if it were chosen,
    the other filters as they are."""

    ids: list[int]
    keys: list[int]
    total: int
    exact: bool
    facets: dict[str, dict[str, int]]
    kept: dict[Any, Any]
    """What is made of the facets may be kept here: it is forgotten with what was found."""


class _Matched(NamedTuple):
    """All that a question finds, in no order, whichever page is asked for."""

    keys: NDArray[np.int64]
    exact: bool
    facets: dict[str, dict[str, int]]
    kept: dict[Any, Any]


_Question = tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]
"""Terms, and the values of each filter."""


class _Whole(NamedTuple):
    """What the segments say of their documents, one after the other; a row is a place in it.
    ``starts``: the first row of each segment."""

    ids: NDArray[np.int64]
    lengths: NDArray[np.int32]
    facets: dict[str, NDArray[np.int32]]
    alive: NDArray[np.bool_]
    all_alive: bool
    starts: list[int]


@dataclass(frozen=True)
class _State:
    """What is searched: replaced as a whole."""

    segments: tuple[Segment, ...] = ()
    alive: tuple[NDArray[np.bool_], ...] = ()
    young: tuple[Document, ...] = ()
    """The documents of the last segment, where it is a young one."""
    found: Kept[_Question, _Matched] = field(default_factory=lambda: Kept(_KEPT_BYTES))

    @cached_property
    def whole(self) -> _Whole:
        parts, none = self.segments, np.empty(0, np.int32)
        return _Whole(
            np.concatenate([none.astype(np.int64), *(one.ids for one in parts)]),
            np.concatenate([none, *(one.lengths for one in parts)]),
            {name: np.concatenate([none, *(one.facets[name] for one in parts)]) for name in FACETS},
            np.concatenate([none.astype(np.bool_), *self.alive]),
            all(bool(one.all()) for one in self.alive),
            [0, *np.cumsum([len(one) for one in parts]).tolist()],
        )


@dataclass
class Index:
    """Documents by their words. Searching never waits for a change."""

    _state: _State = field(default_factory=_State)
    _places: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Revision, segment and row of each document that is in it."""
    _vocabulary: dict[str, dict[str, int]] = field(
        default_factory=lambda: {name: {} for name in FACETS}
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def size(self) -> int:
        """Bytes of the postings."""
        return sum(one.size for one in self._state.segments)

    @property
    def scattered(self) -> bool:
        """Whether it is worth while to make all anew."""
        count = len(self._state.segments)
        large = len(self) // SIZE + 1
        rows = sum(len(one) for one in self._state.segments)
        return count - large > _MANY or rows > 1000 + 1.5 * len(self)

    def rebuild(self, documents: Sequence[Document]) -> None:
        """Hold these documents and no others."""
        with self._lock:
            parts = [documents[start : start + SIZE] for start in range(0, len(documents), SIZE)]
            segments = tuple(Segment(part, self._vocabulary) for part in parts)
            alive = tuple(np.ones(len(one), np.bool_) for one in segments)
            self._state = _State(segments, alive)
            self._places = {
                one.id: (one.revision, place, row)
                for place, part in enumerate(parts)
                for row, one in enumerate(part)
            }

    def change(self, documents: Sequence[Document], gone: Sequence[int] = ()) -> None:
        """Hold these documents as they are now; those of ``gone`` no longer."""
        with self._lock:
            fresh = [one for one in documents if self._revision(one.id) != one.revision]
            gone = [id for id in gone if id in self._places]
            if not fresh and not gone:
                return
            state = self._without({*gone, *(one.id for one in fresh)})
            young = [*state.young, *fresh]
            old = len(state.segments) - bool(state.young)
            segments, alive = list(state.segments[:old]), list(state.alive[:old])
            for start in range(0, len(young), SIZE):
                part = young[start : start + SIZE]
                for row, one in enumerate(part):
                    self._places[one.id] = (one.revision, len(segments), row)
                segments.append(Segment(part, self._vocabulary))
                alive.append(np.ones(len(part), np.bool_))
            left = young if len(young) <= _YOUNG else []
            self._state = _State(tuple(segments), tuple(alive), tuple(left))

    def _revision(self, id: int) -> int | None:
        held = self._places.get(id)
        return None if held is None else held[0]

    def _without(self, ids: set[int]) -> _State:
        state = self._state
        alive = list(state.alive)
        for id in ids & self._places.keys():
            _, segment, row = self._places.pop(id)
            alive[segment] = alive[segment].copy()
            alive[segment][row] = False
        young = tuple(one for one in state.young if one.id not in ids)
        if state.young and not young:
            return _State(state.segments[:-1], tuple(alive[:-1]))
        return _State(state.segments, tuple(alive), young)

    def search(self, query: str, filters: Filters, limit: int, after: int | None = None) -> Found:
        """The best matches behind the key ``after``; without a query the newest."""
        state = self._state
        terms = words.terms(query)
        chosen = sorted((name, tuple(sorted(set(values)))) for name, values in filters.items())
        question = (tuple(terms), tuple(chosen))
        matched = state.found.get(question)
        if matched is None:
            matched = self._match(state, terms, filters)
            signs = sum(map(len, [*terms, *(one for _, values in chosen for one in values)]))
            state.found.put(question, matched, matched.keys.nbytes + 4 * signs + _FACETS_BYTES)
        keys = matched.keys
        if after is not None:
            keys = keys[keys < after]
        if len(keys) > limit:
            keys = np.partition(keys, len(keys) - limit)[len(keys) - limit :]
        ordered = np.sort(keys)[::-1].tolist()
        ids = [_id(key, bool(terms)) for key in ordered]
        total = len(matched.keys)
        return Found(ids, ordered, total, matched.exact, matched.facets, matched.kept)

    def _match(self, state: _State, terms: Sequence[str], filters: Filters) -> _Matched:
        whole = state.whole
        rows, scores, exact = _scores(state, [Term(text) for text in terms])
        values = {name: whole.facets[name][rows] for name in FACETS}
        wanted = {name: self._wanted(name, given) for name, given in filters.items()}
        masks = {name: lut[_within(values[name], lut)] for name, lut in wanted.items()}
        counts = {}
        for name in FACETS:
            others = [mask for other, mask in masks.items() if other != name]
            seen = values[name][np.logical_and.reduce(others)] if others else values[name]
            counts[name] = np.bincount(seen)
        if masks:
            chosen = np.logical_and.reduce(list(masks.values()))
            rows, scores = rows[chosen], scores[chosen]
        keys = _keys(whole, rows, scores, bool(terms))
        return _Matched(keys, exact, self._named(counts), {})

    def _wanted(self, name: str, values: Sequence[str]) -> NDArray[np.bool_]:
        """For each value of a facet whether it is wanted; the last for all that are newer."""
        known = self._vocabulary[name]
        found = np.zeros(len(known) + 1, np.bool_)
        below = tuple(values) if name == "class_code" else ()
        places = [known[one] for one in values if one in known]
        if below:
            places += [place for one, place in list(known.items()) if one.startswith(below)]
        found[[place for place in places if place < len(found) - 1]] = True
        return found

    def _named(self, counts: dict[str, NDArray[np.int64]]) -> dict[str, dict[str, int]]:
        named = {}
        for name in FACETS:
            known, found = list(self._vocabulary[name]), counts[name]
            named[name] = {known[place]: int(found[place]) for place in np.flatnonzero(found)}
        return named


def _scores(state: _State, terms: Sequence[Term]) -> tuple[Rows, Scores, bool]:
    """The rows that match all terms, what each is worth, and whether no term was matched with
    typos."""
    rows = np.flatnonzero(state.whole.alive) if not terms else np.empty(0, np.int64)
    scores = np.zeros(len(rows), np.int32)
    all_exact = True
    for place, term in enumerate(terms):
        found, worth = _matching(state, term)
        if not len(found):
            all_exact = False
            found, worth = _loose(state, term)
        if place == 0:
            rows, scores = found, worth
            continue
        rows, mine, theirs = np.intersect1d(rows, found, assume_unique=True, return_indices=True)
        scores = scores[mine] + worth[theirs]
    return rows, scores, all_exact


def _matching(state: _State, term: Term) -> tuple[Rows, Scores]:
    """The rows that match a term, and what each is worth."""
    parts = [segment.exact(term) for segment in state.segments]
    starts = state.whole.starts
    moved = [rows + start for (rows, _), start in zip(parts, starts, strict=False)]
    rows = np.concatenate([np.empty(0, np.int64), *moved])
    scores = np.concatenate([np.empty(0, np.int32), *(worth for _, worth in parts)])
    if state.whole.all_alive:
        return rows, scores
    kept = state.whole.alive[rows]
    return rows[kept], scores[kept]


def _loose(state: _State, term: Term) -> tuple[Rows, Scores]:
    """As ``_matching`` for a term with typos: of what has most of it, what is near enough."""
    found = [segment.candidates(term, _CANDIDATES) for segment in state.segments]
    places = np.repeat(np.arange(len(found)), [len(share) for _, share in found])
    shares = np.concatenate([np.empty(0, np.float32), *(share for _, share in found)])
    rows = np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in found)])
    chosen = np.sort(np.argsort(-shares, kind="stable")[:_CANDIDATES])
    kept, texts, lengths = [], [], [np.empty(0, np.int32)]
    for place, segment in enumerate(state.segments):
        mine = rows[chosen[places[chosen] == place]]
        mine = mine[state.alive[place][mine]]
        said, names = segment.said(mine)
        kept.append(mine + state.whole.starts[place])
        texts += said
        lengths.append(names)
    everywhere = np.concatenate([np.empty(0, np.int64), *kept])
    if not texts:
        return everywhere, np.empty(0, np.int32)
    worth = loose(term, texts, np.concatenate(lengths))
    return everywhere[worth > 0], worth[worth > 0]


def _keys(whole: _Whole, rows: Rows, scores: Scores, ranked: bool) -> NDArray[np.int64]:
    """Each row's place in the order of a result, the first the largest: by what it is worth,
    then short names first, then the older first; unranked the newest first."""
    ids = whole.ids[rows]
    if not ranked:
        return ids
    worth = scores.astype(np.int64) << 8 | (255 - whole.lengths[rows])
    return worth << _ID_BITS | ((1 << _ID_BITS) - 1 - ids)


def _id(key: int, ranked: bool) -> int:
    return (1 << _ID_BITS) - 1 - (key & ((1 << _ID_BITS) - 1)) if ranked else key


def _within(values: NDArray[np.int32], lut: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Values as places in ``lut``, which may be older than they are."""
    return np.minimum(values, len(lut) - 1)
