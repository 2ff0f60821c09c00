"""What a mask is: a method and its measures. Pure; ``masking`` applies them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from yiwang.kernel.documents import NotAllowed, Section

METHODS = ("plain", "keep", "email", "format", "hash", "generalise", "noise", "suppress")
ADDRESS = ("province", "city", "district", "town")
DATES = ("decade", "year", "month")
TO = (*DATES, "range", "decimals", "digits", *ADDRESS)
FORMATS = ("digits", "resident_id", "mobile", "bank_card")
SCOPES = ("receiver", "city")


@dataclass(frozen=True)
class Mask:
    """How a value is shown.

    ``plain`` shows it; ``keep`` the first and last signs; ``email`` the first sign and the host;
    ``format`` another value of the same form (``kind``), reversible with the key; ``hash`` a
    keyed hash of ``length`` hexadecimal digits; ``generalise`` a coarser one (``to``, ``width``);
    ``noise`` a number or date moved by at most ``spread`` (days for dates); ``suppress`` nothing.
    ``scope`` says whether ``format`` and ``hash`` give every receiver others, or all the same.
    """

    method: str
    first: int = 0
    last: int = 0
    kind: str = "digits"
    length: int = 32
    to: str = "year"
    width: float = 0
    spread: float = 0
    scope: str = "receiver"


PLAIN = Mask("plain")
SUPPRESS = Mask("suppress")

_TAKES = {
    "keep": ("first", "last"),
    "format": ("kind", "scope", "first"),
    "hash": ("length", "scope"),
    "generalise": ("to", "width"),
    "noise": ("spread",),
}


_READ: Mapping[str, Callable[[Section], Any]] = {
    "first": lambda body: body.take("first", int, 0),
    "last": lambda body: body.take("last", int, 0),
    "kind": lambda body: body.choice("kind", FORMATS, "digits"),
    "length": lambda body: body.take("length", int, 32),
    "to": lambda body: body.choice("to", TO),
    "width": lambda body: body.take("width", float, 0.0),
    "spread": lambda body: body.take("spread", float),
    "scope": lambda body: body.choice("scope", SCOPES, "receiver"),
}


def read_mask(body: Section) -> Mask:
    """A mask as YAML writes it. Raises a DocumentError, also for measures out of range."""
    method = body.choice("method", METHODS)
    made = Mask(method, **{name: _READ[name](body) for name in _TAKES.get(method, ())})
    body.finish()
    wrong = _wrong(made)
    if wrong:
        value = getattr(made, wrong[0])
        raise NotAllowed(body.place(wrong[0]), key=wrong[0], value=value, options=wrong[1])
    return made


def _wrong(mask: Mask) -> tuple[str, str] | None:
    """A measure that cannot be, and what can."""
    if mask.first < 0 or mask.last < 0 or mask.first + mask.last > 64:
        return ("first" if mask.first else "last"), "0 … 64"
    if not 16 <= mask.length <= 64:
        return "length", "16 … 64"
    if mask.to == "range" and mask.width <= 0:
        return "width", "> 0"
    if mask.to in ("decimals", "digits") and not 0 <= mask.width < 19:
        return "width", "0 … 18"
    if mask.method == "noise" and mask.spread <= 0:
        return "spread", "> 0"
    return None
