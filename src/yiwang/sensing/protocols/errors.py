"""What field protocols refuse. The ``Refused`` are reasons that stand in the ledger."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.documents import DocumentError
from yiwang.kernel.errors import Kind, YiwangError
from yiwang.sensing.errors import Refused


class BadFrame(Refused):
    """Bytes that are no frame of the protocol."""

    code: ClassVar[str] = "sensing.bad_frame"


class BadChecksum(Refused):
    code: ClassVar[str] = "sensing.bad_checksum"


class FrameTooLong(Refused):
    code: ClassVar[str] = "sensing.frame_too_long"


class UnfinishedFrame(Refused):
    code: ClassVar[str] = "sensing.unfinished_frame"


class UnknownAddress(Refused):
    """No registered device of a kind that speaks the protocol has this address."""

    code: ClassVar[str] = "sensing.unknown_address"


class WrongSecret(Refused):
    code: ClassVar[str] = "sensing.wrong_secret"
    kind: ClassVar[Kind] = Kind.DENIED


class TakenByAnother(Refused):
    """Other hardware registered as this device before."""

    code: ClassVar[str] = "sensing.taken_by_another"
    kind: ClassVar[Kind] = Kind.CONFLICT


class WrongPlate(Refused):
    code: ClassVar[str] = "sensing.wrong_plate"
    kind: ClassVar[Kind] = Kind.CONFLICT


class CredentialRevoked(Refused):
    code: ClassVar[str] = "sensing.credential_revoked"
    kind: ClassVar[Kind] = Kind.DENIED


class NotServed(Refused):
    """A correct frame that carries nothing to store: a picture, something of a maker's own."""

    code: ClassVar[str] = "sensing.not_served"


class NothingMapped(Refused):
    """A frame with values, none of which the device's kind maps to a property."""

    code: ClassVar[str] = "sensing.nothing_mapped"


class MarkedInvalid(Refused):
    """The device itself flags the value as one that must not be used."""

    code: ClassVar[str] = "sensing.marked_invalid"


class NotStored(YiwangError):
    """What was sent is not durable: it must be sent again."""

    code: ClassVar[str] = "sensing.not_stored"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class AdapterFailed(Refused):
    code: ClassVar[str] = "sensing.adapter_failed"
    kind: ClassVar[Kind] = Kind.FAILED


class BadMapping(DocumentError):
    code: ClassVar[str] = "sensing.bad_mapping"


class ProtocolPortTaken(YiwangError):
    code: ClassVar[str] = "sensing.protocol_port_taken"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadAdapterPorts(YiwangError):
    code: ClassVar[str] = "sensing.bad_adapter_ports"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownCommand(YiwangError):
    code: ClassVar[str] = "sensing.unknown_command"
    kind: ClassVar[Kind] = Kind.INVALID


class BadCommand(YiwangError):
    """An argument of a command is missing or cannot be used."""

    code: ClassVar[str] = "sensing.bad_command"
    kind: ClassVar[Kind] = Kind.INVALID


class DeviceAway(YiwangError):
    code: ClassVar[str] = "sensing.device_away"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class DeviceRefused(YiwangError):
    """The device answered that it will not, or cannot, do what was asked."""

    code: ClassVar[str] = "sensing.device_refused"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoAnswer(YiwangError):
    code: ClassVar[str] = "sensing.no_answer"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class CommandsOff(YiwangError):
    code: ClassVar[str] = "sensing.commands_off"
    kind: ClassVar[Kind] = Kind.DENIED
