"""What can be wrong with a recording or its mapping."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NoRecording(YiwangError):
    code: ClassVar[str] = "replay.no_recording"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotARecording(YiwangError):
    code: ClassVar[str] = "replay.not_a_recording"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchColumn(YiwangError):
    code: ClassVar[str] = "replay.no_such_column"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchKind(YiwangError):
    code: ClassVar[str] = "replay.no_such_kind"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchProperty(YiwangError):
    code: ClassVar[str] = "replay.no_such_property"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchPack(YiwangError):
    code: ClassVar[str] = "replay.no_such_pack"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
