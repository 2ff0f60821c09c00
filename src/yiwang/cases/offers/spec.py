"""What a class of ``cases.yaml`` says about being offered: ``offer``."""

from __future__ import annotations

from yiwang.cases.clauses import words
from yiwang.cases.model.classes import Machine, OfferRule
from yiwang.cases.offers.errors import BadOffer
from yiwang.cases.offers.model import FIRMS, RESIDENTS
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.documents import Section, WrongType
from yiwang.kernel.text import phrase
from yiwang.kernel.units import magnitude

MOST_POINTS = 10_000


def read(section: Section, name: str, machine: Machine, verification: str) -> OfferRule | None:
    """``{to: [residents, firms], points, claim_within, done_within, radius, claims}``. Raises
    BadOffer for a class whose work nobody would verify or whose steps do not lead there."""
    if not section.has("offer"):
        return None
    if verification == "none":
        raise BadOffer(section.place("offer"), name=name, why="unverified")
    report, start = machine.steps.get("report"), machine.steps.get("dispatch")
    if report is None or start is None or start.to not in report.sources:
        raise BadOffer(section.place("offer"), name=name, why="no_way")
    body = section.section("offer")
    to = words(body, "to", (RESIDENTS, FIRMS), [RESIDENTS, FIRMS])
    found = OfferRule(
        to,
        _whole(body, "points", 10, 0, MOST_POINTS),
        _span(body, "claim_within", "2 h"),
        _span(body, "done_within", "24 h"),
        magnitude(body.raw("radius"), "m", body.place("radius"), "radius")
        if body.has("radius")
        else None,
        _whole(body, "claims", 3, 1, 100),
    )
    body.finish()
    return found


def _span(body: Section, key: str, usual: str) -> int:
    minutes = magnitude(body.raw(key, usual), "min", body.place(key), key)
    if minutes < 1:
        raise WrongType(body.place(key), key=key, value=minutes, wanted=phrase("a_minute"))
    return round(minutes * MINUTE)


def _whole(body: Section, key: str, usual: int, least: int, most: int) -> int:
    value: int = body.take(key, int, usual)
    if not least <= value <= most:
        raise WrongType(body.place(key), key=key, value=value, wanted=f"{least} … {most}")
    return value
