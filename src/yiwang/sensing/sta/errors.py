"""What the SensorThings interface refuses, each with the place in the request."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import Wording, Words

words = Wording("sensing.sta_words")


def position(option: str, at: int) -> Words:
    """The place in an option's value, from 1."""
    return words("position", option=option, at=at)


class StaError(YiwangError):
    code: ClassVar[str] = "sensing.sta"
    kind: ClassVar[Kind] = Kind.INVALID


class BadSyntax(StaError):
    """``where`` names option and position, ``expected`` what could have stood there."""

    code: ClassVar[str] = "sensing.sta_syntax"


class UnknownOption(StaError):
    code: ClassVar[str] = "sensing.sta_unknown_option"


class UnknownFunction(StaError):
    code: ClassVar[str] = "sensing.sta_unknown_function"


class UnknownProperty(StaError):
    code: ClassVar[str] = "sensing.sta_unknown_property"


class WrongOperand(StaError):
    """An operator or function was given something it cannot work on."""

    code: ClassVar[str] = "sensing.sta_wrong_operand"


class NotSupported(StaError):
    code: ClassVar[str] = "sensing.sta_not_supported"


class WrongMedia(StaError):
    """A body of a media type that is not taken at its address; answered with 415."""

    code: ClassVar[str] = "sensing.sta_wrong_media"


class NoSuchResource(StaError):
    code: ClassVar[str] = "sensing.sta_no_such_resource"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchEntity(StaError):
    code: ClassVar[str] = "sensing.sta_no_such_entity"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class MissingProperty(StaError):
    code: ClassVar[str] = "sensing.sta_missing_property"


class BadValue(StaError):
    code: ClassVar[str] = "sensing.sta_bad_value"


class BadReference(StaError):
    """An entity is linked to another that does not exist."""

    code: ClassVar[str] = "sensing.sta_bad_reference"


class TooMuch(StaError):
    """An answer would have to hold more than ``most`` of something."""

    code: ClassVar[str] = "sensing.sta_too_much"
