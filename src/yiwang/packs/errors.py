"""What is wrong with a pack, or with what a city does to it."""

from typing import ClassVar

from yiwang.kernel import text
from yiwang.kernel.errors import Kind, YiwangError


class PackError(YiwangError):
    """``sort`` among the fields names a text under ``packs.sort``."""

    code: ClassVar[str] = "packs.error"
    kind: ClassVar[Kind] = Kind.INVALID

    def what(self, lang: str = "en") -> str:
        fields = dict(self.fields)
        if "sort" in fields:
            fields["sort"] = text.render(f"packs.sort.{fields['sort']}", lang, {})
        return text.render(f"{self.code}.what", lang, fields)


class BadPack(PackError):
    """Everything that is wrong with one pack."""

    code: ClassVar[str] = "packs.bad_pack"

    def __init__(self, where: str, pack: str, errors: list[YiwangError]) -> None:
        super().__init__(where, pack=pack, count=len(errors))
        self.errors = errors

    def message(self, lang: str = "en") -> str:
        parts = [*(error.message(lang) for error in self.errors), super().message(lang)]
        return "\n".join(parts)


class NoManifest(PackError):
    code: ClassVar[str] = "packs.no_manifest"


class WrongName(PackError):
    code: ClassVar[str] = "packs.wrong_name"


class BadName(PackError):
    code: ClassVar[str] = "packs.bad_name"


class BadVersion(PackError):
    code: ClassVar[str] = "packs.bad_version"


class BadConstraint(PackError):
    code: ClassVar[str] = "packs.bad_constraint"


class NeedsNewer(PackError):
    code: ClassVar[str] = "packs.needs_newer"


class NeedsPack(PackError):
    code: ClassVar[str] = "packs.needs_pack"


class UnknownFile(PackError):
    code: ClassVar[str] = "packs.unknown_file"


class CodeFile(PackError):
    code: ClassVar[str] = "packs.code_file"


class LeavesFolder(PackError):
    code: ClassVar[str] = "packs.leaves_folder"


class MissingFile(PackError):
    code: ClassVar[str] = "packs.missing_file"


class UndeclaredSection(PackError):
    code: ClassVar[str] = "packs.undeclared_section"


class EmptySection(PackError):
    code: ClassVar[str] = "packs.empty_section"


class Unknown(PackError):
    """A name that refers to nothing in the pack."""

    code: ClassVar[str] = "packs.unknown"


class Unused(PackError):
    code: ClassVar[str] = "packs.unused"


class MissingText(PackError):
    code: ClassVar[str] = "packs.missing_text"


class IdleText(PackError):
    code: ClassVar[str] = "packs.idle_text"


class UnknownField(PackError):
    code: ClassVar[str] = "packs.unknown_field"


class PermissionNotAsked(PackError):
    code: ClassVar[str] = "packs.permission_not_asked"


class BadInput(PackError):
    code: ClassVar[str] = "packs.bad_input"


class MissingInput(PackError):
    code: ClassVar[str] = "packs.missing_input"


class BadTime(PackError):
    code: ClassVar[str] = "packs.bad_time"


class OutOfOrder(PackError):
    code: ClassVar[str] = "packs.out_of_order"


class ExampleFailed(PackError):
    code: ClassVar[str] = "packs.example_failed"


class StoryFailed(PackError):
    code: ClassVar[str] = "packs.story_failed"


class UnknownPack(PackError):
    code: ClassVar[str] = "packs.unknown_pack"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotAPack(PackError):
    code: ClassVar[str] = "packs.not_a_pack"


class SameVersion(PackError):
    code: ClassVar[str] = "packs.same_version"
    kind: ClassVar[Kind] = Kind.CONFLICT


class OlderVersion(PackError):
    code: ClassVar[str] = "packs.older_version"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NotConfirmed(PackError):
    code: ClassVar[str] = "packs.not_confirmed"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BuiltinName(PackError):
    code: ClassVar[str] = "packs.builtin_name"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NotChangeable(PackError):
    code: ClassVar[str] = "packs.not_changeable"
    kind: ClassVar[Kind] = Kind.CONFLICT
