"""Reports as files: a spreadsheet and paper, with the same numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from threading import Lock
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer

from yiwang.kernel.sheets import Cell, Sheet
from yiwang.web import typeface

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
NAMED = "STSong-Light"
"""A font for Chinese that many readers of PDF bring: taken where this machine has none to embed."""
_FORMATS = {"rate": "0.0%", "minutes": "0", "days": "0.0", "points": "0.00", "count": "0"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_SHEET = re.compile(r"[\[\]:*?/\\]")
_writing = Lock()
"""The embedded font of a paper is registered under one name while it is written."""


def spreadsheet(sheets: Sequence[Sheet], told: str, about: Sequence[str]) -> bytes:
    """An Excel workbook: a sheet a table, and one (``told``) with the lines of ``about``; numbers
    are numbers, rates shares."""
    book = Workbook()
    book.remove(book.worksheets[0])
    names: set[str] = set()
    for sheet in sheets:
        page = book.create_sheet(_name(sheet.title, names))
        page.append([])
        for column, head in enumerate(sheet.heads, start=1):
            cell = page.cell(1, column, head)
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E6EEF8")
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            page.column_dimensions[get_column_letter(column)].width = 26 if column == 1 else 13
        for row, cells in enumerate(sheet.rows, start=2):
            for column, cell in enumerate(cells, start=1):
                _put(page, row, column, cell)
        page.freeze_panes = "B2"
    last = book.create_sheet(_name(told, names))
    for line in about:
        last.append([_CONTROL.sub(" ", line)])
    last.column_dimensions["A"].width = 100
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def _put(page: Any, row: int, column: int, cell: Cell) -> None:
    if cell.value is None:
        return
    if cell.sort != "text":
        page.cell(row, column, cell.value).number_format = _FORMATS[cell.sort]
        return
    made = page.cell(row, column)
    made.value = _CONTROL.sub(" ", cell.value) if isinstance(cell.value, str) else cell.value
    if isinstance(cell.value, str):
        made.data_type = "s"


def _name(title: str, names: set[str]) -> str:
    """A name for a sheet: 31 characters, without those that Excel forbids, each once."""
    plain = _SHEET.sub(" ", _CONTROL.sub(" ", title)).strip("' ")[:28] or "–"
    name, number = plain, 2
    while name.lower() in names:
        name, number = f"{plain} {number}", number + 1
    names.add(name.lower())
    return name


def paper(title: str, about: Sequence[str], sheets: Sequence[Sheet]) -> bytes:
    """A PDF, A4 across, with the signs of a font embedded that stand in it
    (:mod:`yiwang.web.typeface`); the same report gives the same bytes."""
    lines = [_CONTROL.sub(" ", line) for line in about]
    with _writing:
        return _written(title, lines, sheets, _font([title, *lines], sheets))


def _font(lines: Sequence[str], sheets: Sequence[Sheet]) -> str:
    """The name under which the font of a paper is registered."""
    file = typeface.found()
    if file is None:
        pdfmetrics.registerFont(UnicodeCIDFont(NAMED))
        return NAMED
    signs = set("0123456789 ").union(*lines)
    for sheet in sheets:
        signs = signs.union(sheet.title, *sheet.heads)
        signs = signs.union(*(cell.shown() for cells in sheet.rows for cell in cells))
    typeface.take(signs, file)
    return typeface.NAME


def _written(title: str, about: Sequence[str], sheets: Sequence[Sheet], font: str) -> bytes:
    held = BytesIO()
    margin = 12 * mm
    document = SimpleDocTemplate(
        held,
        pagesize=landscape(A4),
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=margin,
        title=title,
        invariant=1,
    )
    story: list[Any] = [Paragraph(escape(title), _style(font, 15, 20))]
    story += [Paragraph(escape(line), _style(font, 8, 11)) for line in about]
    for sheet in sheets:
        story += [
            Spacer(1, 4 * mm),
            Paragraph(escape(sheet.title), _style(font, 11, 16)),
            _table(sheet, document.width, font),
        ]

    def foot(canvas: Any, page: Any) -> None:
        canvas.setFont(font, 7)
        canvas.drawRightString(page.pagesize[0] - 12 * mm, 6 * mm, str(page.page))

    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return held.getvalue()


def _table(sheet: Sheet, width: float, font: str) -> LongTable:
    small = _style(font, 7, 9)
    texts = [
        [Paragraph(escape(head), small) for head in sheet.heads],
        *(
            [
                Paragraph(escape(cell.shown()), small) if cell.sort == "text" else cell.shown()
                for cell in cells
            ]
            for cells in sheet.rows
        ),
    ]
    table = LongTable(texts, colWidths=_widths(sheet, width), repeatRows=1)
    table.setStyle(
        [
            ("FONT", (0, 0), (-1, -1), font, 7, 9),
            ("GRID", (0, 0), (-1, -1), 0.3, colors.HexColor("#c8d0da")),
            ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e6eef8")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    return table


def _widths(sheet: Sheet, width: float) -> list[float]:
    """A column of words is as wide as three of numbers, one of long words as twelve."""
    first = sheet.rows[0] if sheet.rows else ()
    words = [cell.sort == "text" for cell in first] or [True] * len(sheet.heads)
    longest = [
        max((len(str(row[i].value)) for row in sheet.rows), default=0)
        for i in range(len(sheet.heads))
    ]
    parts = [
        (12 if longest[i] > 60 else 3 if longest[i] > 8 else 1) if word else 1
        for i, word in enumerate(words)
    ]
    return [width * part / sum(parts) for part in parts]


def _style(font: str, size: float, leading: float) -> ParagraphStyle:
    return ParagraphStyle(f"s{size}", fontName=font, fontSize=size, leading=leading, wordWrap="CJK")
