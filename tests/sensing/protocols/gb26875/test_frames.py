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
    encode,
    moment_of,
    reply,
    tag_of,
)
from yiwang.sensing.protocols.gb26875.model.stream import Broken, Splitter, Whole

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


def said(splitter: Splitter, parts: list[bytes]) -> list[tuple[type, object, bytes]]:
    found = [each for part in parts for each in splitter.feed(part)]
    found += splitter.finish()
    return [
        (type(each), each.frame if isinstance(each, Whole) else each.error.code, each.raw)
        for each in found
    ]


@given(frames)
def test_a_frame_survives_the_way_there_and_back(frame: Frame) -> None:
    [found] = Splitter().feed(encode(frame))
    assert found == Whole(frame, encode(frame))


def test_published_examples_are_read() -> None:
    """The worked examples that makers of transmission devices print (address 889 decimal, the
    centre 88888): mains fault of the device, and the centre's confirmation."""
    sent = bytes.fromhex(
        "4040 0100 0101 203A091A090C 790300000000 385B01000000 0900 0215 01 08 023A091A090C 42 2323"
    )
    [found] = Splitter().feed(sent)
    assert isinstance(found, Whole)
    assert (found.frame.source, found.frame.target, found.frame.serial) == (889, 88888, 1)
    confirmed = reply(found.frame, Command.CONFIRM, bytes.fromhex("233A091A090C"))
    assert encode(confirmed) == bytes.fromhex(
        "4040 0100 0101 233A091A090C 385B01000000 790300000000 0000 03 AB 2323"
    )


@given(st.lists(pieces, max_size=6), st.lists(st.integers(0, 4000), max_size=12))
def test_any_cut_of_a_stream_says_the_same(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    cut = [stream[low:high] for low, high in pairwise(places)]
    assert said(Splitter(), cut) == said(Splitter(), [stream])


@given(st.lists(pieces, max_size=6))
def test_every_byte_is_accounted_for_once(parts: list[bytes]) -> None:
    stream = b"".join(parts)
    assert b"".join(raw for _, _, raw in said(Splitter(), [stream])) == stream


@given(st.lists(st.binary(max_size=3000), max_size=5))
def test_what_is_held_stays_small(parts: list[bytes]) -> None:
    splitter = Splitter()
    for part in parts:
        for found in splitter.feed(part):
            assert len(found.raw) <= MOST_FRAME
        assert splitter.held <= MOST_FRAME


@given(frames, st.binary(max_size=50).filter(lambda noise: b"@" not in noise))
def test_a_frame_behind_rubbish_is_found(frame: Frame, noise: bytes) -> None:
    found = list(Splitter().feed(noise + encode(frame)))
    assert found[-1] == Whole(frame, encode(frame))
    assert len(found) == (2 if noise else 1)


BAD = {
    "end missing": (encode(HEARTBEAT)[:-2] + b"!!", "sensing.gb26875_no_frame", "##"),
    "checksum": (
        encode(HEARTBEAT)[:-3] + b"\x00##",
        "sensing.gb26875_checksum",
        "00",
    ),
    "too long": (
        encode(HEARTBEAT)[:24] + b"\x01\x04" + bytes(1100),
        "sensing.gb26875_too_long",
        "1025",
    ),
    "text": (b"GET / HTTP/1.1\r\n\r\n", "sensing.gb26875_no_frame", "@@"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_broken_frame_says_what_is_wrong(name: str) -> None:
    sent, code, word = BAD[name]
    splitter = Splitter()
    first = [*splitter.feed(sent), *splitter.finish()][0]
    assert isinstance(first, Broken)
    assert first.error.code == code
    assert word in first.error.message("en") and word in first.error.message("zh-CN")


@pytest.mark.parametrize("name", ["checksum", "too long"])
def test_a_broken_frame_can_be_denied(name: str) -> None:
    splitter = Splitter()
    first = [*splitter.feed(BAD[name][0]), *splitter.finish()][0]
    assert isinstance(first, Broken) and first.head is not None
    assert (first.head.serial, first.head.source) == (7, 889)


def test_times() -> None:
    moment = datetime(2026, 7, 1, 8, 30, 15)
    assert moment_of(tag_of(moment)) == moment
    assert moment_of(bytes(6)) is None
    with pytest.raises(Refused, match="3d 00 00"):
        moment_of(bytes((61, 0, 0, 1, 1, 26)))
