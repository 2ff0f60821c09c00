"""A transmission device, and the kinds of device behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.sensing.protocols.running import Client
from yiwang.kernel import clock
from yiwang.sensing.protocols.gb26875.model.frame import Command, Frame, decode, encode, tag_of

ZONE = ZoneInfo("Asia/Shanghai")
WHEN = datetime(2026, 7, 1, 8, 30, 15)
NOW = clock.from_datetime(WHEN.replace(tzinfo=ZONE))
GATEWAY, CENTRE = 889, 88888

KINDS = """
kinds:
  fire_transmitter:
    properties:
      mains_fault: {unit: "1"}
      on_duty: {unit: "1"}
    protocols:
      gb26875:
        values: {mains_fault: mains_fault, on_duty: operation.inspection_answered}
  smoke_detector:
    properties:
      smoke: {unit: "1"}
      self_test: {unit: "1"}
    protocols:
      gb26875:
        values:
          smoke: fire
          self_test: {code: normal, scale: -1, offset: 1}
  heat_detector:
    properties:
      temperature: {unit: degC, valid: {least: -60, most: 300}}
      pressure: {unit: kPa}
      maker: {unit: "1"}
    protocols:
      gb26875:
        values:
          temperature: temperature
          pressure: {code: pressure_mpa, unit: MPa}
          maker: {code: analog.200, scale: 0.5}
  sprinkler_system:
    properties:
      mains_fault: {unit: "1"}
    protocols:
      gb26875:
        values: {mains_fault: mains_fault}
"""


def frame(unit: bytes = b"", serial: int = 1, **changes: int) -> bytes:
    """A frame of the transmission device."""
    made = Frame(serial, Command.SEND, GATEWAY, CENTRE, unit, tag_of(WHEN))
    return encode(replace(made, **changes))  # type: ignore[arg-type]


def part_state(bits: int, part: int = 7, note: str = "", when: datetime | None = WHEN) -> bytes:
    tag = tag_of(when) if when else bytes(6)
    words = note.encode("gb18030").ljust(31, b"\0")
    body = bytes((1, 1, 42)) + part.to_bytes(4, "little") + bits.to_bytes(2, "little")
    return body + words + tag


def analog(quantity: int, value: int, part: int = 8) -> bytes:
    number = value.to_bytes(2, "little", signed=True)
    head = bytes((1, 1, 31)) + part.to_bytes(4, "little")
    return head + bytes((quantity,)) + number + tag_of(WHEN)


def answer(client: Client) -> Frame:
    """The next frame from the centre."""
    begin = client.take(27)
    size = int.from_bytes(begin[24:26], "little")
    return decode(begin + client.take(size + 3))
