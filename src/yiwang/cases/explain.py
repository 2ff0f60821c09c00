"""Why a case is as it is: from its state back to the observations it began with."""

from __future__ import annotations

from typing import Any

from yiwang.cases import store, views
from yiwang.contracts.ports import FindingExplainer
from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Context, query
from yiwang.security.model import allowed

_MOST_FINDINGS = 20
"""Findings of one case that are explained in full; the others are named."""


@query("cases.explain", permission="cases.read_own")
def explain(ctx: Context, no: int, lang: str = "zh-CN") -> dict[str, Any]:
    """The case, its dispatch and deadline with their reasons, each step with actor and clock,
    and each source down to the rule and the observations judged. Raises NoSuchCase."""
    case = views.show(ctx, no, lang)
    found = []
    for place, source in enumerate(case["sources"]):
        entry = dict(source)
        if source["finding"] is not None and place < _MOST_FINDINGS:
            entry["explanation"] = _finding(ctx, source["finding"])
        found.append(entry)
    merged = [
        {"case": row.details.get("case"), "at": row.at, "actor": row.actor}
        for row in store.timeline(ctx.connection, no)
        if row.step == "took_over"
    ]
    return {
        "case": {key: case[key] for key in _SHOWN},
        "timeline": case["timeline"],
        "dispatch": case["dispatch"],
        "deadline": case["deadline"],
        "sources": found,
        "took_over": merged,
    }


_SHOWN = (
    "no",
    "title",
    "case_class",
    "class_title",
    "severity",
    "state",
    "state_title",
    "kind",
    "opened_at",
    "received_at",
    "closed_at",
    "overdue",
    "place_name",
    "grid_name",
    "organisation_name",
    "handler_name",
    "address",
    "description",
)


def _finding(ctx: Context, finding: int) -> dict[str, Any] | None:
    """The rules' own explanation, for those who may read rules."""
    explainer = ctx.caller.ports.get(FindingExplainer)
    if explainer is None or not allowed(ctx.identity, "rules.read"):
        return None
    try:
        found: dict[str, Any] = explainer.explain(finding)
    except YiwangError as error:
        return {"error": error.code}
    return found
