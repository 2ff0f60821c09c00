"""Slow and hostile clients: none holds the listener, and others are served meanwhile."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from tests.sensing.mqtt.running import SECRET, Running, Wire
from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.allowance import Allowance
from yiwang.sensing.mqtt.codec import encode
from yiwang.sensing.mqtt.limits import Limits
from yiwang.sensing.mqtt.packets import V5


def connected(port: int, client_id: str = "one", version: int = V5, keep_alive: int = 60) -> Wire:
    wire = Wire(port, version)
    wire.send(p.Connect(version, client_id, True, keep_alive, "dev", SECRET.encode()))
    assert wire.receive().code == 0
    return wire


def served(server: Running) -> bool:
    """Whether a well-behaved client gets what it asks for."""
    good = connected(server.port, "good")
    good.send(p.Publish("good/one", b"1", 1, 1))
    answer = good.receive()
    good.close()
    return bool(answer == p.Ack(p.PUBACK, 1))


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def connections(server: Running) -> int:
    return int(server.call(lambda: len(server.listener.connections)))


def cut_off(wire: Wire) -> bool:
    """Whether the other side hung up."""
    try:
        while wire.socket.recv(65536):
            continue
    except ConnectionError:
        return True
    return True


def test_an_allowance_grows_to_a_seconds_worth() -> None:
    allowance = Allowance(100, 0.0)
    allowance.spend(100, 0.0)
    assert allowance.owed_s(0.0) == 0
    allowance.spend(50, 0.0)
    assert allowance.owed_s(0.0) == 0.5
    assert allowance.owed_s(0.25) == 0.25
    assert allowance.owed_s(9.0) == 0
    allowance.spend(101, 100.0)
    assert 0 < allowance.owed_s(100.0) < 0.02


def test_a_fast_sender_is_slowed_down_and_loses_nothing() -> None:
    with Running(Limits(packets_per_s=200)) as server:
        wire = connected(server.port)
        began = time.monotonic()
        for start in range(1, 501, 50):
            wire.send(*[p.Publish("a", b"%d" % n, 1, n) for n in range(start, start + 50)])
        assert served(server)
        assert [wire.receive().id for _ in range(500)] == list(range(1, 501))
        wire.send(p.Ping(p.PINGREQ))
        assert wire.receive() == p.Ping(p.PINGRESP)
        assert time.monotonic() - began > 1.0  # 502 packets: one second's worth is free
        mine = [each for each in server.store.payloads if each != b"1"]
        assert mine == [b"%d" % n for n in range(2, 501)]


def test_connections_are_limited_in_all_and_per_address() -> None:
    for limits in (Limits(per_address=2), Limits(connections=2)):
        with Running(limits) as server:
            held = [connected(server.port, client_id) for client_id in "ab"]
            assert cut_off(Wire(server.port))
            held[0].close()
            assert until(lambda server=server: connections(server) == 1)
            assert served(server)
            held[1].close()
            assert until(lambda server=server: connections(server) == 0)
            assert not server.listener._addresses


def test_a_crowd_that_says_nothing_is_cut_off() -> None:
    with Running(Limits(connect_s=0.3)) as server:
        crowd = [Wire(server.port) for _ in range(200)]
        assert served(server)
        assert all(cut_off(wire) for wire in crowd)
        assert until(lambda: connections(server) == 0)


def test_a_connect_byte_by_byte_gets_no_more_time() -> None:
    with Running(Limits(connect_s=0.3)) as server:
        wire = Wire(server.port)
        data = encode(p.Connect(V5, "x" * 20_000, True, 60, "dev", b"secret"), V5)
        with suppress(OSError):
            for byte in data:
                wire.socket.sendall(bytes((byte,)))
                time.sleep(0.005)
        assert cut_off(wire)
        assert connections(server) == 0


def test_a_packet_byte_by_byte_holds_no_connection() -> None:
    """Its bytes count as signs of life, but the packet must end some time."""
    with Running(Limits(packet_s=0.2)) as server:
        wire = connected(server.port)
        data = encode(p.Publish("a", b"x" * 20_000, 1, 1), V5)
        with suppress(OSError):
            for byte in data:
                wire.socket.sendall(bytes((byte,)))
                time.sleep(0.005)
        assert cut_off(wire)
        assert server.store.payloads == []
        assert served(server)


def test_slow_packets_that_end_are_taken() -> None:
    with Running(Limits(packet_s=0.4)) as server:
        wire = connected(server.port)
        for number in range(1, 9):
            data = encode(p.Publish("a", b"x", 1, number), V5)
            wire.socket.sendall(data[:4])
            time.sleep(0.1)
            wire.socket.sendall(data[4:] + data[:0])
            assert wire.receive() == p.Ack(p.PUBACK, number)


def test_a_subscriber_that_never_reads_is_cut_off_and_others_hear() -> None:
    with Running(Limits(unread_s=0.3)) as server:
        deaf, good = connected(server.port, "deaf"), connected(server.port, "hears")
        for wire in (deaf, good):
            wire.send(p.Subscribe(1, [("big/#", 0)]))
            assert wire.receive().codes == b"\0"
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        writer = connected(server.port, "writer")
        for number in range(1, 201):
            writer.send(p.Publish("big/one", b"x" * 100_000, 1, number))
            assert writer.receive() == p.Ack(p.PUBACK, number)
            assert good.receive().topic == "big/one"
        assert until(lambda: connections(server) == 2)


def test_thousands_of_filters_are_refused_and_charged() -> None:
    with Running(Limits(packets_per_s=2000)) as server:
        wire = connected(server.port)
        filters = [(f"a/{number}/+", 0) for number in range(3000)]
        wire.send(p.Subscribe(1, filters))
        codes = wire.receive().codes
        assert codes[:200] == bytes(200)
        assert set(codes[200:]) == {0x97}
        wire.send(p.Ping(p.PINGREQ))
        assert wire.silent(0.1)
        assert served(server)
        assert wire.receive() == p.Ping(p.PINGRESP)


def test_filters_of_the_standard_beyond_the_most_are_not_even_read() -> None:
    with Running() as server:
        wire = connected(server.port)
        filters = [(f"v1.1/Datastreams({number})/Observations", 0) for number in range(1, 5001)]
        wire.send(p.Subscribe(1, filters))
        codes = wire.receive().codes
        assert (codes[:200], set(codes[200:])) == (bytes(200), {0x97})
        assert server.call(lambda: len(server.listener.watches.numbers)) == 200
        wire.close()
        assert until(lambda: not server.call(lambda: server.listener.watches.numbers))


def test_retained_messages_for_many_filters_do_not_pile_up() -> None:
    """A hundred filters for everything that is retained, from one that does not read them."""
    limits = Limits(unsent_bytes=100_000, unread_s=0.5)
    with Running(limits) as server:
        writer = connected(server.port, "writer")
        for number in range(1, 101):
            writer.send(p.Publish(f"kept/{number}", b"x" * 20_000, 1, number, retain=True))
            assert writer.receive().id == number
        deaf = connected(server.port, "deaf")
        deaf.send(p.Subscribe(1, [("/".join(["+"] * 2), 0), *[("kept/#", 0)] * 100]))
        most = 0
        while connections(server) > 1:
            most = max(
                most, server.call(lambda: max(c._unsent for c in server.listener.connections))
            )
            assert served(server)
        assert most <= 200_000


def test_garbage_ends_the_connection_and_others_are_served() -> None:
    chance = random.Random(7)
    with Running(Limits(connect_s=0.5, packet_s=0.5)) as server:
        for turn in range(60):
            wire = connected(server.port, "noisy") if turn % 2 else Wire(server.port)
            with suppress(OSError):
                wire.socket.sendall(chance.randbytes(chance.randint(1, 3000)))
                wire.socket.shutdown(socket.SHUT_WR)
            assert cut_off(wire)
            if turn % 20 == 0:
                assert served(server)
        assert until(lambda: connections(server) == 0)
        reasons = {reason for reason, _, _ in server.store.rejected}
        assert reasons <= {"sensing.malformed_packet", "sensing.unknown_topic"}
