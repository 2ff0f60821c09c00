"""What is wrong with bytes that should be GB/T 26875.3; reasons that stand in the ledger."""

from __future__ import annotations

from typing import ClassVar

from yiwang.sensing.errors import Refused


class UnknownCommandByte(Refused):
    code: ClassVar[str] = "sensing.gb26875_command"


class UnknownType(Refused):
    code: ClassVar[str] = "sensing.gb26875_type"


class WrongSize(Refused):
    code: ClassVar[str] = "sensing.gb26875_size"
