"""What can go wrong when cases are moved to another version of their class."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class NoSuchVersion(YiwangError):
    code: ClassVar[str] = "cases.no_such_version"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotOneClass(YiwangError):
    """Two versions that are not of one class."""

    code: ClassVar[str] = "cases.not_one_class"
    kind: ClassVar[Kind] = Kind.INVALID


class BadPlace(YiwangError):
    """A state was chosen that is no open state of the new version."""

    code: ClassVar[str] = "cases.bad_place"
    kind: ClassVar[Kind] = Kind.INVALID


class NotPreviewed(YiwangError):
    """What is asked is not what the preview with this digest showed."""

    code: ClassVar[str] = "cases.not_previewed"
    kind: ClassVar[Kind] = Kind.CONFLICT


class ReasonMissing(YiwangError):
    code: ClassVar[str] = "cases.move_reason_missing"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchMove(YiwangError):
    code: ClassVar[str] = "cases.no_such_move"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoVersionToFollow(YiwangError):
    """No version of a class is the one that new cases follow."""

    code: ClassVar[str] = "cases.no_version_to_follow"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
