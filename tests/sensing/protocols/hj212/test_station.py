"""A station that speaks HJ 212 with a running home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.sensing.protocols.hj212.test_codec import KEY
from tests.sensing.protocols.running import Client, Home, kinds, until
from yiwang.kernel.clock import MINUTE, ManualClock, parse
from yiwang.kernel.errors import YiwangError
from yiwang.sensing.protocols import service
from yiwang.sensing.protocols.errors import BadMapping, DeviceRefused
from yiwang.sensing.protocols.hj212.adapter import Hj212
from yiwang.sensing.protocols.hj212.cipher import Sm4
from yiwang.sensing.protocols.hj212.model import packet
from yiwang.sensing.protocols.hj212.model.packet import Packet
from yiwang.sensing.protocols.hj212.model.stream import Splitter
from yiwang.store.database import Database

NOW = parse("2026-07-01T10:00:00+08:00")
MN = "010000A8900016F000169DC0"
KINDS = """
kinds:
  outlet:
    properties:
      ph: {unit: "1", valid: {least: 0, most: 14}}
      cod: {unit: mg/L, valid: {least: 0, most: 10000}}
      cod_minute: {unit: mg/L}
      cod_hour: {unit: mg/L}
      cod_day: {unit: mg/L}
      ammonia: {unit: mg/L}
      pump: {unit: "1"}
      model: {type: text}
    protocols:
      hj212:
        values:
          ph: w01001-Rtd
          cod: w01018-Rtd
          cod_minute: 2051/w01018-Avg
          cod_hour: 2061/w01018-Avg
          cod_day: 2031/w01018-Avg
          ammonia: {code: w21003-Rtd, unit: ug/L}
          pump: SB1-RS
          model: i12001-Info
        flags: [D, F]
        minute_interval: 5 min
        ignore: [2041]
"""


def sent(cn: str, cp: str, flag: int = 5, **more: Any) -> bytes:
    made = Packet(cn, MN, "20260701095500123", "32", "123456", flag, cp=cp)
    return replace(made, **more).encode()


class Station(Client):
    """The field side of a conversation."""

    def ask(self, frame: bytes) -> Packet:
        self.send(frame)
        return self.answer()

    def answer(self) -> Packet:
        raw = self.until(b"\r\n")
        (piece,) = Splitter().feed(raw)
        return packet.decode(piece.raw)


@pytest.fixture
def home(tmp_path: Path, sqlite: Database) -> Iterator[Home]:
    with made(tmp_path, sqlite) as running:
        yield running


def made(tmp_path: Path, database: Database, **settings: Any) -> Home:
    adapters = {"hj212": Hj212()}
    return Home(tmp_path, database, KINDS, adapters=adapters, clock=ManualClock(NOW), **settings)


def station(home: Home) -> Station:
    return Station(home.field.ports["hj212"].number)


REALTIME = "DataTime=20260701095500;w01001-Rtd=7.1,w01001-Flag=N;w01018-Rtd=21.5,w01018-Flag=N"


def test_realtime_data_are_stored_then_answered(home: Home) -> None:
    device = home.register(MN, "123456")
    with station(home) as client:
        answer = client.ask(sent("2011", REALTIME))
        assert (answer.cn, answer.qn, answer.mn, answer.flag) == (
            "9014",
            "20260701095500123",
            MN,
            4,
        )
        assert home.results(device, "cod") == [21.5]
        found = home.observed(device, "ph")
        assert found.time.tolist() == [parse("2026-07-01T09:55:00+08:00")]
        assert msgspec.json.decode(found.extra[0]) == {"resultQuality": {"Flag": "N"}}


def test_what_is_sent_again_is_answered_again_and_stored_once(home: Home) -> None:
    device = home.register(MN, "123456")
    with station(home) as client:
        for _ in range(3):
            assert client.ask(sent("2011", REALTIME)).cn == "9014"
        assert home.results(device, "cod") == [21.5]
    assert home.ledger("hj212") == (6, 2, 4, 0)


def test_no_answer_where_none_is_wanted(home: Home) -> None:
    device = home.register(MN, "123456")
    with station(home) as client:
        client.send(sent("2011", REALTIME, 4))
        assert client.ask(sent("9015", "")).cn == "9013"
        until(lambda: home.results(device, "cod") == [21.5])


@pytest.mark.parametrize(
    ("cn", "name", "start", "end"),
    [
        ("2051", "cod_minute", "2026-07-01T09:40:00+08:00", "2026-07-01T09:45:00+08:00"),
        ("2061", "cod_hour", "2026-07-01T08:00:00+08:00", "2026-07-01T09:00:00+08:00"),
        ("2031", "cod_day", "2026-06-30T00:00:00+08:00", "2026-07-01T00:00:00+08:00"),
    ],
)
def test_statistics_are_about_a_period(
    home: Home, cn: str, name: str, start: str, end: str
) -> None:
    device = home.register(MN, "123456")
    label = start[:19].replace("-", "").replace(":", "").replace("T", "")
    cp = f"DataTime={label};w01018-Min=1,w01018-Avg=20.5,w01018-Max=30,w01018-Cou=9,w01018-Flag=T"
    with station(home) as client:
        assert client.ask(sent(cn, cp)).cn == "9014"
    found = home.observed(device, name)
    assert (found.result.tolist(), found.time.tolist()) == ([20.5], [parse(end)])
    assert msgspec.json.decode(found.extra[0]) == {
        "phenomenonTime": f"{start}/{end}",
        "resultQuality": {"Flag": "T"},
    }
    others = {"cod_minute", "cod_hour", "cod_day"} - {name}
    assert all(home.results(device, other) == [] for other in others)


def test_units_sample_times_states_and_retransmission(home: Home) -> None:
    device = home.register(MN, "123456")
    cp = "DataTime=20260701095500;w21003-SampleTime=20260701090000,w21003-Rtd=1500,w21003-EFlag=A1"
    with station(home) as client:
        assert client.ask(sent("2011", cp, rf=True)).cn == "9014"
        assert client.ask(sent("2021", "DataTime=20260701095500;SB1-RS=1;SB2-RS=0")).cn == "9014"
    found = home.observed(device, "ammonia")
    assert found.result.tolist() == pytest.approx([1.5])
    assert found.time.tolist() == [parse("2026-07-01T09:00:00+08:00")]
    assert msgspec.json.decode(found.extra[0]) == {
        "resultQuality": {"EFlag": "A1"},
        "parameters": {"RF": 1},
    }
    assert home.results(device, "pump") == [1.0]
    (shown,) = service.protocols(home.caller)
    assert shown["unmapped"] == {"2021/SB2-RS": 1}


def test_values_that_are_refused_and_those_that_are_not(home: Home) -> None:
    device = home.register(MN, "123456")
    cp = (
        "DataTime=20260701095500;w01001-Rtd=99,w01001-Flag=N;w01018-Rtd=5,w01018-Flag=D;"
        "w21003-Rtd=-,w21003-Flag=B;SB1-RS=1"
    )
    with station(home) as client:
        assert client.ask(sent("2011", cp)).cn == "9014"
    assert home.results(device, "pump") == [1.0]
    assert home.ledger("hj212") == (4, 1, 0, 3)
    reasons = {item.reason: item.where for item in home.rejections("hj212")}
    assert set(reasons) == {
        "sensing.out_of_range",
        "sensing.marked_invalid",
        "sensing.not_a_number",
    }
    assert reasons["sensing.marked_invalid"] == f"{MN} 2011 w01018-Rtd"


@pytest.mark.parametrize(
    ("frame", "reason", "answered"),
    [
        (sent("2011", "w01001-Rtd=7"), "sensing.bad_time", True),
        (sent("2011", "DataTime=20260732000000;w01001-Rtd=7"), "sensing.bad_time", True),
        (sent("2011", "DataTime=20270701095500;w01001-Rtd=7"), "sensing.in_future", True),
        (sent("2011", "DataTime=20260701095500;w99999-Rtd=7"), "sensing.nothing_mapped", True),
        (sent("2011", REALTIME, pw="654321"), "sensing.wrong_secret", False),
        (sent("2011", REALTIME, mn="010000A8900016F000169DC9"), "sensing.unknown_address", False),
        (sent("4711", ""), "sensing.hj212_command", False),
        (sent("2011", REALTIME, pnum=2, flag=7), "sensing.hj212_parts", False),
        (sent("2011", "DataTime"), "sensing.hj212_segment", False),
        (sent("2011", REALTIME).replace(b"7.1", b"7.2"), "sensing.bad_checksum", False),
        (b"##00x1" + sent("2011", REALTIME)[6:], "sensing.hj212_no_frame", False),
    ],
)
def test_what_is_refused_is_kept(home: Home, frame: bytes, reason: str, answered: bool) -> None:
    home.register(MN, "123456")
    with station(home) as client:
        client.send(frame)
        (kept,) = until(lambda: home.rejections("hj212"))
        assert kept.reason == reason
        assert kept.raw == frame.rstrip() or reason == "sensing.in_future"
        assert client.ask(sent("9015", "")).cn == ("9014" if answered else "9013")
    assert home.ledger("hj212") == (1, 0, 0, 1)


def test_device_information_and_ignored_commands_are_no_refusals(home: Home) -> None:
    device = home.register(MN, "123456")
    with station(home) as client:
        info = "DataTime=20260701095500;PolId=w01018;i12001-Info=//型号甲//"
        assert client.ask(sent("3020", info)).cn == "9014"
        assert client.ask(sent("2041", "DataTime=20260630000000;SB1-RT=1.5")).cn == "9014"
        (shown,) = service.connected_devices(home.caller, "hj212")
        assert shown["said"]["i12001-Info"] == "//型号甲//"
    assert home.observed(device, "model").exact == ['"//型号甲//"']
    assert home.ledger("hj212") == (1, 1, 0, 0)


def test_parts_are_stored_and_answered_one_by_one(home: Home) -> None:
    device = home.register(MN, "123456")
    first = sent("2011", "DataTime=20260701095500;w01001-Rtd=7.1", 7, pnum=2, pno=1)
    second = sent("2011", "w01018-Rtd=21.5,w01018-Flag=N", 7, pnum=2, pno=2)
    with station(home) as client:
        answer = client.ask(first)
        assert (answer.cn, answer.flag, answer.pnum, answer.pno) == ("9014", 6, 2, 1)
        assert client.ask(second).pno == 2
    assert home.results(device, "cod") == [21.5] and home.results(device, "ph") == [7.1]


def test_parts_may_come_in_any_order(home: Home) -> None:
    device = home.register(MN, "123456")
    with station(home) as client:
        client.send(sent("2011", "w01018-Rtd=21.5", 7, pnum=2, pno=2))
        client.send(sent("2011", "DataTime=20260701095500;w01001-Rtd=7.1", 7, pnum=2, pno=1))
        assert {client.answer().pno, client.answer().pno} == {1, 2}
    assert home.results(device, "cod") == [21.5]


def test_encrypted_data_of_2025(home: Home, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "hj212.yaml").write_text(f"{MN}: '{KEY.hex()}'\n")
    os.utime(tmp_path / "keys" / "hj212.yaml", (0, 0))  # as older backups brought it back
    device = home.register(MN, "123456")
    clear = sent("2011", REALTIME, 9)
    start, end = clear.index(b"CP=&&") + 5, clear.rindex(b"&&")
    with station(home) as client:
        answer = client.ask(clear[:start] + Sm4(KEY).encrypt(clear[start:end]) + clear[end:])
        assert (answer.cn, answer.flag) == ("9014", 8)
    assert home.results(device, "cod") == [21.5]


def test_several_stations_over_one_connection(home: Home) -> None:
    other = MN.replace("9DC0", "9DC1")
    devices = [home.register(MN, "123456"), home.register(other, "123456")]
    with station(home) as client:
        for mn in (MN, other, MN):
            assert client.ask(sent("2011", REALTIME, mn=mn)).mn == mn
        shown = service.connected_devices(home.caller, "hj212")
        assert {one["code"] for one in shown} == {MN, other}
    assert [home.results(device, "cod") for device in devices] == [[21.5], [21.5]]
    until(lambda: not service.connected_devices(home.caller, "hj212"))


def command(home: Home, thing: int, name: str, **arguments: Any) -> Any:
    return service.command_device(home.caller, thing, name, arguments)


def test_a_station_that_asks_is_set(tmp_path: Path, sqlite: Database) -> None:
    with made(tmp_path, sqlite, outward="live") as home:
        home.register(MN, "123456")
        with station(home) as client:
            assert client.ask(sent("1013", "")).cn == "9013"
            asked = client.answer()
            assert (asked.cn, asked.flag, asked.pw) == ("1012", 5, "123456")
            assert asked.cp == "SystemTime=20260701100000"


def test_a_station_that_asks_is_not_set_in_a_rehearsal(home: Home) -> None:
    home.register(MN, "123456")
    with station(home) as client:
        assert client.ask(sent("1013", "")).cn == "9013"
        assert client.ask(sent("9015", "")).cn == "9013"
        (shown,) = service.connected_devices(home.caller, "hj212")
        assert shown["said"] == {"asked_for_time": True}


def test_history_is_requested_and_stored(tmp_path: Path, sqlite: Database) -> None:
    with made(tmp_path, sqlite, outward="live") as home, station(home) as client:
        device = home.register(MN, "123456")
        client.ask(sent("2011", REALTIME))
        span = {"from": "2026-06-30T08:00", "to": "2026-06-30T09:00"}
        order = command(home, device.thing, "history", of="hour", **span)
        asked = client.answer()
        assert asked.cn == "2061"
        assert asked.cp == "BeginTime=20260630080000,EndTime=20260630090000"
        reply = replace(asked, flag=4)
        client.send(replace(reply, st="91", cn="9011", cp="QnRtn=1").encode())
        client.send(replace(reply, cp="DataTime=20260630080000;w01018-Avg=17").encode())
        client.send(replace(reply, st="91", cn="9012", cp="ExeRtn=1").encode())
        assert order.done.result(10) == {"said": {"w01018-Avg": "17"}, "records": 1}
        until(lambda: home.results(device, "cod_hour") == [17.0])


def test_a_station_may_refuse(tmp_path: Path, sqlite: Database) -> None:
    with made(tmp_path, sqlite, outward="live") as home, station(home) as client:
        device = home.register(MN, "123456")
        client.ask(sent("2011", REALTIME))
        for cn, cp, words in (
            ("9011", "QnRtn=3", "wrong PW"),
            ("9012", "ExeRtn=100", "no data"),
        ):
            order = command(home, device.thing, "read_time")
            asked = client.answer()
            client.send(replace(asked, flag=4, st="91", cn=cn, cp=cp).encode())
            with pytest.raises(DeviceRefused, match=words):
                order.done.result(10)
            until(lambda given=order: given.state == "failed")


def test_a_request_is_repeated(
    tmp_path: Path, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yiwang.sensing.protocols.hj212.exchange.ANSWER_S", 0.05)
    with made(tmp_path, sqlite, outward="live") as home, station(home) as client:
        device = home.register(MN, "123456")
        client.ask(sent("2011", REALTIME))
        order = command(home, device.thing, "read_time")
        assert len({client.answer().qn for _ in range(3)}) == 1
        with pytest.raises(YiwangError, match="3 times"):
            order.done.result(10)


@pytest.mark.parametrize(
    ("changed", "to", "words"),
    [
        ("2061/w01018-Avg", "w01018-Avg", "2061/"),
        ("w01001-Rtd", "w01001-Flag", "none itself"),
        ("w01001-Rtd", "w01001 Rtd", "w01018-Rtd"),
        ("5 min", "5 kg", "10 min"),
        ("[D, F]", "[normal]", "T"),
        ("[2041]", "[1011]", "2041"),
    ],
)
def test_wrong_mappings_are_named(changed: str, to: str, words: str) -> None:
    with pytest.raises(BadMapping, match=words) as raised:
        kinds(KINDS.replace(changed, to), {"hj212": Hj212()})
    assert "devices.yaml, line" in str(raised.value)


def test_minutes_are_ten_unless_said_otherwise() -> None:
    found = kinds(KINDS.replace("minute_interval: 5 min", ""), {"hj212": Hj212()})
    assert found.kinds["outlet"].protocols["hj212"]["minute_interval"] == 10 * MINUTE
