"""What security refuses."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class Denied(YiwangError):
    code: ClassVar[str] = "security.denied"
    kind: ClassVar[Kind] = Kind.DENIED


class SignInNeeded(YiwangError):
    code: ClassVar[str] = "security.sign_in_needed"
    kind: ClassVar[Kind] = Kind.UNAUTHENTICATED


class WrongPassword(YiwangError):
    code: ClassVar[str] = "security.wrong_password"
    kind: ClassVar[Kind] = Kind.UNAUTHENTICATED


class TooManyAttempts(YiwangError):
    code: ClassVar[str] = "security.too_many_attempts"
    kind: ClassVar[Kind] = Kind.TOO_MANY


class WeakPassword(YiwangError):
    code: ClassVar[str] = "security.weak_password"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownRole(YiwangError):
    code: ClassVar[str] = "security.unknown_role"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownUser(YiwangError):
    code: ClassVar[str] = "security.unknown_user"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NameTaken(YiwangError):
    code: ClassVar[str] = "security.name_taken"
    kind: ClassVar[Kind] = Kind.CONFLICT


class ForgedRequest(YiwangError):
    code: ClassVar[str] = "security.forged_request"
    kind: ClassVar[Kind] = Kind.DENIED


class Unanswered(YiwangError):
    code: ClassVar[str] = "security.unanswered"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE
