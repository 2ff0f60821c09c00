"""Registers as packs name them, how few requests read them, and what they hold.

A point is written ``<table> <address> <type> [swapped]``, for example ``holding 100 float32``:
the table is coil, discrete, input or holding; the address is that of the protocol, from 0 (what
panels print as 40101 is ``holding 100``); types of 32 and 64 bits begin with the high word
unless ``swapped`` says that they begin with the low one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COIL, DISCRETE, HOLDING, INPUT = "coil", "discrete", "holding", "input"
TABLES = (COIL, DISCRETE, HOLDING, INPUT)
"""Function codes 1, 2, 3 and 4, in this order."""

TYPES: Mapping[str, tuple[int, str]] = {
    "int16": (1, ">h"),
    "uint16": (1, ">H"),
    "int32": (2, ">i"),
    "uint32": (2, ">I"),
    "float32": (2, ">f"),
    "int64": (4, ">q"),
    "uint64": (4, ">Q"),
    "float64": (4, ">d"),
}
"""Registers and layout of each type."""

MOST_REGISTERS = 125
MOST_BITS = 2000
"""Of one request (Modbus application protocol 1.1b3, 6.1 … 6.4)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a device. ``bit`` picks one bit (0: the lowest) of a register."""

    table: str
    address: int
    type: str = "bool"
    swapped: bool = False
    bit: int | None = None

    @property
    def size(self) -> int:
        """How many coils or registers it takes."""
        return TYPES[self.type][0] if self.type in TYPES else 1


@dataclass(frozen=True, slots=True)
class Request:
    """One read of ``count`` coils or registers from ``start``."""

    table: str
    start: int
    count: int

    def holds(self, point: Point) -> bool:
        end = self.start + self.count
        inside = self.start <= point.address and point.address + point.size <= end
        return point.table == self.table and inside


def point(text: str) -> Point:
    """Raises ValueError that says what a point looks like."""
    words = text.split()
    if len(words) < 2 or words[0] not in TABLES or not words[1].isdecimal():
        raise ValueError('it is written like "holding 100 int16" or "coil 7"')
    table, address, more = words[0], int(words[1]), words[2:]
    found = _bit(table, address, more) if table in (COIL, DISCRETE) else None
    if found is None:
        found = _register(table, address, more)
    if found.address + found.size > 0x10000:
        raise ValueError("addresses end at 65535")
    return found


def _bit(table: str, address: int, more: Sequence[str]) -> Point:
    if more not in ([], ["bool"]):
        raise ValueError(f"a {table} is one bit and has no type")
    return Point(table, address)


def _register(table: str, address: int, more: Sequence[str]) -> Point:
    kind = more[0] if more else "uint16"
    rest = list(more[1:])
    if kind == "bit" and len(rest) == 1 and rest[0].isdecimal() and int(rest[0]) < 16:
        return Point(table, address, "bit", bit=int(rest[0]))
    if kind not in TYPES or rest not in ([], ["swapped"]):
        raise ValueError(f'its type is one of {", ".join(TYPES)}, or "bit 0" … "bit 15"')
    if rest and TYPES[kind][0] == 1:
        raise ValueError(f"{kind} is one register: there are no words to swap")
    return Point(table, address, kind, bool(rest))


def plan(points: Iterable[Point], gap: int = 0) -> list[Request]:
    """The fewest requests that read all points, in the order of tables and addresses, reading
    over at most ``gap`` registers that nobody asked for: some devices refuse those."""
    found: list[Request] = []
    for wanted in sorted(set(points), key=lambda p: (TABLES.index(p.table), p.address, p.size)):
        most = MOST_BITS if wanted.table in (COIL, DISCRETE) else MOST_REGISTERS
        end = wanted.address + wanted.size
        if found and found[-1].table == wanted.table:
            last = found[-1]
            stop = max(last.start + last.count, end)
            near = wanted.address <= last.start + last.count + gap
            if near and stop - last.start <= most:
                found[-1] = Request(last.table, last.start, stop - last.start)
                continue
        found.append(Request(wanted.table, wanted.address, wanted.size))
    return found


def value(wanted: Point, request: Request, answer: Sequence[Any]) -> float:
    """What the answer to a request holds of a point. Raises ValueError where it is too short or
    a number no register can hold."""
    at = wanted.address - request.start
    part = list(answer[at : at + wanted.size])
    if len(part) < wanted.size:
        raise ValueError(f"{len(answer)} values came, {request.count} were asked for")
    if wanted.type == "bool":
        return float(bool(part[0]))
    if not all(isinstance(word, int) and 0 <= word <= 0xFFFF for word in part):
        raise ValueError("a register holds 0 … 65535")
    if wanted.bit is not None:
        return float(part[0] >> wanted.bit & 1)
    if wanted.swapped:
        part.reverse()
    data = b"".join(word.to_bytes(2, "big") for word in part)
    return float(struct.unpack(TYPES[wanted.type][1], data)[0])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device is polled: ``unit`` is its number behind the address."""

    host: str
    port: int = 502
    unit: int = 1


def place(text: str) -> Place:
    """``host``, ``host:port`` or ``host:port:unit``, an IPv6 address in brackets. Raises
    ValueError."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        parts = rest.split(":")[1:] if closed else ["?"]
    else:
        host, *parts = text.split(":")
    if not host or len(parts) > 2 or not all(part.isdecimal() for part in parts):
        raise ValueError("it is written host, host:port or host:port:unit")
    port, unit = (*(int(part) for part in parts), *(502, 1)[len(parts) :])
    if not 0 < port < 0x10000 or unit > 255:
        raise ValueError("a port is 1 … 65535, a unit 0 … 255")
    return Place(host, port, unit)
