"""What the Open311 interface refuses."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NoSuchJurisdiction(YiwangError):
    code: ClassVar[str] = "cases.no_such_jurisdiction"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class KeyInvalid(YiwangError):
    code: ClassVar[str] = "cases.key_invalid"
    kind: ClassVar[Kind] = Kind.DENIED


class NoSuchFormat(YiwangError):
    code: ClassVar[str] = "cases.no_such_format"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchToken(YiwangError):
    code: ClassVar[str] = "cases.no_such_token"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class ArgumentMissing(YiwangError):
    code: ClassVar[str] = "cases.argument_missing"
    kind: ClassVar[Kind] = Kind.INVALID


class BadArgument(YiwangError):
    code: ClassVar[str] = "cases.bad_argument"
    kind: ClassVar[Kind] = Kind.INVALID
