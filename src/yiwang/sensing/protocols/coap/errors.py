"""What is wrong with what should be CoAP; reasons that stand in the ledger."""

from __future__ import annotations

from typing import ClassVar

from yiwang.sensing.errors import Refused


class NoMessage(Refused):
    code: ClassVar[str] = "sensing.coap_no_message"


class NotCbor(Refused):
    code: ClassVar[str] = "sensing.not_cbor"


class UnknownFormat(Refused):
    code: ClassVar[str] = "sensing.coap_format"


class NoSuchPath(Refused):
    code: ClassVar[str] = "sensing.coap_path"
