"""What can stop the demo."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NotADemo(YiwangError):
    code: ClassVar[str] = "demo.not_a_demo"
    kind: ClassVar[Kind] = Kind.CONFLICT


class OtherDemo(YiwangError):
    code: ClassVar[str] = "demo.other_demo"
    kind: ClassVar[Kind] = Kind.CONFLICT


class PlatformStopped(YiwangError):
    code: ClassVar[str] = "demo.platform_stopped"
    kind: ClassVar[Kind] = Kind.FAILED
