"""Numbers of people: GB 11643 and the residence permits that follow it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from yiwang.kernel.identifiers.checks import mod_11_2
from yiwang.kernel.identifiers.divisions import TAIWAN_RESIDENTS, province_fault
from yiwang.kernel.identifiers.faults import DIGITS, Fault, wrong_character, wrong_length

EARLIEST = 1850
"""The year before which nobody was born to whom a number was ever given (the first: 1984)."""
_LAST = DIGITS | {"X"}
_CENTENARIANS = frozenset({"996", "997", "998", "999"})
_COUNTRY = slice(3, 6)


@dataclass(frozen=True)
class Person:
    """What a valid resident number says: where it was given, the birthday, F or M."""

    division: str
    birth: date
    sex: str


def resident_fault(number: str, today: date | None = None) -> Fault | None:
    """A resident identity number of 18 signs; with ``today`` the birthday must have been."""
    return (
        wrong_length(number, 18)
        or wrong_character(number[:17], DIGITS, "0-9")
        or wrong_character(number[17], _LAST, "0-9, X", 18)
        or _place_fault(number)
        or _date_fault(number[6:14], today)
        or _check_fault(number)
    )


def old_resident_fault(number: str, today: date | None = None) -> Fault | None:
    """The form of 15 digits of GB 11643-1989, with a year of two digits and no check digit."""
    return (
        wrong_length(number, 15)
        or wrong_character(number, DIGITS, "0-9")
        or _place_fault(number)
        or _date_fault(_century(number) + number[6:12], today)
    )


def permanent_fault(number: str, today: date | None = None) -> Fault | None:
    """A foreigner's permanent residence card of 2023: 9, province, country (ISO 3166 numeric),
    birthday, sequence, check as in GB 11643."""
    fault = wrong_length(number, 18) or wrong_character(number[:17], DIGITS, "0-9")
    if fault is not None:
        return fault
    if number[0] != "9":
        return Fault("prefix", number[0], "9")
    if number[_COUNTRY] == "000":
        return Fault("division", number[_COUNTRY], "ISO 3166")
    return province_fault(number[1:3]) or _date_fault(number[6:14], today) or _check_fault(number)


def upgraded(old: str) -> str:
    """The 18 signs of a valid 15-digit number."""
    body = old[:6] + _century(old) + old[6:]
    return body + mod_11_2(body)


def person(number: str) -> Person:
    """What a valid number of 18 or 15 signs says."""
    whole = upgraded(number) if len(number) == 15 else number
    birth = date(int(whole[6:10]), int(whole[10:12]), int(whole[12:14]))
    return Person(whole[:6], birth, "M" if int(whole[16]) % 2 else "F")


def _century(old: str) -> str:
    """Sequences 996 to 999 were kept for those born before 1900."""
    return "18" if old[12:15] in _CENTENARIANS else "19"


def _place_fault(number: str) -> Fault | None:
    return None if number.startswith(TAIWAN_RESIDENTS) else province_fault(number)


def _date_fault(digits: str, today: date | None) -> Fault | None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return Fault("date", digits, "YYYYMMDD")
    if born.year < EARLIEST:
        return Fault("date", digits, f"≥ {EARLIEST}")
    if today is not None and born > today:
        return Fault("future", digits, f"≤ {today:%Y%m%d}")
    return None


def _check_fault(number: str) -> Fault | None:
    right = mod_11_2(number[:17])
    return None if right == number[17] else Fault("check", number[17], right)
