"""Reports as files: a spreadsheet and paper, with the same numbers as the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.kernel.sheets import Sheet
from yiwang.kernel.text import render
from yiwang.sharing.evaluation.layout import sheets
from yiwang.web import papers


def spreadsheet(report: Mapping[str, Any], lang: str) -> bytes:
    """An Excel workbook: a sheet a table; numbers are numbers, rates shares."""
    told = _word("about", lang)
    return papers.spreadsheet(_sheets(report, lang), told, _about(report, lang))


def paper(report: Mapping[str, Any], lang: str) -> bytes:
    """A PDF, A4 across; the same report gives the same bytes."""
    return papers.paper(_title(report, lang), _about(report, lang), _sheets(report, lang))


def _sheets(report: Mapping[str, Any], lang: str) -> list[Sheet]:
    return sheets(report["body"], lang, lambda key: _word(key, lang))


def _word(key: str, lang: str, **fields: Any) -> str:
    return render(f"sharing.evaluation.{key}", lang, fields)


def _title(report: Mapping[str, Any], lang: str) -> str:
    span = _word(f"span.{report['span']}", lang)
    return _word("title", lang, span=span, first=report["from"], last=report["last"])


def _about(report: Mapping[str, Any], lang: str) -> list[str]:
    """When and by whom it was issued, by which versions of schemes, its digest and those of what
    was counted."""
    held = {name: report[name] for name in ("made_at", "made_by", "digest")}
    lines = [_word("made", lang, **held)]
    for scored in report["body"]["scores"]:
        scheme = scored["scheme"]
        title = scheme["title"].get(lang) or scheme["code"]
        since = {"title": title, "since": scheme["from"], "digest": scheme["digest"]}
        lines.append(_word("by_scheme", lang, **since))
    for source, one in report["body"]["inputs"].items():
        counted = {"source": _word(f"source.{source}", lang), **one}
        lines.append(_word("input", lang, **counted))
    return lines
