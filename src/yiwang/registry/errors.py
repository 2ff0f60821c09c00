"""What the registry refuses."""

from typing import ClassVar

from yiwang.kernel import text
from yiwang.kernel.errors import Kind, YiwangError


class BadField(YiwangError):
    """A value of a record that cannot be read; ``wanted`` names a text under
    ``registry.wanted``."""

    code: ClassVar[str] = "registry.bad_field"
    kind: ClassVar[Kind] = Kind.INVALID

    def what(self, lang: str = "en") -> str:
        wanted = text.render(f"registry.wanted.{self.fields['wanted']}", lang, {})
        return text.render(f"{self.code}.what", lang, {**self.fields, "wanted": wanted})


class UnknownField(YiwangError):
    code: ClassVar[str] = "registry.unknown_field"
    kind: ClassVar[Kind] = Kind.INVALID


class MissingField(YiwangError):
    code: ClassVar[str] = "registry.missing_field"
    kind: ClassVar[Kind] = Kind.INVALID


class BadGeometry(YiwangError):
    code: ClassVar[str] = "registry.bad_geometry"
    kind: ClassVar[Kind] = Kind.INVALID


class BadJson(YiwangError):
    code: ClassVar[str] = "registry.bad_json"
    kind: ClassVar[Kind] = Kind.INVALID


class BadText(YiwangError):
    code: ClassVar[str] = "registry.bad_text"
    kind: ClassVar[Kind] = Kind.INVALID


class Twice(YiwangError):
    code: ClassVar[str] = "registry.twice"
    kind: ClassVar[Kind] = Kind.CONFLICT


class WrongLevel(YiwangError):
    code: ClassVar[str] = "registry.wrong_level"
    kind: ClassVar[Kind] = Kind.INVALID


class NobodyNamed(YiwangError):
    code: ClassVar[str] = "registry.nobody_named"
    kind: ClassVar[Kind] = Kind.INVALID


class MinorOrMajor(YiwangError):
    """An entry of the responsibility matrix is for a class or for a major class."""

    code: ClassVar[str] = "registry.minor_or_major"
    kind: ClassVar[Kind] = Kind.INVALID


class EndsFirst(YiwangError):
    code: ClassVar[str] = "registry.ends_first"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownReference(YiwangError):
    code: ClassVar[str] = "registry.unknown_reference"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownRecord(YiwangError):
    code: ClassVar[str] = "registry.unknown_record"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class UnknownNoun(YiwangError):
    code: ClassVar[str] = "registry.unknown_noun"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class InUse(YiwangError):
    code: ClassVar[str] = "registry.in_use"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NothingToLoad(YiwangError):
    code: ClassVar[str] = "registry.nothing_to_load"
    kind: ClassVar[Kind] = Kind.INVALID


class ManyErrors(YiwangError):
    """Everything that is wrong with a folder, not only the first thing."""

    code: ClassVar[str] = "registry.many_errors"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, where: str, errors: list[YiwangError]) -> None:
        super().__init__(where, count=len(errors))
        self.errors = errors

    def message(self, lang: str = "en") -> str:
        return "\n".join([*(error.message(lang) for error in self.errors), super().message(lang)])
