"""What sensing refuses. The first group are reasons of rejected observations: their codes
stand in the ledger."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.documents import DocumentError
from yiwang.kernel.errors import Kind, YiwangError


class Refused(YiwangError):
    """Base of the reasons for which an observation is not stored."""

    code: ClassVar[str] = "sensing.refused"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownDatastream(Refused):
    code: ClassVar[str] = "sensing.unknown_datastream"


class UnknownDevice(Refused):
    code: ClassVar[str] = "sensing.unknown_device"


class UnknownTopic(Refused):
    code: ClassVar[str] = "sensing.unknown_topic"


class Undecodable(Refused):
    code: ClassVar[str] = "sensing.undecodable"


class NotANumber(Refused):
    code: ClassVar[str] = "sensing.not_a_number"


class OutOfRange(Refused):
    code: ClassVar[str] = "sensing.out_of_range"


class InFuture(Refused):
    code: ClassVar[str] = "sensing.in_future"


class TooOld(Refused):
    code: ClassVar[str] = "sensing.too_old"


class WrongValues(Refused):
    """A result of a multi-datastream is not an array of the values declared."""

    code: ClassVar[str] = "sensing.wrong_values"


class NotAllowedToWrite(Refused):
    code: ClassVar[str] = "sensing.not_allowed_to_write"
    kind: ClassVar[Kind] = Kind.DENIED


REASONS: dict[str, type[Refused]] = {
    refused.code: refused
    for refused in (
        UnknownDatastream,
        UnknownDevice,
        UnknownTopic,
        Undecodable,
        NotANumber,
        OutOfRange,
        InFuture,
        TooOld,
        WrongValues,
        NotAllowedToWrite,
    )
}


class LogDamaged(YiwangError):
    code: ClassVar[str] = "sensing.log_damaged"
    kind: ClassVar[Kind] = Kind.FAILED


class PositionGone(YiwangError):
    code: ClassVar[str] = "sensing.position_gone"
    kind: ClassVar[Kind] = Kind.FAILED


class UnknownKind(YiwangError):
    code: ClassVar[str] = "sensing.unknown_kind"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class CodeTaken(YiwangError):
    code: ClassVar[str] = "sensing.code_taken"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchThing(YiwangError):
    code: ClassVar[str] = "sensing.no_such_thing"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchObservation(YiwangError):
    code: ClassVar[str] = "sensing.no_such_observation"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadPosition(YiwangError):
    code: ClassVar[str] = "sensing.bad_position"
    kind: ClassVar[Kind] = Kind.INVALID


class BadDuration(DocumentError):
    code: ClassVar[str] = "sensing.bad_duration"


class BadUnit(DocumentError):
    code: ClassVar[str] = "sensing.bad_unit"


class BadDeviceKind(DocumentError):
    code: ClassVar[str] = "sensing.bad_device_kind"


class BadRetention(DocumentError):
    """What a pack or the city says of keeping observations cannot be done."""

    code: ClassVar[str] = "sensing.bad_retention"
