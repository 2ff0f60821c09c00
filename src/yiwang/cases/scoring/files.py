"""Reports as files: a spreadsheet and paper, with the same numbers as the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.cases.scoring.model.layout import sheets
from yiwang.kernel.sheets import Sheet
from yiwang.kernel.text import render
from yiwang.web import papers


def spreadsheet(report: Mapping[str, Any], lang: str) -> bytes:
    """An Excel workbook: a sheet a table; numbers are numbers, rates shares."""
    told = render("cases.figure.about", lang, {})
    return papers.spreadsheet(_sheets(report, lang), told, _about(report, lang))


def paper(report: Mapping[str, Any], lang: str) -> bytes:
    """A PDF, A4 across; the same report gives the same bytes."""
    return papers.paper(_title(report, lang), _about(report, lang), _sheets(report, lang))


def _sheets(report: Mapping[str, Any], lang: str) -> list[Sheet]:
    return sheets(report["body"], lang, lambda key: render(f"cases.figure.{key}", lang, {}))


def _title(report: Mapping[str, Any], lang: str) -> str:
    kind = render(f"cases.figure.span_{report['span']}", lang, {})
    return render("cases.figure.title", lang, {**report, "kind": kind, "first": report["from"]})


def _about(report: Mapping[str, Any], lang: str) -> list[str]:
    """When and by whom it was made, by which versions of schemes, and its digest."""
    kind, _, name = report["made_by"].partition(":")
    by = render("cases.figure.by_itself", lang, {}) if kind == "system" else name or kind
    lines = [render("cases.figure.made", lang, {**report, "made_by": by})]
    for scored in report["body"]["scores"]:
        scheme = scored["scheme"]
        title = scheme["title"].get(lang) or scheme["code"]
        lines.append(
            render(
                "cases.figure.by_scheme", lang, {**scheme, "title": title, "since": scheme["from"]}
            )
        )
    return lines
