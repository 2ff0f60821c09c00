"""What the MQTT entrances refuse. The ``Refused`` are reasons that stand in the ledger."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.sensing.errors import Refused


class PortTaken(YiwangError):
    code: ClassVar[str] = "sensing.mqtt_port_taken"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BrokerUnreachable(YiwangError):
    code: ClassVar[str] = "sensing.mqtt_broker_unreachable"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class BrokerRefused(YiwangError):
    code: ClassVar[str] = "sensing.mqtt_broker_refused"
    kind: ClassVar[Kind] = Kind.DENIED


class NotJson(Refused):
    code: ClassVar[str] = "sensing.not_json"


class NotText(Refused):
    code: ClassVar[str] = "sensing.not_text"


class NotOneLine(Refused):
    code: ClassVar[str] = "sensing.not_one_line"


class WrongShape(Refused):
    code: ClassVar[str] = "sensing.wrong_shape"


class BadTime(Refused):
    code: ClassVar[str] = "sensing.bad_time"


class NoZone(Refused):
    code: ClassVar[str] = "sensing.no_zone"


class NothingObserved(Refused):
    code: ClassVar[str] = "sensing.nothing_observed"
