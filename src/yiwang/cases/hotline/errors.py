"""What can go wrong at the hotline desk."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class BadNumber(YiwangError):
    """What was given is no telephone number; the error does not repeat it."""

    code: ClassVar[str] = "cases.bad_number"
    kind: ClassVar[Kind] = Kind.INVALID


class BadContact(YiwangError):
    """A field of a contact or request has no such value."""

    code: ClassVar[str] = "cases.bad_contact"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchContact(YiwangError):
    code: ClassVar[str] = "cases.no_such_contact"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class ContactEnded(YiwangError):
    code: ClassVar[str] = "cases.contact_ended"
    kind: ClassVar[Kind] = Kind.CONFLICT


class CallerUnknown(YiwangError):
    """Nobody is known by the number of this contact: there is none to give a name to."""

    code: ClassVar[str] = "cases.caller_unknown"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchCall(YiwangError):
    """Nobody rang with this number of a call, or somebody else has taken it."""

    code: ClassVar[str] = "cases.no_such_call"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchArticle(YiwangError):
    code: ClassVar[str] = "cases.no_such_article"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadArticle(YiwangError):
    """Something of an article is missing or has no such value."""

    code: ClassVar[str] = "cases.bad_article"
    kind: ClassVar[Kind] = Kind.INVALID


class OtherArticle(YiwangError):
    """An article that belongs to another department."""

    code: ClassVar[str] = "cases.other_article"
    kind: ClassVar[Kind] = Kind.DENIED


class NotCalledBack(YiwangError):
    """Nobody who asked for this case waits for a call."""

    code: ClassVar[str] = "cases.not_called_back"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadImport(YiwangError):
    """A file of articles that cannot be read as CSV with the columns wanted."""

    code: ClassVar[str] = "cases.bad_article_file"
    kind: ClassVar[Kind] = Kind.INVALID
