"""Frames of GB/T 26875.3-2011: there and back, cut anywhere, and rubbish."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.gb26875.model.frame import (
    MOST_FRAME,
    Command,
    Frame,
    decode,
    encode,
    moment_of,
    reply,
    tag_of,
)
from yiwang.sensing.protocols.gb26875.model.stream import Splitter

HEARTBEAT = Frame(7, Command.SEND, 889, 88888, b"", bytes((1, 2, 3, 4, 5, 26)))

frames = st.builds(
    Frame,
    serial=st.integers(0, 0xFFFF),
    command=st.integers(0, 255),
    source=st.integers(0, 2**48 - 1),
    target=st.integers(0, 2**48 - 1),
    unit=st.binary(max_size=1024),
    tag=st.binary(min_size=6, max_size=6),
    version=st.tuples(st.integers(0, 255), st.integers(0, 255)),
)
pieces = st.one_of(
    frames.map(encode),
    st.binary(max_size=80),
    st.integers(1040, 1100).map(lambda size: b"x" * size),
    st.just(b"@"),
    st.just(b"@@##"),
    frames.map(lambda frame: encode(frame)[:-1]),
    frames.map(lambda frame: encode(frame)[:-3] + b"\x00##"),
)


def said(parts: list[bytes]) -> tuple[list[tuple[bytes, str]], int]:
    """What a splitter says of a stream in parts, and how much of it still waits."""
    splitter = Splitter()
    found = [each for part in parts for each in splitter.feed(part)]
    return [(raw, fault.code if fault else "") for raw, fault in found], splitter.waiting


@given(frames)
def test_a_frame_survives_the_way_there_and_back(frame: Frame) -> None:
    [piece] = Splitter().feed(encode(frame))
    assert piece.fault is None
    assert decode(piece.raw) == frame


def test_published_examples_are_read() -> None:
    """The worked examples that makers of transmission devices print (address 889 decimal, the
    centre 88888): mains fault of the device, and the centre's confirmation."""
    sent = bytes.fromhex(
        "4040 0100 0101 203A091A090C 790300000000 385B01000000 0900 0215 01 08 023A091A090C 42 2323"
    )
    found = decode(sent)
    assert (found.source, found.target, found.serial) == (889, 88888, 1)
    confirmed = reply(found, Command.CONFIRM, bytes.fromhex("233A091A090C"))
    assert encode(confirmed) == bytes.fromhex(
        "4040 0100 0101 233A091A090C 385B01000000 790300000000 0000 03 AB 2323"
    )


@given(st.lists(pieces, max_size=6), st.lists(st.integers(0, 4000), max_size=12))
def test_any_cut_of_a_stream_says_the_same(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    cut = [stream[low:high] for low, high in pairwise(places)]
    assert said(cut) == said([stream])


@given(st.lists(pieces, max_size=6))
def test_every_byte_is_accounted_for_once(parts: list[bytes]) -> None:
    stream = b"".join(parts)
    found, waiting = said([stream])
    assert b"".join(raw for raw, _ in found) == stream[: len(stream) - waiting]


@given(st.lists(st.binary(max_size=3000), max_size=5))
def test_what_is_held_stays_small(parts: list[bytes]) -> None:
    splitter = Splitter()
    for part in parts:
        for found in splitter.feed(part):
            assert len(found.raw) <= MOST_FRAME
        assert splitter.waiting <= MOST_FRAME


@given(frames, st.binary(max_size=50).filter(lambda noise: b"@" not in noise))
def test_a_frame_behind_rubbish_is_found(frame: Frame, noise: bytes) -> None:
    found, waiting = said([noise + encode(frame)])
    assert found[-1] == (encode(frame), "") and not waiting
    assert len(found) == (2 if noise else 1)


@given(st.binary(max_size=1100))
def test_arbitrary_bytes_are_a_frame_or_refused(sent: bytes) -> None:
    try:
        assert encode(decode(sent)) == sent
    except Refused as refused:
        assert refused.what("zh-CN") and refused.todo("en")


BAD = {
    "end missing": (encode(HEARTBEAT)[:-2] + b"!!", "sensing.bad_frame", "##"),
    "checksum": (encode(HEARTBEAT)[:-3] + b"\x00##", "sensing.bad_checksum", "00"),
    "too long": (
        encode(HEARTBEAT)[:24] + b"\x01\x04" + bytes(1026) + b"##",
        "sensing.frame_too_long",
        "1055",
    ),
    "size": (
        encode(HEARTBEAT)[:24] + b"\x01" + encode(HEARTBEAT)[25:],
        "sensing.bad_frame",
        "@@",
    ),
    "text": (b"GET / HTTP/1.1\r\n\r\n", "sensing.bad_frame", "@@"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_broken_frame_says_what_is_wrong(name: str) -> None:
    sent, code, word = BAD[name]
    with pytest.raises(Refused) as caught:
        decode(sent)
    assert caught.value.code == code
    assert word in caught.value.message("en") and word in caught.value.message("zh-CN")


def test_the_splitter_says_why_a_start_was_none() -> None:
    sent, code, _ = BAD["too long"]
    [(raw, fault), *rest] = said([sent + encode(HEARTBEAT)])[0]
    assert (raw, fault) == (sent, code)
    assert rest == [(encode(HEARTBEAT), "")]


def test_times() -> None:
    moment = datetime(2026, 7, 1, 8, 30, 15)
    assert moment_of(tag_of(moment)) == moment
    assert moment_of(bytes(6)) is None
    with pytest.raises(Refused, match="3d 00 00"):
        moment_of(bytes((61, 0, 0, 1, 1, 26)))
