"""The logic of the hotline desk: numbers in one form, and which articles fit a text. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from yiwang.cases.model import words

KINDS = ("report", "question", "complaint", "suggestion", "praise", "help")
EMOTIONS = ("calm", "worried", "upset", "angry")
OUTCOMES = ("answered", "case", "urged", "joined", "noted")
"""What became of a request: answered on the spot, a new case, an open one urged (by whoever
reported it) or joined (a further source), or kept without either."""
STATES = ("draft", "published", "retired")

SHORT = 6
"""Numbers of so many digits at most are of the local exchange, and kept as they are."""
HEADING, BODY = 3, 1
"""Weights of a piece in a question or among keywords, and in an answer."""
UNKNOWN = 0.25
"""What a piece that stands in no article weighs beside one that stands in a single one: people
tell more than what they ask."""
ENOUGH = 0.1
"""An article that fits less is not suggested."""

_NAMED = 0.22
"""A heading of which a text has less is not named."""

_SCHEME = re.compile(r"^(?:tel|sips?):", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)\s*[0-9]*\s*$", re.IGNORECASE)
_ALLOWED = re.compile(r"\+?[0-9\s().\-/\u2010-\u2015]*")


@dataclass(frozen=True)
class Numbering:
    """How numbers are dialled here: country code and trunk prefix, the area that local numbers
    (with so many digits) belong to, and the most digits of a national number."""

    country: str = ""
    trunk: str = ""
    area: str = ""
    local: tuple[int, ...] = ()
    longest: int = 11


def normalised(text: str, here: Numbering) -> str:
    """A telephone number in one form: ``+`` with country code (ITU-T E.164), or the digits of a
    short one; empty for a number that was withheld. Raises ValueError for what is none."""
    form = unicodedata.normalize("NFKC", text).strip()
    if _SCHEME.match(form):
        form = re.split(r"[@;]", _SCHEME.sub("", form))[0]
    form = _EXTENSION.sub("", form).strip()
    if not _ALLOWED.fullmatch(form):
        raise ValueError(form)
    digits = re.sub(r"[^0-9]", "", form)
    abroad = form.startswith("+")
    if not abroad and digits.startswith("00") and len(digits) > SHORT:
        abroad, digits = True, digits[2:]
    if not digits and not abroad:
        return ""
    if not abroad and len(digits) <= SHORT:
        if len(digits) < 3:
            raise ValueError(form)
        return digits
    return _whole(digits if abroad else _international(digits, here), here)


def _international(digits: str, here: Numbering) -> str:
    """Digits as dialled here, with the country code before them."""
    if here.trunk and digits.startswith(here.trunk):
        return here.country + _without(digits, here.trunk)
    if len(digits) in here.local:
        return here.country + here.area + digits
    return digits if len(digits) > here.longest else here.country + digits


def _whole(digits: str, here: Numbering) -> str:
    if here.country and digits.startswith(here.country):
        digits = here.country + _without(digits[len(here.country) :], here.trunk)
    if not 7 <= len(digits) <= 15 or digits.startswith("0"):
        raise ValueError(digits)
    return f"+{digits}"


def _without(digits: str, trunk: str) -> str:
    while trunk and digits.startswith(trunk):
        digits = digits[len(trunk) :]
    return digits


@dataclass(frozen=True)
class Hit:
    """A piece of what is asked in an article, and the weight of where it stands."""

    article: int
    piece: str
    weight: int


def ranked(
    hits: Iterable[Hit], counts: Mapping[str, int], articles: int
) -> list[tuple[int, float]]:
    """Articles with how well they fit, 0 to 1, the best first. ``counts``: in how many of the
    ``articles`` each piece that was asked for stands; those in none count a little against all."""
    worth = {
        piece: math.log1p(articles / count) if count else UNKNOWN * math.log1p(articles)
        for piece, count in counts.items()
    }
    most = HEADING * sum(worth.values())
    fits: dict[int, float] = {}
    for hit in hits:
        fits[hit.article] = fits.get(hit.article, 0.0) + hit.weight * worth.get(hit.piece, 0.0)
    found = [(article, round(value / most, 4)) for article, value in fits.items() if most]
    chosen = [(article, fit) for article, fit in found if fit >= ENOUGH]
    return sorted(chosen, key=lambda one: (-one[1], one[0]))


def named(asked: frozenset[str], headings: Mapping[str, Collection[str]]) -> dict[str, float]:
    """How well a text names each heading, 0 to 1: the share of its pieces that are in the text,
    where a piece that many headings have says little. ``headings``: the forms of each by its code.
    Ends of words that are shorter than a piece are left out: a text that goes on does not have
    them."""
    forms = {
        code: [frozenset(words.wanted(form)[0]) for form in written if form]
        for code, written in headings.items()
    }
    within = Counter(piece for held in forms.values() for piece in frozenset().union(*held))
    found = {}
    for code, held in forms.items():
        weights = [
            (
                sum(1 / within[piece] for piece in pieces & asked),
                sum(1 / within[piece] for piece in pieces),
            )
            for pieces in held
            if pieces
        ]
        fit = max((had / whole for had, whole in weights), default=0.0)
        found[code] = fit if fit >= _NAMED else 0.0
    return found


def overlap(asked: frozenset[str], heading: frozenset[str]) -> float:
    """How much of a heading a text has in it, 0 to 1."""
    return len(asked & heading) / len(heading) if heading else 0.0
