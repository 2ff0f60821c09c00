"""The index of the catalogue finds what a search finds that reads every resource for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.sharing.catalogue.search import segment, typos, words
from yiwang.sharing.catalogue.search.index import Index
from yiwang.sharing.catalogue.search.segment import FACETS, Document

Scores = dict[int, int]
_ONES, _TWOS, _THREES = range(3)


def _grams(text: str, sorts: Sequence[int], letters: bool = False) -> set[str]:
    """``letters``: pairs of ASCII signs are grams, too."""
    found: set[str] = set()
    for word in text.split():
        pairs = [word[at : at + 2] for at in range(len(word) - 1)]
        if _ONES in sorts:
            found |= {sign for sign in word if not sign.isascii()}
        if _TWOS in sorts:
            found |= {pair for pair in pairs if letters or not pair.isascii()}
        if _THREES in sorts:
            threes = [word[at : at + 3] for at in range(len(word) - 2)]
            found |= {three for three in threes if three.isascii()}
    return found


class _Read:
    """A resource with its grams by weight of the field."""

    def __init__(self, one: Document) -> None:
        self.document = one
        fields = [(segment.NAME, one.name), (segment.KEYWORDS, one.keywords)]
        fields += [(segment.ITEMS, one.items), (segment.OTHER, one.other)]
        folded = [(weight, words.folded(text)) for weight, text in fields]
        every = (_ONES, _TWOS, _THREES)
        self.name = folded[0][1]
        self.said = " ".join(text for _, text in folded[:3])
        self.text = [(weight, _grams(text, every)) for weight, text in folded]
        read = [(weight, words.pinyins(text)) for weight, text in folded[:3]]
        self.pinyin = [(weight, _grams(text, (_THREES,))) for weight, text in read]
        short = [(weight, words.initials(text)) for weight, text in folded[:2]]
        self.initials = [(weight, _grams(text, (_TWOS,), True)) for weight, text in short]


def _weight(fields: list[tuple[int, set[str]]], grams: set[str]) -> int:
    """Of the least weighty gram, each in the weightiest field that has it; 0 where one is missing
    or there are none."""
    best = (max((weight for weight, held in fields if gram in held), default=0) for gram in grams)
    return min(best, default=0)


def _exact(term: str, one: _Read) -> int:
    sort = _THREES if term.isascii() else _TWOS if len(term) > 1 else _ONES
    found = [10 * _weight(one.text, _grams(term, (sort,)))]
    if term.isascii():
        found.append(9 * _weight(one.pinyin, _grams(term, (_THREES,))))
    if term.isascii() and term.isalpha() and 2 <= len(term) <= 12:
        found.append(6 * _weight(one.initials, _grams(term, (_TWOS,), True)))
    if term[0].isdigit() and one.document.code.startswith(term):
        return 40
    return max(found)


def _share(fields: list[tuple[int, set[str]]], grams: set[str]) -> np.float32:
    held = set[str]().union(*(known for _, known in fields))
    return np.float32(len(grams & held) / max(len(grams), 1))


def _likeness(term: str, text: str, name: int) -> int:
    row, best = list(range(len(term) + 1)), (len(term), 0)
    for end, sign in enumerate(text[: typos.LONGEST], 1):
        above, row[0] = 0, 0
        for at, wanted in enumerate(term, 1):
            above, row[at] = row[at], min(above + (sign != wanted), row[at] + 1, row[at - 1] + 1)
        best = min(best, (row[-1], end))
    away, end = best
    near = away <= len(term) // (4 if term.isascii() else 3)
    return (20 * (len(term) - away) // len(term) + 5 * (end <= name)) * near


def _loose(term: str, one: _Read) -> int:
    sound = words.pinyin(term)
    sorts = (_THREES,) if term.isascii() else (_ONES, _TWOS)
    share = _share(one.text, _grams(term, sorts))
    read = _grams(sound, (_THREES,))
    if len(read) > 1:
        share = max(share, _share(one.pinyin, read))
    if share < 0.3:
        return 0
    by_sound = _likeness(sound, words.pinyin(one.said), len(words.pinyin(one.name)))
    return max(_likeness(term, one.said, len(one.name)), by_sound)


def _matching(text: str, held: Sequence[_Read]) -> Iterator[Scores]:
    for term in words.terms(text):
        found = {one.document.id: _exact(term, one) for one in held}
        if not any(found.values()):
            found = {one.document.id: _loose(term, one) for one in held}
        yield {id: worth for id, worth in found.items() if worth}


def _wanted(one: Document, filters: Mapping[str, Sequence[str]], but: str = "") -> bool:
    values = dict(zip(FACETS, one.facets, strict=True))
    return all(
        any(values[name].startswith(value) for value in given)
        if name == "class_code"
        else values[name] in given
        for name, given in filters.items()
        if name != but
    )


_NAMES = ["水位", "下穿通道水位", "居民健康档案", "重庆路泊位", "银行网点名录", "PM2.5浓度", "𠮷水"]
_OTHERS = ["company", "water_level", "w1", "站", "。", "档案水位通道下穿名录"]
_SAID = st.lists(st.sampled_from(_NAMES + _OTHERS), max_size=3).map(" ".join)
_FACET = st.tuples(*[st.sampled_from(["1", "2"])] * len(FACETS))
_FOUND = st.tuples(st.sampled_from(_NAMES), _SAID, _SAID, _SAID, _FACET, st.sampled_from("12"))
_WRITTEN = (
    "水位 水 水味 重庆 下穿通到 居民建康 𠮷水 档案w1 下穿通道水 下川通到水位档案水位 209 2/ pm2"
)
_READ = (
    "shuiwei shuwei xctd yinhang jumnjiankangdangan company compny water pm mingluu xx zhongqinglu"
)
_ASKED = st.sampled_from(f"{_WRITTEN} {_READ}".split())
_FILTERS = st.dictionaries(
    st.sampled_from(FACETS), st.lists(st.sampled_from(["1", "2", "3"]), min_size=1), max_size=2
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_FOUND, max_size=8),
    st.lists(_ASKED, max_size=2, unique=True).map(" ".join),
    _FILTERS,
    st.integers(0, 8),
)
def test_the_index_finds_what_is_found_by_reading_everything(
    held: list[tuple[str, str, str, str, tuple[str, ...], str]],
    text: str,
    filters: dict[str, list[str]],
    later: int,
) -> None:
    documents = [
        Document(id, 1, f"{code}/{id:06}", name, keywords, items, other, facets)
        for id, (name, keywords, items, other, facets, code) in enumerate(held, 1)
    ]
    index = Index()
    index.rebuild(documents[later:])
    index.change(documents[:later])
    found = index.search(text, filters, 100)

    parts = list(_matching(text, [_Read(one) for one in documents]))
    kept = [one for one in documents if all(one.id in part for part in parts)]
    worth = {one.id: sum(part[one.id] for part in parts) for one in kept}

    def place(one: Document) -> tuple[int, int, int]:
        return -worth[one.id], min(len(words.folded(one.name)), 255), one.id

    ordered = sorted(kept, key=place) if parts else kept[::-1]
    assert found.ids == [one.id for one in ordered if _wanted(one, filters)]
    if parts:
        assert [key >> 40 for key in found.keys] == [worth[id] for id in found.ids]
    assert found.total == len(found.ids)
    for at, name in enumerate(FACETS):
        counted = Counter(one.facets[at] for one in kept if _wanted(one, filters, name))
        assert found.facets[name] == counted


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("a水行 \U0001f600\uac00鿿", max_size=typos.LONGEST + 9), max_size=4))
def test_rows_of_signs_are_read_as_texts_are(texts: list[str]) -> None:
    grid = typos.grid(texts)
    letters, ends = words.read(grid)
    cut = [text[: typos.LONGEST] for text in texts]
    read = [words.pinyin(text) for text in cut]
    assert np.array_equal(letters[:, : typos.LONGEST], typos.grid(read))
    for row, text in enumerate(cut):
        assert [len(words.pinyin(text[: end + 1])) for end in range(len(text))] == ends[
            row, : len(text)
        ].tolist()


@settings(max_examples=50, deadline=None)
@given(st.text("aZ9_水行 \U0001f600\x7f\x80", max_size=9))
def test_grams_of_one_text_are_those_of_many(text: str) -> None:
    held = words.signs([text])
    for size, letters, found in (
        (1, False, words.ones(held)),
        (2, False, words.twos(held)),
        (2, True, words.twos(held, letters=True)),
        (3, False, words.threes(held)),
    ):
        assert np.array_equal(words.of_one(text, size, letters), np.unique(found.grams))
