"""Codes of organisations: GB 32100 (unified social credit code) and GB 11714."""

from __future__ import annotations

from yiwang.kernel.identifiers.checks import CREDIT_SIGNS, ORGANISATION_SIGNS, mod_11, mod_31
from yiwang.kernel.identifiers.divisions import province_fault
from yiwang.kernel.identifiers.faults import DIGITS, Fault, wrong_character, wrong_length

DEPARTMENTS = "123456789ANY"
"""The first sign: who registers (1 establishment, 5 civil affairs, 9 market regulation …)."""
NATIONAL = "100000"
_CREDIT = frozenset(CREDIT_SIGNS)
_ORGANISATION = frozenset(ORGANISATION_SIGNS)
_LAST = DIGITS | {"X"}


def credit_fault(code: str) -> Fault | None:
    """A unified social credit code: department, category, division of 6 digits, organisation
    code with its own check sign, check sign."""
    fault = wrong_length(code, 18) or wrong_character(code, _CREDIT, "0-9, A-Y (I O S V Z ✗)")
    if fault is not None:
        return fault
    if code[0] not in DEPARTMENTS:
        return Fault("prefix", code[0], ", ".join(DEPARTMENTS))
    division, inner = code[2:8], code[8:17]
    fault = wrong_character(division, DIGITS, "0-9", 3)
    if fault is None and division != NATIONAL:
        fault = province_fault(division)
    if fault is None and mod_31(code[:17]) != code[17]:
        fault = Fault("check", code[17], mod_31(code[:17]))
    if fault is None and mod_11(inner[:8]) != inner[8]:
        fault = Fault("organisation_code", inner, inner[:8] + mod_11(inner[:8]))
    return fault


def organisation_fault(code: str) -> Fault | None:
    """An organisation code of GB 11714: 8 signs and the check sign, without the hyphen."""
    fault = (
        wrong_length(code, 9)
        or wrong_character(code[:8], _ORGANISATION, "0-9, A-Z")
        or wrong_character(code[8], _LAST, "0-9, X", 9)
    )
    if fault is None and mod_11(code[:8]) != code[8]:
        fault = Fault("check", code[8], mod_11(code[:8]))
    return fault
