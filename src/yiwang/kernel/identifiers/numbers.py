"""Bank cards, telephone numbers, passports and the plates of vehicles."""

from __future__ import annotations

import re

from yiwang.kernel.identifiers.checks import luhn
from yiwang.kernel.identifiers.faults import DIGITS, Fault, tidy, wrong_character, wrong_length

_CARD_BEGINS = frozenset("234569")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(
    r"(?P<area>0(?:10|2[0-9]|[3-9]\d\d))(?P<number>[2-8]\d{6,7})(?:EXT?(?P<ext>\d{1,6}))?",
    re.ASCII,
)
_PASSPORT = re.compile(r"(?:[DEGPS]\d{8}|E[A-HJ-NP-Z]\d{7}|(?:DE|SE|PE)\d{7})", re.ASCII)
_PREFIX = re.compile(r"^(?:\+|00)86")

PROVINCE_SIGNS = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_OFFICE, _SERIAL = "[A-HJ-Z]", "[0-9A-HJ-NP-Z]"
_PLATE = re.compile(
    rf"[{PROVINCE_SIGNS}](?:"
    rf"{_OFFICE}(?=(?:[A-Z]*\d){{2}}){_SERIAL}{{4}}(?:{_SERIAL}|[学警挂港澳试超领])"
    rf"|{_OFFICE}[A-HJK]{_SERIAL}\d{{4}}"
    rf"|{_OFFICE}\d{{5}}[A-HJK])"
    rf"|使\d{{6}}|\d{{6}}使"
    rf"|WJ[{PROVINCE_SIGNS}]?\d{{4}}[0-9A-Z]",
    re.ASCII,
)


def card_fault(number: str) -> Fault | None:
    """The number of a bank card: 13 to 19 digits, the last a Luhn digit (ISO/IEC 7812-1)."""
    fault = wrong_character(number, DIGITS, "0-9")
    if fault is None and not 13 <= len(number) <= 19:
        fault = wrong_length(number, 16, 19)
    if fault is None and number[0] not in _CARD_BEGINS:
        fault = Fault("prefix", number[0], "2 3 4 5 6 9")
    if fault is None and len(set(number)) == 1:
        fault = Fault("shape", number, "6222…")
    if fault is None and luhn(number[:-1]) != number[-1]:
        fault = Fault("check", number[-1], luhn(number[:-1]))
    return fault


def mobile_fault(number: str) -> Fault | None:
    """A mobile number of 11 digits without the country's code."""
    fault = wrong_length(number, 11) or wrong_character(number, DIGITS, "0-9")
    if fault is None and not _MOBILE.fullmatch(number):
        fault = Fault("prefix", number[:2], "13 – 19")
    return fault


def landline_fault(number: str) -> Fault | None:
    """A number with its area code: 010 and 02x with 8 digits, the others with 7 or 8, and an
    extension as ``EXT12``."""
    found = _LANDLINE.fullmatch(number)
    if found is None:
        return Fault("shape", number, "0AA(A) NNNNNNN(N)")
    if len(found["area"]) == 3 and len(found["number"]) != 8:
        return Fault("length", str(len(found["number"])), "8")
    return None


def telephone_fault(number: str) -> Fault | None:
    """A mobile number or a landline."""
    if number[:1] == "0":
        return landline_fault(number)
    return mobile_fault(number)


def passport_fault(number: str) -> Fault | None:
    """An ordinary, service or diplomatic passport of the People's Republic."""
    return None if _PASSPORT.fullmatch(number) else Fault("shape", number, "E12345678, EA1234567")


def plate_fault(plate: str) -> Fault | None:
    """A plate of GA 36: ordinary, of new energy (6 signs after the office), trailers, driving
    schools, police, to and from Hong Kong and Macao, embassies and consulates, armed police."""
    return None if _PLATE.fullmatch(plate) else Fault("shape", plate, "京A12345, 京AD12345")


def tidy_number(value: str) -> str:
    """Without spaces, hyphens, brackets and the country's code."""
    bare = tidy(value).replace("(", "").replace(")", "")
    return _PREFIX.sub("", bare.replace("转", "EXT").replace("#", "EXT"))
