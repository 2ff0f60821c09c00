"""The class that words and place speak for, proposed before a case is opened. Whoever reports
chooses; what the class then means for the responsibility matrix is not touched."""

from __future__ import annotations

from typing import Any

from yiwang.cases import catalogue, choices
from yiwang.cases.learning.model import Known
from yiwang.cases.learning.proposals import Proposer, reason_of
from yiwang.security.actions import Context, query

MOST_TEXT = 10_000
_LEAST = 0.1
"""A class that is less likely is not worth a look."""


def classes(ctx: Context, known: Known, lang: str) -> list[dict[str, Any]]:
    """Up to three classes open to new cases, the most likely first, each with its confidence;
    ``reasons`` are the words that spoke for the first. Empty where nothing was learnt."""
    proposer: Proposer | None = ctx.caller.ports.get(Proposer)
    made = proposer.classify(known) if proposer and known.text.strip() else None
    if made is None:
        return []
    likely = [one for one in made.candidates if one.confidence >= _LEAST]
    held = {one.code: one for one in catalogue.list_classes(ctx)} if likely else {}
    reasons = [reason_of(one) for one in made.reasons]
    return [
        {
            "code": one.target,
            "title": choices.class_title(held[one.target], lang),
            "confidence": one.confidence,
            "reasons": reasons if one is made.candidates[0] else [],
        }
        for one in likely
        if one.target in held
    ]


@query("cases.likely_classes", permission="cases.report")
def likely_classes(ctx: Context, known: Known, lang: str) -> list[dict[str, Any]]:
    """The classes that a report in these words at this place is likely of."""
    return classes(ctx, known, lang)
