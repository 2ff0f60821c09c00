"""Application data units: each type as the standard draws it, and every way to be wrong."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.gb26875.model import tables, unit, values
from yiwang.sensing.protocols.gb26875.model.frame import tag_of

WHEN = datetime(2026, 7, 1, 2, 3, 4)
TAG = tag_of(WHEN)
NOTE = "3层走廊烟感".encode("gb18030").ljust(31, b"\0")

READ = {
    "system state": (
        bytes((1, 1, 1, 3, 0x06, 0x01)) + TAG,
        [unit.SystemState(1, 3, 0x0106, TAG)],
    ),
    "part state": (
        bytes((2, 1, 1, 1, 42, 10, 0, 2, 0, 2, 0)) + NOTE + TAG,
        [unit.PartState(1, 1, 42, 0x0002000A, 2, "3层走廊烟感", TAG)],
    ),
    "analog, below zero": (
        bytes((3, 1, 1, 1, 31, 7, 0, 0, 0, 3)) + (-55).to_bytes(2, "little", signed=True) + TAG,
        [unit.Analog(1, 1, 31, 7, 3, -55, TAG)],
    ),
    "operation": (bytes((4, 1, 1, 1, 0x05, 9)) + TAG, [unit.Operation(1, 1, 5, 9, TAG)]),
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
    "system time": (bytes((8, 1, 1, 1)) + TAG, [unit.SystemTime(1, 1, TAG)]),
    "device state": (bytes((21, 1, 8)) + TAG, [unit.DeviceState(8, TAG)]),
    "device operation": (bytes((24, 1, 32, 1)) + TAG, [unit.DeviceOperation(32, 1, TAG)]),
    "device version": (bytes((25, 1, 1, 1)), [unit.DeviceVersion(1, 1)]),
    "device setup": (bytes((26, 1, 3)) + b"abc", [unit.DeviceSetup("abc")]),
    "device time": (bytes((28, 1)) + TAG, [unit.DeviceTime(TAG)]),
    "no clock": (bytes((21, 1, 1)) + bytes(6), [unit.DeviceState(1, bytes(6))]),
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
    note = unit.PartState(1, 1, 42, 9, 0b1_0000_0010, "", TAG)
    assert [code for code, bit in values.values(note).items() if bit] == ["fire", "power_fault"]
    assert set(values.values(note)) == set(tables.PART_BITS)
    system = unit.SystemState(1, 1, 1 << 13 | 1 << 8, TAG)
    assert [code for code, bit in values.values(system).items() if bit] == ["mains_fault", "reset"]
    assert values.values(unit.DeviceState(8, TAG))["mains_fault"] == 1
    assert values.values(unit.DeviceOperation(32, 1, TAG))["operation.inspection_answered"] == 1
    assert values.values(unit.Operation(1, 1, 32, 1, TAG))["operation.confirmed"] == 1


def test_analog_values_come_in_the_unit_of_their_quantity() -> None:
    assert values.values(unit.Analog(1, 1, 31, 7, 3, -55, TAG)) == {"temperature": -5.5}
    assert values.values(unit.Analog(1, 1, 31, 7, 2, 150, TAG)) == {"height": 1.5}
    assert values.values(unit.Analog(1, 1, 17, 7, 200, 312, TAG)) == {"analog.200": 312}


def test_what_a_pack_may_map() -> None:
    for code in ("fire", "operation.inspection_answered", "temperature", "analog.128"):
        assert values.code_of(code) == code
    for wrong in ("smoke", "analog.12", "analog.256", "analog.", "128", 3, None):
        with pytest.raises(ValueError, match=r"analog\.128"):
            values.code_of(wrong)


@pytest.mark.parametrize("name", READ)
def test_every_object_has_a_place(name: str) -> None:
    for each in unit.decode(READ[name][0]):
        code = values.place("889", each)
        assert code.split("-")[0] == "889"
        assert ("system" in name or "part" in name or "analog" in name) <= ("-" in code)


def test_parts_are_told_apart_by_system_and_address() -> None:
    [part] = unit.decode(READ["part state"][0])
    assert values.place("889", part) == "889-1-1-131082"
