"""What can be wrong with a library, a feed, or a change by hand."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import Wording

words = Wording("sharing.library_words")


class LibraryError(YiwangError):
    code: ClassVar[str] = "sharing.libraries.library"
    kind: ClassVar[Kind] = Kind.INVALID


class BadLibrary(LibraryError):
    """A declaration that cannot be: place, key, what was expected."""

    code: ClassVar[str] = "sharing.libraries.bad_library"


class BadFeed(LibraryError):
    code: ClassVar[str] = "sharing.libraries.bad_feed"


class BadGiven(LibraryError):
    """Something that a person gave by hand: a reason, records, a query."""

    code: ClassVar[str] = "sharing.libraries.bad_given"


class NoSuchLibrary(LibraryError):
    code: ClassVar[str] = "sharing.libraries.no_such_library"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchFeed(LibraryError):
    code: ClassVar[str] = "sharing.libraries.no_such_feed"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchEntity(LibraryError):
    code: ClassVar[str] = "sharing.libraries.no_such_entity"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchStep(LibraryError):
    code: ClassVar[str] = "sharing.libraries.no_such_step"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class Contradiction(LibraryError):
    """Identities say that these are two."""

    code: ClassVar[str] = "sharing.libraries.contradiction"
    kind: ClassVar[Kind] = Kind.CONFLICT


class Changed(LibraryError):
    """What the change was about is no more as it was shown."""

    code: ClassVar[str] = "sharing.libraries.changed"
    kind: ClassVar[Kind] = Kind.CONFLICT


class Rebuilding(LibraryError):
    code: ClassVar[str] = "sharing.libraries.rebuilding"
    kind: ClassVar[Kind] = Kind.CONFLICT


class InUse(LibraryError):
    code: ClassVar[str] = "sharing.libraries.in_use"
    kind: ClassVar[Kind] = Kind.CONFLICT


class TooManyGone(LibraryError):
    """So much of a source is gone that somebody has to say that it is meant."""

    code: ClassVar[str] = "sharing.libraries.too_many_gone"
    kind: ClassVar[Kind] = Kind.CONFLICT


class TableTaken(LibraryError):
    """The table of a library is another's."""

    code: ClassVar[str] = "sharing.libraries.table_taken"
    kind: ClassVar[Kind] = Kind.CONFLICT
