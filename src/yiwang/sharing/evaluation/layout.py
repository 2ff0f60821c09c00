"""A report as tables of cells, the same for a spreadsheet and for paper. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yiwang.kernel.sheets import Cell, Sheet

Words = Callable[[str], str]
"""The text of a key in the language of the report."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "catalogue": (
        *("duties", "duties_met", "duty_rate", "compiled", "published", "retired", "resources"),
        *("with_data", "attached_rate", "completeness_rate", "renewals", "up_to_date_rate"),
    ),
    "requests": (
        *("received", "at_once", "answered", "refused", "requests_late", "requests_overdue"),
        *("on_time_answer_rate", "answer_days_average", "answer_days_median", "asked"),
        *("demands_received", "demands_met", "demands_open"),
    ),
    "use": (
        *("grants_given", "grants_held", "use_rate", "calls_served", "rows_served"),
        *("checks_served", "calls_made", "rows_read", "files_put", "files_delivered"),
        *("files_received", "runs", "runs_failed", "rows_exchanged", "rows_rejected"),
    ),
    "quality": (
        *("checked", "quality_rate", "issues_opened", "issues_closed", "issues_open"),
        *("issues_late", "on_time_issue_rate"),
    ),
    "complaints": (
        *("complaints", "corrections", "complaints_answered", "complaints_upheld", "corrected"),
        *("complaints_late", "on_time_complaint_rate", "complaint_days_average"),
        "satisfaction_rate",
    ),
    "opening": ("opened", "released", "open_views", "open_downloads", "open_calls"),
}
"""The figures of each table, in order."""


def sheets(body: Mapping[str, Any], lang: str, words: Words) -> list[Sheet]:
    """The tables of a report in one language: the scores, the city beside the period before, and
    part by part the departments."""
    found = [_scores(scored, lang, words) for scored in body["scores"]]
    found.append(_overview(body, words))
    for part, names in PARTS.items():
        heads = (words("department"), *(words(f"figure.{name}") for name in names))
        rows = tuple(
            (Cell("text", item["title"][lang]), *(cell(item, name) for name in names))
            for item in body["items"]
        )
        found.append(Sheet(words(f"part.{part}"), heads, rows))
    return found


def cell(part: Mapping[str, Any], name: str) -> Cell:
    for sort, group in (("count", "counts"), ("rate", "rates"), ("days", "times")):
        if name in part[group]:
            return Cell(sort, part[group][name])
    raise KeyError(name)


def _overview(body: Mapping[str, Any], words: Words) -> Sheet:
    names = [name for part in PARTS.values() for name in part]
    rows = tuple(
        (
            Cell("text", words(f"figure.{name}")),
            cell(body["city"], name),
            cell(body["before"], name),
        )
        for name in names
    )
    heads = (words("indicator"), words("this_period"), words("period_before"))
    return Sheet(words("overview"), heads, rows)


def _scores(scored: Mapping[str, Any], lang: str, words: Words) -> Sheet:
    scheme = scored["scheme"]
    rows = tuple(
        (
            Cell("text", item["rank"]),
            Cell("text", item["title"][lang]),
            Cell("points", item["points"]),
            Cell("text", _summands(item.get("summands", ()), words) or None),
        )
        for item in scored["items"]
    )
    heads = tuple(words(head) for head in ("rank", "department", "points", "summands"))
    return Sheet(scheme["title"].get(lang) or scheme["code"], heads, rows)


def _summands(summands: Sequence[Mapping[str, Any]], words: Words) -> str:
    """Every summand with its figures, in one line."""
    return "; ".join(_summand(one, words) for one in summands)


def _summand(one: Mapping[str, Any], words: Words) -> str:
    name = words(f"figure.{one['of']}") if "of" in one else words(one["kind"])
    if one["kind"] == "indicator":
        return f"{name} {one['numerator']}/{one['denominator']} = {one['points']:+.2f}"
    if "count" in one:
        return f"{name} {one['count']} × {one['each']:g} = {one['points']:+.2f}"
    return f"{name} {one['points']:+.2f}"
