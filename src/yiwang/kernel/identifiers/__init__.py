"""Identifiers as the standards write them: exact checks that say what is wrong. Pure.

``fault(kind, value)`` judges a value exactly as it stands; ``tidied(kind, value)`` takes away
what people write around one. The functions of each kind lie in the files beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from yiwang.kernel.identifiers.divisions import division_fault
from yiwang.kernel.identifiers.faults import Fault, Kind, tidy
from yiwang.kernel.identifiers.numbers import (
    card_fault,
    landline_fault,
    mobile_fault,
    passport_fault,
    plate_fault,
    telephone_fault,
    tidy_number,
)
from yiwang.kernel.identifiers.organisations import credit_fault, organisation_fault
from yiwang.kernel.identifiers.people import old_resident_fault, permanent_fault, resident_fault

__all__ = ["KINDS", "Fault", "Kind", "fault", "tidied", "valid"]

_KINDS: tuple[tuple[str, str, Callable[[str], Fault | None], Callable[[str], str]], ...] = (
    ("resident_id", "GB 11643-1999", resident_fault, tidy),
    ("resident_id_15", "GB 11643-1989", old_resident_fault, tidy),
    ("permanent_residence", "GB 11643-1999", permanent_fault, tidy),
    ("credit_code", "GB 32100-2015", credit_fault, tidy),
    ("organisation_code", "GB 11714-1997", organisation_fault, tidy),
    ("division", "GB/T 2260, GB/T 10114", division_fault, tidy),
    ("bank_card", "ISO/IEC 7812-1", card_fault, tidy),
    ("mobile", "", mobile_fault, tidy_number),
    ("landline", "", landline_fault, tidy_number),
    ("telephone", "", telephone_fault, tidy_number),
    ("passport", "", passport_fault, tidy),
    ("plate", "GA 36", plate_fault, tidy),
)

KINDS: Mapping[str, Kind] = MappingProxyType({one[0]: Kind(*one) for one in _KINDS})
"""Every kind by its name."""


def fault(kind: str, value: str) -> Fault | None:
    """What is wrong with ``value`` as it stands; None for nothing. KeyError for no such kind."""
    return KINDS[kind].fault(value)


def valid(kind: str, value: str) -> bool:
    return KINDS[kind].fault(value) is None


def tidied(kind: str, value: str) -> str:
    return KINDS[kind].tidy(value)
