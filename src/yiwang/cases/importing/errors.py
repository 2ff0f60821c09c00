"""What can be wrong with a file of cases."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NoFile(YiwangError):
    code: ClassVar[str] = "cases.import_no_file"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotATable(YiwangError):
    code: ClassVar[str] = "cases.import_not_a_table"
    kind: ClassVar[Kind] = Kind.INVALID


class NoColumn(YiwangError):
    code: ClassVar[str] = "cases.import_no_column"
    kind: ClassVar[Kind] = Kind.INVALID
