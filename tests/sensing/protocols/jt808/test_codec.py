"""The codec against what the standard says and what public documents print."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tests.sensing.protocols.jt808 import examples
from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.jt808.model import bodies, frames, positions
from yiwang.sensing.protocols.jt808.model.bodies import Registration
from yiwang.sensing.protocols.jt808.model.frames import Message
from yiwang.sensing.protocols.jt808.model.parts import Assembly
from yiwang.sensing.protocols.jt808.model.positions import Position
from yiwang.sensing.protocols.jt808.model.splitting import Splitter

PRINTED = {name: text for name, text in vars(examples).items() if name.isupper()}


def at(text: str) -> int:
    return round(datetime.fromisoformat(text + "+08:00").timestamp() * 1_000_000)


def message(printed: str) -> Message:
    return frames.decode(bytes.fromhex(printed))


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed_is_written_as_it_was_read(name: str) -> None:
    assert frames.encode(message(PRINTED[name])) == bytes.fromhex(PRINTED[name])


def test_the_example_of_the_standard_for_escaping() -> None:
    """Clause 4.4.2: 30 7E 08 7D 55 is sent as 30 7D 02 08 7D 01 55."""
    plain = bytes.fromhex("307e087d55")
    assert frames.escape(plain) == bytes.fromhex("307d02087d0155")
    assert frames.unescape(frames.escape(plain)) == plain


def test_a_position() -> None:
    read = message(examples.LOCATED)
    assert (read.kind, read.phone, read.serial, read.version) == (0x200, "123456789012", 126, 0)
    position = positions.read(read.body)
    assert (position.lat, position.lon, position.altitude) == (12.222222, 132.444444, 40)
    assert (position.speed, position.heading) == (6.0, 0)
    assert position.time == at("2018-10-15 10:10:10")
    assert position.fault == ""
    told = {code: positions.value(position, code) for code in ("mileage", "fuel", "alarm.0")}
    assert told == {"mileage": 10.0, "fuel": 12.5, "alarm.0": 1.0}


def test_registrations_of_both_versions() -> None:
    wanted = Registration(31, 115, "yzh", "www.jtt808.cn", "7654321", 1, "测A888888")
    assert bodies.registration(message(examples.REGISTER_2013)) == wanted
    read = bodies.registration(message(examples.REGISTER_2019))
    assert read == replace(wanted, terminal="09876543210987654321")
    for printed in (examples.REGISTER_2013, examples.REGISTER_2019):
        sent = message(printed)
        version = sent.version
        written = bodies.write_registration(bodies.registration(sent), version)
        again = bodies.registration(replace(sent, body=written))
        assert again == bodies.registration(sent)


def test_a_registration_of_2011_is_told_by_its_length() -> None:
    body = bytes.fromhex("001f0073") + b"yzh\0\0" + b"www.jtt8" + b"7654321" + b"\x01A1"
    read = bodies.registration(Message(0x100, "013800000000", 1, body))
    assert (read.model, read.terminal, read.plate) == ("www.jtt8", "7654321", "A1")


def test_authentications_of_both_versions() -> None:
    assert bodies.authentication(message(examples.AUTHENTICATE_2013)) == ("abc@123&456", {})
    code, more = bodies.authentication(message(examples.AUTHENTICATE_2019))
    assert code == "pmYGzGukO8K4Z5lpIOTg8dqb3eprYaHBbXSPLtdbyG8="
    assert more == {"imei": "123456789012345", "software": "3.7.15"}


def test_a_batch_of_both_versions() -> None:
    for printed in (examples.BATCH_2013, examples.BATCH_2019):
        kind, found = positions.read_batch(message(printed).body)
        assert (kind, len(found)) == (1, 3)
        first = found[0]
        assert isinstance(first, Position)
        assert first.time == at("2020-07-07 19:23:59")
        assert "no fix" in first.fault
        fixed = replace(first, state=first.state | positions.FIXED)
        assert "latitude 116.307629" in fixed.fault


def test_many_additional_items() -> None:
    position = positions.read(message(examples.MANY_ITEMS).body)
    wanted = {
        "mileage": 1.1,
        "fuel": 2.2,
        "recorder_speed": 3.3,
        "manual_alarm": 44.0,
        "overspeed_area": 66.0,
        "crossed_area": 77.0,
        "crossed_out": 77.0,
        "route": 88.0,
        "route_seconds": 88.0,
        "route_too_long": 88.0,
        "signals": 99.0,
        "io": 10.0,
        "analog_0": 20.0,
        "analog_1": 0.0,
        "network": 30.0,
        "satellites": 40.0,
        "io.1": 1.0,
        "io.0": 0.0,
        "item.30": 30.0,
        "item.E1": None,
        "cabin_temperature": None,
    }
    assert {code: positions.value(position, code) for code in wanted} == wanted


def test_the_temperature_of_the_load_has_a_sign() -> None:
    position = positions.read(message(examples.LOCATED).body)
    for word, wanted in (("8012", -18.0), ("0012", 18.0)):
        cold = replace(position, items={6: bytes.fromhex(word)})
        assert positions.value(cold, "cabin_temperature") == wanted


@pytest.mark.parametrize(
    ("state", "words"),
    [(0, "no fix"), (positions.FIXED | positions.SHIFTED, "plug-in")],
)
def test_a_position_that_is_not_to_be_used(state: int, words: str) -> None:
    position = positions.read(message(examples.LOCATED).body)
    assert words in replace(position, state=state).fault


def test_the_southern_and_western_hemispheres() -> None:
    position = positions.read(message(examples.LOCATED).body)
    for lon, lat in ((-70.5, -33.4), (151.2, -33.8), (-74.0, 40.7)):
        moved = replace(position, lon=lon, lat=lat, altitude=-12)
        read = positions.read(positions.write(moved))
        assert (read.lon, read.lat, read.altitude) == (lon, lat, -12)


def test_missing_parts_are_asked_for_as_printed() -> None:
    for printed in (examples.AGAIN_2013, examples.AGAIN_2019):
        sent = message(printed)
        serial, parts = bodies.read_send_again(sent.body, sent.version)
        assert (serial, parts) == (0x1099, list(range(1, 10)))
        assert bodies.send_again(serial, parts, sent.version) == sent.body


def test_an_answer_to_a_registration() -> None:
    sent = message(examples.REGISTERED_2013)
    serial, result, code = bodies.read_registered(sent.body)
    assert (serial, result, code) == (0x970C, 0, "chwD0SE1fchwD0SE1fchwD0SE1f")
    assert bodies.registered(serial, result, code) == sent.body
    assert bodies.registered(1, bodies.NO_TERMINAL, "x") == bytes.fromhex("000104")


def test_answers_and_parameters() -> None:
    said = bodies.Answer(7, bodies.POSITION, bodies.DONE)
    assert bodies.read_answer(bodies.answer(said)) == said
    sent = bodies.set_parameters({0x29: (30).to_bytes(4, "big"), 0x83: "京A12345".encode("gbk")})
    read = bodies.read_parameters(b"\x00\x01" + sent)
    assert read[0x29] == b"\x00\x00\x00\x1e"
    assert read[0x83].decode("gbk") == "京A12345"


def test_the_time_of_the_server_is_utc() -> None:
    """2019, table 6, prints 2017-03-15 17:09:23 as 170315170923."""
    assert bodies.server_time(at("2017-03-16 01:09:23")).hex() == "170315170923"


def test_terminals_may_be_named_with_and_without_zeros() -> None:
    assert frames.phone_names("013912345678") == ("13912345678", "013912345678")
    assert frames.phone_names("00000000013912345678") == (
        "13912345678",
        "00000000013912345678",
        "013912345678",
    )


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("7e7e", "too few"),
        ("7e0002", "begin and end"),
        (examples.AUTHENTICATE_2013.replace("017e", "027e"), "the check is 02, not 01"),
        ("7e00020000000000000000007d037e", "7D is followed"),
        ("7e000200050000000000000001067e", "says 5 bytes of body, there are 0"),
        ("7e00020000000000000a000001097e", "not decimal"),
        ("7e000204000000000000000001077e", "encrypted"),
        ("7e0002200000000000000000010001000220 7e", "part 2 of 1"),
    ],
)
def test_what_is_wrong_with_a_frame_is_said(printed: str, words: str) -> None:
    with pytest.raises(BadFrame, match=words):
        frames.decode(bytes.fromhex(printed))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("00" * 27, "28 bytes at least, not 27"),
        ("00" * 22 + "181315101010", "is not a time"),
        ("00" * 22 + "18101510101A", "18101510101A is not a time"),
        ("00" * 22 + "181015101010" + "0104", "item 01 is cut off"),
        ("00" * 22 + "181015101010" + "01", "item 01 is cut off"),
    ],
)
def test_what_is_wrong_with_a_position_is_said(body: str, words: str) -> None:
    with pytest.raises(BadFrame, match=words):
        positions.read(bytes.fromhex(body))


def test_one_bad_position_of_a_batch_leaves_the_others() -> None:
    good = positions.read(message(examples.LOCATED).body)
    data = bytearray(positions.write_batch([good, good]))
    data[3 + 2 + 22 : 3 + 2 + 28] = b"\xff" * 6
    _, found = positions.read_batch(bytes(data))
    assert isinstance(found[0], BadFrame)
    assert found[1] == good
    for broken, words in ((data[:60], "position 2 of the batch is cut off"), (data[:2], "three")):
        with pytest.raises(BadFrame, match=words):
            positions.read_batch(bytes(broken))
    data[1] = 3
    with pytest.raises(BadFrame, match="a batch of 3 positions holds 2"):
        positions.read_batch(bytes(data))


def test_parts_are_put_together_in_any_order() -> None:
    whole = Message(bodies.BATCH, "013912345678", 65534, bytes(range(250)) * 10)
    sent = frames.parts(whole, 700)
    assert [part.serial for part in sent] == [65534, 65535, 0, 1]
    assembly = Assembly()
    got = None
    for part in (sent[2], sent[0], sent[2], sent[3], sent[1]):
        got = assembly.add(frames.decode(frames.encode(part)), 0) or got
    assert got == whole
    assert assembly.size == 0


def test_parts_that_lack_are_asked_for_when_the_last_one_came() -> None:
    whole = Message(bodies.BATCH, "013912345678", 10, bytes(2500))
    first, _, third, last = frames.parts(whole, 700)
    assembly = Assembly()
    assembly.add(first, 0)
    assert assembly.missing(first) == (10, [])
    assembly.add(last, 0)
    assert [assembly.missing(last) for _ in range(4)] == [(10, [2, 3])] * 3 + [(10, [])]
    assembly.add(third, 0)
    assert assembly.expire(121_000_000) == 1
    assert assembly.size == 0


def test_parts_take_bounded_memory() -> None:
    part = Message(bodies.BATCH, "013912345678", 1, bytes(1000), total=60000, part=1)
    assembly = Assembly(most_bytes=2500)
    for number in (0, 1):
        assembly.add(replace(part, serial=1 + number, part=1 + number), 0)
    with pytest.raises(BadFrame, match="2500 bytes"):
        assembly.add(replace(part, serial=3, part=3), 0)
    assert assembly.size == 0


def test_one_mark_may_end_a_frame_and_begin_the_next() -> None:
    frame = bytes.fromhex(examples.LOCATED)
    pieces = Splitter().feed(b"\x00\x01" + frame + frame[1:] + frame)
    assert [piece.raw for piece in pieces if piece.error is None] == [frame] * 3
    assert pieces[0].raw == b"\x00\x01"


def test_codes_that_a_pack_may_map() -> None:
    for code in ("speed", "alarm.31", "item.E1", "io.0"):
        assert positions.checked_code(code) == code
    for code in ("sped", "alarm.32", "speed.1", "item.XY", "item.1", "alarm."):
        with pytest.raises(ValueError, match="it may be"):
            positions.checked_code(code)
