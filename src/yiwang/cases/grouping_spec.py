"""Which cases of a class belong together, as a pack writes it: ``storm`` and ``likeness``."""

from __future__ import annotations

from yiwang.cases.model.classes import LikenessRule, StormRule
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.documents import Section, WrongType
from yiwang.kernel.text import phrase
from yiwang.kernel.units import magnitude

BY = ("near", "street", "place", "organisation")


def read_storm(section: Section) -> StormRule | None:
    """``storm: {at_least: 10, within: 10 min, radius: 2 km}``, or ``by: street`` in place of
    ``radius``; ``cause`` where several classes make storms together."""
    if not section.has("storm"):
        return None
    asked = section.section("storm")
    by = asked.choice("by", BY, "near")
    at_least = asked.take("at_least", int)
    if at_least < 2:
        raise WrongType(
            asked.place("at_least"),
            key="at_least",
            value=at_least,
            wanted=phrase("at_least", least=2),
        )
    within = _quantity(asked, "within", "min")
    radius = _quantity(asked, "radius", "m") if by == "near" else None
    cause = asked.text("cause", "")
    asked.finish()
    return StormRule(at_least, round(within * MINUTE), by, radius, cause)


def read_likeness(section: Section) -> LikenessRule:
    """``likeness: {propose: 0.4, join: 0.9, radius: 500 m, within: 3 days}``, each optional."""
    if not section.has("likeness"):
        return LikenessRule()
    asked = section.section("likeness")
    usual = LikenessRule()
    propose = _share(asked, "propose", usual.propose)
    join = _share(asked, "join", None)
    radius = _quantity(asked, "radius", "m") if asked.has("radius") else usual.radius_m
    within = (
        round(_quantity(asked, "within", "min") * MINUTE) if asked.has("within") else usual.within
    )
    asked.finish()
    return LikenessRule(propose or usual.propose, join, radius, within)


def _share(section: Section, key: str, otherwise: float | None) -> float | None:
    if not section.has(key):
        return otherwise
    value = section.take(key, float)
    if not 0 < value <= 1:
        wanted = phrase("share_above_0")
        raise WrongType(section.place(key), key=key, value=value, wanted=wanted)
    return value


def _quantity(section: Section, key: str, unit: str) -> float:
    value = magnitude(section.raw(key), unit, section.place(key), key)
    if value <= 0:
        raise WrongType(
            section.place(key), key=key, value=value, wanted=phrase("more_than_nothing")
        )
    return value
