"""What is wrong with an identifier, in data and in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yiwang.kernel import text


@dataclass(frozen=True)
class Fault:
    """Why a value is no identifier of its kind.

    ``why`` is one of ``length``, ``character``, ``prefix``, ``division``, ``date``, ``future``,
    ``organisation_code``, ``check`` and ``shape``; ``found`` is the part that is wrong and
    ``expected`` what would be right there.
    """

    why: str
    found: str
    expected: str

    def words(self, lang: str) -> str:
        fields = {"found": self.found, "expected": self.expected}
        return text.render(f"kernel.identifier.{self.why}", lang, fields)


@dataclass(frozen=True)
class Kind:
    """One kind of identifier. ``fault`` judges a value exactly as it stands; ``tidy`` takes away
    what people write around one (spaces, hyphens, small letters, full-width signs)."""

    name: str
    standard: str
    fault: Callable[[str], Fault | None]
    tidy: Callable[[str], str]

    def title(self, lang: str) -> str:
        return text.render(f"kernel.identifier_kind.{self.name}", lang, {})


_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_AROUND = dict.fromkeys(map(ord, "- \t\u00a0\u2010\u2011\u2013\u2014\u00b7"))


def tidy(value: str) -> str:
    """Half-width, upper case, without spaces, hyphens and middle dots."""
    return value.strip().translate(_NARROW).translate(_AROUND).upper()


def wrong_length(value: str, *lengths: int) -> Fault | None:
    if len(value) in lengths:
        return None
    return Fault("length", str(len(value)), " / ".join(map(str, lengths)))


def wrong_character(
    value: str, allowed: frozenset[str], expected: str, start: int = 1
) -> Fault | None:
    """The first sign that may not stand there, named with its place, counted from ``start``."""
    if allowed.issuperset(value):
        return None
    place, sign = next(one for one in enumerate(value, start) if one[1] not in allowed)
    return Fault("character", f"{sign} ({place})", expected)


DIGITS = frozenset("0123456789")
