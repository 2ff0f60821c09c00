"""What goes wrong when devices are polled."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.sensing.errors import Refused


class NoAnswerInTime(Refused):
    """The device cannot be reached, or says nothing."""

    code: ClassVar[str] = "sensing.modbus_no_answer"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class DeviceSaidNo(Refused):
    """An exception response (Modbus application protocol 1.1b3, 7)."""

    code: ClassVar[str] = "sensing.modbus_refused"


class BadPlace(Refused):
    """A device's properties do not say where it is, or somewhere that nobody allowed."""

    code: ClassVar[str] = "sensing.modbus_place"


class BadNetworks(YiwangError):
    """The setting ``modbus_networks`` names no private network."""

    code: ClassVar[str] = "sensing.modbus_networks"
    kind: ClassVar[Kind] = Kind.INVALID
