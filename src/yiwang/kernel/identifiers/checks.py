"""Check characters of identifiers. Each takes the signs before the check character.

Callers have made sure of the alphabet; a sign outside of it raises KeyError or ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import mul
from types import MappingProxyType

_RESIDENT = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECK = "10X98765432"
_ORGANISATION = (3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 signs of GB 32100: no I, O, S, V, Z."""
ORGANISATION_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_CREDIT_VALUE: Mapping[str, int] = MappingProxyType({s: i for i, s in enumerate(CREDIT_SIGNS)})
_SIGN_VALUE: Mapping[str, int] = MappingProxyType({s: i for i, s in enumerate(ORGANISATION_SIGNS)})


def mod_11_2(body: str) -> str:
    """ISO 7064 MOD 11-2 over 17 digits (GB 11643, 4.2): 0 to 9 or X."""
    return _RESIDENT_CHECK[sum(map(mul, map(int, body), _RESIDENT)) % 11]


def mod_11(body: str) -> str:
    """The check sign of GB 11714 over 8 signs (A is 10, Z is 35): 0 to 9 or X."""
    value = 11 - sum(map(mul, map(_SIGN_VALUE.__getitem__, body), _ORGANISATION)) % 11
    return "X" if value == 10 else "0" if value == 11 else str(value)


def mod_31(body: str) -> str:
    """ISO 7064 MOD 31-3 over 17 signs of GB 32100."""
    total = sum(map(mul, map(_CREDIT_VALUE.__getitem__, body), _CREDIT))
    return CREDIT_SIGNS[-total % 31]


def luhn(body: str) -> str:
    """The check digit of ISO/IEC 7812-1, annex B, over digits of any number."""
    numbers = [int(sign) for sign in reversed(body)]
    total = sum(map(_DOUBLED.__getitem__, numbers[::2])) + sum(numbers[1::2])
    return str(-total % 10)
