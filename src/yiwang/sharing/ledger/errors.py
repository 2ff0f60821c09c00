"""What the lists behind the catalogue refuse."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NoSuchSystem(YiwangError):
    code: ClassVar[str] = "sharing.ledger.no_such_system"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadSystem(YiwangError):
    code: ClassVar[str] = "sharing.ledger.bad_system"
    kind: ClassVar[Kind] = Kind.INVALID


class SystemChanged(YiwangError):
    """Somebody else changed it since it was read."""

    code: ClassVar[str] = "sharing.ledger.system_changed"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchDuty(YiwangError):
    code: ClassVar[str] = "sharing.ledger.no_such_duty"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadLine(YiwangError):
    """A line of the responsibility or the demand list lacks something."""

    code: ClassVar[str] = "sharing.ledger.bad_line"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchDemand(YiwangError):
    code: ClassVar[str] = "sharing.ledger.no_such_demand"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
