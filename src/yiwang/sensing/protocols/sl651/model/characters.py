"""The body in ASCII, clause 6.6.2: identifier, blank, data, blank."""

from __future__ import annotations

import math
import re

from yiwang.sensing.protocols.errors import BadFrame
from yiwang.sensing.protocols.sl651.model import binary, elements, reports, times
from yiwang.sensing.protocols.sl651.model.frames import Frame
from yiwang.sensing.protocols.sl651.model.reports import Reading, Report

_STEP = re.compile(r"DR([DHN])([0-9]{2})")
_STEPS = {"D": 1440, "H": 60, "N": 1}
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{0,9})?")
_STATION = re.compile(r"[0-9]{6}[0-9A-F]{4}")
_OWN = re.compile(r"FF[0-9A-F]{2}")
_HEX = re.compile(r"[0-9A-F]+")


def read(frame: Frame) -> Report:
    """The report of a body in ASCII. Raises BadFrame."""
    serial, sent = reports.start(frame)
    report = Report(frame.function, serial, sent)
    if frame.function == reports.KEEP or frame.function in reports.SILENT:
        return report
    rest = frame.body[16:]
    for mark, what in ((b"RGZS ", "manual"), (b"PIC ", "picture")):
        place = rest.find(mark)
        if place >= 0:
            data = rest[place + len(mark) :]
            if what == "manual":
                report.manual = data
            else:
                report.picture = len(data)
            rest = rest[:place]
    words = _words(rest)
    without_class = frame.function in reports.WITHOUT_CLASS
    _Words(words, frame.station, sent, without_class).read(report)
    return report


def read_manual(data: bytes, station: str, time: int) -> list[Reading]:
    """The readings of a manual report, written in the words of the ASCII coding. Raises
    BadFrame for other notations, which the standard leaves to the parties."""
    report = Report(reports.MANUAL, 0, time)
    _Words(_words(data), station, time, False).read(report)
    if not report.readings:
        raise BadFrame(problem="the manual report holds no element")
    return report.readings


def _words(data: bytes) -> list[str]:
    try:
        return data.decode("ascii").split()
    except UnicodeDecodeError:
        raise BadFrame(problem="the body is not ASCII") from None


class _Words:
    def __init__(self, words: list[str], station: str, time: int, without_class: bool) -> None:
        self.words = words
        self.at = 0
        self.station = station
        self.time = time
        self.without_class = without_class

    def _next(self, after: str) -> str:
        if self.at >= len(self.words):
            raise BadFrame(problem=f"the body ends behind {after[:24]}")
        self.at += 1
        return self.words[self.at - 1]

    def read(self, report: Report) -> None:
        while self.at < len(self.words):
            word = self._next("")
            step = _STEP.fullmatch(word)
            if word == "ST":
                self._address()
            elif word == "TT":
                self.time = times.moment(self._next(word))
            elif step is not None:
                self._series(_STEPS[step[1]] * int(step[2]) * times.MINUTE, report)
            else:
                name = _name(word)
                if name is None:
                    raise BadFrame(problem=f'"{word[:24]}" is not the identifier of an element')
                report.readings += _values(name, self._next(word), self.station, self.time)

    def _address(self) -> None:
        address = self._next("ST").upper()
        if len(address) == 8 and address.isdigit():
            address = "00" + address
        if not _STATION.fullmatch(address):
            raise BadFrame(problem=f'"{address[:24]}" is not the address of a station')
        self.station = address
        following = self.words[self.at] if self.at < len(self.words) else ""
        if not self.without_class and len(following) == 1 and following.isalpha():
            self.at += 1

    def _series(self, step: int, report: Report) -> None:
        names: list[str] = []
        while self.at < len(self.words) and (name := _name(self.words[self.at])) is not None:
            names.append(name)
            self.at += 1
        if not names:
            raise BadFrame(problem="no element stands behind the step")
        arrays = all(elements.is_array(_byte(name)) for name in names)
        if step == 0 and not arrays:
            raise BadFrame(problem="the elements are not values of an hour, but the step is zero")
        step = 60 * times.MINUTE if arrays else step
        time = self.time
        while self.at < len(self.words) and self.words[self.at] not in ("ST", "TT"):
            for name in names:
                report.readings += _values(name, self._next(name), self.station, time)
            time += step


def _byte(name: str) -> int:
    known = elements.BY_NAME.get(name.upper())
    return known.byte if known is not None else -1


def _name(word: str) -> str | None:
    known = elements.BY_NAME.get(word.upper())
    if known is not None:
        return known.name
    return word if _OWN.fullmatch(word) else None


def _values(name: str, word: str, station: str, time: int) -> list[Reading]:
    kind = _byte(name)
    if elements.is_array(kind):
        width, digits = (1, 24) if kind == elements.RAIN_OF_HOUR else (2, 48)
        if len(word) != digits or not _HEX.fullmatch(word.upper()):
            problem = f'"{word[:60]}" is not the {digits} digits of an hour'
            return [Reading(station, name, time, None, problem)]
        values = binary.unsigned(bytes.fromhex(word), width, 10 if width == 1 else 100)
        return reports.hour_of(station, name, time, values)
    if word == "M":
        return [Reading(station, name, time, None)]
    if kind == elements.STATE and len(word) == 8 and _HEX.fullmatch(word.upper()):
        return [Reading(station, name, time, float(int(word, 16)))]
    if not _NUMBER.fullmatch(word):
        return [Reading(station, name, time, None, f'"{word[:24]}" is not a number')]
    value: float | None = float(word)
    problem = ""
    if kind == elements.LASTING:
        value = reports.lasting(math.fabs(float(word)))
        problem = "" if value is not None else "60 minutes or more stand behind the point"
    return [Reading(station, name, time, value, problem)]
