"""The elements of SL 651-2014, annex C, table C.1: identifier byte, ASCII identifier, unit.

An element is named by its ASCII identifier (``Z``, ``PJ``) whichever encoding it came in; one
that the table does not hold by its identifier in hexadecimal (``0x76``, ``FF01``).
"""

from __future__ import annotations

from typing import NamedTuple

TIME, STATION, MANUAL, PICTURE, FLOW_BATCH, STEP, LASTING = 0xF0, 0xF1, 0xF2, 0xF3, 0xFD, 0x04, 0x05
STATE = 0x45
RAIN_OF_HOUR = 0xF4
LEVELS_OF_HOUR = range(0xF5, 0xFD)


class Element(NamedTuple):
    byte: int
    name: str
    unit: str
    digits: int
    """Digits of a value, and how many of them stand behind the point."""
    decimals: int


def _numbered(first: int, name: str, unit: str, digits: int, decimals: int) -> list[Element]:
    return [Element(first + n, f"{name}{n + 1}", unit, digits, decimals) for n in range(8)]


def _soil() -> list[Element]:
    depths = (10, 20, 30, 40, 50, 60, 80, 100)
    return [Element(0x10 + n, f"M{depth}", "percent", 4, 1) for n, depth in enumerate(depths)]


def _rain() -> list[Element]:
    spans = ("P1", "P2", "P3", "P6", "P12", "PD", "PJ", "PN01", "PN05", "PN10", "PN30", "PR")
    return [Element(0x1A + n, name, "mm", 5, 1) for n, name in enumerate(spans)]


def _metals() -> list[Element]:
    names = ("SE", "AS", "THG", "CD", "PB")
    return [Element(0x52 + n, name, "mg/L", 7, 5) for n, name in enumerate(names)]


def _phases() -> list[Element]:
    volts = [Element(0x70 + n, f"VT{phase}", "V", 4, 1) for n, phase in enumerate("ABC")]
    return volts + [Element(0x73 + n, f"VI{phase}", "A", 4, 1) for n, phase in enumerate("ABC")]


ELEMENTS: tuple[Element, ...] = (
    Element(RAIN_OF_HOUR, "DRP", "mm", 0, 1),
    *(Element(0xF5 + n, f"DRZ{n + 1}", "m", 0, 2) for n in range(8)),
    Element(0x01, "AC", "m^2", 8, 2),
    Element(0x02, "AI", "degC", 3, 1),
    Element(0x03, "C", "degC", 3, 1),
    Element(LASTING, "DT", "min", 4, 2),
    Element(0x06, "ED", "mm", 5, 1),
    Element(0x07, "EJ", "mm", 5, 1),
    Element(0x08, "FL", "hPa", 5, 0),
    Element(0x09, "GH", "m", 5, 2),
    Element(0x0A, "GN", "1", 3, 0),
    Element(0x0B, "GS", "1", 1, 0),
    Element(0x0C, "GT", "1", 3, 0),
    Element(0x0D, "GTP", "degC", 3, 1),
    Element(0x0E, "H", "m", 6, 2),
    Element(0x0F, "HW", "m", 5, 2),
    *_soil(),
    Element(0x18, "MST", "percent", 4, 1),
    Element(0x19, "NS", "1", 2, 0),
    *_rain(),
    Element(0x26, "PT", "mm", 6, 1),
    Element(0x27, "Q", "m^3/s", 9, 3),
    *_numbered(0x28, "Q", "m^3/s", 9, 3),
    Element(0x30, "QA", "m^3/s", 9, 3),
    Element(0x31, "QZ", "m^3/s", 9, 3),
    Element(0x32, "SW", "1", 11, 3),
    Element(0x33, "UC", "1", 2, 0),
    Element(0x34, "UE", "1", 2, 0),
    Element(0x35, "US", "m/s", 4, 1),
    Element(0x36, "VA", "m/s", 5, 3),
    Element(0x37, "VJ", "m/s", 5, 3),
    Element(0x38, "VT", "V", 4, 2),
    Element(0x39, "Z", "m", 7, 3),
    Element(0x3A, "ZB", "m", 7, 3),
    Element(0x3B, "ZU", "m", 7, 3),
    *_numbered(0x3C, "Z", "m", 7, 3),
    Element(0x44, "SQ", "kg/m^3", 9, 3),
    Element(STATE, "ZT", "1", 8, 0),
    Element(0x46, "pH", "1", 4, 2),
    Element(0x47, "DO", "mg/L", 4, 1),
    Element(0x48, "COND", "uS/cm", 5, 0),
    Element(0x49, "TURB", "1", 3, 0),
    Element(0x4A, "CODMN", "mg/L", 4, 1),
    Element(0x4B, "REDOX", "mV", 5, 1),
    Element(0x4C, "NH4N", "mg/L", 6, 2),
    Element(0x4D, "TP", "mg/L", 5, 3),
    Element(0x4E, "TN", "mg/L", 5, 2),
    Element(0x4F, "TOC", "mg/L", 4, 2),
    Element(0x50, "CU", "mg/L", 7, 4),
    Element(0x51, "ZN", "mg/L", 6, 4),
    *_metals(),
    Element(0x57, "CHLA", "mg/L", 4, 2),
    *_numbered(0x58, "WP", "kPa", 5, 2),
    *_numbered(0x60, "SYL", "m^3", 11, 3),
    *_numbered(0x68, "SBL", "m^3/h", 10, 2),
    *_phases(),
)

BY_BYTE = {element.byte: element for element in ELEMENTS}
BY_NAME = {element.name.upper(): element for element in ELEMENTS}


def name_of(byte: int, extension: int | None = None) -> str:
    """The name of an element by its identifier byte; ``extension`` follows an FF."""
    if extension is not None:
        return f"FF{extension:02X}"
    known = BY_BYTE.get(byte)
    return known.name if known is not None else f"0x{byte:02X}"


def is_array(byte: int) -> bool:
    """Whether the element holds the twelve values of an hour, each of unsigned bytes."""
    return byte == RAIN_OF_HOUR or byte in LEVELS_OF_HOUR
