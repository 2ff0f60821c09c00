"""What storms and silences refuse."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NoSuchStorm(YiwangError):
    code: ClassVar[str] = "cases.no_such_storm"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class StormOver(YiwangError):
    """A storm that was dissolved."""

    code: ClassVar[str] = "cases.storm_over"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NotInStorm(YiwangError):
    code: ClassVar[str] = "cases.not_in_storm"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchSilence(YiwangError):
    code: ClassVar[str] = "cases.no_such_silence"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class SilenceOver(YiwangError):
    code: ClassVar[str] = "cases.silence_over"
    kind: ClassVar[Kind] = Kind.CONFLICT


class SilenceTimes(YiwangError):
    """From when until when does not make a silence."""

    code: ClassVar[str] = "cases.silence_times"
    kind: ClassVar[Kind] = Kind.INVALID


class SilenceOfAll(YiwangError):
    """Nothing is named that would narrow it."""

    code: ClassVar[str] = "cases.silence_of_all"
    kind: ClassVar[Kind] = Kind.INVALID


class ReasonMissing(YiwangError):
    code: ClassVar[str] = "cases.reason_missing"
    kind: ClassVar[Kind] = Kind.INVALID
