"""CoAP messages, CBOR and blocks: there and back, and whatever else may come."""

from __future__ import annotations

import math
import struct
from typing import Any

import aiocoap
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.coap.model import block, cbor
from yiwang.sensing.protocols.coap.model import message as coap
from yiwang.sensing.protocols.coap.model.block import (
    MOST_BYTES,
    MOST_OPEN,
    Assembly,
    Block,
    Incomplete,
    NoRoom,
    Room,
    TooLarge,
)
from yiwang.sensing.protocols.coap.model.message import Message, Type, decode, encode

options = st.lists(
    st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=coap.MOST_OPTIONS
).map(lambda found: tuple(sorted(found, key=lambda option: option[0])))
messages = st.builds(
    Message,
    st.integers(0, 3),
    st.integers(1, 255),
    st.integers(0, 0xFFFF),
    st.binary(max_size=8),
    options,
    st.binary(max_size=1024),
)


@given(messages)
def test_a_message_survives_the_way_there_and_back(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_message_or_refused(sent: bytes) -> None:
    try:
        found = decode(sent)
        found.texts(coap.URI_PATH)
        found.number(coap.CONTENT_FORMAT)
        found.unknown()
    except Refused as refused:
        assert refused.what("zh-CN") and refused.todo("en")


def test_a_message_of_another_implementation_is_read() -> None:
    theirs = aiocoap.Message(
        code=aiocoap.POST,
        _mtype=aiocoap.CON,
        _mid=77,
        _token=b"ab",
        payload=b'{"t": 1}',
        uri="coap://10.0.0.1:5699/r/bin/B7?secret=xyz",
    )
    theirs.opt.content_format = 50
    theirs.opt.block1 = (0, True, 6)
    found = decode(theirs.encode())
    assert (found.type, found.code, found.id, found.token) == (Type.CON, coap.POST, 77, b"ab")
    assert found.texts(coap.URI_PATH) == ["r", "bin", "B7"]
    assert found.texts(coap.URI_QUERY) == ["secret=xyz"]
    assert found.number(coap.CONTENT_FORMAT) == 50
    assert Block.of(found.number(coap.BLOCK1) or 0) == Block(0, True, 1024)
    assert found.payload == b'{"t": 1}'


BAD = {
    "empty": (b"", "four bytes"),
    "version": (b"\x80\x02\x00\x01", "version 1"),
    "token": (b"\x49\x02\x00\x01" + bytes(9), "8 bytes"),
    "token cut short": (b"\x44\x02\x00\x01ab", "cut short"),
    "not so empty": (b"\x40\x00\x00\x01x", "empty"),
    "no payload": (b"\x40\x02\x00\x01\xff", "missing"),
    "option cut short": (b"\x40\x02\x00\x01\xb5abc", "cut short"),
    "length of 15": (b"\x40\x02\x00\x01\xbfabc", "cut short"),
    "too many options": (b"\x40\x02\x00\x01" + bytes(65), "64"),
    "high number": (b"\x40\x02\x00\x01\xe0\xff\xff\x10", "65535"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_broken_message_says_what_is_wrong(name: str) -> None:
    sent, word = BAD[name]
    with pytest.raises(Refused) as caught:
        decode(sent)
    assert caught.value.code == "sensing.coap_no_message"
    assert word in caught.value.message("en") and word in caught.value.message("zh-CN")


def _cbor(value: Any) -> bytes:
    """The obvious encoder."""
    if value is None or isinstance(value, bool):
        return bytes((0xE0 | {False: 20, True: 21, None: 22}[value],))
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(_cbor, value))
    pairs = (_cbor(key) + _cbor(each) for key, each in value.items())
    return _head(5, len(value)) + b"".join(pairs)


def _head(major: int, number: int) -> bytes:
    for more, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 24:
            return bytes((major << 5 | number,))
        if number < 1 << 8 * size:
            return bytes((major << 5 | more,)) + number.to_bytes(size, "big")
    raise AssertionError(number)


texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
documents = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**64), 2**64 - 1),
        st.floats(allow_nan=False),
        texts,
    ),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)


@given(documents)
def test_cbor_is_read(document: Any) -> None:
    assert cbor.decode(_cbor(document)) == document


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("1903e8", 1000),
        ("3863", -100),
        ("f93c00", 1.0),
        ("f90001", 5.960464477539063e-8),
        ("fa47c35000", 100000.0),
        ("f97c00", math.inf),
        ("c11a514b67b0", 1363896240),
        ("d9d9f7a161610c", {"a": 12}),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ],
)
def test_examples_of_the_standard_are_read(sent: str, expected: Any) -> None:
    """RFC 8949, appendix A."""
    assert cbor.decode(bytes.fromhex(sent)) == expected


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_cbor_or_refused(sent: bytes) -> None:
    try:
        cbor.decode(sent)
    except Refused as refused:
        assert refused.what("zh-CN") and refused.todo("en")


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        ("", "cut short"),
        ("a1", "cut short"),
        ("9affffffff", "cut short"),
        ("0101", "follows"),
        ("4101", "byte string"),
        ("c24101", "tag"),
        ("9f01ff", "not said"),
        ("a10102", "names"),
        ("81" * 20 + "01", "deep"),
        ("62fffe", "UTF-8"),
        ("f8ff", "simple"),
    ],
)
def test_other_cbor_says_what_is_wrong(sent: str, word: str) -> None:
    with pytest.raises(Refused) as caught:
        cbor.decode(bytes.fromhex(sent))
    assert word in caught.value.message("en") and word in caught.value.message("zh-CN")


def _blocks(payload: bytes, size: int) -> list[tuple[Block, bytes]]:
    count = max(1, -(-len(payload) // size))
    return [
        (Block(number, number + 1 < count, size), payload[number * size : (number + 1) * size])
        for number in range(count)
    ]


@given(st.binary(max_size=3000), st.sampled_from([16, 64, 1024]), st.booleans())
def test_blocks_become_the_payload(payload: bytes, size: int, twice: bool) -> None:
    assembly, found = Assembly(Room()), None
    for each, part in _blocks(payload, size):
        assert found is None
        for _ in range(2 if twice and each.more else 1):
            found = assembly.take((), each, part)
    assert found == payload


def test_blocks_of_two_payloads_do_not_mix() -> None:
    assembly = Assembly(Room())
    one, two = ((11, b"a"),), ((11, b"b"),)
    assert assembly.take(one, Block(0, True, 16), b"1" * 16) is None
    assert assembly.take(two, Block(0, True, 16), b"2" * 16) is None
    assert assembly.take(one, Block(1, False, 16), b"!") == b"1" * 16 + b"!"


def test_blocks_out_of_order_are_incomplete() -> None:
    with pytest.raises(Incomplete):
        Assembly(Room()).take((), Block(1, True, 16), bytes(16))
    with pytest.raises(Incomplete):
        Assembly(Room()).take((), Block(0, True, 16), bytes(15))


def test_what_is_under_way_is_bounded() -> None:
    assembly = Assembly(Room())
    with pytest.raises(TooLarge):
        assembly.take((), Block(0, True, 16), bytes(16), announced=MOST_BYTES + 1)
    for number in range(MOST_BYTES // 1024):
        assert assembly.take((), Block(number, True, 1024), bytes(1024)) is None
    with pytest.raises(TooLarge):
        assembly.take((), Block(MOST_BYTES // 1024, True, 1024), bytes(1024))
    for number in range(MOST_OPEN + 1):
        assembly.take(((11, bytes((number,))),), Block(0, True, 16), bytes(16))
    with pytest.raises(Incomplete):
        assembly.take(((11, b"\0"),), Block(1, False, 16), b"")


def test_what_all_clients_have_under_way_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block, "MOST_ROOM", 40)
    room = Room()
    one, two = Assembly(room), Assembly(room)
    assert one.take((), Block(0, True, 16), bytes(16)) is None
    assert two.take((), Block(0, True, 16), bytes(16)) is None
    with pytest.raises(NoRoom):
        two.take((), Block(1, True, 16), bytes(16))
    assert room.taken == 16
    one.clear()
    assert room.taken == 0


def test_a_reserved_size_is_no_block() -> None:
    assert Block.of(7) is None
    assert Block.of(0b1_1010) == Block(1, True, 64)
