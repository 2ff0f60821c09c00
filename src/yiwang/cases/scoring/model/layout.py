"""A report as tables of cells, the same for a spreadsheet and for paper. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yiwang.kernel.sheets import Cell, Sheet

Words = Callable[[str], str]
"""The text of a key in the language of the report."""

COUNTS = ("filed", "closed", "backlog", "late", "excused")
RATES = (
    "closing_rate",
    "on_time_closing_rate",
    "on_time_acceptance_rate",
    "rework_rate",
    "reopening_rate",
    "call_back_rate",
    "satisfaction_rate",
    "participation_rate",
)
TIMES = ("average_working_minutes", "median_working_minutes")


def sheets(body: Mapping[str, Any], lang: str, words: Words) -> list[Sheet]:
    """The tables of a report in one language: an overview, the groups, the scores, the days."""
    found = [_overview(body, words)]
    for by, items in body["groups"].items():
        heads = (words(f"by.{by}"), *(words(name) for name in (*COUNTS, *RATES, *TIMES)))
        rows = tuple((Cell("text", item["title"][lang]), *_figures(item)) for item in items)
        found.append(Sheet(words(f"by.{by}"), heads, rows))
    found += [_scores(scored, lang, words) for scored in body["scores"]]
    found.append(_days(body["days"], words))
    return found


def _figures(item: Mapping[str, Any]) -> list[Cell]:
    return [
        *(Cell("count", item["counts"][name]) for name in COUNTS),
        *(Cell("rate", item["rates"][name]) for name in RATES),
        *(Cell("minutes", item["times"][name]) for name in TIMES),
    ]


def _overview(body: Mapping[str, Any], words: Words) -> Sheet:
    names = (*COUNTS, "overdue_now", *RATES, *TIMES)
    rows = []
    for name in names:
        cells = [_one(part, name) for part in (body["total"], body["before"])]
        if name == "overdue_now":
            cells[1] = Cell("text", None)
        rows.append((Cell("text", words(name)), *cells))
    heads = (words("figure"), words("this_period"), words("period_before"))
    return Sheet(words("overview"), heads, tuple(rows))


def _one(part: Mapping[str, Any], name: str) -> Cell:
    for sort, group in (("count", "counts"), ("rate", "rates"), ("minutes", "times")):
        if name in part[group]:
            return Cell(sort, part[group][name])
    raise KeyError(name)


def _scores(scored: Mapping[str, Any], lang: str, words: Words) -> Sheet:
    scheme = scored["scheme"]
    heads = ("rank", "name", "points", "cases", "excused", "summands")
    rows = tuple(
        (
            Cell("text", item["rank"]),
            Cell("text", item["title"][lang]),
            Cell("points", item["points"]),
            Cell("count", item["cases"]),
            Cell("count", item["excused"]),
            Cell("text", _summands(item["summands"], words)),
        )
        for item in scored["items"]
    )
    title = scheme["title"].get(lang) or scheme["code"]
    return Sheet(title, tuple(words(head) for head in heads), rows)


def _summands(summands: Sequence[Mapping[str, Any]], words: Words) -> str:
    """Every summand with its figures, in one line."""
    return "; ".join(_summand(one, words) for one in summands)


def _summand(one: Mapping[str, Any], words: Words) -> str:
    name = words(one["of"]) if "of" in one else words(one["kind"])
    if one["kind"] == "indicator":
        return f"{name} {one['numerator']}/{one['denominator']} = {one['points']:+.2f}"
    if "count" in one:
        return f"{name} {one['count']} × {one['each']:g} = {one['points']:+.2f}"
    return f"{name} {one['points']:+.2f}"


def _days(days: Sequence[Mapping[str, Any]], words: Words) -> Sheet:
    names = ("filed", "closed", "late")
    rows = tuple(
        (Cell("text", day["day"]), *(Cell("count", day[name]) for name in names)) for day in days
    )
    return Sheet(words("days"), (words("day"), *(words(name) for name in names)), rows)
