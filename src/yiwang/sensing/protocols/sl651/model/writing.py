"""Bodies and frames as stations and centres write them: confirmations, commands, reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.sl651.model import elements, frames, reports, times
from yiwang.sensing.protocols.sl651.model.frames import Coding, Frame

Value = Decimal | None
"""None: the station says that there is no value."""


@dataclass(frozen=True)
class Group:
    """Elements observed at one time (microseconds): name and value, or the twelve of an hour."""

    time: int
    values: Sequence[tuple[str, Value | Sequence[Value]]]


def confirm(frame: Frame, now: int, stay: bool = True) -> Frame:
    """What the centre answers when a frame, or the whole message that it ended, is durable
    (clause 6.3.1.2 b and c). ``stay``: the station remains online where it may leave."""
    more = frame.end == frames.ETB and not frame.total
    end = frames.ACK if more else frames.ESC if stay else frames.EOT
    serial, _ = reports.start(frame)
    return replace(_down(frame, serial, now), end=end, total=frame.total, packet=frame.total)


def again(frame: Frame, packet: int, now: int) -> Frame:
    """Asks for one packet of a message again."""
    down = _down(frame, 0, now)
    return replace(down, end=frames.NAK, total=frame.total, packet=packet)


def command(frame: Frame, function: int, now: int, more: bytes = b"") -> Frame:
    """A query or setting for the station that sent ``frame``; ``more`` follows the time."""
    down = _down(frame, 0, now)
    return replace(down, function=function, end=frames.ENQ, body=down.body + more)


def ask_elements(coding: Coding, names: Sequence[str]) -> bytes:
    """The elements of a query 3A (table 48). Raises BadFrame for an unknown one."""
    return b"".join(_identifier(coding, _known(name)) for name in names)


def ask_period(coding: Coding, begin: int, end: int, hours: int, name: str) -> bytes:
    """Span, step and element of a query 38 (table 44): hours by the hour, or, where ``hours`` is
    0, the five-minute values of an element of arrays."""
    span = times.digits(begin)[:8] + times.digits(end)[:8]
    element = _identifier(coding, _known(name))
    if coding is Coding.HEX:
        return (
            bytes.fromhex(span)
            + bytes((0x04, 0x18, 0, *bytes.fromhex(f"{hours:02d}"), 0))
            + (element)
        )
    return f"{span[:8]} {span[8:]} DRH{hours:02d} ".encode() + element


def report(
    coding: Coding, serial: int, sent: int, station: str, kind: str, groups: Sequence[Group]
) -> bytes:
    """The body of a report; ``kind``: the letter of the station's class (annex A)."""
    if coding is Coding.ASCII:
        words = [f"{serial:04X}{times.digits(sent)}ST", station, kind]
        for group in groups:
            words += ["TT", times.digits(group.time, seconds=False)]
            for name, value in group.values:
                words += [name, _characters(_known(name), value)]
        return (" ".join(words) + " ").encode()
    parts = [serial.to_bytes(2, "big"), bytes.fromhex(times.digits(sent))]
    parts += [b"\xf1\xf1", bytes.fromhex(station), kind.encode()]
    for group in groups:
        parts += [b"\xf0\xf0", bytes.fromhex(times.digits(group.time, seconds=False))]
        for name, value in group.values:
            parts.append(_binary(_known(name), value))
    return b"".join(parts)


def packets(frame: Frame, size: int) -> list[Frame]:
    """A message as packets of at most ``size`` bytes of body each."""
    bodies = [frame.body[at : at + size] for at in range(0, len(frame.body), size)]
    return [
        replace(
            frame,
            body=body,
            total=len(bodies),
            packet=number,
            end=frames.ETX if number == len(bodies) else frames.ETB,
        )
        for number, body in enumerate(bodies, 1)
    ]


def _down(frame: Frame, serial: int, now: int) -> Frame:
    stamp = times.digits(now)
    if frame.coding is Coding.HEX:
        body = serial.to_bytes(2, "big") + bytes.fromhex(stamp)
    else:
        body = f"{serial:04X}{stamp}".encode()
    return replace(frame, down=True, body=body, total=0, packet=0)


def _known(name: str) -> elements.Element:
    known = elements.BY_NAME.get(name.upper())
    if known is None:
        raise BadFrame(problem=f'"{name}" is not an element')
    return known


def _identifier(coding: Coding, element: elements.Element) -> bytes:
    if coding is Coding.ASCII:
        return f"{element.name} ".encode()
    return bytes((element.byte, _size(element) << 3 | element.decimals))


def _size(element: elements.Element) -> int:
    if elements.is_array(element.byte):
        return 12 if element.byte == elements.RAIN_OF_HOUR else 24
    return (element.digits + 1) // 2


def _binary(element: elements.Element, value: Value | Sequence[Value]) -> bytes:
    if elements.is_array(element.byte):
        data = _hour(element, value)
        return bytes((element.byte, len(data) << 3)) + data
    if not isinstance(value, Decimal | None):
        raise BadFrame(problem=f"{element.name} takes one value")
    if element.byte == elements.STATE:
        word = b"\xff" * 4 if value is None else int(value).to_bytes(4, "big")
        return bytes((element.byte, 0x20)) + word
    size = _size(element)
    if value is None:
        return bytes((element.byte, size << 3 | element.decimals)) + b"\xff" * size
    digits = str(int(abs(value).scaleb(element.decimals)))
    digits = digits.zfill(size * 2 - 2 if value < 0 else size * 2)
    digits = digits.zfill(len(digits) + len(digits) % 2)
    data = (b"\xff" if value < 0 else b"") + bytes.fromhex(digits)
    if len(data) > 31:
        raise BadFrame(problem=f"{value} is too long for {element.name}")
    return bytes((element.byte, len(data) << 3 | element.decimals)) + data


def _hour(element: elements.Element, values: Value | Sequence[Value]) -> bytes:
    width, scale = (1, 10) if element.byte == elements.RAIN_OF_HOUR else (2, 100)
    if isinstance(values, Decimal | None) or len(values) != 12:
        raise BadFrame(problem=f"{element.name} takes the twelve values of an hour")
    numbers = [256**width - 1 if v is None else int(v * scale) for v in values]
    if any(not 0 <= n < 256**width for n in numbers):
        raise BadFrame(problem=f"a value of {element.name} is too large or negative")
    return b"".join(n.to_bytes(width, "big") for n in numbers)


def _characters(element: elements.Element, value: Value | Sequence[Value]) -> str:
    if elements.is_array(element.byte):
        return _hour(element, value).hex().upper()
    if not isinstance(value, Decimal | None):
        raise BadFrame(problem=f"{element.name} takes one value")
    if value is None:
        return "M"
    return f"{int(value):08X}" if element.byte == elements.STATE else f"{value:f}"
