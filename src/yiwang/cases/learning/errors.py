"""What learning refuses."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class TooLittle(YiwangError):
    code: ClassVar[str] = "cases.too_little_to_learn"
    kind: ClassVar[Kind] = Kind.CONFLICT
