"""The listener packet by packet."""

import time

import pytest

from tests.sensing.mqtt.running import SECRET, Running, Wire
from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.limits import Limits
from yiwang.sensing.mqtt.packets import V5, V311


def connect(port, client_id="one", version=V311, clean=True, keep_alive=60, name="dev", **more):
    wire = Wire(port, version)
    password = more.pop("password", SECRET.encode())
    wire.send(p.Connect(version, client_id, clean, keep_alive, name, password, **more))
    answer = wire.receive()
    return wire, answer


@pytest.fixture
def server():
    with Running() as running:
        yield running


@pytest.mark.parametrize("version", [V311, V5])
def test_wrong_password_and_anonymous_are_refused(server, version):
    _, answer = connect(server.port, version=version, password=b"wrong")
    assert answer.code == (0x86 if version == V5 else 4)
    _, answer = connect(server.port, version=version, name=None, password=None)
    assert answer.code == (0x87 if version == V5 else 5)


def test_acknowledged_only_when_durable_and_in_order(server):
    server.call(server.store.hold)
    wire, _ = connect(server.port)
    wire.send(*[p.Publish("a/b", b"%d" % number, 1, number) for number in range(1, 50)])
    wire.send(p.Publish("a/b", b"50", 2, 50))
    assert wire.silent(0.2)
    server.call(server.store.release)
    acks = [wire.receive() for _ in range(50)]
    assert [ack.id for ack in acks] == list(range(1, 51))
    assert {ack.type for ack in acks[:49]} == {p.PUBACK}
    assert acks[49].type == p.PUBREC


def test_what_cannot_be_stored_is_not_acknowledged(server):
    wire, _ = connect(server.port, version=V5)
    server.store.error = OSError("disk")
    wire.send(p.Publish("a/b", b"1", 1, 1))
    answer = wire.receive()
    assert isinstance(answer, p.Disconnect)
    assert answer.code == 0x83
    assert wire.receive() is None


def test_qos_2_is_stored_once(server):
    wire, _ = connect(server.port, clean=False)
    message = p.Publish("a/b", b"once", 2, 7)
    wire.send(message)
    assert wire.receive() == p.Ack(p.PUBREC, 7)
    wire.close()
    wire, answer = connect(server.port, clean=False)
    assert answer.session_present
    message.dup = True
    wire.send(message, p.Ack(p.PUBREL, 7))
    assert wire.receive() == p.Ack(p.PUBREC, 7)
    assert wire.receive() == p.Ack(p.PUBCOMP, 7)
    assert server.store.payloads == [b"once"]
    wire.send(p.Publish("a/b", b"another", 2, 7))
    assert wire.receive() == p.Ack(p.PUBREC, 7)
    assert server.store.payloads == [b"once", b"another"]


def test_a_repeated_qos_2_message_waits_for_durability(server):
    server.call(server.store.hold)
    wire, _ = connect(server.port, clean=False)
    wire.send(p.Publish("a/b", b"once", 2, 7))
    time.sleep(0.1)
    wire.close()
    wire, _ = connect(server.port, clean=False)
    wire.send(p.Publish("a/b", b"once", 2, 7, dup=True))
    assert wire.silent(0.2)
    server.call(server.store.release)
    assert wire.receive() == p.Ack(p.PUBREC, 7)
    assert server.store.payloads == [b"once"]


def test_rejected_messages_are_acknowledged_with_a_reason(server):
    wire, answer = connect(server.port, version=V5)
    assert answer.properties["receive_maximum"] == 2000
    wire.send(p.Publish("bad/topic", b"x", 1, 1), p.Publish("good", b"y", 1, 2))
    assert wire.receive() == p.Ack(p.PUBACK, 1, 0x90)
    assert wire.receive() == p.Ack(p.PUBACK, 2)
    assert server.store.rejected == [("sensing.unknown_topic", b"x", "bad/topic")]


def test_a_publisher_that_leaves_at_once_loses_nothing(server):
    server.call(server.store.hold)
    wire, _ = connect(server.port)
    wire.send(*[p.Publish("a", b"%d" % number) for number in range(20_000)], p.Disconnect())
    wire.close()
    time.sleep(0.3)
    server.call(server.store.release)
    deadline = time.monotonic() + 10
    while len(server.store.payloads) < 20_000 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.store.payloads == [b"%d" % number for number in range(20_000)]


def test_a_flood_is_held_back_not_dropped():
    with Running(Limits(window=100)) as server:
        server.call(server.store.hold)
        wire, _ = connect(server.port)
        wire.socket.settimeout(0.5)
        message = p.Publish("a", b"x" * 2000)
        sent = 0
        with pytest.raises(TimeoutError):
            while True:
                wire.send(message)
                sent += 1
        assert server.call(lambda: server.listener.inlet.waiting) < sent
        held = sum(len(connection._out) for connection in server.listener.connections)
        assert held == 0
        server.call(server.store.release)
        deadline = time.monotonic() + 10
        while len(server.store.payloads) < sent and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(server.store.payloads) >= sent


def test_malformed_bytes_end_the_connection_and_are_recorded(server):
    wire, _ = connect(server.port, version=V5)
    wire.socket.sendall(b"\x30\x05\x00\x01a\x00z" + b"\x00\x00")
    answer = wire.receive()
    assert answer.code == 0x81
    assert wire.receive() is None
    deadline = time.monotonic() + 5
    while not server.store.rejected and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.store.payloads == [b"z"]
    ((reason, raw, where),) = server.store.rejected
    assert reason == "sensing.malformed_packet"
    assert raw.endswith(b"\x00\x00")
    assert "dev" in where


def test_nothing_before_connect(server):
    wire = Wire(server.port)
    wire.send(p.Publish("a", b"1"))
    assert wire.receive() is None
    assert server.store.payloads == []


def test_a_connection_that_says_nothing_is_closed():
    with Running(Limits(connect_s=0.2)) as server:
        wire = Wire(server.port)
        assert wire.receive() is None


def test_keep_alive_is_enforced(server):
    wire, _ = connect(server.port, keep_alive=1, version=V5)
    wire.send(p.Ping(p.PINGREQ))
    assert wire.receive() == p.Ping(p.PINGRESP)
    started = time.monotonic()
    assert wire.receive().code == 0x8D
    assert 1 < time.monotonic() - started < 3


def test_too_large_a_packet(server):
    wire, answer = connect(server.port, version=V5)
    assert answer.properties["maximum_packet"] == 256 * 1024
    wire.socket.sendall(b"\x30\xff\xff\xff\x7f")
    assert wire.receive().code == 0x95


def test_subscriptions_with_wildcards(server):
    reader, _ = connect(server.port, "reader")
    reader.send(p.Subscribe(1, [("level/+", 1), ("#", 0), ("$share/g/x", 1)]))
    assert reader.receive().codes == bytes([1, 0, 0x80])
    writer, _ = connect(server.port, "writer")
    writer.send(p.Publish("level/7", b"12", 1, 9), p.Publish("bad/7", b"12", 1, 10))
    first = reader.receive()
    assert (first.topic, first.payload, first.qos) == ("level/7", b"12", 1)
    assert reader.silent(0.1)
    reader.send(p.Ack(p.PUBACK, first.id), p.Unsubscribe(2, ["level/+", "#"]))
    assert reader.receive().type == p.UNSUBACK
    writer.send(p.Publish("level/7", b"13", 1, 11))
    assert reader.silent(0.1)


def test_a_device_hears_only_its_own_topics(server):
    wire, _ = connect(server.port, "bounded", name="bounded", version=V5)
    wire.send(p.Subscribe(1, [("#", 0), ("own/#", 0), ("own/a/+", 1)]))
    assert wire.receive().codes == bytes([0x87, 0, 1])


def test_retained_and_persistent_sessions(server):
    writer, _ = connect(server.port, "writer")
    writer.send(p.Publish("state/1", b"on", 1, 1, retain=True))
    writer.receive()
    reader, _ = connect(server.port, "reader", clean=False)
    reader.send(p.Subscribe(1, [("state/#", 1)]))
    assert reader.receive().codes == b"\1"
    kept = reader.receive()
    assert (kept.payload, kept.retain) == (b"on", True)
    reader.close()
    time.sleep(0.1)
    writer.send(p.Publish("state/1", b"off", 1, 2))
    writer.receive()
    reader, answer = connect(server.port, "reader", clean=False)
    assert answer.session_present
    again = [reader.receive(), reader.receive()]
    assert [(message.payload, message.dup) for message in again] == [(b"on", True), (b"off", False)]


def test_a_will_is_published_when_a_client_is_lost(server):
    will = p.Will("state/dev", b"lost", 1, False)
    wire, _ = connect(server.port, will=will)
    wire.close()
    polite, _ = connect(server.port, "two", will=p.Will("state/two", b"lost too", 1, False))
    polite.send(p.Disconnect())
    assert polite.receive() is None
    deadline = time.monotonic() + 5
    while not server.store.payloads and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.store.payloads == [b"lost"]


def test_a_second_connection_of_the_same_client_takes_over(server):
    first, _ = connect(server.port, version=V5)
    other, _ = connect(server.port, version=V5, name="somebody-else")
    second, _ = connect(server.port, version=V5)
    assert first.receive().code == 0x8E
    second.send(p.Ping(p.PINGREQ))
    assert second.receive() == p.Ping(p.PINGRESP)
    other.send(p.Ping(p.PINGREQ))
    assert other.receive() == p.Ping(p.PINGRESP)


def test_an_empty_client_id_gets_one(server):
    _, answer = connect(server.port, "", version=V5)
    assert answer.properties["assigned_client_id"].startswith("auto-")
    _, answer = connect(server.port, "", clean=False)
    assert answer.code == 2


def test_a_client_that_reads_nothing_is_cut_off():
    with Running(Limits(unread_s=0.3, keep_alive_s=1, packets_per_s=1e9)) as server:
        wire, _ = connect(server.port, keep_alive=0)
        pings = b"\xc0\0" * 100_000
        with pytest.raises(ConnectionError):
            for _ in range(400):
                wire.socket.sendall(pings)
