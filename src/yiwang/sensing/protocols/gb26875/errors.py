"""What is wrong with bytes that should be GB/T 26875.3; reasons that stand in the ledger."""

from __future__ import annotations

from typing import ClassVar

from yiwang.sensing.errors import Refused


class NoFrame(Refused):
    """Bytes between frames, or a start without an end (6.6)."""

    code: ClassVar[str] = "sensing.gb26875_no_frame"


class WrongChecksum(Refused):
    code: ClassVar[str] = "sensing.gb26875_checksum"


class TooLong(Refused):
    code: ClassVar[str] = "sensing.gb26875_too_long"


class UnknownCommand(Refused):
    code: ClassVar[str] = "sensing.gb26875_command"


class UnknownType(Refused):
    code: ClassVar[str] = "sensing.gb26875_type"


class WrongSize(Refused):
    code: ClassVar[str] = "sensing.gb26875_size"


class ImpossibleTime(Refused):
    code: ClassVar[str] = "sensing.gb26875_time"
