"""What can go wrong with the protection of data."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class BadExtract(YiwangError):
    """A file that is no table."""

    code: ClassVar[str] = "security.bad_extract"
    kind: ClassVar[Kind] = Kind.INVALID


class NotTraceable(YiwangError):
    """Nothing was given out under this name, or the copy has lost the columns that are needed."""

    code: ClassVar[str] = "security.not_traceable"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadMark(YiwangError):
    """A column that cannot carry marks as it was asked for."""

    code: ClassVar[str] = "security.bad_mark"
    kind: ClassVar[Kind] = Kind.INVALID


class NoFieldKey(YiwangError):
    """A stored value was sealed with a key that is not in the home."""

    code: ClassVar[str] = "security.no_field_key"
    kind: ClassVar[Kind] = Kind.FAILED


class SealBroken(YiwangError):
    """A stored value is not what was sealed, or stands where it was not sealed for."""

    code: ClassVar[str] = "security.seal_broken"
    kind: ClassVar[Kind] = Kind.FAILED
