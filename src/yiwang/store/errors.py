"""What can go wrong with a home folder and its database."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class HomeNewer(YiwangError):
    code: ClassVar[str] = "store.home_newer"
    kind: ClassVar[Kind] = Kind.CONFLICT


class HomeInUse(YiwangError):
    code: ClassVar[str] = "store.home_in_use"
    kind: ClassVar[Kind] = Kind.CONFLICT


class HomeUnwritable(YiwangError):
    code: ClassVar[str] = "store.home_unwritable"
    kind: ClassVar[Kind] = Kind.FAILED


class DiskFull(YiwangError):
    code: ClassVar[str] = "store.disk_full"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class DatabaseUnreachable(YiwangError):
    code: ClassVar[str] = "store.database_unreachable"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE
