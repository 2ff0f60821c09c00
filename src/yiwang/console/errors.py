"""What can go wrong with the screen."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NotBuilt(YiwangError):
    """The web application was not built into the package."""

    code: ClassVar[str] = "console.not_built"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE
