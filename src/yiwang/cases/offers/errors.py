"""What can go wrong with offers."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import render


class NoSuchOffer(YiwangError):
    code: ClassVar[str] = "cases.no_such_offer"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class OfferRefused(YiwangError):
    """Somebody may not claim, report or give back; ``why`` names a text."""

    code: ClassVar[str] = "cases.offer_refused"
    kind: ClassVar[Kind] = Kind.CONFLICT

    def what(self, lang: str = "en") -> str:
        fields = dict(self.fields)
        why = render(f"cases.why.{fields.get('why', '')}", lang, fields)
        return f"{render(f'{self.code}.what', lang, fields)} {why}"


class BadOffer(YiwangError):
    """A class that is offered, but could not be handled that way."""

    code: ClassVar[str] = "cases.bad_offer"
    kind: ClassVar[Kind] = Kind.INVALID

    def what(self, lang: str = "en") -> str:
        fields = dict(self.fields)
        why = render(f"cases.bad_offer_because.{fields.get('why', '')}", lang, fields)
        return f"{render(f'{self.code}.what', lang, fields)} {why}"


class CannotOffer(YiwangError):
    """A case that cannot be offered as it is; ``why`` names a text."""

    code: ClassVar[str] = "cases.cannot_offer"
    kind: ClassVar[Kind] = Kind.CONFLICT

    def what(self, lang: str = "en") -> str:
        fields = dict(self.fields)
        why = render(f"cases.cannot_offer_because.{fields.get('why', '')}", lang, fields)
        return f"{render(f'{self.code}.what', lang, fields)} {why}"


class BadTerms(YiwangError):
    """Terms of an offer out of their range."""

    code: ClassVar[str] = "cases.bad_offer_terms"
    kind: ClassVar[Kind] = Kind.INVALID
