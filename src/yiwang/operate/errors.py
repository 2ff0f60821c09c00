"""What can go wrong with a backup or a restore."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NotABackup(YiwangError):
    code: ClassVar[str] = "operate.not_a_backup"
    kind: ClassVar[Kind] = Kind.INVALID


class BackupDamaged(YiwangError):
    code: ClassVar[str] = "operate.backup_damaged"
    kind: ClassVar[Kind] = Kind.INVALID


class BackupNewer(YiwangError):
    code: ClassVar[str] = "operate.backup_newer"
    kind: ClassVar[Kind] = Kind.CONFLICT


class HomeNotEmpty(YiwangError):
    code: ClassVar[str] = "operate.home_not_empty"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoHome(YiwangError):
    code: ClassVar[str] = "operate.no_home"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class ToolMissing(YiwangError):
    code: ClassVar[str] = "operate.tool_missing"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class PortTaken(YiwangError):
    code: ClassVar[str] = "operate.port_taken"
    kind: ClassVar[Kind] = Kind.CONFLICT
