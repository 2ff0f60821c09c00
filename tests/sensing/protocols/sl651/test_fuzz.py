"""Whatever arrives: the codec raises nothing but BadFrame, holds little, and what was written is
read again."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from tests.sensing.protocols.sl651 import examples
from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.sl651.model import (
    binary,
    characters,
    elements,
    frames,
    reports,
    writing,
)
from yiwang.sensing.protocols.sl651.model.frames import Coding, Frame
from yiwang.sensing.protocols.sl651.model.packets import Assembly
from yiwang.sensing.protocols.sl651.model.splitting import Splitter

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""

MINUTE = 60_000_000
PRINTED = [bytes.fromhex(text) for text in (examples.KEEP, examples.TIMED, examples.HOURLY)]
addresses = st.integers(0, 99_999_999).map(lambda n: f"00{n:08d}")
numbered = [e for e in elements.ELEMENTS if e.digits and e.byte not in (0x45, 0x05)]
times = st.integers(0, 52_000_000).map(lambda n: 946_684_800_000_000 + n * MINUTE)


@st.composite
def values(draw: st.DrawFn) -> tuple[str, Decimal | None]:
    element = draw(st.sampled_from(numbered))
    whole = draw(st.integers(-(10**element.digits) + 1, 10**element.digits - 1))
    value = Decimal(whole).scaleb(-element.decimals)
    return element.name, draw(st.sampled_from([value, None]))


@st.composite
def bodies(draw: st.DrawFn, coding: Coding) -> tuple[bytes, list[writing.Group]]:
    groups = [
        writing.Group(draw(times), draw(st.lists(values(), max_size=6)))
        for _ in range(draw(st.integers(0, 4)))
    ]
    body = writing.report(
        coding, draw(st.integers(1, 65535)), draw(times), "0011223344", "H", groups
    )
    return body, groups


def framed(coding: Coding, body: bytes, function: int = reports.TIMED) -> Frame:
    return Frame(coding, False, 1, "0011223344", 4660, function, frames.ETX, body)


@CALM
@given(st.sampled_from(list(Coding)).flatmap(lambda c: st.tuples(st.just(c), bodies(c))))
def test_what_was_written_is_read(given_body: tuple[Coding, tuple[bytes, list]]) -> None:
    coding, (body, groups) = given_body
    read = frames.decode(frames.encode(framed(coding, body)))
    report = binary.read(read) if coding is Coding.HEX else characters.read(read)
    wanted = [(group.time, name, value) for group in groups for name, value in group.values]
    assert [(r.time, r.element) for r in report.readings] == [(t, n) for t, n, _ in wanted]
    for reading, (_, _, value) in zip(report.readings, wanted, strict=True):
        assert reading.value == (None if value is None else float(value))
        assert reading.problem == ""


@CALM
@given(
    st.binary(max_size=300),
    st.sampled_from(list(Coding)),
    st.integers(0x2F, 0x51),
    st.booleans(),
)
def test_any_body_is_read_or_refused(
    data: bytes, coding: Coding, function: int, begun: bool
) -> None:
    start = b"0007260701080005" if coding is Coding.ASCII else bytes.fromhex("0007260701080005")
    frame = framed(coding, start + data if begun else data, function)
    try:
        report = binary.read(frame) if coding is Coding.HEX else characters.read(frame)
    except BadFrame:
        return
    for reading in report.readings:
        assert reading.value is None or not reading.problem


@CALM
@given(st.text("STZQPJ0123456789.-M DRN F", max_size=200))
def test_any_words_are_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadFrame):
        characters.read(framed(Coding.ASCII, b"0007260701080005" + text.encode()))


@CALM
@given(st.binary(max_size=200), st.booleans())
def test_any_frame_is_read_or_refused(data: bytes, down: bool) -> None:
    with contextlib.suppress(BadFrame):
        frames.decode(data, down)


pieces_of_a_stream = st.lists(
    st.one_of(
        st.sampled_from(PRINTED),
        st.sampled_from(PRINTED).flatmap(
            lambda frame: st.tuples(st.integers(0, len(frame) - 1), st.integers(1, 255)).map(
                lambda change: bytes(
                    byte ^ change[1] if place == change[0] else byte
                    for place, byte in enumerate(frame)
                )
            )
        ),
        st.binary(max_size=40),
        st.sampled_from([b"\x7e\x7e", b"\x01", b"\x7e", b"\x01" + b"0" * 22]),
    ),
    max_size=8,
).map(b"".join)


@CALM
@given(pieces_of_a_stream, st.lists(st.integers(1, 60), max_size=20))
def test_however_a_stream_is_cut_the_same_frames_come_out(data: bytes, cuts: list[int]) -> None:
    whole = Splitter(largest=400)
    expected = [piece.frame for piece in whole.feed(data) if piece.frame]
    cut = Splitter(largest=400)
    found, raw, at = [], b"", 0
    for size in [*cuts, len(data)]:
        for piece in cut.feed(data[at : at + size]):
            raw += piece.raw
            if piece.frame:
                found.append(piece.frame)
        at += size
        assert cut.held <= 400
    assert found == expected
    assert cut.held == whole.held
    assert len(raw) + cut.held == len(data)


@CALM
@given(st.lists(st.tuples(st.integers(1, 6), st.binary(max_size=30)), max_size=12))
def test_packets_never_hold_more_than_their_limit(parts: list[tuple[int, bytes]]) -> None:
    assembly = Assembly(most_bytes=100)
    base = framed(Coding.HEX, b"")
    for now, (packet, body) in enumerate(parts):
        with contextlib.suppress(BadFrame):
            assembly.add(replace(base, body=body, total=6, packet=packet), now)
        assert 0 <= assembly.size <= 100
