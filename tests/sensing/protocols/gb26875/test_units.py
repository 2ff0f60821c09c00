"""Application data units: each type as the standard draws it, and every way to be wrong."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.gb26875.model import tables, unit
from yiwang.sensing.protocols.gb26875.model.frame import tag_of

WHEN = datetime(2026, 7, 1, 2, 3, 4)
TAG = tag_of(WHEN)
NOTE = "3层走廊烟感".encode("gb18030").ljust(31, b"\0")

READ = {
    "system state": (
        bytes((1, 1, 1, 3, 0x06, 0x01)) + TAG,
        [unit.SystemState(1, 3, 0x0106, WHEN)],
    ),
    "part state": (
        bytes((2, 1, 1, 1, 42, 10, 0, 2, 0, 2, 0)) + NOTE + TAG,
        [unit.PartState(1, 1, 42, 0x0002000A, 2, "3层走廊烟感", WHEN)],
    ),
    "analog, below zero": (
        bytes((3, 1, 1, 1, 31, 7, 0, 0, 0, 3)) + (-55).to_bytes(2, "little", signed=True) + TAG,
        [unit.Analog(1, 1, 31, 7, 3, -55, WHEN)],
    ),
    "operation": (bytes((4, 1, 1, 1, 0x05, 9)) + TAG, [unit.Operation(1, 1, 5, 9, WHEN)]),
    "version": (bytes((5, 1, 1, 1, 2, 3)), [unit.SystemVersion(1, 1, 2, 3)]),
    "version with a time": (bytes((5, 1, 1, 1, 2, 3)) + TAG, [unit.SystemVersion(1, 1, 2, 3)]),
    "system setup": (
        bytes((6, 2, 1, 1, 2)) + b"ab" + bytes((12, 4, 0)),
        [unit.SystemSetup(1, 1, "ab"), unit.SystemSetup(12, 4, "")],
    ),
    "part setup": (
        bytes((7, 1, 1, 1, 42, 10, 0, 2, 0)) + NOTE,
        [unit.PartSetup(1, 1, 42, 0x0002000A, "3层走廊烟感")],
    ),
    "system time": (bytes((8, 1, 1, 1)) + TAG, [unit.SystemTime(1, 1, WHEN)]),
    "device state": (bytes((21, 1, 8)) + TAG, [unit.DeviceState(8, WHEN)]),
    "device operation": (bytes((24, 1, 32, 1)) + TAG, [unit.DeviceOperation(32, 1, WHEN)]),
    "device version": (bytes((25, 1, 1, 1)), [unit.DeviceVersion(1, 1)]),
    "device setup": (bytes((26, 1, 3)) + b"abc", [unit.DeviceSetup("abc")]),
    "device time": (bytes((28, 1)) + TAG, [unit.DeviceTime(WHEN)]),
    "no clock": (bytes((21, 1, 1)) + bytes(6), [unit.DeviceState(1, None)]),
    "heartbeat": (b"", []),
}


@pytest.mark.parametrize("name", READ)
def test_every_type_is_read(name: str) -> None:
    sent, expected = READ[name]
    assert unit.decode(sent) == expected


def test_every_upward_type_of_the_standard_is_read() -> None:
    assert {sent[0] for sent, _ in READ.values() if sent} == unit.UPWARD


WRONG = {
    "unknown type": (bytes((99, 1, 0)), "sensing.gb26875_type", "99"),
    "reserved type": (bytes((22, 1)), "sensing.gb26875_type", "22"),
    "one byte": (b"\x01", "sensing.gb26875_size", "1"),
    "no objects": (bytes((21, 0)), "sensing.gb26875_size", "0"),
    "cut short": (bytes((21, 1, 8)) + TAG[:-1], "sensing.gb26875_size", "9"),
    "more than said": (bytes((21, 1, 8)) + TAG + b"\0", "sensing.gb26875_size", "10"),
    "text cut short": (bytes((26, 1, 9)) + b"abc", "sensing.gb26875_size", "12"),
    "no 31st of June": (
        bytes((21, 1, 8, 0, 0, 0, 31, 6, 26)),
        "sensing.gb26875_time",
        "00 00 00 1f 06 1a",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_unit_says_what_is_wrong(name: str) -> None:
    sent, code, word = WRONG[name]
    with pytest.raises(Refused) as caught:
        unit.decode(sent)
    assert caught.value.code == code
    assert word in caught.value.message("en") and word in caught.value.message("zh-CN")


@given(st.binary(max_size=1024))
def test_arbitrary_bytes_are_read_or_refused(sent: bytes) -> None:
    try:
        unit.decode(sent)
    except Refused as refused:
        assert refused.what("zh-CN") and refused.todo("en")


@given(st.sampled_from(sorted(unit.UPWARD)), st.integers(0, 255), st.binary(max_size=200))
def test_arbitrary_bodies_are_read_or_refused(kind: int, count: int, body: bytes) -> None:
    try:
        found = unit.decode(bytes((kind, count)) + body)
    except Refused:
        return
    assert len(found) == count


def test_what_the_centre_asks() -> None:
    assert unit.clock(WHEN) == bytes((90, 1)) + TAG
    assert unit.inspection(10) == bytes((91, 1, 10))
    assert unit.initialise() == bytes((89, 1, 0))
    assert unit.ask_device(81) == bytes((81, 1, 0))
    assert unit.ask_system(61, 1, 3) == bytes((61, 1, 1, 3))
    assert unit.ask_part(62, 1, 3, 0x0002000A) == bytes((62, 1, 1, 3, 10, 0, 2, 0))


def test_bits_have_the_names_of_the_standard() -> None:
    assert tables.flags(0b10, tables.PART_BITS) == {
        "normal": 0,
        "fire": 1,
        "fault": 0,
        "shielded": 0,
        "supervised": 0,
        "started": 0,
        "feedback": 0,
        "delayed": 0,
        "power_fault": 0,
    }
    assert tables.flags(1 << 13 | 1 << 8, tables.SYSTEM_BITS)["reset"] == 1
    assert tables.flags(8, tables.DEVICE_BITS)["mains_fault"] == 1
    assert tables.flags(32, tables.DEVICE_OPERATION_BITS)["inspection_answered"] == 1
    assert tables.flags(32, tables.OPERATION_BITS)["confirmed"] == 1
