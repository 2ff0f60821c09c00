"""Whatever arrives: the codec raises nothing but BadFrame, holds little, and what was written is
read again."""

from __future__ import annotations

from contextlib import suppress

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from tests.sensing.protocols.jt808 import examples
from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.jt808.model import bodies, frames, positions
from yiwang.sensing.protocols.jt808.model.bodies import Registration
from yiwang.sensing.protocols.jt808.model.frames import Message
from yiwang.sensing.protocols.jt808.model.parts import Assembly
from yiwang.sensing.protocols.jt808.model.positions import Position
from yiwang.sensing.protocols.jt808.model.splitting import Splitter

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""

words, halves = st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFF)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    version = draw(st.sampled_from([frames.V2013, frames.V2019]))
    digits = 20 if version else 12
    phone = f"{draw(st.integers(0, 10**digits - 1)):0{digits}d}"
    total = draw(st.sampled_from([0, 5]))
    part = draw(st.integers(1, 5)) if total else 0
    body = draw(st.binary(max_size=200))
    return Message(draw(halves), phone, draw(halves), body, version, total, part)


reports = st.builds(
    Position,
    alarm=words,
    state=words.map(lambda word: word & ~(positions.SOUTH | positions.WEST)),
    lon=st.integers(0, 180_000_000).map(lambda n: n / 1e6),
    lat=st.integers(0, 90_000_000).map(lambda n: n / 1e6),
    altitude=st.integers(-500, 9000),
    speed=st.integers(0, 3000).map(lambda n: n / 10),
    heading=st.integers(0, 359),
    time=st.integers(0, 2_500_000_000).map(lambda n: (946_684_800 + n) * 1_000_000),
    items=st.dictionaries(st.integers(1, 255), st.binary(max_size=30), max_size=6),
)


@CALM
@given(messages())
def test_what_was_written_is_read(message: Message) -> None:
    data = frames.encode(message)
    assert b"\x7e" not in data[1:-1]
    assert frames.decode(data) == message


@CALM
@given(reports, st.lists(reports, max_size=4))
def test_positions_are_read_as_written(report: Position, more: list[Position]) -> None:
    assert positions.read(positions.write(report)) == report
    assert positions.read_batch(positions.write_batch(more, 1)) == (1, more)


@CALM
@given(
    st.builds(
        Registration,
        halves,
        halves,
        *[st.text("ABC0129", max_size=5)] * 2,
        st.text("ABC0129", max_size=7),
        st.integers(0, 255),
        st.text("京沪A0129", max_size=8),
    ),
    st.sampled_from([0, 1]),
)
def test_registrations_are_read_as_written(said: Registration, version: int) -> None:
    body = bodies.write_registration(said, version)
    assert bodies.registration(Message(0x100, "1", 1, body, version)) == said


@CALM
@given(st.binary(max_size=200))
def test_any_frame_is_read_or_refused(data: bytes) -> None:
    for tried in (data, b"\x7e" + frames.escape(data + bytes((frames.check(data),))) + b"\x7e"):
        with suppress(BadFrame):
            frames.decode(tried)


@CALM
@given(st.binary(max_size=200), st.sampled_from([0, 1]))
def test_any_body_is_read_or_refused(body: bytes, version: int) -> None:
    message = Message(0, "1", 0, body, version)
    for read in (
        bodies.registration,
        bodies.authentication,
        lambda m: bodies.read_answer(m.body),
        lambda m: bodies.read_send_again(m.body, m.version),
        lambda m: bodies.read_parameters(m.body),
        lambda m: bodies.read_registered(m.body),
        lambda m: positions.read_batch(m.body),
        lambda m: positions.read(m.body),
    ):
        with suppress(BadFrame):
            read(message)


@CALM
@given(reports)
def test_every_code_of_any_position_has_a_number_or_none(report: Position) -> None:
    for code in (*positions.NUMBERS, "alarm.7", "state.31", "io.3", "item.E1"):
        value = positions.value(report, code)
        assert value is None or isinstance(value, float)


PRINTED = [bytes.fromhex(t) for t in (examples.LOCATED, examples.AUTHENTICATE_2013)]
streams = st.lists(
    st.one_of(
        st.sampled_from(PRINTED),
        st.binary(max_size=60),
        st.sampled_from([b"\x7e", b"\x7e\x7e", b"\x7d", b"\x7e\x7d\x7e"]),
        st.binary(min_size=90, max_size=120),
    ),
    max_size=10,
).map(b"".join)


@CALM
@given(streams, st.lists(st.integers(1, 60), max_size=20))
def test_however_a_stream_is_cut_the_same_frames_come_out(data: bytes, cuts: list[int]) -> None:
    whole = Splitter(largest=100)
    expected = [piece.raw for piece in whole.feed(data) if piece.error is None]
    cut = Splitter(largest=100)
    found, at = [], 0
    for size in [*cuts, len(data)]:
        pieces = cut.feed(data[at : at + size])
        found += [piece.raw for piece in pieces if piece.error is None]
        at += size
        assert cut.waiting <= 100
    assert found == expected
    assert cut.waiting == whole.waiting


@CALM
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6), st.binary(max_size=30)), max_size=12)
)
def test_parts_never_hold_more_than_their_limit(sent: list[tuple[int, int, bytes]]) -> None:
    assembly = Assembly(most_bytes=100)
    for now, (serial, part, body) in enumerate(sent):
        with suppress(BadFrame):
            assembly.add(Message(1, "1", serial, body, 0, 6, part), now)
        assert 0 <= assembly.size <= 100
