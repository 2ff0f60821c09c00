"""What notices refuse."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class BadOutward(YiwangError):
    """``outward`` or ``outward_channels`` says something else than off, rehearse or live."""

    code: ClassVar[str] = "notices.bad_outward"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownTemplate(YiwangError):
    code: ClassVar[str] = "notices.unknown_template"
    kind: ClassVar[Kind] = Kind.INVALID


class UnknownTemplateField(YiwangError):
    code: ClassVar[str] = "notices.unknown_template_field"
    kind: ClassVar[Kind] = Kind.INVALID


class BadAddress(YiwangError):
    """An e-mail address or phone number that cannot be one."""

    code: ClassVar[str] = "notices.bad_address"
    kind: ClassVar[Kind] = Kind.INVALID


class BadQuietTime(YiwangError):
    code: ClassVar[str] = "notices.bad_quiet_time"
    kind: ClassVar[Kind] = Kind.INVALID


class BadChoice(YiwangError):
    """A word that is none of those that may stand here."""

    code: ClassVar[str] = "notices.bad_choice"
    kind: ClassVar[Kind] = Kind.INVALID


class BadUrl(YiwangError):
    code: ClassVar[str] = "notices.bad_url"
    kind: ClassVar[Kind] = Kind.INVALID


class PrivateAddress(YiwangError):
    """A webhook that leads into a network that is not public."""

    code: ClassVar[str] = "notices.private_address"
    kind: ClassVar[Kind] = Kind.DENIED


class BadNetworks(YiwangError):
    code: ClassVar[str] = "notices.bad_networks"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchWebhook(YiwangError):
    code: ClassVar[str] = "notices.no_such_webhook"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchNotice(YiwangError):
    code: ClassVar[str] = "notices.no_such_notice"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotRepeatable(YiwangError):
    """Only what has failed, or what only rehearsed, can be sent once more."""

    code: ClassVar[str] = "notices.not_repeatable"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadGateway(YiwangError):
    """The settings of the SMS gateway or of the mail server cannot work."""

    code: ClassVar[str] = "notices.bad_gateway"
    kind: ClassVar[Kind] = Kind.INVALID


class BadLink(YiwangError):
    """A link that this home did not write."""

    code: ClassVar[str] = "notices.bad_link"
    kind: ClassVar[Kind] = Kind.DENIED


class BadCode(YiwangError):
    """A wrong or old code for an address."""

    code: ClassVar[str] = "notices.bad_code"
    kind: ClassVar[Kind] = Kind.INVALID


class TooManyCodes(YiwangError):
    """Codes were asked for, or wrong ones typed in, more often than anybody needs."""

    code: ClassVar[str] = "notices.too_many_codes"
    kind: ClassVar[Kind] = Kind.TOO_MANY


class BadReceipt(YiwangError):
    """A receipt without the key of the gateway, or that says nothing."""

    code: ClassVar[str] = "notices.bad_receipt"
    kind: ClassVar[Kind] = Kind.DENIED
