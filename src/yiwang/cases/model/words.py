"""What a text is found by: pieces of its words that an index can hold, for search by parts of
words in any script. Pure.

A text is brought into one form first (Unicode NFKC, case folded). Each run of letters and digits
in it then gives, for every sign, the piece that begins there: two signs where writing has no
spaces between words (Chinese, Japanese), three elsewhere, fewer at the end of a run. A part of a
text is in it only if the pieces of the part are among those of the text, so an index over pieces
names the candidates, and whether one really holds the part is looked up in its text. Besides,
each number gives a piece with the three letters that stand before it, as 民东路17 in 人民东路17号:
its road and its number are each in many texts, and an address is found by this alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

_RUN = re.compile(r"[^\W_]+")
_PLACED = re.compile(r"[^\W\d_]{3}\d{1,5}")
_LONG, _SHORT, _LONGEST = 3, 2, 8
_LOOK = 100
"""How many entries of an index are read in the time in which one text is looked at."""
_UNSEEN, _UNSEEN_PLACED = 2, 0.1
"""In so many texts of a sample a piece, or a number with its place, may be that is in none by
chance."""
MOST = 64
"""Pieces of what is looked for that an index is asked for; more narrow nothing any further."""


def folded(text: str) -> str:
    """The one form in which texts are compared."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def pieces(form: str) -> list[str]:
    """The pieces of a text in its one form, each once, in order of first appearance."""
    found: dict[str, None] = {}
    for run, size, _ in _runs(form):
        for place in range(len(run)):
            found[run[place : place + size]] = None
    return list(found)


def wanted(form: str) -> tuple[list[str], list[str]]:
    """What the pieces of a text must hold for ``form`` to be a part of it: whole pieces, and
    beginnings of pieces. A short run that something follows ends in the text as it does here, as
    17 in 东路17号: it is a piece."""
    whole: dict[str, None] = {}
    begun: dict[str, None] = {}
    for run, size, ends in _runs(form):
        if len(run) < size:
            (whole if ends else begun)[run] = None
        for place in range(len(run) - size + 1):
            whole[run[place : place + size]] = None
    return list(whole)[:MOST], list(begun)[: max(0, MOST - len(whole))]


def placed(form: str) -> list[str]:
    """The numbers of a text with what stands before them; of long ones the first five digits."""
    return list(dict.fromkeys(_PLACED.findall(form)))


def sought(form: str) -> tuple[list[str], bool]:
    """What an index is asked for to find the texts that have ``form``: pieces, and beginnings of
    pieces with * behind them. Says besides whether it gives the newest of these at once."""
    whole, begun = wanted(form)
    numbers = []
    for one in _PLACED.finditer(form):
        if one.end() < len(form) or len(one[0]) == _LONGEST:
            numbers.append(one[0])
        elif one[0][-2].isdecimal():  # a single digit is the beginning of too many
            numbers.append(one[0] + "*")
    held = "\n".join(numbers)
    whole = [*dict.fromkeys(numbers), *(one for one in whole if one not in held)]
    # Other beginnings are dear to look up, and narrow little beside whole pieces.
    return (whole[:MOST], True) if whole else ([one + "*" for one in begun], False)


class Sample(NamedTuple):
    """Some of all texts: how many, and for each piece in which of them it is, a bit for a text."""

    size: int
    holders: Mapping[str, int]


def sampled(texts: Sequence[Iterable[str]]) -> Sample:
    """``texts``: the pieces of each."""
    holders: dict[str, int] = {}
    for place, held in enumerate(texts):
        for one in held:
            holders[one] = holders.get(one, 0) | 1 << place
    return Sample(len(texts), holders)


def narrowing(pieces: Sequence[str], sample: Sample) -> list[str]:
    """Those of some pieces that an index is worth being asked for: the rarest, and others as long
    as so many fewer texts are left to look at. Where a piece stands beside those asked for in
    nearly every text that has these, as 人民 beside 民东, it narrows nothing."""
    held = {one: sample.holders.get(one, 0) for one in pieces}
    share = {
        one: max(texts.bit_count(), _UNSEEN if len(one) <= _LONG else _UNSEEN_PLACED) / sample.size
        for one, texts in held.items()
    }
    rarest = min(share, key=share.__getitem__)
    found, left, texts = [rarest], share.pop(rarest), held[rarest]
    while share:
        count = texts.bit_count() + 1  # with one that says nothing, where there is no other
        beside = {
            one: ((texts & held[one]).bit_count() + common) / count for one, common in share.items()
        }
        best = max(share, key=lambda one: _LOOK * left * (1 - beside[one]) - share[one])
        if _LOOK * left * (1 - beside[best]) < share.pop(best):
            break
        found.append(best)
        left *= beside[best]
        texts &= held[best]
    return found


def _runs(form: str) -> list[tuple[str, int, bool]]:
    """Runs of one kind of signs, how long the pieces of each are, and whether something follows
    in the form that is not of the run."""
    found = []
    for word in _RUN.finditer(form):
        place = word.start()
        for dense, signs in groupby(word[0], _is_dense):
            run = "".join(signs)
            place += len(run)
            found.append((run, _SHORT if dense else _LONG, place < len(form)))
    return found


def _is_dense(sign: str) -> bool:
    """Whether it belongs to a script in which one sign is about a syllable or a word: kana,
    Hangul, and ideographs of every plane."""
    return (
        "\u3040" <= sign <= "\u30ff"
        or "\u3400" <= sign <= "\ud7ff"
        or sign >= "\U00020000"
        or "\uf900" <= sign <= "\ufaff"
    )
