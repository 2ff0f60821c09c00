"""Other values of the same form: pseudonyms that pass every check and can be undone with the key.
Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from yiwang.kernel.identifiers import checks, valid
from yiwang.security.protection.ff1 import LEAST_DIGITS, Ff1

_FIRST_DAY = date(1900, 1, 1)
_DAYS = (date(2100, 1, 1) - _FIRST_DAY).days
_SEQUENCES = 1000
_PEOPLE = _DAYS * _SEQUENCES
_PEOPLE_DIGITS = 8

Turn = Callable[[str], str]
"""Encrypts or decrypts digits."""


def turned(kind: str, value: str, cipher: Ff1, first: int = 0, back: bool = False) -> str | None:
    """Another value of the form ``kind`` (see ``masks.FORMATS``); with ``back`` the one before.
    None where the value has not that form: then nothing of it is shown. ``first``: of digits,
    how many of the first stay."""
    turn = cipher.decrypt if back else cipher.encrypt
    if kind == "resident_id":
        return _resident(value, turn)
    if kind == "bank_card":
        return _card(value, turn)
    if kind == "mobile":
        return value[:3] + turn(value[3:]) if valid("mobile", value) else None
    return _digits(value, turn, first)


def _digits(value: str, turn: Turn, first: int) -> str | None:
    """Digits are turned where they stand; what is between them stays."""
    places = [at for at, sign in enumerate(value) if sign in "0123456789"][first:]
    if len(places) < LEAST_DIGITS:
        return None
    found = list(value)
    for at, sign in zip(places, turn("".join(value[at] for at in places)), strict=True):
        found[at] = sign
    return "".join(found)


def _card(value: str, turn: Turn) -> str | None:
    """The issuer's six digits stay; the last one is made to check."""
    if not valid("bank_card", value):
        return None
    body = value[:6] + turn(value[6:-1])
    return body + checks.luhn(body)


def _resident(value: str, turn: Turn) -> str | None:
    """The division stays; birthday and sequence become others, within two centuries."""
    if not valid("resident_id", value) or not "1900" <= value[6:10] < "2100":
        return None
    born = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    number = (born - _FIRST_DAY).days * _SEQUENCES + int(value[14:17])
    while True:
        number = int(turn(f"{number:0{_PEOPLE_DIGITS}d}"))
        if number < _PEOPLE:
            break
    days, sequence = divmod(number, _SEQUENCES)
    body = f"{value[:6]}{_FIRST_DAY + timedelta(days=days):%Y%m%d}{sequence:03d}"
    return body + checks.mod_11_2(body)
