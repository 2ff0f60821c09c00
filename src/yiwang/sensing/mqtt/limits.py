"""What one client may ask of the listener, and the MQTT 5 reason codes it answers with."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.kernel.settings import Settings
from yiwang.sensing.mqtt.packets import Properties

CANNOT_STORE = 0x83
BAD_CREDENTIALS = 0x86
NOT_AUTHORIZED = 0x87
SERVER_BUSY = 0x89
SHUTTING_DOWN = 0x8B
BAD_METHOD = 0x8C
KEEP_ALIVE_TIMEOUT = 0x8D
TAKEN_OVER = 0x8E
TOPIC_INVALID = 0x90
UNKNOWN_ID = 0x92
ALIAS_INVALID = 0x94
QUOTA_EXCEEDED = 0x97
PAYLOAD_INVALID = 0x99
FILTER_INVALID = 0x8F
NO_SHARED_SUBSCRIPTIONS = 0x9E

PUBLISH_CODES = {
    "": 0,
    "sensing.not_allowed_to_write": NOT_AUTHORIZED,
    "sensing.unknown_topic": TOPIC_INVALID,
    "sensing.unknown_device": TOPIC_INVALID,
    "sensing.unknown_datastream": TOPIC_INVALID,
}
"""Reason of a rejected message → code of its PUBACK; any other is PAYLOAD_INVALID."""

CONNACK_311 = {0x84: 1, SERVER_BUSY: 3, BAD_CREDENTIALS: 4, NOT_AUTHORIZED: 5, BAD_METHOD: 5}
"""MQTT 5 reason code → return code of a 3.1.1 CONNACK."""


@dataclass(frozen=True)
class Limits:
    packet_bytes: int = 256 * 1024
    connect_s: float = 10.0
    """Time a connection has until it is signed in."""
    packet_s: float = 120.0
    """Time from the first byte of a packet to its last, after which it is looked at; who is
    slower is cut off within twice that."""
    packets_per_s: float = 20_000.0
    """Packets of one client (a filter of a SUBSCRIBE counts as one) beyond which its reading is
    paused for a while."""
    window: int = 2000
    """Messages of one client not yet durable at which its reading is paused."""
    all_waiting: int = 100_000
    """Messages of all clients not yet durable at which everyone's reading is paused."""
    keep_alive_s: int = 3600
    """Keep-alive of clients that ask for none."""
    session_s: int = 24 * 3600
    """The longest time a session is kept after its connection ended."""
    unread_s: float = 60.0
    """How long a client may leave our answers unread."""
    unsent_bytes: int = 4 * 1024 * 1024
    """Bytes for one client in one turn of the loop, beyond which a message to it waits (QoS 1)
    or is passed over (QoS 0)."""
    connections: int = 300_000
    per_address: int = 20_000
    """Connections from one address: gateways, carriers and load balancers share theirs."""

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            packet_bytes=settings.mqtt_packet_bytes,
            connect_s=float(settings.mqtt_connect_s),
            packet_s=float(settings.mqtt_packet_s),
            packets_per_s=float(settings.mqtt_packets_per_s),
            window=settings.mqtt_window,
            keep_alive_s=settings.mqtt_keep_alive_s,
            session_s=settings.mqtt_session_s,
            unread_s=float(settings.mqtt_unread_s),
            connections=settings.mqtt_connections,
            per_address=settings.mqtt_connections_per_address,
        )

    def told(self) -> Properties:
        """What a CONNACK of MQTT 5 says of them."""
        return {
            "receive_maximum": min(self.window, 65535),
            "maximum_packet": self.packet_bytes,
            "subscription_id_available": 0,
            "shared_available": 0,
        }
