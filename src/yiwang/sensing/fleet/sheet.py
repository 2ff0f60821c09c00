"""Lists of devices as CSV: the template of a kind, and reading one with every error in it.

Pure: looks nothing up. Files come in UTF-8 or, as spreadsheets in China write them, GB 18030.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from yiwang.kernel.errors import YiwangError
from yiwang.kernel.text import Words
from yiwang.sensing.fleet import errors as wrong
from yiwang.sensing.fleet.errors import cell_of

COLUMNS = (
    "code",
    "name",
    "lon",
    "lat",
    "place",
    "supplier",
    "model",
    "serial",
    "installed_on",
    "gateway",
    "network",
    "firmware",
    "group",
    "description",
)
PROPERTY = "properties."
MOST_ERRORS = 1000
"""Errors that are told one by one; the others are only counted."""
REMARK = "#"
"""A row whose first cell begins so is a remark."""
_LONGEST = {"code": 128, "name": 400, "description": 2000, "firmware": 64}
_FLAGS = {"true": True, "1": True, "yes": True, "是": True}
_FLAGS |= {"false": False, "0": False, "no": False, "否": False}
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Row:
    """One device as it stands in the list, its cells read; ``number`` counts from 1 with the
    header, as spreadsheets do."""

    number: int
    values: Mapping[str, Any]
    properties: Mapping[str, Any]

    def where(self, column: str) -> Words:
        return cell_of(self.number, column)


@dataclass
class Sheet:
    """What was read, and what is wrong with it: at most MOST_ERRORS errors, and their count."""

    rows: list[Row]
    errors: list[YiwangError]
    wrong: int = 0

    def refuse(self, error: YiwangError) -> None:
        self.wrong += 1
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(error)


def template(declared: Mapping[str, Any], lang: str) -> str:
    """An empty list with the columns of a kind and a remark that says what goes where; with
    the mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    attributes = _attributes(declared)
    writer.writerow([*COLUMNS, *(PROPERTY + name for name in attributes)])
    hints = _HINTS["en" if lang == "en" else "zh-CN"]
    told = [_hint(one, lang) for one in attributes.values()]
    writer.writerow([f"{REMARK} {hints[0]}", *hints[1:], *told])
    return "\ufeff" + out.getvalue()


_HINTS = {
    "zh-CN": (
        "设备编号，同类内唯一，必填（本行为说明，不会导入）",
        "名称，空则用类型名加编号",
        "经度 WGS 84",
        "纬度 WGS 84",
        "所在地点：地点类型/编号",
        "供应商",
        "型号",
        "序列号",
        "安装日期 YYYY-MM-DD",
        "网关",
        "通信网络或运营商",
        "固件版本",
        "设备组，须已建立",
        "备注",
    ),
    "en": (
        "the device's number, unique in its kind, needed (this row is a remark)",
        "name; empty: the kind and the number",
        "longitude, WGS 84",
        "latitude, WGS 84",
        "where it stands: kind of place/code",
        "supplier",
        "model",
        "serial number",
        "installed on YYYY-MM-DD",
        "gateway",
        "network or operator",
        "firmware version",
        "group, which must exist",
        "description",
    ),
}


def _attributes(declared: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    care = declared.get("care") or {}
    return {one["name"]: one for one in care.get("attributes", ())}


def _hint(attribute: Mapping[str, Any], lang: str) -> str:
    words = {"text": "文本", "number": "数字", "flag": "是/否"}
    if lang == "en":
        words = {"text": "text", "number": "number", "flag": "yes/no"}
    kind = words.get(attribute["type"]) or "/".join(attribute["options"])
    title = attribute["title"] or attribute["name"]
    return f"{title}: {kind}"


def read(content: bytes, declared: Mapping[str, Any]) -> Sheet:
    """Read a list. Raises NotATable, ColumnUnknown, ColumnMissing for what is no list at all;
    whatever is wrong in rows is in the answer."""
    lines = _lines(content)
    header = _header(next(lines, (0, []))[1], declared)
    readers = _readers(header, _attributes(declared))
    sheet = Sheet([], [])
    seen: dict[str, int] = {}
    for number, cells in lines:
        if not any(cells) or cells[0].startswith(REMARK):
            continue
        if len(cells) > len(header):
            where = wrong.row_of(number)
            sheet.refuse(wrong.RowTooLong(where, cells=len(cells), columns=len(header)))
            continue
        row = _row(number, header, cells, readers, sheet)
        if row is None:
            continue
        first = seen.setdefault(row.values["code"], number)
        if first != number:
            code = row.values["code"]
            sheet.refuse(wrong.CodeTwice(row.where("code"), value=code, first=first))
        else:
            sheet.rows.append(row)
    return sheet


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise wrong.NotATable(problem=wrong.words("no_text")) from None
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1):
            yield number, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise wrong.NotATable(problem=str(error)) from None


def _header(cells: Sequence[str], declared: Mapping[str, Any]) -> list[str]:
    names = [cell.lower() if cell.lower() in COLUMNS else cell for cell in cells]
    known = [*COLUMNS, *(PROPERTY + name for name in _attributes(declared))]
    if not any(names):
        raise wrong.NotATable(problem=wrong.words("empty"))
    for place_, name in enumerate(names, 1):
        if name not in known or names.index(name) != place_ - 1:
            near = get_close_matches(name, known, 1) or known
            where = cell_of(1, place_)
            raise wrong.ColumnUnknown(where, column=name, near=", ".join(near))
    if "code" not in names:
        raise wrong.ColumnMissing(wrong.row_of(1), column="code")
    return names


Reader = Callable[[str, int, str], Any]


def _readers(
    header: Sequence[str], attributes: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, Reader | None, bool]]:
    """For each column: its name, how a cell is read (None: as text), whether it is needed."""
    found: list[tuple[str, Reader | None, bool]] = []
    for name in header:
        if name.startswith(PROPERTY):
            attribute = attributes[name[len(PROPERTY) :]]
            reader: Reader | None = _OF_TYPE[attribute["type"]]
            if attribute["type"] == "choice":
                reader = _choice(attribute["options"])
            found.append((name, reader, attribute["required"]))
        else:
            found.append((name, _OF_COLUMN.get(name), name == "code"))
    return found


def _row(
    number: int,
    header: Sequence[str],
    cells: Sequence[str],
    readers: Sequence[tuple[str, Reader | None, bool]],
    sheet: Sheet,
) -> Row | None:
    values: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    before = sheet.wrong
    for place_, (name, reader, needed) in enumerate(readers):
        cell = cells[place_] if place_ < len(cells) else ""
        try:
            if not cell:
                if needed:
                    raise wrong.CellMissing(cell_of(number, name), column=name)
                continue
            value = _text(cell, number, name) if reader is None else reader(cell, number, name)
        except wrong.DeviceError as error:
            sheet.refuse(error)
            continue
        if name.startswith(PROPERTY):
            properties[name[len(PROPERTY) :]] = value
        else:
            values[name] = value
    if ("lon" in values) != ("lat" in values) and sheet.wrong == before:
        missing = "lat" if "lon" in values else "lon"
        sheet.refuse(wrong.CellMissing(cell_of(number, missing), column=missing))
    return Row(number, values, properties) if sheet.wrong == before else None


def _text(cell: str, row: int, column: str) -> str:
    most = _LONGEST.get(column, 128)
    if len(cell) > most:
        raise wrong.CellTooLong(cell_of(row, column), value=cell[:20] + "…", most=most)
    return cell


def _long_text(cell: str, row: int, column: str) -> str:
    if len(cell) > 2000:
        raise wrong.CellTooLong(cell_of(row, column), value=cell[:20] + "…", most=2000)
    return cell


def _number(cell: str, row: int, column: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise wrong.CellNotANumber(cell_of(row, column), value=cell) from None
    if not math.isfinite(value):
        raise wrong.CellNotANumber(cell_of(row, column), value=cell)
    return value


def _between(most: float) -> Reader:
    def reader(cell: str, row: int, column: str) -> float:
        value = _number(cell, row, column)
        if abs(value) > most:
            raise wrong.CellOutOfRange(cell_of(row, column), value=cell, least=-most, most=most)
        return value

    return reader


def _date(cell: str, row: int, column: str) -> str:
    """``2026-07-01``, and as spreadsheets write it ``2026/7/1``."""
    try:
        year, month, day = (int(part) for part in cell.replace("/", "-").split("-"))
        return date(year, month, day).isoformat()
    except ValueError:
        raise wrong.CellNotADate(cell_of(row, column), value=cell) from None


def _flag(cell: str, row: int, column: str) -> bool:
    if cell.lower() not in _FLAGS:
        options = ", ".join(_FLAGS)
        raise wrong.CellNotAnOption(cell_of(row, column), value=cell, options=options)
    return _FLAGS[cell.lower()]


def _choice(options: Sequence[str]) -> Reader:
    def reader(cell: str, row: int, column: str) -> str:
        if cell not in options:
            listed = ", ".join(options)
            raise wrong.CellNotAnOption(cell_of(row, column), value=cell, options=listed)
        return cell

    return reader


_OF_COLUMN: dict[str, Reader] = {"lon": _between(180), "lat": _between(90), "installed_on": _date}
_OF_TYPE: dict[str, Reader] = {
    "text": _long_text,
    "number": _number,
    "flag": _flag,
    "choice": _long_text,
}
