"""The codec of HJ 212: the standard's worked examples, round trips, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.clock import parse
from yiwang.sensing.errors import Refused
from yiwang.sensing.mqtt.errors import BadTime
from yiwang.sensing.protocols.errors import BadChecksum, BadCommand
from yiwang.sensing.protocols.hj212.cipher import Sm4
from yiwang.sensing.protocols.hj212.errors import BadSegment, NoFrame, NoKey
from yiwang.sensing.protocols.hj212.model import checksum, commands, packet, region
from yiwang.sensing.protocols.hj212.model.packet import Cipher, Packet
from yiwang.sensing.protocols.hj212.model.stream import Splitter

ZONE = ZoneInfo("Asia/Shanghai")
KEY = b"0" * 16
"""The key of the examples in HJ 212-2025, appendix A.2: sixteen times 0x30."""

APPENDIX_A_2017 = (
    b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;"
    b"Flag=5;CP=&&RtdInterval=30&&1C80\r\n"
)
APPENDIX_A1_2025 = (
    b"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;"
    b"Flag=9;CP=&&&&2200\r\n"
)
APPENDIX_A2_2025 = (
    b"##0234QN=20240520210700000;ST=31;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&"
    b"DataTime=20240520210600;a01011-Min=1.35,a01011-Avg=1.35,a01011-Max=1.35,a01011-Flag=N;"
    b"a01014-Min=3.20,a01014-Avg=3.20,a01014-Max=3.20,a01014-Flag=N&&B541\r\n"
)
APPENDIX_A2_ENCRYPTED = bytes.fromhex(
    "E43E159ACFAB242CB53155FB8B9281A1A242577ABFAED881BE88B72D69FC55ED1A80119FAAC8B3CD33D285CC76F5"
    "7F2CA7F88B9573C6647E0F07E24609BD6B63EB20C5B9784F28E71D2F4994FF61D9E13B391A1D2A454B65388D5D94"
    "35DBF021528C7BF9755EF16518710C0CAC0ADEF9C5156CD0A5A17674AC0ED2ABC40023E9EF70128554B82438E91A"
    "DCE98A0D03A4"
)


def _data(frame: bytes) -> bytes:
    return frame[frame.index(b"CP=&&") + 5 : frame.rindex(b"&&")]


def _with_data(frame: bytes, data: bytes) -> bytes:
    return frame.replace(_data(frame), data)


def _ciphers(mn: str) -> Cipher | None:
    return Sm4(KEY)


def test_the_worked_example_of_2017_appendix_a() -> None:
    read = packet.decode(APPENDIX_A_2017)
    assert read == Packet(
        cn="1062",
        mn="010000A8900016F000169DC0",
        qn="20160801085857223",
        st="32",
        pw="100000",
        flag=5,
        cp="RtdInterval=30",
    )
    assert (read.edition, read.wants_answer) == (1, True)
    assert read.encode() == APPENDIX_A_2017


def test_the_worked_examples_of_2025_appendix_a() -> None:
    for frame in (APPENDIX_A1_2025, APPENDIX_A2_2025):
        read = packet.decode(frame)
        assert (read.edition, read.wants_answer) == (2, True)
        assert read.encode() == frame
    assert checksum.crc(APPENDIX_A1_2025[6:-6]) == 0x2200


def test_encryption_as_in_2025_appendix_a2() -> None:
    """Nine blocks are encrypted, three characters stay in the clear, the checksum is that of
    the clear text and the length stays."""
    data = Sm4(KEY).encrypt(_data(APPENDIX_A2_2025))
    assert data == APPENDIX_A2_ENCRYPTED + b"g=N"
    sent = _with_data(APPENDIX_A2_2025, data)
    assert packet.decode(sent, _ciphers) == packet.decode(APPENDIX_A2_2025)
    assert packet.decode(APPENDIX_A2_2025, _ciphers) == packet.decode(APPENDIX_A2_2025)


def test_encrypted_bytes_may_be_spelt_as_the_standard_prints_them() -> None:
    spelt = b"{" + b",".join(b"0x%02X" % byte for byte in APPENDIX_A2_ENCRYPTED) + b"}g=N"
    sent = _with_data(APPENDIX_A2_2025, spelt)
    sent = b"##%04d" % (len(sent) - 12) + sent[6:]
    assert packet.decode(sent, _ciphers) == packet.decode(APPENDIX_A2_2025)


def test_encrypted_without_a_key_or_with_another() -> None:
    sent = _with_data(APPENDIX_A2_2025, APPENDIX_A2_ENCRYPTED + b"g=N")
    with pytest.raises(NoKey):
        packet.decode(sent)
    with pytest.raises(BadChecksum):
        packet.decode(sent, lambda mn: Sm4(b"1" * 16))


def test_flags_of_the_editions() -> None:
    for flag, edition, answer in ((4, 1, False), (5, 1, True), (8, 2, False), (11, 2, True)):
        read = Packet("2011", "A", flag=flag)
        assert (read.edition, read.wants_answer) == (edition, answer)
    assert Packet("2011", "A").edition == 0


def test_answers_repeat_the_number_and_the_part() -> None:
    asked = Packet("2061", "MN1", "20240601085857223", "31", "123456", 11, 2, 1, cp="DataTime=1")
    answer = packet.decode(asked.answer("9014").encode())
    assert (answer.cn, answer.st, answer.qn, answer.flag) == ("9014", "91", asked.qn, 10)
    assert (answer.pnum, answer.pno, answer.cp) == (2, 1, "")


_word = st.text("ABCDEFabcdef0123456789-_.:", min_size=1, max_size=24)
_packets = st.builds(
    Packet,
    cn=st.integers(1000, 9999).map(str),
    mn=_word,
    qn=st.integers(10**16, 10**17 - 1).map(str),
    st=st.integers(10, 99).map(str),
    pw=_word,
    flag=st.integers(0, 255),
    pnum=st.just(0),
    rf=st.booleans(),
    cp=st.text(st.characters(codec="gb18030", exclude_characters="&"), max_size=300),
)


@given(_packets)
def test_what_is_encoded_is_decoded(sent: Packet) -> None:
    assert packet.decode(sent.encode()) == sent


@given(_packets, st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))))
def test_parts_are_decoded(sent: Packet, part: tuple[int, int]) -> None:
    sent = replace(sent, pnum=part[0], pno=part[1])
    assert packet.decode(sent.encode()) == sent


@given(st.lists(_packets, min_size=1, max_size=4), st.lists(st.integers(1, 80)), st.booleans())
def test_a_stream_may_be_cut_anywhere(sent: list[Packet], cuts: list[int], ends: bool) -> None:
    frames = [one.encode() for one in sent]
    stream = b"".join(frame if ends else frame.rstrip(b"\r\n") for frame in frames)
    splitter, found, at = Splitter(), [], 0
    for size in [*cuts, len(stream)]:
        found += splitter.feed(stream[at : at + size])
        at += size
    assert [piece.fault for piece in found] == [None] * len(sent)
    assert [packet.decode(piece.raw) for piece in found] == sent


@given(st.binary(max_size=200))
def test_a_frame_is_found_behind_anything(junk: bytes) -> None:
    """Behind anything that cannot be the beginning of one."""
    stream = junk.replace(b"#", b"") + b"\r\n" + APPENDIX_A_2017 * 2
    good = [piece.raw for piece in Splitter().feed(stream) if piece.fault is None]
    assert good == [APPENDIX_A_2017.rstrip()] * 2


def test_a_wrong_length_costs_one_frame() -> None:
    wrong = APPENDIX_A_2017.replace(b"##0101", b"##0099")
    pieces = Splitter().feed(wrong + APPENDIX_A_2017)
    assert [type(piece.fault) for piece in pieces] == [NoFrame, type(None)]
    assert pieces[1].raw == APPENDIX_A_2017.rstrip()


@pytest.mark.parametrize(
    ("raw", "error", "words"),
    [
        (b"##01", NoFrame, "four digits"),
        (b"##0102" + APPENDIX_A_2017[6:], NoFrame, "102"),
        (APPENDIX_A_2017.replace(b"1C80", b"1C81"), BadChecksum, "1C81"),
        (packet.frame(b"QN=1;CN=2011;MN=A"), BadSegment, "CP=&&"),
        (packet.frame(b"QN=1;CN=2011;CP=&&&&"), BadSegment, "MN"),
        (packet.frame(b"QN=1;MN=A;CP=&&&&"), BadSegment, "CN"),
        (packet.frame(b"CN=2011;MN=A;MN=B;CP=&&&&"), BadSegment, "MN=B"),
        (packet.frame(b"CN=2011;MN=A;Flag=x;CP=&&&&"), BadSegment, "Flag"),
        (packet.frame(b"CN=2011;MN=A;Flag=256;CP=&&&&"), BadSegment, "255"),
        (packet.frame(b"CN=2011;MN=A;PNUM=1;PNO=2;CP=&&&&"), BadSegment, "2 of 1"),
        (packet.frame(b"CN=2011;MN=A;CP=&&\xff\xff\xff&&"), BadSegment, "ASCII"),
    ],
)
def test_what_is_refused_names_what_is_wrong(raw: bytes, error: type[Refused], words: str) -> None:
    with pytest.raises(error) as raised:
        packet.decode(raw)
    assert words in raised.value.message("en")
    assert raised.value.message("zh-CN")


def test_the_data_region() -> None:
    cp = (
        "DataTime=20160801085857;w01018-Rtd=1.1,w01018-Flag=N;w01001-Rtd=7,w01001-Flag=D;"
        "DataTime=20160801085957;w01018-Rtd=1.2"
    )
    first, second = region.records(cp)
    assert first.data_time == "20160801085857"
    assert first.said("w01018", "Flag") == "N" and first.said("w01001", "Flag") == "D"
    assert dict(second.fields) == {"w01018-Rtd": "1.2"}
    assert region.records("") == [region.Record("", {})]
    with pytest.raises(BadSegment):
        region.records("DataTime=1;w01018")


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.10", 1.1), ("-0.5", -0.5), ("1e3", 1000.0), (".5", 0.5), ("99999999999.9", 99999999999.9)],
)
def test_numbers(text: str, number: float) -> None:
    assert region.number(text) == number


@pytest.mark.parametrize("text", ["", "-", "NaN", "inf", "1,2", "0x10", "1_000", "１", "N"])
def test_what_is_no_number(text: str) -> None:
    assert region.number(text) is None


def test_times() -> None:
    assert region.instant("20160801085857", ZONE) == parse("2016-08-01T08:58:57+08:00")
    assert region.instant("20160801085857223", ZONE) == parse("2016-08-01T08:58:57.223+08:00")
    end, period = region.period("20160801080000", ZONE, commands.PERIODS["2061"])
    assert end == parse("2016-08-01T09:00:00+08:00")
    assert period == "2016-08-01T08:00:00+08:00/2016-08-01T09:00:00+08:00"
    for wrong in ("", "2016080108585", "20161301085857", "2016-08-01 08:58", "２" * 14):
        with pytest.raises(BadTime):
            region.instant(wrong, ZONE)


def test_a_day_has_the_length_that_it_has_in_the_zone() -> None:
    end, _ = region.period("20260329000000", ZoneInfo("Europe/Berlin"), commands.PERIODS["2031"])
    assert end == parse("2026-03-30T00:00:00+02:00")


NOW = datetime(2026, 7, 1, 8, 0, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("name", "given", "cn", "cp"),
    [
        ("set_time", {}, "1012", "SystemTime=20260701080000"),
        ("set_time", {"factor": "w01018"}, "1012", "PolId=w01018;SystemTime=20260701080000"),
        ("read_time", {}, "1011", ""),
        (
            "history",
            {"of": "hour", "from": "2026-06-30T00:00", "to": "2026-06-30T16:00:00Z"},
            "2061",
            "BeginTime=20260630000000,EndTime=20260701000000",
        ),
        ("set_timeouts", {"seconds": 5, "times": 3}, "1000", "OverTime=5;ReCount=3"),
        ("set_realtime_interval", {"seconds": 30}, "1062", "RtdInterval=30"),
        ("set_minute_interval", {"minutes": 10}, "1064", "MinInterval=10"),
        ("keep_sample", {}, "3015", ""),
        ("sample_now", {"factor": "w01018"}, "3012", "PolId=w01018"),
        (
            "device_info",
            {"factor": "w01018", "info": "i12001"},
            "3020",
            "PolId=w01018;InfoId=i12001",
        ),
    ],
)
def test_requests(name: str, given: dict[str, object], cn: str, cp: str) -> None:
    assert commands.request(name, given, NOW) == commands.Request(cn, cp)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("history", {"of": "year", "from": "2026-06-30", "to": "2026-07-01"}, "minute"),
        ("history", {"of": "day", "from": "yesterday", "to": "2026-07-01"}, "2026-07-01T08"),
        ("history", {"of": "day", "from": "2026-07-01", "to": "2026-06-01"}, "before"),
        ("set_minute_interval", {"minutes": 0}, "1 to 60"),
        ("set_minute_interval", {"minutes": "10"}, "1 to 60"),
        ("sample_now", {"factor": "a;CP=&&"}, "letters"),
    ],
)
def test_requests_that_cannot_be_made(name: str, given: dict[str, object], words: str) -> None:
    with pytest.raises(BadCommand, match=words):
        commands.request(name, given, NOW)
