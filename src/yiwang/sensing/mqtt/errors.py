"""What the MQTT entrances refuse."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class PortTaken(YiwangError):
    code: ClassVar[str] = "sensing.mqtt_port_taken"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BrokerUnreachable(YiwangError):
    code: ClassVar[str] = "sensing.mqtt_broker_unreachable"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class BrokerRefused(YiwangError):
    code: ClassVar[str] = "sensing.mqtt_broker_refused"
    kind: ClassVar[Kind] = Kind.DENIED
