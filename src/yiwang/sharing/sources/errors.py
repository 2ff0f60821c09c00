"""What can go wrong with sources of data and with tables that are kept."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel import text
from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import Wording

words = Wording("sharing.source_words")


class NoSuchSource(YiwangError):
    code: ClassVar[str] = "sharing.no_such_source"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class SourceExists(YiwangError):
    code: ClassVar[str] = "sharing.source_exists"
    kind: ClassVar[Kind] = Kind.CONFLICT


class SourceInUse(YiwangError):
    """``jobs``: codes, ``resources``: numbers of those that use it, with commas."""

    code: ClassVar[str] = "sharing.source_in_use"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadSource(YiwangError):
    """An option of a source is missing, unknown or of the wrong kind. ``wanted``: the values that
    it may have, or the key of words for them."""

    code: ClassVar[str] = "sharing.bad_source"
    kind: ClassVar[Kind] = Kind.INVALID

    def todo(self, lang: str = "en") -> str:
        wanted = self.fields["wanted"]
        words = text.find(f"sharing.sources.wanted.{wanted}", lang)
        return text.render(f"{self.code}.todo", lang, self.fields | {"wanted": words or wanted})


class ForbiddenPlace(YiwangError):
    """A source would lead to the platform's own files, or to an address that serves no data."""

    code: ClassVar[str] = "sharing.forbidden_place"
    kind: ClassVar[Kind] = Kind.INVALID


class SourceUnreachable(YiwangError):
    code: ClassVar[str] = "sharing.source_unreachable"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class NoSuchTable(YiwangError):
    code: ClassVar[str] = "sharing.no_such_table"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchColumn(YiwangError):
    code: ClassVar[str] = "sharing.no_such_column"
    kind: ClassVar[Kind] = Kind.INVALID


class BadCondition(YiwangError):
    code: ClassVar[str] = "sharing.bad_condition"
    kind: ClassVar[Kind] = Kind.INVALID


class UnreadableFile(YiwangError):
    code: ClassVar[str] = "sharing.unreadable_file"
    kind: ClassVar[Kind] = Kind.INVALID


class UnreadableAnswer(YiwangError):
    """An HTTP API answered with something that is no list of records."""

    code: ClassVar[str] = "sharing.unreadable_answer"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class SecretLost(YiwangError):
    code: ClassVar[str] = "sharing.secret_lost"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchDataset(YiwangError):
    code: ClassVar[str] = "sharing.no_such_dataset"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class DatasetDiffers(YiwangError):
    code: ClassVar[str] = "sharing.dataset_differs"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadDataset(YiwangError):
    code: ClassVar[str] = "sharing.bad_dataset"
    kind: ClassVar[Kind] = Kind.INVALID
