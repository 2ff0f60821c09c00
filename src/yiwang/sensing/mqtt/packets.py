"""MQTT control packets as values, alike for 3.1.1 and 5.0, and the one error of the codec."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from yiwang.kernel.errors import Kind, YiwangError

V311 = 4
V5 = 5

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(8, 16)

MALFORMED_PACKET = 0x81
PROTOCOL_ERROR = 0x82
UNSUPPORTED_VERSION = 0x84
TOPIC_FILTER_INVALID = 0x8F
TOPIC_NAME_INVALID = 0x90
PACKET_TOO_LARGE = 0x95

Properties = dict[str, Any]


class Malformed(YiwangError):
    """The bytes are not MQTT, or more than is allowed. ``reason`` is the MQTT 5 reason code."""

    code: ClassVar[str] = "sensing.malformed_packet"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, problem: str, reason: int = MALFORMED_PACKET) -> None:
        super().__init__("mqtt", problem=problem)
        self.reason = reason


class Packet(msgspec.Struct, gc=False):
    """Base of every packet."""


class Will(Packet):
    topic: str
    payload: bytes
    qos: int
    retain: bool
    properties: Properties = {}


class Connect(Packet):
    version: int
    client_id: str
    clean: bool
    keep_alive: int
    name: str | None = None
    password: bytes | None = None
    will: Will | None = None
    properties: Properties = {}


class ConnAck(Packet):
    session_present: bool
    code: int
    properties: Properties = {}


class Publish(Packet):
    topic: str
    payload: bytes
    qos: int = 0
    id: int = 0
    retain: bool = False
    dup: bool = False
    properties: Properties = {}


class Ack(Packet):
    """PUBACK, PUBREC, PUBREL or PUBCOMP, as ``type`` says."""

    type: int
    id: int
    code: int = 0
    properties: Properties = {}


class Subscribe(Packet):
    """``filters`` are pairs of topic filter and options byte (its lowest two bits: the QoS)."""

    id: int
    filters: list[tuple[str, int]]
    properties: Properties = {}


class Unsubscribe(Packet):
    id: int
    filters: list[str]
    properties: Properties = {}


class SubAck(Packet):
    """SUBACK or UNSUBACK, as ``type`` says."""

    type: int
    id: int
    codes: bytes
    properties: Properties = {}


class Ping(Packet):
    """PINGREQ or PINGRESP, as ``type`` says."""

    type: int


class Disconnect(Packet):
    code: int = 0
    properties: Properties = {}


class Auth(Packet):
    code: int = 0
    properties: Properties = {}
