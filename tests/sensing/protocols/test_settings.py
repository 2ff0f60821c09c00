"""The limits that settings give to the listeners of field protocols and of MQTT."""

from __future__ import annotations

from pathlib import Path

from tests.sensing.protocols.running import until
from tests.sensing.protocols.test_framework import SECRET, home, line
from yiwang.kernel.settings import Settings
from yiwang.sensing.mqtt.limits import Limits as MqttLimits
from yiwang.sensing.protocols.coap.adapter import LIMITS as COAP
from yiwang.sensing.protocols.limits import Limits
from yiwang.store.database import Database


def test_settings_limit_listeners_of_field_protocols(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite, field_connections_per_address=1) as there:
        device = there.register("A-1", SECRET)
        with there.client("lines") as one:
            one.send(line())
            assert one.line() == b"ok 2"
            with there.client("lines") as other:
                other.send(line(values="L=2"))
                assert other.take(1) == b""
            until(lambda: there.connections("lines") == 1)
        assert len(there.results(device, "depth_cm")) == 1


def test_what_a_setting_does_not_say_is_as_the_protocol_has_it() -> None:
    assert COAP.within(Settings()) == COAP
    said = Settings(
        field_connections=7,
        field_connections_per_address=6,
        field_frames_per_s=5,
        field_first_frame_s=4,
        field_frame_s=3,
        field_idle_s=2,
        field_unread_s=1,
    )
    limited = COAP.within(said)
    assert limited == Limits(
        connections=7,
        per_address=6,
        frame_bytes=COAP.frame_bytes,
        frames_per_s=5,
        first_frame_s=4,
        frame_s=3,
        idle_s=2,
        unread_s=1,
        window=COAP.window,
    )


def test_settings_limit_the_mqtt_listener() -> None:
    assert MqttLimits.of(Settings()) == MqttLimits()
    said = Settings(
        mqtt_connections=9,
        mqtt_connections_per_address=8,
        mqtt_packet_bytes=2048,
        mqtt_packets_per_s=7,
        mqtt_window=6,
        mqtt_connect_s=5,
        mqtt_packet_s=4,
        mqtt_unread_s=3,
        mqtt_keep_alive_s=2,
        mqtt_session_s=1,
    )
    assert MqttLimits.of(said) == MqttLimits(
        packet_bytes=2048,
        connect_s=5,
        packet_s=4,
        packets_per_s=7,
        window=6,
        keep_alive_s=2,
        session_s=1,
        unread_s=3,
        connections=9,
        per_address=8,
    )
