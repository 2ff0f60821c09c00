"""What files refuse. Somebody without a right to a file is told no more than that there is none."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NoSuchFile(YiwangError):
    """No version, or none that the caller may have."""

    code: ClassVar[str] = "sharing.files.no_such_file"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class Withdrawn(YiwangError):
    """The version was withdrawn, or newer ones took its place."""

    code: ClassVar[str] = "sharing.files.withdrawn"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotWhole(YiwangError):
    """A file holds more than the grant gives."""

    code: ClassVar[str] = "sharing.files.not_whole"
    kind: ClassVar[Kind] = Kind.DENIED


class NotAFile(YiwangError):
    """The resource is not shared as files."""

    code: ClassVar[str] = "sharing.files.not_a_file"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadFileName(YiwangError):
    code: ClassVar[str] = "sharing.files.bad_name"
    kind: ClassVar[Kind] = Kind.INVALID


class BadUpload(YiwangError):
    """A header or field of an upload is missing or wrong."""

    code: ClassVar[str] = "sharing.files.bad_upload"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchUpload(YiwangError):
    code: ClassVar[str] = "sharing.files.no_such_upload"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class FileTooLarge(YiwangError):
    code: ClassVar[str] = "sharing.files.too_large"
    kind: ClassVar[Kind] = Kind.TOO_LARGE


class TooManyUploads(YiwangError):
    code: ClassVar[str] = "sharing.files.too_many_uploads"
    kind: ClassVar[Kind] = Kind.TOO_MANY


class WrongOffset(YiwangError):
    """The piece does not begin where the upload stands."""

    code: ClassVar[str] = "sharing.files.wrong_offset"
    kind: ClassVar[Kind] = Kind.CONFLICT


class WrongChecksum(YiwangError):
    """What arrived is not what was sent."""

    code: ClassVar[str] = "sharing.files.wrong_checksum"
    kind: ClassVar[Kind] = Kind.CONFLICT
