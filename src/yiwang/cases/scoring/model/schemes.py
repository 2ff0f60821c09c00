"""Scoring: points from rates and counts by a scheme, every summand with its figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from yiwang.cases.scoring.model.figures import RATES
from yiwang.kernel import points
from yiwang.kernel.points import Parts

OF = ("organisation", "street", "grid", "person", "class", "channel")


@dataclass(frozen=True)
class Terms:
    """How words are meant: until when a case counts as accepted in time (``working`` or
    ``clock`` minutes), from which rating on people are satisfied, and which channels are those
    of residents (beside reports of people who are not staff)."""

    accept_minutes: int = 30
    accept_counting: str = "working"
    satisfied_from: int = 4
    resident_channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scheme:
    """One version of a scheme, valid from a day until the next version's."""

    code: str
    valid_from: date
    of: str
    parts: Parts
    title: Mapping[str, str] = field(default_factory=dict)
    example: bool = False
    least_cases: int = 0
    terms: Terms = Terms()
    digest: str = ""


def score(scheme: Scheme, counts: Mapping[str, int]) -> dict[str, Any]:
    """``{points, summands, cases, ranked}``; see ``points.score``."""
    cases = max(counts["filed"], counts["closed"], counts["judged"])
    ranked = {"cases": cases, "ranked": cases >= scheme.least_cases}
    return points.score(scheme.parts, counts, RATES) | ranked
