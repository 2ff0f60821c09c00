"""SL 651 from a socket to the store and back, in a running home."""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sensing.protocols.running import Client, Home, kinds, until
from tests.sensing.protocols.sl651 import examples
from yiwang.kernel.clock import MINUTE, ManualClock, parse
from yiwang.sensing.protocols.errors import BadCommand, BadMapping, NoAnswer
from yiwang.sensing.protocols.limits import Limits
from yiwang.sensing.protocols.sl651.adapter import LIMITS, Sl651
from yiwang.sensing.protocols.sl651.conversation import Manners
from yiwang.sensing.protocols.sl651.model import frames, reports, writing
from yiwang.sensing.protocols.sl651.model.frames import Coding, Frame
from yiwang.sensing.protocols.sl651.model.splitting import Splitter
from yiwang.sensing.protocols.sl651.model.writing import Group
from yiwang.store.database import Database

NOW = parse("2026-07-01T08:30:00+08:00")
KIND = """
kinds:
  gauge:
    properties:
      level_m: {unit: m}
      depth_cm: {unit: cm, valid: {least: -100, most: 5000}}
      rain_mm: {unit: mm}
      hour_level_m: {unit: m}
      water_alarm: {unit: "1"}
    protocols:
      sl651:
        values:
          level_m: Z
          depth_cm: {code: "0x39", unit: m, offset: -1}
          rain_mm: DRP
          hour_level_m: DRZ1
          water_alarm: ZT.2
"""


def home(
    tmp_path: Path,
    database: Database,
    kind: str = KIND,
    limits: Limits = LIMITS,
    manners: Manners | None = None,
    **more: Any,
) -> Home:
    adapters = {"sl651": Sl651(limits, manners)}
    return Home(tmp_path, database, kind, adapters=adapters, clock=ManualClock(NOW), **more)


def sent(
    values: Sequence[tuple[str, Any]],
    serial: int = 1,
    function: int = reports.TIMED,
    coding: Coding = Coding.HEX,
    station: str = "0012345678",
    time: int = NOW,
) -> Frame:
    body = writing.report(coding, serial, time, station, "H", [Group(time, values)])
    return Frame(coding, False, 1, station, 0x1234, function, frames.ETX, body)


def answers(client: Client, count: int = 1) -> list[Frame]:
    splitter = Splitter(down=True)
    found: list[Frame] = []
    while len(found) < count:
        data = client.take(1)
        assert data, "the connection ended"
        found += [piece.frame for piece in splitter.feed(data) if piece.frame]
    return found


@pytest.mark.parametrize("coding", list(Coding))
def test_a_report_is_stored_and_then_confirmed(
    tmp_path: Path, database: Database, coding: Coding
) -> None:
    with home(tmp_path, database) as there:
        device = there.register("12345678")
        with there.client("sl651") as client:
            frame = sent([("Z", Decimal("12.345")), ("ZT", Decimal(4))], 7, coding=coding)
            client.send(frames.encode(frame))
            (answer,) = answers(client)
            assert (answer.end, answer.coding) == (frames.ESC, coding)
            assert reports.start(answer) == (7, NOW)
            assert there.results(device, "level_m") == [12.345]
            assert there.results(device, "depth_cm") == pytest.approx([1134.5])
            assert there.results(device, "water_alarm") == [1.0]
            client.send(frames.encode(frame))
            answers(client)
            assert there.ledger("sl651") == (6, 3, 3, 0)


def test_an_hour_of_values_each_with_its_time(tmp_path: Path, database: Database) -> None:
    rain: list[Decimal | None] = [Decimal("0.5"), None, *[Decimal(0)] * 10]
    with home(tmp_path, database) as there:
        device = there.register("0012345678")
        with there.client("sl651") as client:
            hour = [("DRP", rain), ("DRZ1", [Decimal("1.25")] * 12)]
            start = NOW - 60 * MINUTE
            client.send(frames.encode(sent(hour, function=reports.HOURLY, time=start)))
            answers(client)
        seen = there.observed(device, "rain_mm")
        assert seen.result.tolist() == [0.5, *[0.0] * 10]
        steps = [0, *range(2, 12)]
        assert seen.time.tolist() == [start + n * 5 * MINUTE for n in steps]
        assert there.results(device, "hour_level_m") == [1.25] * 12


def test_a_station_that_nobody_registered_is_not_answered(
    tmp_path: Path, database: Database
) -> None:
    with home(tmp_path, database) as there, there.client("sl651") as client:
        client.send(frames.encode(sent([("Z", Decimal(1))])))
        (kept,) = until(lambda: there.rejections("sl651"))
        assert (kept.reason, kept.raw[:2]) == ("sensing.unknown_address", b"\x7e\x7e")
        device = there.register("12345678")
        client.send(frames.encode(sent([("Z", Decimal(1))])))
        answers(client)
        assert there.results(device, "level_m") == [1.0]


def test_what_is_not_stored_is_confirmed_and_kept(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there:
        there.register("12345678")
        picture = bytes.fromhex("0007260701080005F1F1001234567848F0F02607010800F3F3FFD8FFE0")
        manual = bytes.fromhex("0007260701080005F2F2") + b"Q1.5"
        odd = bytes.fromhex("0007260701080005F1F1001234567848F0F02607010800390300A25038121200")
        for function, body, reason in (
            (reports.PICTURE, picture, "sensing.not_served"),
            (reports.TEST, sent([("Z", Decimal(1))]).body, "sensing.not_served"),
            (0xE1, sent([("Z", Decimal(1))]).body, "sensing.not_served"),
            (reports.TIMED, sent([("VT", Decimal(12))]).body, "sensing.nothing_mapped"),
            (reports.MANUAL, manual, "sensing.bad_frame"),
        ):
            with there.client("sl651") as client:
                client.send(frames.encode(replace(sent([]), function=function, body=body)))
                answers(client)
            assert there.rejections("sl651")[0].reason == reason
        with there.client("sl651") as client:
            client.send(frames.encode(replace(sent([]), body=odd)))
            until(lambda: there.ledger("sl651")[3] == 6)
            assert there.rejections("sl651")[0].reason == "sensing.bad_frame"
        assert there.ledger("sl651")[1] == 0


def test_one_bad_element_is_refused_alone(tmp_path: Path, database: Database) -> None:
    body = bytes.fromhex("0007260701080005F1F1001234567848F0F0260701080039230000A2504520FFFFFFFF")
    body += bytes.fromhex("F560000000000000000000000000")
    with home(tmp_path, database) as there:
        there.register("12345678")
        with there.client("sl651") as client:
            client.send(frames.encode(replace(sent([]), body=body)))
            answers(client)
        (kept,) = there.rejections("sl651")
        assert (kept.reason, kept.count) == ("sensing.bad_element", 2)
        assert kept.where.endswith("Z")


def test_a_message_of_several_packets(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there:
        device = there.register("12345678")
        hour = [("DRP", [Decimal("0.1")] * 12), ("DRZ1", [Decimal("1.25")] * 12)]
        whole = sent(hour, 9, reports.HOURLY, time=NOW - 60 * MINUTE)
        parts = writing.packets(whole, 10)
        with there.client("sl651") as client:
            for part in (parts[0], parts[2], *parts[4:]):
                client.send(frames.encode(part))
            asked = answers(client, 2)
            assert [(a.end, a.packet, a.total) for a in asked] == [
                (frames.NAK, 2, len(parts)),
                (frames.NAK, 4, len(parts)),
            ]
            for number in (2, 4):
                again = replace(parts[number - 1], end=frames.ETX)
                client.send(frames.encode(again))
            (answer,) = answers(client)
            assert (answer.end, answer.packet) == (frames.ESC, len(parts))
            assert reports.start(answer)[0] == 9
        assert there.results(device, "rain_mm") == [0.1] * 12


def test_the_password_where_the_kind_asks_for_it(tmp_path: Path, database: Database) -> None:
    kind = KIND.replace("      sl651:\n", "      sl651:\n        password: true\n")
    with home(tmp_path, database, kind) as there:
        device = there.register("12345678", "1234")
        with there.client("sl651") as client:
            client.send(frames.encode(replace(sent([("Z", Decimal(1))]), password=0x1235)))
            (kept,) = until(lambda: there.rejections("sl651"))
            assert kept.reason == "sensing.wrong_secret"
            client.send(frames.encode(sent([("Z", Decimal(2))])))
            answers(client)
        assert there.results(device, "level_m") == [2.0]


def test_a_station_that_may_leave_is_told_so(tmp_path: Path, database: Database) -> None:
    kind = KIND.replace(
        "      sl651:\n", "      sl651:\n        stay: false\n        tests: true\n"
    )
    with home(tmp_path, database, kind) as there:
        device = there.register("12345678")
        with there.client("sl651") as client:
            client.send(frames.encode(sent([("Z", Decimal(1))], function=reports.TEST)))
            (answer,) = answers(client)
            assert answer.end == frames.EOT
        assert there.results(device, "level_m") == [1.0]


def test_the_values_of_another_station_in_one_report(tmp_path: Path, database: Database) -> None:
    first = sent([("Z", Decimal(1))]).body
    second = sent([("Z", Decimal(2))], station="0012345679").body[8:]
    third = sent([("Z", Decimal(3))], station="0099999999").body[8:]
    with home(tmp_path, database) as there:
        devices = [there.register(code) for code in ("12345678", "12345679")]
        with there.client("sl651") as client:
            client.send(frames.encode(replace(sent([]), body=first + second + third)))
            answers(client)
        assert [there.results(device, "level_m") for device in devices] == [[1.0], [2.0]]
        assert [r.reason for r in there.rejections("sl651")] == ["sensing.unknown_address"]


def test_levels_and_rain_of_one_station_are_two_devices(tmp_path: Path, database: Database) -> None:
    two = (
        KIND
        + """
  rain:
    properties:
      rain_5min_mm: {unit: mm}
    protocols:
      sl651: {values: {rain_5min_mm: PN05}}
"""
    )
    with home(tmp_path, database, two) as there:
        level = there.register("12345678")
        rain = there.register("0012345678", kind="test.rain")
        with there.client("sl651") as client:
            values = [("Z", Decimal("1.5")), ("PN05", Decimal("2.5")), ("VT", Decimal(12))]
            client.send(frames.encode(sent(values)))
            answers(client)
        assert there.results(level, "level_m") == [1.5]
        assert there.results(rain, "rain_5min_mm") == [2.5]
        assert dict(there.field.stations["sl651"].unmapped) == {"test.gauge: VT": 1}


def test_over_udp(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there:
        device = there.register("12345678")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
            plug.settimeout(20)
            plug.connect(("127.0.0.1", there.field.ports["sl651"].number))
            plug.send(frames.encode(sent([("Z", Decimal(5))], 3)))
            answer = frames.decode(plug.recv(2048), down=True)
            assert reports.start(answer)[0] == 3
            plug.send(b"no frame")
            until(lambda: there.rejections("sl651"))
        assert there.results(device, "level_m") == [5.0]


def order(there: Home, command: str, **arguments: Any) -> concurrent.futures.Future[Any]:
    (session,) = there.field.stations["sl651"].sessions.values()
    work = session.talk.command(command, arguments)
    return asyncio.run_coroutine_threadsafe(work, there.field._loop)  # type: ignore[arg-type]


@pytest.mark.parametrize("coding", list(Coding))
def test_commands(tmp_path: Path, database: Database, coding: Coding) -> None:
    with home(tmp_path, database) as there:
        device = there.register("12345678")
        with there.client("sl651") as client:
            client.send(frames.encode(sent([("Z", Decimal(1))], coding=coding)))
            answers(client)
            told = order(there, "read_elements", elements="Z, PJ")
            (asked,) = answers(client)
            assert (asked.function, asked.end) == (reports.ASK_ELEMENTS, frames.ENQ)
            assert asked.station == "0012345678"
            values = [("Z", Decimal("1.5")), ("PJ", Decimal(2))]
            later = NOW - MINUTE
            answer = sent(values, 2, reports.ASK_ELEMENTS, coding, time=later)
            client.send(frames.encode(answer))
            assert told.result(20)["values"] == {"Z": 1.5, "PJ": 2.0}
            answers(client)
            assert there.results(device, "level_m") == [1.5, 1.0]

            told = order(there, "set_time")
            (asked,) = answers(client)
            assert (asked.function, reports.start(asked)) == (reports.SET_CLOCK, (0, NOW))
            client.send(frames.encode(replace(sent([], coding=coding), function=0x4A)))
            assert told.result(20)["serial"] == 1
            answers(client)

            span = {"begin": "2607010000", "end": "2607010800", "element": "DRP"}
            told = order(there, "read_span", **span)
            (asked,) = answers(client)
            assert asked.function == reports.ASK_PERIOD
            with pytest.raises(BadCommand, match="not a time"):
                order(there, "read_span", **{**span, "begin": "yesterday"}).result(20)
            with pytest.raises(BadCommand, match="0 to 23"):
                order(there, "read_span", **span, hours=24).result(20)
            with pytest.raises(BadCommand, match="not an element"):
                order(there, "read_elements", elements="LEVEL").result(20)


def test_a_command_that_is_not_answered_is_sent_three_times(
    tmp_path: Path, database: Database
) -> None:
    with home(tmp_path, database, manners=Manners(wait_s=0.05)) as there:
        there.register("12345678")
        with there.client("sl651") as client:
            client.send(frames.encode(sent([("Z", Decimal(1))])))
            answers(client)
            told = order(there, "read_state")
            assert [a.function for a in answers(client, 3)] == [reports.ASK_STATE] * 3
            with pytest.raises(NoAnswer):
                told.result(20)


def test_a_client_that_never_ends_its_frame_is_cut_off(tmp_path: Path, database: Database) -> None:
    limits = replace(LIMITS, frame_s=0.05, sweep_s=0.02)
    with home(tmp_path, database, limits=limits) as there, there.client("sl651") as client:
        client.send(bytes.fromhex(examples.HOURLY)[:60])
        assert client.closed()
        assert there.rejections("sl651")[0].reason == "sensing.unfinished_frame"


def test_a_client_that_sends_no_frames_is_cut_off(tmp_path: Path, database: Database) -> None:
    wrong = bytearray.fromhex(examples.TIMED)
    wrong[30] ^= 1
    with home(tmp_path, database) as there, there.client("sl651") as client:
        client.send(bytes(wrong) * 40)
        assert client.closed()
        until(lambda: there.ledger("sl651")[3] > 16)


def test_a_client_that_says_nothing_is_cut_off(tmp_path: Path, database: Database) -> None:
    limits = replace(LIMITS, first_frame_s=0.05, sweep_s=0.02)
    with home(tmp_path, database, limits=limits) as there, there.client("sl651") as client:
        assert client.closed()


def test_a_link_is_kept_without_an_answer(tmp_path: Path, database: Database) -> None:
    with home(tmp_path, database) as there:
        there.register("12345678")
        with there.client("sl651") as client:
            body = bytes.fromhex("0003260701083000")
            client.send(frames.encode(replace(sent([]), function=reports.KEEP, body=body)))
            until(lambda: there.field.stations["sl651"].sessions)
            assert client.silent(0.1)
            (session,) = there.field.stations["sl651"].sessions.values()
            until(lambda: session.said)
            assert session.said["clock_ahead_s"] == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [("level", "identifier of annex C"), ("Z.1", "only those of the state"), ("ZT.32", "0 to 31")],
)
def test_a_mapping_names_what_is_wrong(code: str, words: str) -> None:
    text = KIND.replace("level_m: Z\n", f"level_m: {code}\n")
    with pytest.raises(BadMapping, match=words):
        kinds(text, {"sl651": Sl651()})


def test_elements_may_be_named_by_their_byte() -> None:
    text = KIND.replace("level_m: Z\n", "level_m: 39\n").replace("rain_mm: DRP", "rain_mm: FF07")
    declared = kinds(text, {"sl651": Sl651()}).kinds["gauge"].protocols["sl651"]["values"]
    assert declared["level_m"]["code"] == declared["depth_cm"]["code"] == "Z"
    assert declared["rain_mm"]["code"] == "FF07"
