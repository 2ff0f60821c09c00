"""What files refuse. Somebody without a right to a file is told no more than that there is none."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import render


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


class BadFileKey(YiwangError):
    """A text that is no public key, or worse, a private one (text under
    ``sharing.files.bad_key.why``)."""

    code: ClassVar[str] = "sharing.files.bad_key"
    kind: ClassVar[Kind] = Kind.INVALID

    def what(self, lang: str = "en") -> str:
        why = render(f"{self.code}.why_{self.fields.get('why', 'form')}", lang, {})
        return render(f"{self.code}.what", lang, {**self.fields, "why": why})


class NoSuchKey(YiwangError):
    code: ClassVar[str] = "sharing.files.no_such_key"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoKey(YiwangError):
    """Something is to be encrypted, and the caller has no key."""

    code: ClassVar[str] = "sharing.files.no_key"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadOrder(YiwangError):
    code: ClassVar[str] = "sharing.files.bad_order"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchDelivery(YiwangError):
    code: ClassVar[str] = "sharing.files.no_such_delivery"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotReady(YiwangError):
    """The file is not made yet, could not be made, or was kept for long enough."""

    code: ClassVar[str] = "sharing.files.not_ready"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NotInASheet(YiwangError):
    """More rows, or longer texts, than Excel holds."""

    code: ClassVar[str] = "sharing.files.not_in_a_sheet"
    kind: ClassVar[Kind] = Kind.TOO_LARGE
