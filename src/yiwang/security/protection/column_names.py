"""What a column is called, in Chinese, English or pinyin, against the words of labels. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LATIN = re.compile(r"[a-z0-9]+")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_COUNTED = re.compile(r"[率数量额比]$|占比|比例|排名|得分|增速|增长")
"""Figures about things of a kind, not the things: 移动电话普及率."""

WHOLE, PART = 0.8, 0.6
"""How sure a name makes that is the word, and one that holds it."""


def tokens(name: str) -> list[str]:
    """``ownerIdCard_no`` and ``OWNER-ID-CARD-NO`` are owner, id, card and no."""
    return _LATIN.findall(_CAMEL.sub(" ", name).lower())


def likeness(names: Iterable[str], words: Iterable[str]) -> tuple[float, str]:
    """How well the names of a column (its own, its title) fit one of the words, and which.
    Chinese words are found anywhere in a name; English and pinyin ones as whole parts of it."""
    found = (0.0, "")
    for name in names:
        parts = tokens(name)
        joined, spaced = "".join(parts), f" {' '.join(parts)} "
        han = "".join(_HAN.findall(name))
        for word in words:
            found = max(found, (_fit(word, joined, spaced, han), word))
    return found if found[0] else (0.0, "")


def _fit(word: str, joined: str, spaced: str, han: str) -> float:
    if _HAN.match(word):
        if word not in han or _COUNTED.search(han):
            return 0.0
        return WHOLE if len(word) * 2 > len(han) else PART
    close = word.replace(" ", "")
    if joined == close:
        return WHOLE if len(close) > 2 else PART
    if len(close) > 2 and f" {word} " in spaced:
        return PART
    return 0.0


def best(names: Iterable[str], words: Mapping[str, Iterable[str]]) -> dict[str, tuple[float, str]]:
    """Of every label whose words fit: how well, and which word. A longer word counts for more
    than one that it contains."""
    known = list(names)
    fits = {label: likeness(known, each) for label, each in words.items()}
    return {label: fit for label, fit in fits.items() if fit[0]}
