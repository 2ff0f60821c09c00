"""The codec against what the standard says and what public documents print."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from tests.sensing.protocols.sl651 import examples
from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.sl651.model import binary, characters, frames, reports, writing
from yiwang.sensing.protocols.sl651.model.frames import Coding, Frame
from yiwang.sensing.protocols.sl651.model.packets import Assembly
from yiwang.sensing.protocols.sl651.model.splitting import Splitter


def at(text: str) -> int:
    """Microseconds of a Beijing time written as 2017-07-18 11:00."""
    return round(datetime.fromisoformat(text + "+08:00").timestamp() * 1_000_000)


def frame(printed: str, down: bool = False) -> Frame:
    return frames.decode(bytes.fromhex(printed), down)


def values(printed: str) -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = {}
    for reading in binary.read(frame(printed)).readings:
        found.setdefault(reading.element, []).append(reading.value)
    return found


def made(body: bytes, coding: Coding = Coding.HEX, function: int = reports.TIMED) -> Frame:
    return Frame(coding, False, 5, "0011223344", 1000, function, frames.ETX, body)


def test_the_header_is_read() -> None:
    read = frame(examples.TIMED)
    assert (read.centre, read.station, read.password) == (5, "0011223344", 0x03E8)
    assert (read.function, read.end, read.total) == (reports.TIMED, frames.ETX, 0)
    report = binary.read(read)
    assert (report.serial, report.sent) == (0x34, at("2017-07-18 11:00:16"))


@pytest.mark.parametrize(
    "printed",
    [examples.KEEP, examples.TEST, examples.TIMED, examples.HOURLY, examples.SPAN, examples.STATE],
)
def test_a_frame_is_written_as_it_was_read(printed: str) -> None:
    assert frames.encode(frame(printed)).hex().upper() == printed


def test_a_timed_report() -> None:
    """当前降水量 4 mm, 降水量累计值 4 mm, 水位 10.49 m, 电压 10.99 V, as the page says."""
    assert values(examples.TIMED) == {"PJ": [4.0], "PT": [4.0], "Z": [10.49], "VT": [10.99]}
    times = {reading.time for reading in binary.read(frame(examples.TIMED)).readings}
    assert times == {at("2017-07-18 11:00")}


def test_a_test_report() -> None:
    assert values(examples.TEST) == {"PJ": [0.5], "PT": [0.5], "Z": [0.127], "VT": [11.15]}


def test_an_hourly_report_has_a_time_for_each_value() -> None:
    readings = binary.read(frame(examples.HOURLY)).readings
    rain = [(r.time, r.value) for r in readings if r.element == "DRP"]
    assert [value for _, value in rain] == [0.5, 0, 0, 0, 2.0, *[None] * 5, 0, 0]
    start = at("2017-07-18 10:05")
    assert [time for time, _ in rain] == [start + n * 300_000_000 for n in range(12)]
    level = [r.value for r in readings if r.element == "DRZ1"]
    assert level == [0.12, 0.12, 0.28, 0.49, 0.49, *[None] * 5, 0.49, 0.49]
    assert [(r.time, r.value) for r in readings if r.element == "Z"] == [
        (at("2017-07-18 11:00"), 10.49)
    ]


def test_the_answer_to_a_query_of_a_span() -> None:
    assert values(examples.SPAN) == values(examples.ELEMENTS)
    assert len(values(examples.SPAN)["DRP"]) == 12


def test_the_state_word() -> None:
    assert values(examples.STATE) == {"ZT": [0x400]}


def test_what_carries_no_reading() -> None:
    assert binary.read(frame(examples.KEEP)).readings == []
    assert binary.read(frame(examples.CLOCK)).readings == []


def test_the_confirmation_is_the_printed_one() -> None:
    answer = writing.confirm(frame(examples.TIMED), at("2017-07-18 11:00:16"))
    assert frames.encode(answer).hex().upper() == examples.TIMED_ANSWER
    answer = writing.confirm(frame(examples.TEST), at("2059-10-11 15:49:47"))
    assert frames.encode(answer).hex().upper() == examples.TEST_ANSWER
    assert frame(examples.TIMED_ANSWER, down=True) == writing.confirm(
        frame(examples.TIMED), at("2017-07-18 11:00:16")
    )


def test_a_confirmation_lets_the_station_leave_or_asks_for_more() -> None:
    read = frame(examples.TIMED)
    assert writing.confirm(read, 0, stay=False).end == frames.EOT
    assert writing.confirm(replace(read, end=frames.ETB), 0).end == frames.ACK


def test_ascii_reads_as_hex_does() -> None:
    group = writing.Group(
        at("2026-07-01 08:00"),
        [
            ("Z", Decimal("12.345")),
            ("PJ", Decimal("4.5")),
            ("VT", Decimal("12.10")),
            ("AI", Decimal("-3.5")),
            ("Q", None),
            ("ZT", Decimal(0x84)),
            ("DRP", [Decimal("0.5"), None, *[Decimal(0)] * 10]),
            ("DRZ1", [Decimal("1.25")] * 12),
        ],
    )
    sent = at("2026-07-01 08:00:05")
    told = []
    for coding, read in ((Coding.HEX, binary.read), (Coding.ASCII, characters.read)):
        body = writing.report(coding, 7, sent, "0012345678", "H", [group])
        whole = frames.decode(frames.encode(made(body, coding)))
        told.append(read(whole))
    assert told[0] == told[1]
    by_name = {r.element: r.value for r in told[0].readings if not r.element.startswith("DR")}
    assert by_name == {
        "Z": 12.345,
        "PJ": 4.5,
        "VT": 12.1,
        "AI": -3.5,
        "Q": None,
        "ZT": 132.0,
    }


def test_a_series_in_ascii_has_several_elements() -> None:
    body = b"0007260701080005ST 0012345678 H TT 2607010800 DRN05 Z PJ 1.25 0.5 M 1.0 1.30 M "
    readings = characters.read(made(body, Coding.ASCII, reports.PERIOD)).readings
    start = at("2026-07-01 08:00")
    step = 300_000_000
    assert [(r.element, r.time, r.value) for r in readings] == [
        ("Z", start, 1.25),
        ("PJ", start, 0.5),
        ("Z", start + step, None),
        ("PJ", start + step, 1.0),
        ("Z", start + 2 * step, 1.3),
        ("PJ", start + 2 * step, None),
    ]


def test_a_series_in_hex() -> None:
    body = bytes.fromhex(
        "0007260701080005 F1F1001122334448 F0F02607010800 "
        "0418000100 3923 00001250 FFFFFFFF 00001300"
    )
    readings = binary.read(made(body, function=reports.PERIOD)).readings
    assert [r.value for r in readings] == [1.25, None, 1.3]
    assert [r.time for r in readings] == [at(f"2026-07-01 {hour:02d}:00") for hour in (8, 9, 10)]


@pytest.mark.parametrize(
    ("data", "decimals", "value"),
    [
        ("001234", 2, 12.34),
        ("FF001234", 2, -12.34),
        ("FF0123", 1, -12.3),
        ("FFFFFF", 1, None),
        ("000000", 0, 0.0),
    ],
)
def test_numbers(data: str, decimals: int, value: float | None) -> None:
    assert binary.number(bytes.fromhex(data), decimals) == (value, "")


def test_one_element_that_cannot_be_read_leaves_the_others() -> None:
    body = bytes.fromhex("0007260701080005 F1F1001122334448 F0F02607010800 3923 0000A250 38121210")
    bad, good = binary.read(made(body)).readings
    assert (bad.value, good.value) == (None, 12.1)
    assert "0000A250" in bad.problem


def test_own_and_unknown_elements_keep_their_identifier() -> None:
    body = bytes.fromhex("0007260701080005 F1F1001122334448 F0F02607010800 FF0119000012 7611 0003")
    readings = binary.read(made(body)).readings
    assert [(r.element, r.value) for r in readings] == [("FF01", 1.2), ("0x76", 0.3)]


def test_several_stations_in_one_report() -> None:
    body = bytes.fromhex(
        "0007260701080005 F1F1001122334448 F0F02607010800 381212 10"
        "F1F1001122334548 F0F02607010805 38121211"
    )
    readings = binary.read(made(body)).readings
    assert [r.station for r in readings] == ["0011223344", "0011223345"]
    assert readings[1].time - readings[0].time == 300_000_000


def test_addresses() -> None:
    assert frames.station_names("0012345678") == ("0012345678", "12345678")
    assert frames.station_names("1101050001") == ("1101050001", "110105000001")
    assert frames.station_names("110105EA60") == ("110105EA60", "110105060000")


def test_manual_reports_in_the_words_of_the_ascii_coding() -> None:
    (reading,) = characters.read_manual(b"Q 1.234", "0011223344", 5)
    assert (reading.element, reading.value, reading.time) == ("Q", 1.234, 5)
    with pytest.raises(BadFrame, match=r"Q1\.234"):
        characters.read_manual(b"Q1.234 ", "0011223344", 5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:-1] + b"\x00", "CRC does not match"),
        (lambda data: data[:-4] + data[-3:], "length"),
        (lambda data: data + b"\x00", "length"),
    ],
)
def test_what_is_wrong_with_a_frame_is_said(change: object, words: str) -> None:
    data = bytes.fromhex(examples.TIMED)
    with pytest.raises(BadFrame, match=words):
        frames.decode(change(data))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("0007", "too short"),
        ("0007261301080005", '"261301080005" is not a time'),
        ("0007260701080005 F1F10011", "in the middle of the address"),
        ("0007260701080005 F0F02607", "in the middle of the time"),
        ("0007260701080005 3923 0000", "in the middle of Z"),
        ("0007260701080005 39", "in the middle of the definition of Z"),
        ("0007260701080005 3903", "no data"),
        ("0007260701080005 0418 000000 3923 00001250", "step is zero"),
        ("0007260701080005 0418 00A000 3923 00001250", "step 00A000"),
        ("0007260701080005 0418 000100 3923 000012", "no whole number"),
        ("0007260701080005 FDF6 00", "flow batches"),
    ],
)
def test_what_is_wrong_with_a_body_is_said(body: str, words: str) -> None:
    with pytest.raises(BadFrame, match=words):
        binary.read(made(bytes.fromhex(body)))


@pytest.mark.parametrize(
    ("words_sent", "words"),
    [
        ("0007", "too short"),
        ("ZZZZ260701080005", "serial number"),
        ("0007260701080005ST 12 H ", "address of a station"),
        ("0007260701080005WHAT 1 ", '"WHAT" is not the identifier'),
        ("0007260701080005Z", "ends behind Z"),
        ("0007260701080005TT 2607310899 ", "is not a time"),
        ("0007260701080005DRH01 1.0 ", "no element stands behind"),
    ],
)
def test_what_is_wrong_with_a_body_in_ascii_is_said(words_sent: str, words: str) -> None:
    with pytest.raises(BadFrame, match=words):
        characters.read(made(words_sent.encode(), Coding.ASCII))


def test_packets_of_a_message_are_put_together_in_any_order() -> None:
    whole = replace(frame(examples.HOURLY), function=reports.PERIOD)
    sent = writing.packets(whole, 20)
    assert [p.end for p in sent] == [frames.ETB] * (len(sent) - 1) + [frames.ETX]
    assembly = Assembly()
    got = None
    for part in (sent[1], sent[0], sent[1], *sent[2:]):
        read = frames.decode(frames.encode(part))
        got = assembly.add(read, 0) or got
    assert got is not None
    assert got.body == whole.body
    assert assembly.size == 0
    answer = writing.confirm(got, 0)
    assert (answer.total, answer.packet) == (len(sent), len(sent))
    assert frames.decode(frames.encode(answer), down=True) == answer


def test_missing_packets_are_asked_for_twice_and_no_more() -> None:
    sent = writing.packets(replace(frame(examples.HOURLY), function=reports.PERIOD), 20)
    assembly = Assembly()
    for part in (sent[0], sent[-1]):
        assert assembly.add(part, 0) is None
    gaps = list(range(2, len(sent)))
    assert assembly.missing(sent[-1]) == gaps
    assert assembly.missing(sent[-1]) == []
    assert assembly.add(sent[1], 0) is None
    assert assembly.missing(sent[1]) == []
    assert assembly.add(sent[gaps[-1] - 1], 0) is None
    assert assembly.missing(sent[gaps[-1] - 1]) == gaps[1:-1]
    assert assembly.missing(sent[gaps[-2] - 1]) == []
    again = writing.again(sent[-1], 2, 0)
    assert (again.end, again.packet, again.total) == (frames.NAK, 2, len(sent))


def test_messages_of_several_packets_take_bounded_memory_and_time() -> None:
    part = replace(frame(examples.HOURLY), body=bytes(60_000), total=4095, packet=1)
    assembly = Assembly(most_bytes=200_000)
    for number in range(1, 4):
        assembly.add(replace(part, packet=number), 0)
    with pytest.raises(BadFrame, match="200000 bytes"):
        assembly.add(replace(part, packet=4), 0)
    assert assembly.size == 0
    assembly.add(replace(part, packet=1), 0)
    assert assembly.expire(121_000_000) == 1
    assert assembly.size == 0


def test_a_new_message_takes_the_place_of_one_that_was_left_off() -> None:
    old = writing.packets(replace(frame(examples.HOURLY), function=reports.PERIOD), 60)
    new = writing.packets(replace(frame(examples.HOURLY), body=bytes(range(104))), 60)
    new = [replace(part, function=reports.PERIOD) for part in new]
    assembly = Assembly()
    assembly.add(old[0], 0)
    assembly.add(new[0], 1)
    got = assembly.add(new[1], 2)
    assert got is not None
    assert got.body == bytes(range(104))


def test_a_bad_frame_does_not_take_the_next_one_with_it() -> None:
    wrong = bytearray.fromhex(examples.TIMED)
    wrong[20] ^= 0xFF
    longer = bytearray.fromhex(examples.TIMED)
    longer[12] += 60
    good = bytes.fromhex(examples.HOURLY)
    for bad in (wrong, longer):
        pieces = Splitter().feed(bytes(bad) + good + good)
        found = [piece.frame for piece in pieces if piece.frame is not None]
        assert found == [frame(examples.HOURLY)] * 2
        assert b"".join(piece.raw for piece in pieces) == bytes(bad) + good + good


def test_a_frame_of_the_other_direction_is_none() -> None:
    pieces = Splitter().feed(bytes.fromhex(examples.TIMED_ANSWER))
    assert [piece.frame for piece in pieces if piece.frame] == []
