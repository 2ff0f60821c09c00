"""What every adapter gets from the framework, tried with the smallest one."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from tests.sensing.protocols.lines import Lines
from tests.sensing.protocols.running import Client, Home, kinds, until
from yiwang.kernel.clock import SECOND, ManualClock
from yiwang.kernel.documents import UnknownKey
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.settings import Settings
from yiwang.security import audit
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.model import Identity
from yiwang.sensing.errors import NoSuchThing
from yiwang.sensing.protocols import adapter as registry
from yiwang.sensing.protocols import service
from yiwang.sensing.protocols.entrance import ports
from yiwang.sensing.protocols.errors import (
    BadAdapterPorts,
    BadCommand,
    BadMapping,
    CommandsOff,
    DeviceAway,
    NoAnswer,
    ProtocolPortTaken,
    UnknownCommand,
)
from yiwang.sensing.protocols.limits import Limits
from yiwang.store.database import Database

NOW = 1_782_864_000
KIND = """
kinds:
  gauge:
    properties:
      depth_cm: {unit: cm, valid: {least: -100, most: 1000}}
      temperature: {unit: degC}
    protocols:
      lines:
        values:
          depth_cm: {code: L, unit: m}
          temperature: T
"""
SECRET = "123456"


def home(tmp_path: Path, database: Database, limits: Limits | None = None, **more: Any) -> Home:
    clock = ManualClock(NOW * SECOND)
    return Home(tmp_path, database, KIND, adapters={"lines": Lines(limits)}, clock=clock, **more)


def line(
    at: int = NOW, code: str = "A-1", values: str = "L=0.12 T=7", secret: str = SECRET
) -> bytes:
    return f"{code} {secret} {at} {values}\n".encode()


def test_a_frame_is_stored_then_answered_and_the_ledger_adds_up(
    tmp_path: Path, database: Database
) -> None:
    with home(tmp_path, database) as there:
        device = there.register("A-1", SECRET)
        with there.client("lines") as client:
            client.send(line())
            assert client.line() == b"ok 2"
            client.send(line())
            assert client.line() == b"ok 0"
            client.send(line(NOW + 1, values="L=99 T=8"))
            assert client.line() == b"ok 1"
        assert there.results(device, "depth_cm") == pytest.approx([12.0])
        assert there.results(device, "temperature") == [7.0, 8.0]
        assert there.ledger("lines") == (6, 3, 2, 1)
        assert there.rejections("lines")[0].reason == "sensing.out_of_range"


def test_packets_may_be_split_and_merged_anywhere(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite) as there:
        device = there.register("A-1", SECRET)
        with there.client("lines") as client:
            sent = b"".join(line(NOW + second) for second in range(50))
            for low in range(0, len(sent), 7):
                client.send(sent[low : low + 7])
            assert [client.line() for _ in range(50)] == [b"ok 2"] * 50
        assert len(there.results(device, "depth_cm")) == 50


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"A-1\n", "sensing.bad_frame"),
        (b"\xff\xfe\n", "sensing.bad_frame"),
        (line(code="B-7"), "sensing.unknown_address"),
        (line(secret="654321"), "sensing.wrong_secret"),
        (line(values="X=1"), "sensing.nothing_mapped"),
        (b"crash\n", "sensing.adapter_failed"),
    ],
)
def test_what_is_refused_is_kept_with_its_reason(
    tmp_path: Path, sqlite: Database, sent: bytes, reason: str
) -> None:
    with home(tmp_path, sqlite) as there:
        there.register("A-1", SECRET)
        with there.client("lines") as client:
            client.send(sent)
            until(lambda: there.ledger("lines")[0])
        assert there.ledger("lines") == (1, 0, 0, 1)
        (kept,) = there.rejections("lines")
        assert (kept.reason, kept.raw) == (reason, sent.rstrip(b"\n"))


def test_a_device_registered_meanwhile_is_found(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite) as there:
        there.refresh = lambda: None  # type: ignore[method-assign]
        there.register("A-2", SECRET)
        with there.client("lines") as client:
            client.send(line(code="A-2"))
            assert client.line() == b"ok 2"


def test_a_silent_client_is_cut_off(tmp_path: Path, sqlite: Database) -> None:
    limits = Limits(first_frame_s=0.1, sweep_s=0.02)
    with home(tmp_path, sqlite, limits) as there, there.client("lines") as client:
        assert client.closed()
        until(lambda: there.connections("lines") == 0)


def test_a_frame_that_never_ends_is_cut_off(tmp_path: Path, sqlite: Database) -> None:
    limits = Limits(frame_bytes=1000, sweep_s=0.02)
    with home(tmp_path, sqlite, limits) as there, there.client("lines") as client:
        client.send(b"x" * 3000)
        assert client.closed()
        (kept,) = until(lambda: there.rejections("lines"))
        assert kept.reason == "sensing.frame_too_long"


def test_a_slow_sender_of_one_frame_is_cut_off(tmp_path: Path, sqlite: Database) -> None:
    """Slowloris: a byte now and then keeps no connection open."""
    limits = Limits(frame_s=0.2, sweep_s=0.02)
    with home(tmp_path, sqlite, limits) as there, there.client("lines") as client:
        with pytest.raises(OSError):
            for _ in range(2000):
                client.send(b"x")
                client.socket.settimeout(0.01)
                try:
                    if client.socket.recv(10) == b"":
                        raise ConnectionError("hung up")
                except TimeoutError:
                    continue
        (kept,) = until(lambda: there.rejections("lines"))
        assert kept.reason == "sensing.unfinished_frame"


def test_a_flood_of_garbage_ends_the_connection(tmp_path: Path, sqlite: Database) -> None:
    limits = Limits(junk=5)
    with home(tmp_path, sqlite, limits) as there:
        there.register("A-1", SECRET)
        with there.client("lines") as client:
            client.send(b"\xff\n" * 5000)
            assert client.closed()
        assert until(lambda: there.ledger("lines") == (6, 0, 0, 6))
        with there.client("lines") as client:
            client.send(line())
            assert client.line() == b"ok 2"


def test_a_half_open_connection_is_taken_for_lost(tmp_path: Path, sqlite: Database) -> None:
    limits = Limits(idle_s=0.2, sweep_s=0.02)
    with home(tmp_path, sqlite, limits) as there:
        there.register("A-1", SECRET)
        with there.client("lines") as client:
            client.send(line())
            assert client.line() == b"ok 2"
            assert client.closed()
            assert until(lambda: not there.field.stations["lines"].sessions)


def test_connections_are_limited_in_all_and_per_address(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite, Limits(per_address=2)) as there:
        held = [there.client("lines") for _ in range(2)]
        until(lambda: there.connections("lines") == 2)
        with there.client("lines") as third:
            assert third.closed()
        assert there.field.stations["lines"].dropped == 1
        for client in held:
            client.socket.close()
        until(lambda: there.connections("lines") == 0)


def test_a_fast_sender_is_slowed_down_and_loses_nothing(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite, Limits(frames_per_s=100, window=8)) as there:
        device = there.register("A-1", SECRET)
        with there.client("lines") as client:
            client.send(b"".join(line(NOW - second) for second in range(200)))
            assert [client.line() for _ in range(200)] == [b"ok 2"] * 200
        assert len(there.results(device, "temperature")) == 200


def test_a_client_that_does_not_read_is_cut_off_and_others_go_on(
    tmp_path: Path, sqlite: Database
) -> None:
    limits = Limits(unread_s=0.2, sweep_s=0.02)
    with home(tmp_path, sqlite, limits) as there:
        there.register("A-1", SECRET)
        there.register("A-2", SECRET)
        deaf = there.client("lines")
        deaf.send(line())
        assert deaf.line() == b"ok 2"
        (session,) = there.field.stations["lines"].sessions.values()
        there.call(session.talk.flood)  # type: ignore[attr-defined]
        until(lambda: there.connections("lines") == 0)
        deaf.socket.close()
        with there.client("lines") as client:
            client.send(line(code="A-2"))
            assert client.line() == b"ok 2"


def test_protocols_and_connected_devices_are_listed(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite) as there:
        device = there.register("A-1", SECRET)
        with there.client("lines") as client:
            client.send(line(values="L=1 X=3"))
            client.line()
            (shown,) = service.protocols(there.caller)
            assert (shown["name"], shown["frames"], shown["stored"]) == ("lines", 1, 1)
            assert shown["port"] == there.field.ports["lines"].number
            assert shown["unmapped"] == {"X": 1}
            (one,) = service.connected_devices(there.caller, "lines")
            assert (one["thing"], one["code"], one["frames"]) == (device.thing, "A-1", 1)
        assert service.connected_devices(there.caller, "none") == []


def _commanded(there: Home, client: Client, thing: int, **arguments: Any) -> Any:
    client.send(line())
    client.line()
    return service.command_device(there.caller, thing, "ping", arguments)


def test_a_command_is_sent_answered_and_audited(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite, outward="live") as there, there.client("lines") as client:
        thing = there.register("A-1", SECRET).thing
        order = _commanded(there, client, thing)
        assert client.line() == b"ping"
        client.send(b"pong\n")
        assert order.done.result(10) == {"said": "pong"}
        until(lambda: order.state == "answered")
        assert service.commands(there.caller, thing) == [order]
        with sqlite.read() as connection:
            newest = audit.page(connection, 1)[0]
        assert newest["verb"] == "device_commanded" and newest["details"]["command"] == "ping"


def test_a_command_that_nobody_answers_fails(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite, outward="live") as there, there.client("lines") as client:
        thing = there.register("A-1", SECRET).thing
        order = _commanded(there, client, thing, seconds=0.05)
        with pytest.raises(NoAnswer):
            order.done.result(10)
        until(lambda: order.state == "failed")


def test_a_rehearsed_command_is_written_down_and_not_sent(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite) as there, there.client("lines") as client:
        thing = there.register("A-1", SECRET).thing
        order = _commanded(there, client, thing)
        assert order.state == "rehearsed" and order.done is None
        client.send(line(NOW + 1))
        assert client.line() == b"ok 2"


def test_commands_that_cannot_be_given(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite, outward="off") as there, there.client("lines") as client:
        thing = there.register("A-1", SECRET).thing
        with pytest.raises(DeviceAway):
            service.command_device(there.caller, thing, "ping")
        client.send(line())
        client.line()
        with pytest.raises(UnknownCommand, match="ping"):
            service.command_device(there.caller, thing, "pong")
        with pytest.raises(BadCommand):
            service.command_device(there.caller, thing, "ping", {"minutes": 1})
        with pytest.raises(CommandsOff):
            service.command_device(there.caller, thing, "ping")
        handler = Identity("user", 1, "x", frozenset({"department_handler"}))
        department = Caller(handler, sqlite, there.clock, there.caller.ports)
        with pytest.raises(Denied):
            service.command_device(department, thing, "ping")
        with pytest.raises(NoSuchThing):
            service.commands(department, thing)


def test_a_secret_of_a_device_can_be_set(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there, there.client("lines") as client:
        thing = there.register("A-1").thing
        assert service.set_device_secret(there.caller, thing, "abcdef") == "abcdef"
        client.send(line(secret="abcdef"))
        assert client.line() == b"ok 2"
        assert len(service.set_device_secret(there.caller, thing)) > 20


def test_a_port_that_is_taken_is_named(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite) as there:
        port = there.field.ports["lines"].number
        opening = Lines().open(there.field.stations["lines"], "127.0.0.1", port)
        with pytest.raises(ProtocolPortTaken, match=str(port)):
            there.wait(opening)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("lines: {values: {depth: L}}", BadMapping, "depth_cm"),
        ("lines: {values: {depth_cm: {code: L, unit: kg}}}", BadMapping, "convert"),
        ("lines: {values: {depth_cm: L}, flags: [D]}", BadMapping, "flags"),
        ("lines: {values: {depth_cm: L}, time_zone: Mars}", BadMapping, "Asia/Shanghai"),
        ("lines: {values: {depth_cm: true}}", BadMapping, "code"),
        ("lines: {}", BadMapping, "no property"),
        ("lines: {values: {depth_cm: {code: L, scal: 2}}}", UnknownKey, "scale"),
        ("lines: {value: {depth_cm: L}}", YiwangError, "values"),
        ("line: {values: {depth_cm: L}}", UnknownKey, "lines"),
    ],
)
def test_a_wrong_mapping_names_the_line(text: str, error: type[YiwangError], words: str) -> None:
    document = KIND.split("    protocols:")[0] + "    protocols:\n      " + text + "\n"
    with pytest.raises(error) as raised:
        kinds(document, {"lines": Lines()})
    assert words in str(raised.value) and "devices.yaml, line 8" in str(raised.value)


def test_ports_come_from_the_settings() -> None:
    adapters = {"lines": Lines(), **registry.installed()}
    assert ports(Settings(adapter_ports="lines=9400"), adapters)["lines"] == 9400
    assert set(ports(Settings(), adapters).values()) == {0}
    for wrong in ("line=9400", "lines=x", "lines", "lines=70000"):
        with pytest.raises(BadAdapterPorts, match="lines"):
            ports(Settings(adapter_ports=wrong), adapters)


def test_the_built_in_adapters_are_the_entry_points() -> None:
    root = Path(__file__).parents[3]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"][registry.GROUP] == registry.BUILTIN
    assert set(registry.BUILTIN) <= set(registry.installed())


def test_an_adapter_that_cannot_be_loaded_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = EntryPoint("broken", "no.such.module:ADAPTER", registry.GROUP)
    other = EntryPoint("other", "tests.sensing.protocols.lines:Lines", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: (broken, other))
    registry.installed.cache_clear()
    try:
        assert set(registry.installed()) == set(registry.BUILTIN)
    finally:
        registry.installed.cache_clear()
    assert "broken" in caplog.text and "other" in caplog.text
