"""Typed errors: a stable code, fields, and texts in every language of the product.

An error never carries prose in code. Its words stand in ``text/<lang>.yaml`` of the package
that its code begins with, under the code, as ``what`` and ``todo``; both may use the fields. A
field that is prose itself, and a place that is, is ``text.Words``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

from yiwang.kernel import text
from yiwang.kernel.text import Words


class Kind(Enum):
    """What sort of trouble it is; the web layer and the CLI turn it into a status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


class YiwangError(Exception):
    """Base of every error that a user may see.

    ``where`` names the place (a file and line, a field, a topic); the remaining keyword
    arguments are the fields that the texts may use.
    """

    code: ClassVar[str] = "kernel.failed"
    kind: ClassVar[Kind] = Kind.FAILED

    def __init__(self, where: str | Words = "", **fields: object) -> None:
        super().__init__(self.code)
        self.place = where
        self.fields = fields

    @property
    def where(self) -> str:
        """The place in English, as it is logged and kept."""
        return str(self.place)

    @where.setter
    def where(self, place: str | Words) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        """On its way to another process an error keeps its kind and its fields."""
        return _again, (type(self), vars(self).copy())

    def what(self, lang: str = "en") -> str:
        return text.render(f"{self.code}.what", lang, self.fields)

    def todo(self, lang: str = "en") -> str:
        return text.render(f"{self.code}.todo", lang, self.fields)

    def message(self, lang: str = "en") -> str:
        """The whole message as a person reads it: place, what happened, what to do."""
        parts = [str(text.told(self.place, lang)), self.what(lang), self.todo(lang)]
        return "\n  ".join(part for part in parts if part)

    def __str__(self) -> str:
        return self.message("en")

    def kept(self) -> dict[str, Any]:
        """As a row keeps it until somebody reads it; ``retold`` puts it into words."""
        fields = {name: text.kept(value) for name, value in self.fields.items()}
        return {"code": self.code, "where": self.where, "fields": fields}


def retold(kept: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """An error that was kept, with ``what`` and ``todo`` in the reader's language."""
    found = {name: text.again(value) for name, value in kept["fields"].items()}
    fields = {name: text.told(value, lang) for name, value in found.items()}
    texts = {part: text.render(f"{kept['code']}.{part}", lang, fields) for part in ("what", "todo")}
    return {**kept, "fields": fields, **texts}


def _again(kind: type[YiwangError], values: dict[str, Any]) -> YiwangError:
    error = kind.__new__(kind, kind.code)
    vars(error).update(values)
    return error
