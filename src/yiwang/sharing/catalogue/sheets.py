"""The template of the catalogue in Excel: a sheet of resources and one of their items, with
Chinese headings. Read into rows of texts, and written. Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from yiwang.kernel.text import LANGUAGES, render
from yiwang.sharing.catalogue import differences
from yiwang.sharing.catalogue.errors import BadWorkbook, RowFault

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 32 * 1024 * 1024
MOST_RESOURCES, MOST_ITEMS = 5_000, 100_000
FIRST_ROW = 2

RESOURCE_COLUMNS = (
    "code", "name", "class_code", "organisation", "provider_code", "summary", "keywords", "format",
    "share_type", "share_condition", "share_basis", "share_mode", "open_type", "open_condition",
    "update_cycle", "dataset", "source", "table", "related",
)  # fmt: skip
ITEM_COLUMNS = (
    "item.resource", "item.name", "item.column", "item.type", "item.length", "item.key",
    "item.shared", "item.opened", "item.label", "item.grade", "item.text",
)  # fmt: skip
_SHEETS = {"resources": RESOURCE_COLUMNS, "items": ITEM_COLUMNS}
NEEDED = ("name", "organisation", "item.resource", "item.name", "item.column")
_BROKEN = (
    BadZipFile,
    zlib.error,
    SyntaxError,
    KeyError,
    ValueError,
    IndexError,
    OSError,
    TypeError,
)
"""What openpyxl raises for what is no workbook, also while rows are read. XML that is none is a
SyntaxError, whoever parses it."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")

Row = Mapping[str, str]


class Sheets(NamedTuple):
    """Rows by column, each with the number of its row."""

    resources: list[tuple[int, Row]]
    items: list[tuple[int, Row]]


def write(rows: Mapping[str, Iterable[Sequence[Any]]], lang: str) -> bytes:
    """A workbook with the rows of ``resources`` and ``items`` below the headings."""
    book = Workbook(write_only=True)
    for name, columns in _SHEETS.items():
        page = book.create_sheet(render(f"sharing.catalogue.sheet.{name}", lang, {}))
        page.freeze_panes = "C2"
        for place in range(1, len(columns) + 1):
            page.column_dimensions[get_column_letter(place)].width = 20
        page.append([_heading(page, column, lang) for column in columns])
        for row in rows.get(name, ()):
            page.append([_cell(page, value) for value in row])
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def read(content: bytes, name: str) -> Sheets:
    """The rows of both sheets. Raises BadWorkbook for what is no such workbook, or has unknown or
    missing headings."""
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        found = {sheet: _page(book, sheet) for sheet in _SHEETS}
    except _BROKEN:
        raise BadWorkbook([RowFault("resources", 0, "name", "no_workbook", name[:80])]) from None
    faults = [fault for _, bad in found.values() for fault in bad]
    if faults:
        raise BadWorkbook(faults)
    return Sheets(found["resources"][0], found["items"][0])


def _page(book: Any, sheet: str) -> tuple[list[tuple[int, Row]], list[RowFault]]:
    titles = {render(f"sharing.catalogue.sheet.{sheet}", lang, {}) for lang in LANGUAGES} | {sheet}
    page = next((one for one in book.worksheets if one.title.strip() in titles), None)
    if page is None:
        return [], [RowFault(sheet, 0, "name", "no_sheet", " / ".join(sorted(titles)))]
    most = MOST_RESOURCES if sheet == "resources" else MOST_ITEMS
    rows = page.iter_rows(values_only=True, max_row=most + FIRST_ROW, max_col=50)
    names, faults = _columns(sheet, [_text(cell) for cell in next(rows, ())])
    found: list[tuple[int, Row]] = []
    for number, cells in enumerate(rows, FIRST_ROW):
        pairs = zip(names, map(_text, cells), strict=False)
        row = {name: cell for name, cell in pairs if name and cell}
        if row:
            found.append((number, row))
    if len(found) > most:
        faults.append(RowFault(sheet, most + FIRST_ROW, "name", "too_many_rows", str(most)))
    return found, faults


def _columns(sheet: str, heads: Sequence[str]) -> tuple[list[str], list[RowFault]]:
    """The column that each heading names, in any language or by its key."""
    columns = _SHEETS[sheet]
    known = {
        words.lower(): name
        for name in columns
        for words in (name, *(heading(name, lang).rstrip(" *") for lang in LANGUAGES))
    }
    found = [known.get(head.lower().rstrip(" *"), "") for head in heads]
    faults = [
        RowFault(sheet, 1, columns[0], "unknown_heading", head)
        for head, name in zip(heads, found, strict=True)
        if head and not name
    ]
    missing = [name for name in columns if name in NEEDED and name not in found]
    return found, faults + [RowFault(sheet, 1, name, "no_heading") for name in missing]


def heading(column: str, lang: str) -> str:
    return differences.title(column, lang) + (" *" if column in NEEDED else "")


def _heading(page: Any, column: str, lang: str) -> Any:
    cell = WriteOnlyCell(page, heading(column, lang))
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E6EEF8")
    return cell


def _cell(page: Any, value: object) -> Any:
    """A text stays a text, whatever it begins with."""
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(page, _CONTROL.sub(" ", value))
    cell.data_type = "s"
    return cell


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
