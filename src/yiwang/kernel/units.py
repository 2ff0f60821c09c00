"""Quantities with units, through Pint: parsing, and conversion to the unit a rule works in."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar

import pint

from yiwang.kernel.errors import Kind, YiwangError


class WrongUnit(YiwangError):
    code: ClassVar[str] = "kernel.wrong_unit"
    kind: ClassVar[Kind] = Kind.INVALID


class NotAQuantity(YiwangError):
    code: ClassVar[str] = "kernel.not_a_quantity"
    kind: ClassVar[Kind] = Kind.INVALID


@cache
def registry() -> Any:
    """Pint's registry, built at the first use: it takes a tenth of a second."""
    units: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    units.define("microgram_per_m3 = microgram / meter**3 = ug_m3")
    units.define("milligram_per_m3 = milligram / meter**3 = mg_m3")
    units.define("ppm = 1e-6")
    return units


def known(unit: str) -> bool:
    try:
        registry().parse_units(_plain(unit))
    except (pint.errors.PintError, ValueError, AssertionError, TypeError, AttributeError):
        return False
    return True


def magnitude(value: str | int | float, unit: str, where: str = "", name: str = "") -> float:
    """The number of ``unit`` in ``value``; a bare number is taken to be in ``unit`` already.

    Raises NotAQuantity when the value cannot be read, WrongUnit when its kind differs.
    """
    if isinstance(value, (int, float)):
        return float(value)
    try:
        quantity = registry().Quantity(_plain(value))
    except (pint.errors.PintError, ValueError, AssertionError, TypeError, AttributeError):
        raise NotAQuantity(where, name=name, value=value, unit=unit) from None
    try:
        return float(quantity.to(_plain(unit)).magnitude)
    except pint.errors.DimensionalityError:
        raise WrongUnit(where, name=name, value=value, unit=unit) from None


def _plain(text: str) -> str:
    """Common ways of writing that Pint does not read: µg/m³, ug/m3, m², ℃, %."""
    plain = text.strip().replace("µ", "u").replace("μ", "u").replace("³", "**3").replace("²", "**2")
    plain = re.sub(r"(?<![A-Za-z_])([cdkm]?m)([23])\b", r"\1**\2", plain)
    return plain.replace("℃", "degC").replace("°C", "degC").replace("%", " percent")
