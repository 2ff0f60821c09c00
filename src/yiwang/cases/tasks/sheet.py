"""Files of tasks: the template to fill in, its rows read back, and a plan's progress."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from io import BytesIO, StringIO
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from yiwang.cases.tasks.drafts import COLUMNS, MOST_TASKS, NEEDED
from yiwang.cases.tasks.errors import BadFile, BadTasks, Fault
from yiwang.kernel import clock
from yiwang.kernel.text import LANGUAGES, render

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 4 * 1024 * 1024
FIRST_ROW = 2
"""The row of a file in which the first task stands, below the headings."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_COLOURS = {"red": "F8C9C4", "yellow": "FCE8B2", "green": "CDEBD0"}
_PLAN_COLUMNS = (
    "number", "title", "wanted", "lead", "joint", "due", "state", "percent", "target", "reached",
    "milestones", "missing", "light", "why", "progress",
)  # fmt: skip


def template(kind: str, lang: str) -> bytes:
    """An empty ``xlsx`` or ``csv`` with the headings and one row that shows how."""
    rows = [_heads(COLUMNS, lang), [_text(f"example.{one}", lang) for one in COLUMNS]]
    if kind == "csv":
        held = StringIO()
        csv.writer(held).writerows(rows)
        return ("\ufeff" + held.getvalue()).encode("utf-8")
    book, page = _book(_text("sheet.tasks", lang), rows[0])
    for column, value in enumerate(rows[1], start=1):
        _put(page.cell(FIRST_ROW, column), value)
    return _saved(book)


def read(content: bytes, name: str) -> list[dict[str, Any]]:
    """The rows of an Excel workbook (its first sheet) or a CSV (UTF-8, or GB 18030 as older
    Chinese Excel saves it), by column; empty rows at the end are left out. Raises BadFile,
    BadTasks for headings that are missing or unknown."""
    rows = _workbook(content, name) if content[:2] == b"PK" else _text_rows(content, name)
    while rows and not any(_filled(cell) for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise BadFile(name, name=name)
    names = _columns([str(cell or "").strip() for cell in rows[0]])
    return [
        {name: cell for name, cell in zip(names, row, strict=False) if name and _filled(cell)}
        for row in rows[1:]
    ]


def _filled(cell: object) -> bool:
    return cell is not None and str(cell).strip() != ""


def _workbook(content: bytes, name: str) -> list[list[Any]]:
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        page = book.worksheets[0]
        limits = {"max_row": MOST_TASKS + FIRST_ROW, "max_col": 50}
        return [list(row) for row in page.iter_rows(values_only=True, **limits)]
    except (BadZipFile, KeyError, ValueError, IndexError, OSError, TypeError):
        raise BadFile(name, name=name) from None


def _text_rows(content: bytes, name: str) -> list[list[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        try:
            return [list(row) for row in csv.reader(StringIO(text, newline=""))]
        except csv.Error:
            break
    raise BadFile(name, name=name)


def _columns(heads: Sequence[str]) -> list[str]:
    """The column that each heading names, in any language or by its key."""
    known = {
        words.lower(): name
        for name in COLUMNS
        for words in (name, *(_head(name, lang).rstrip(" *") for lang in LANGUAGES))
    }
    found = [known.get(head.lower().rstrip(" *"), "") for head in heads]
    faults = [
        Fault(1, "number", "unknown_heading", head, {"known": ", ".join(COLUMNS)})
        for head, name in zip(heads, found, strict=True)
        if head and not name
    ]
    faults += [Fault(1, name, "no_heading", name) for name in NEEDED if name not in found]
    if faults:
        raise BadTasks(faults)
    return found


def progress(plan: Mapping[str, Any], lang: str, zone: tzinfo) -> bytes:
    """A plan with its tasks as the page shows it (see ``views.show``), as a workbook; days are
    those of the city."""
    book, page = _book(_text("sheet.plan", lang), _titles(_PLAN_COLUMNS, lang))
    for row, task in enumerate(plan["tasks"], start=FIRST_ROW):
        light = task["light"]
        cells = {
            "number": task["number"],
            "title": task["title"],
            "wanted": task["wanted"],
            "lead": task["lead_name"],
            "joint": "、".join(one["name"] for one in task["joint"]),
            "due": _day(task["due_at"], zone),
            "state": task["state_title"],
            "percent": task["percent"],
            "target": _measured(task["target"], task["unit"]),
            "reached": _measured(task["reached"], task["unit"]),
            "milestones": f"{task['milestones_done']}/{task['milestones']}",
            "missing": task["reports_missing"],
            "light": light["title"],
            "why": "; ".join(light["why"]),
            "progress": task["last_report"],
        }
        for column, name in enumerate(_PLAN_COLUMNS, start=1):
            _put(page.cell(row, column), cells[name])
        if light["colour"] in _COLOURS:
            cell = page.cell(row, _PLAN_COLUMNS.index("light") + 1)
            cell.fill = PatternFill("solid", fgColor=_COLOURS[light["colour"]])
    units = book.create_sheet(_text("sheet.units", lang))
    units.append(_titles(("lead", "tasks", "percent", "red", "yellow", "done"), lang))
    for row, unit in enumerate(plan["units"], start=FIRST_ROW):
        values = [unit[name] for name in ("name", "tasks", "percent", "red", "yellow", "done")]
        for column, value in enumerate(values, start=1):
            _put(units.cell(row, column), value)
    units.column_dimensions["A"].width = 30
    return _saved(book)


def _day(due_at: str | None, zone: tzinfo) -> str:
    """A limit that ends with its day is the day; what was given by hand has its time."""
    if due_at is None:
        return ""
    moment = clock.to_datetime(clock.parse(due_at)).astimezone(zone)
    whole = (moment.hour, moment.minute) == (23, 59)
    return moment.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M")


def _measured(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:g} {unit}".strip()


def _book(title: str, heads: Sequence[str]) -> tuple[Workbook, Any]:
    book = Workbook()
    page = book.worksheets[0]
    page.title = title
    for column, head in enumerate(heads, start=1):
        cell = page.cell(1, column, head)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E6EEF8")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        page.column_dimensions[get_column_letter(column)].width = 30 if column in (2, 3) else 16
    page.freeze_panes = "C2"
    return book, page


def _put(cell: Any, value: object) -> None:
    """A text stays a text, whatever it begins with."""
    if value is None or value == "":
        return
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if not isinstance(value, str):
        cell.value = value
        return
    cell.value = _CONTROL.sub(" ", value)
    cell.data_type = "s"


def _saved(book: Workbook) -> bytes:
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def _heads(names: Sequence[str], lang: str) -> list[str]:
    return [_head(name, lang) for name in names]


def _titles(names: Sequence[str], lang: str) -> list[str]:
    """Without the sign of what must be filled in."""
    return [_text(f"column.{name}", lang) for name in names]


def _head(name: str, lang: str) -> str:
    return _text(f"column.{name}", lang) + (" *" if name in NEEDED else "")


def _text(key: str, lang: str) -> str:
    return render(f"cases.tasks.{key}", lang, {})
