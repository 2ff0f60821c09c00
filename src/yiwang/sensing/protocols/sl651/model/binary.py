"""The body in HEX/BCD, clause 6.6.3: identifier, data definition, data, without separators."""

from __future__ import annotations

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.sl651.model import elements, reports, times
from yiwang.sensing.protocols.sl651.model.frames import Frame
from yiwang.sensing.protocols.sl651.model.reports import Reading, Report

_UNTIL_END = {elements.MANUAL: 0xF2, elements.PICTURE: 0xF3, elements.FLOW_BATCH: 0xF6}


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 8

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, size: int, what: str) -> bytes:
        if size > self.left:
            raise BadFrame(problem=f"the body ends in the middle of {what}, at byte {self.at}")
        self.at += size
        return self.data[self.at - size : self.at]


def read(frame: Frame) -> Report:
    """The report of a body in HEX/BCD. Raises BadFrame; an element that cannot be read is a
    reading with a problem, because its length is known and the rest is good."""
    serial, sent = reports.start(frame)
    report = Report(frame.function, serial, sent)
    if frame.function == reports.KEEP or frame.function in reports.SILENT:
        return report
    reader = _Reader(frame.body)
    station, time = frame.station, sent
    while reader.left:
        byte = reader.take(1, "an element")[0]
        if byte == elements.STATION and reader.left and reader.data[reader.at] == 0xF1:
            reader.take(1, "an address")
            station = reader.take(5, "the address of a station").hex().upper()
            if frame.function not in reports.WITHOUT_CLASS:
                reader.take(1, "the class of the station")
        elif byte == elements.TIME and reader.left and reader.data[reader.at] == 0xF0:
            reader.take(1, "a time")
            time = times.moment(reader.take(5, "the time of observation").hex())
        elif reader.left and _UNTIL_END.get(byte) == reader.data[reader.at]:
            _rest(reader, byte, report)
        elif byte == elements.STEP:
            _series(reader, station, time, report)
        else:
            report.readings += _element(reader, byte, station, time)
    return report


def _rest(reader: _Reader, byte: int, report: Report) -> None:
    reader.take(1, "an element")
    rest = reader.take(reader.left, "its data")
    if byte == elements.MANUAL:
        report.manual = rest
    elif byte == elements.PICTURE:
        report.picture = len(rest)
    else:
        raise BadFrame(problem="flow batches (FDF6) are not described by the standard")


def _named(reader: _Reader, byte: int) -> tuple[str, int, int, int]:
    """Name of an element, the byte that decides its form, the size and decimals of its data."""
    extension = reader.take(1, "an own identifier")[0] if byte == 0xFF else None
    name = elements.name_of(byte, extension)
    definition = reader.take(1, f"the definition of {name}")[0]
    return name, byte if extension is None else 0xFF, definition >> 3, definition & 7


def _element(reader: _Reader, byte: int, station: str, time: int) -> list[Reading]:
    name, kind, size, decimals = _named(reader, byte)
    if size == 0:
        raise BadFrame(problem=f"{name} is said to have no data")
    return _values(name, kind, decimals, reader.take(size, name), station, time)


def _values(
    name: str, kind: int, decimals: int, data: bytes, station: str, time: int
) -> list[Reading]:
    if elements.is_array(kind):
        width, scale = (1, 10) if kind == elements.RAIN_OF_HOUR else (2, 100)
        if len(data) != 12 * width:
            problem = f"an hour has {12 * width} bytes, not {len(data)}"
            return [Reading(station, name, time, None, problem)]
        return reports.hour_of(station, name, time, unsigned(data, width, scale))
    if kind == elements.STATE:
        missing = not data.strip(b"\xff")
        return [Reading(station, name, time, None if missing else int.from_bytes(data, "big"))]
    value, problem = number(data, decimals)
    if kind == elements.LASTING and value is not None:
        value = reports.lasting(value)
        problem = "" if value is not None else "60 minutes or more stand behind the point"
    return [Reading(station, name, time, value, problem)]


def unsigned(data: bytes, width: int, scale: int) -> list[float | None]:
    """Unsigned numbers of ``width`` bytes; all F is no value."""
    missing = 256**width - 1
    found = [int.from_bytes(data[n : n + width], "big") for n in range(0, len(data), width)]
    return [None if value == missing else value / scale for value in found]


def number(data: bytes, decimals: int) -> tuple[float | None, str]:
    """A BCD number: FF before it makes it negative, all F is no value (clauses 6.6.3.3 and
    6.6.4.4). Returns the value and what is wrong with it."""
    digits = data.hex()
    if not digits.strip("f"):
        return None, ""
    negative = digits.startswith("ff")
    if negative:
        digits = digits[2:]
    if not digits.isdigit():
        return None, f"{data.hex().upper()} is not a decimal number"
    value = int(digits) / 10**decimals
    return (-value if negative else value), ""


def _series(reader: _Reader, station: str, time: int, report: Report) -> None:
    """Values a step apart, to the end of the body (clause 6.6.4.4): one element. Its hours of
    twelve values where the step is zero."""
    definition = reader.take(1, "the definition of the step")[0]
    code = reader.take(3, "the step")
    if definition != 0x18 or not code.hex().isdigit():
        raise BadFrame(
            problem=f"the step {code.hex().upper()} is not one of days, hours or minutes"
        )
    days, hours, minutes = (int(f"{part:02x}") for part in code)
    step = ((days * 24 + hours) * 60 + minutes) * times.MINUTE
    name, kind, size, decimals = _named(reader, reader.take(1, "the element")[0])
    if size == 0 or reader.left % size:
        raise BadFrame(problem=f"{reader.left} bytes are no whole number of values of {name}")
    array = elements.is_array(kind)
    if array:
        step = 60 * times.MINUTE
    elif step == 0:
        raise BadFrame(problem=f"{name} is not the twelve values of an hour, but the step is zero")
    while reader.left:
        report.readings += _values(name, kind, decimals, reader.take(size, name), station, time)
        time += step
