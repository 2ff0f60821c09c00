"""What is wrong with frames of HJ 212; reasons that stand in the ledger."""

from __future__ import annotations

from typing import ClassVar

from yiwang.sensing.errors import Refused


class NoFrame(Refused):
    """Bytes between frames, or a frame whose length leads nowhere (2017: 6.3.1)."""

    code: ClassVar[str] = "sensing.hj212_no_frame"


class BadSegment(Refused):
    """The data segment has not the fields that it needs (2017: 6.3.2)."""

    code: ClassVar[str] = "sensing.hj212_segment"


class NoKey(Refused):
    """The data are encrypted and the device's key is not known (2025: 6.4.2)."""

    code: ClassVar[str] = "sensing.hj212_no_key"


class UnknownCommand(Refused):
    code: ClassVar[str] = "sensing.hj212_command"


class BadParts(Refused):
    """Packets that do not make up one message (2017: appendix C)."""

    code: ClassVar[str] = "sensing.hj212_parts"
