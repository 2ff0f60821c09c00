"""What the gateway refuses. None of it tells more than the catalogue does."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NoGrant(YiwangError):
    """The caller's organisation has no grant in force for this use."""

    code: ClassVar[str] = "sharing.gateway.no_grant"
    kind: ClassVar[Kind] = Kind.DENIED


class NoSuchField(YiwangError):
    """A column that the grant does not give, whether it is there or not."""

    code: ClassVar[str] = "sharing.gateway.no_such_field"
    kind: ClassVar[Kind] = Kind.DENIED


class NotFiltered(YiwangError):
    """Values that are given masked cannot be searched or sorted by: that would tell them."""

    code: ClassVar[str] = "sharing.gateway.not_filtered"
    kind: ClassVar[Kind] = Kind.DENIED


class BadQuery(YiwangError):
    code: ClassVar[str] = "sharing.gateway.bad_query"
    kind: ClassVar[Kind] = Kind.INVALID


class BadCursor(YiwangError):
    """A cursor that this gateway did not make for this grant and this question."""

    code: ClassVar[str] = "sharing.gateway.bad_cursor"
    kind: ClassVar[Kind] = Kind.INVALID


class TooManyCalls(YiwangError):
    """The grant's rate is used up for this minute or day."""

    code: ClassVar[str] = "sharing.gateway.too_many_calls"
    kind: ClassVar[Kind] = Kind.TOO_MANY


class TooManyMisses(YiwangError):
    """So many wrong claims look like guessing."""

    code: ClassVar[str] = "sharing.gateway.too_many_misses"
    kind: ClassVar[Kind] = Kind.TOO_MANY


class NoData(YiwangError):
    """The resource is catalogued, but its data cannot be asked here."""

    code: ClassVar[str] = "sharing.gateway.no_data"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE
