"""JT/T 808 from a socket to the store and back, in a running home."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.sensing.protocols.jt808.terminal import HERE, KIND, NOW, SAID, Terminal, home
from tests.sensing.protocols.running import Home, kinds, until
from yiwang.kernel.clock import SECOND
from yiwang.security import accounts
from yiwang.sensing.protocols.errors import BadCommand, BadMapping, DeviceRefused, NoAnswer
from yiwang.sensing.protocols.jt808.adapter import LIMITS, Jt808
from yiwang.sensing.protocols.jt808.conversation import Manners
from yiwang.sensing.protocols.jt808.model import bodies, frames, positions
from yiwang.sensing.protocols.jt808.model.bodies import Answer
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.tables import things
from yiwang.store.database import Database

VERSIONS = pytest.mark.parametrize("version", [frames.V2013, frames.V2019])


@VERSIONS
def test_a_terminal_registers_authenticates_and_reports(
    tmp_path: Path, database: Database, version: int
) -> None:
    with home(tmp_path, database) as there:
        truck = there.register("13912345678")
        with there.client("jt808") as client:
            terminal = Terminal(client, version).sign_in()
            assert terminal.report(HERE) == bodies.DONE
            assert there.results(truck, "speed") == [36.5]
            assert there.results(truck, "mileage") == [1234.5]
            assert there.results(truck, "emergency") == [1.0]
            (seen,) = there.observed(truck, "position").exact
            assert json.loads(seen) == {"type": "Point", "coordinates": [116.481, 39.991]}
            assert terminal.report(HERE) == bodies.DONE
            assert there.ledger("jt808") == (8, 4, 4, 0)
            terminal.send(bodies.HEARTBEAT)
            assert terminal.answer().kind == bodies.HEARTBEAT
        unmapped = there.field.stations["jt808"].unmapped
        assert unmapped["test.truck: item.E1"] == 2


def test_the_secret_of_the_device_is_the_authentication_code(
    tmp_path: Path, database: Database
) -> None:
    with home(tmp_path, database) as there:
        there.register("13912345678", "a-code-of-ours")
        with there.client("jt808") as client:
            terminal = Terminal(client)
            assert terminal.authenticate("another") == bodies.FAILED
            assert terminal.authenticate("a-code-of-ours") == bodies.DONE
        (kept,) = until(lambda: there.rejections("jt808"))
        assert kept.reason == "sensing.wrong_secret"


def test_a_terminal_that_nobody_registered(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there, there.client("jt808") as client:
        terminal = Terminal(client)
        assert terminal.register() == (bodies.NO_TERMINAL, "")
        assert terminal.authenticate("x") == bodies.FAILED
        until(lambda: there.ledger("jt808")[3] == 2)
        reasons = [kept.reason for kept in there.rejections("jt808")]
        assert reasons == ["sensing.unknown_address"] * 2
        assert there.rejections("jt808")[0].raw[:1] == b"\x7e"


def test_nothing_is_stored_before_authentication(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there:
        truck = there.register("13912345678")
        there.register("13800000000")
        with there.client("jt808") as client:
            terminal = Terminal(client)
            assert terminal.report(HERE) == bodies.FAILED
            terminal.sign_in()
            terminal.phone = "013800000000"
            assert terminal.report(HERE) == bodies.FAILED
        assert there.results(truck, "speed") == []
        until(lambda: there.ledger("jt808")[3] == 2)
        reasons = {kept.reason for kept in there.rejections("jt808")}
        assert reasons == {"sensing.not_authenticated"}


def test_other_hardware_and_another_plate_are_turned_away(
    tmp_path: Path, database: Database
) -> None:
    with home(tmp_path, database) as there:
        truck = there.register("13912345678")
        with database.write() as connection:
            own = update(things).where(things.c.id == truck.thing)
            connection.execute(own.values(properties={"plate": "京A12345"}))
        with there.client("jt808") as client:
            terminal = Terminal(client)
            wrong = replace(SAID, plate="京B99999")
            assert terminal.register(wrong) == (bodies.NO_VEHICLE, "")
            terminal.sign_in()
            other = replace(SAID, terminal="0000001")
            assert terminal.register(other) == (bodies.TERMINAL_TAKEN, "")
            terminal.send(bodies.LOGOUT)
            assert terminal.answer().result == bodies.DONE
            result, code = terminal.register(other)
            assert (result, terminal.authenticate(code)) == (bodies.REGISTRATION_DONE, 0)
        accounts.revoke_devices(there.caller, [f"{truck.kind}/{truck.code}"])
        with there.client("jt808") as client:
            assert Terminal(client).register(other)[0] == bodies.NO_TERMINAL
        until(lambda: there.ledger("jt808")[3] == 3)
        reasons = {kept.reason for kept in there.rejections("jt808")}
        assert reasons == {
            "sensing.wrong_plate",
            "sensing.taken_by_another",
            "sensing.credential_revoked",
        }


def test_a_place_that_is_not_to_be_used_is_refused_alone(
    tmp_path: Path, database: Database
) -> None:
    with home(tmp_path, database) as there:
        truck = there.register("13912345678")
        with there.client("jt808") as client:
            terminal = Terminal(client).sign_in()
            shifted = positions.FIXED | positions.SHIFTED
            for n, state in enumerate((0, shifted)):
                report = replace(HERE, state=state, time=NOW - n * SECOND)
                assert terminal.report(report) == bodies.DONE
        assert there.results(truck, "speed") == [36.5, 36.5]
        assert len(there.observed(truck, "position").result) == 0
        assert [kept.reason for kept in there.rejections("jt808")] == ["sensing.no_fix"] * 2


@VERSIONS
def test_a_batch_in_parts_one_of_which_was_lost(
    tmp_path: Path, database: Database, version: int
) -> None:
    with home(tmp_path, database) as there:
        truck = there.register("13912345678")
        with there.client("jt808") as client:
            terminal = Terminal(client, version).sign_in()
            track = [replace(HERE, time=NOW - n * 10 * SECOND) for n in range(50)]
            whole = terminal.message(bodies.BATCH, positions.write_batch(track, 1))
            parts = frames.parts(whole, 700)
            for part in (parts[0], *parts[2:]):
                client.send(frames.encode(part))
            asked = terminal.heard()
            assert asked.kind == bodies.SEND_AGAIN
            assert bodies.read_send_again(asked.body, version) == (whole.serial, [2])
            client.send(frames.encode(parts[1]))
            answered = [terminal.answer().serial for _ in parts]
            assert answered == [part.serial for part in parts]
        assert there.results(truck, "speed") == [36.5] * 50


def test_one_bad_report_of_a_batch_is_refused_alone(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there:
        truck = there.register("13912345678")
        with there.client("jt808") as client:
            terminal = Terminal(client).sign_in()
            data = bytearray(positions.write_batch([HERE, replace(HERE, time=NOW - SECOND)]))
            data[3 + 2 + 22 : 3 + 2 + 28] = b"\xff" * 6
            terminal.send(bodies.BATCH, bytes(data))
            assert terminal.answer().result == bodies.DONE
        assert there.results(truck, "speed") == [36.5]
        assert [kept.reason for kept in there.rejections("jt808")] == ["sensing.bad_frame"]


def test_what_is_not_understood_is_said_so(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there:
        there.register("13912345678")
        with there.client("jt808") as client:
            terminal = Terminal(client).sign_in()
            terminal.send(0x0800, bytes(8))
            assert terminal.answer().result == bodies.UNSUPPORTED
            terminal.send(bodies.POSITION, bytes(5))
            assert terminal.answer().result == bodies.FAILED
            terminal.send(bodies.ASK_TIME)
            assert terminal.heard().body.hex() == "260701003000"
        until(lambda: there.ledger("jt808")[3] == 2)
        reasons = [kept.reason for kept in there.rejections("jt808")]
        assert reasons == ["sensing.bad_frame", "sensing.not_served"]


def order(there: Home, command: str, **arguments: Any) -> concurrent.futures.Future[Any]:
    (session,) = there.field.stations["jt808"].sessions.values()
    work = session.talk.command(command, arguments)
    return asyncio.run_coroutine_threadsafe(work, there.field._loop)  # type: ignore[arg-type]


def test_commands(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there:
        truck = there.register("13912345678")
        with there.client("jt808") as client:
            terminal = Terminal(client).sign_in()
            told = order(there, "ask_position")
            asked = terminal.heard()
            assert asked.kind == bodies.ASK_POSITION
            body = asked.serial.to_bytes(2, "big") + positions.write(HERE)
            terminal.send(bodies.POSITION_ASKED, body)
            assert told.result(20)["lon"] == 116.481
            until(lambda: there.results(truck, "speed") == [36.5])

            told = order(there, "set_interval", seconds=30)
            asked = terminal.heard()
            assert asked.body.hex() == "010000002904" + "0000001e"
            for result in (bodies.DONE, bodies.UNSUPPORTED):
                said = bodies.answer(Answer(asked.serial, asked.kind, result))
                terminal.send(bodies.TERMINAL_ANSWER, said)
                if result == bodies.DONE:
                    assert told.result(20) == {"result": 0}
                    told = order(there, "set_speed_limit", kmh=60, seconds=10)
                    asked = terminal.heard()
                    assert asked.body[0] == 2
            with pytest.raises(DeviceRefused):
                told.result(20)

            told = order(there, "read_parameters")
            asked = terminal.heard()
            listed = bodies.set_parameters({0x29: (30).to_bytes(4, "big")})
            terminal.send(bodies.PARAMETERS, asked.serial.to_bytes(2, "big") + listed)
            assert told.result(20) == {"parameters": {"0029": "0000001e"}}
            with pytest.raises(BadCommand, match="from 1 to 65535"):
                order(there, "track", seconds=0, for_seconds=60).result(20)


def test_a_command_that_is_not_answered(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database, manners=Manners(wait_s=0.02)) as there:
        there.register("13912345678")
        with there.client("jt808") as client:
            terminal = Terminal(client).sign_in()
            told = order(there, "track", seconds=5, for_seconds=60)
            assert [terminal.heard().kind for _ in range(3)] == [bodies.TRACK] * 3
            with pytest.raises(NoAnswer):
                told.result(20)


@pytest.mark.parametrize(
    ("sent", "limits", "reason"),
    [
        (b"\x7e" + bytes(3000), LIMITS, "sensing.bad_frame"),
        (b"\x00" * 20, LIMITS, "sensing.bad_frame"),
        (b"\x7e\x00", replace(LIMITS, frame_s=0.05, sweep_s=0.02), "sensing.unfinished_frame"),
        (b"", replace(LIMITS, first_frame_s=0.05, sweep_s=0.02), ""),
    ],
)
def test_a_client_that_holds_the_listener_is_cut_off(
    tmp_path: Path, database: Database, sent: bytes, limits: Limits, reason: str
) -> None:
    limits = replace(limits, junk=0)
    with home(tmp_path, database, limits) as there, there.client("jt808") as client:
        client.send(sent)
        assert client.closed()
        assert {kept.reason for kept in there.rejections("jt808")} == (
            {reason} if reason else set()
        )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("speed: speeed", "it may be position, speed"),
        ("speed: alarm.32", "alarm.0 to alarm.31"),
        ("speeed: speed", "perhaps speed is meant"),
    ],
)
def test_a_mapping_names_what_is_wrong(line: str, words: str) -> None:
    text = KIND.replace("speed: speed\n", f"{line}\n")
    with pytest.raises(BadMapping, match=words):
        kinds(text, {"jt808": Jt808()})
