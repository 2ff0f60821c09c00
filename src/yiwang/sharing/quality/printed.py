"""Tables as they are printed in yearbooks, read into tables with one fact a row.

Printed tables have headings of two lines, years as columns, spaces inside of names, signs for
"not printed", headings repeated after a page, notes marked with stars, and rows "of which". What
comes out has a column for each measure, a row for each year, and cells still as they were
printed, so that a reader can tell 11.0 from 11; ``typed`` makes numbers of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from yiwang.sharing.quality.model import About, label_of

YEAR, VALUE, UNIT, PART = "年份", "数值", "单位", "部分"
NOT_PRINTED = frozenset({"", "—", "——", "–", "-", "…", "..", "―"})
_WIDE = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
_INNER = re.compile(rf"(?<=[{_WIDE}])[ \u3000]+(?=[{_WIDE}])")
_A_YEAR = re.compile(r"((?:19|20)\d\d)\s*年?")
_OF_WHICH = re.compile(r"其中[:：]?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_CODE = re.compile("编号|代码|号码|证号")

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Heading:
    """One column: its year (0 where it is of no year), name and unit. A name never begins with a
    digit, as those of the catalogue's columns do not."""

    year: int
    name: str
    unit: str


def read(file: Path, code: str, title: str = "") -> tuple[About, pa.Table]:
    """A file of tab-separated cells. All columns are texts; what was not printed is null."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return table([[_clean(cell) for cell in line.split("\t")] for line in lines], code, title)


def _clean(cell: str) -> str:
    text = _INNER.sub("", re.sub(r"\s+", " ", cell).strip())
    return "" if text in NOT_PRINTED else text


def table(lines: Sequence[Sequence[str]], code: str, title: str = "") -> tuple[About, pa.Table]:
    blocks = _blocks([line for line in lines if any(line)])
    parted = len(blocks) > 1
    rows: list[dict[str, str | None]] = []
    columns: dict[str, None] = {PART: None} if parted else {}
    units: dict[str, str] = {}
    for number, (headings, body) in enumerate(blocks, 1):
        labelled = _labelled(body)
        for found in _facts(headings, labelled):
            columns |= dict.fromkeys(found)
            rows.append({PART: str(number), **found} if parted else found)
        units |= {each.name: each.unit for each in headings[1:] if each.unit}
    names = list(columns)
    data = pa.table(
        {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    )
    first = blocks[0][0][0].name
    along = YEAR if YEAR in columns else ""
    key = [*([PART] if parted else []), first, *([YEAR] if along else [])]
    unit_column = UNIT if UNIT in columns else ""
    about = About(code, title, tuple(key), along, units, unit_column)
    return about, data


def typed(data: pa.Table) -> pa.Table:
    """Numbers where every printed cell of a column is one; codes stay texts."""
    return pa.table({name: _typed(name, data.column(name)) for name in data.column_names})


def _typed(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    cells = [cell for cell in column.to_pylist() if cell is not None]
    if not cells or _CODE.search(name) or not all(_NUMBER.fullmatch(cell) for cell in cells):
        return column
    return column.cast(pa.float64() if any("." in cell for cell in cells) else pa.int64())


Block = tuple[list[Heading], list[Row]]


def _blocks(lines: Sequence[Sequence[str]]) -> list[Block]:
    """Runs of rows below a heading. A heading that comes again after a page is passed over,
    unless it differs or the numbers of the rows begin anew."""
    corner = lines[0][0]
    blocks: list[Block] = []
    place, again = 0, False
    while place < len(lines):
        line = lines[place]
        if line[0] == corner:
            size = 2 if place + 1 < len(lines) and not lines[place + 1][0] else 1
            headings = _headings(lines[place : place + size])
            if not blocks or headings != blocks[-1][0]:
                blocks.append((headings, []))
            again = True
            place += size
            continue
        headings, body = blocks[-1]
        if again and body and _restarts(body[-1][0], line[0]):
            blocks.append((headings, []))
            body = blocks[-1][1]
        again = False
        cells = [cell or None for cell in line[: len(headings)]]
        body.append(tuple(cells + [None] * (len(headings) - len(cells))))
        place += 1
    return blocks


def _restarts(before: str | None, after: str) -> bool:
    both = _NUMBER.fullmatch(before or "") and _NUMBER.fullmatch(after)
    return bool(both) and float(after) <= float(before or 0)


def _headings(lines: Sequence[Sequence[str]]) -> list[Heading]:
    upper, lower = lines[0], lines[1] if len(lines) > 1 else []
    width = max(len(line) for line in lines)
    found, above = [], ""
    for place in range(width):
        top = upper[place] if place < len(upper) else ""
        below = lower[place] if place < len(lower) else ""
        above = top or (above if below else "")
        if above or below:
            found.append(_heading(above, below))
    return found


def _heading(above: str, below: str) -> Heading:
    year = _A_YEAR.fullmatch(above)
    name, unit = label_of(below or ("" if year else above))
    if year is None and below and above:
        name = label_of(above)[0] + name
    if year is not None and not below:
        name = VALUE
    name = re.sub(r"\s+", "", name)
    name = f"_{name}" if name[:1].isdigit() else name
    return Heading(int(year[1]) if year else 0, name, unit)


def _labelled(rows: Iterable[Row]) -> list[Row]:
    """First cells without stars; a row "of which" takes the name of what it is a part of, and so
    do the rows after it that bear a name which other groups have as well."""
    rows = [((row[0] or "").rstrip("* ") or None, *row[1:]) for row in rows]
    plain = [_OF_WHICH.sub("", row[0] or "") for row in rows]
    found: list[Row] = []
    parent = ""
    inside = False
    for row, name in zip(rows, plain, strict=True):
        begins = name != (row[0] or "")
        inside = begins or (inside and plain.count(name) > 1)
        if not inside:
            parent = name
        found.append(((f"{parent}·{name}" if inside else row[0]), *row[1:]))
    return found


def _facts(headings: Sequence[Heading], rows: Sequence[Row]) -> Iterable[dict[str, str | None]]:
    """One row for each year, or the rows as they are where no column is of a year."""
    years = list(dict.fromkeys(each.year for each in headings if each.year))
    for row in rows:
        cells: Mapping[Heading, str | None] = dict(zip(headings, row, strict=True))
        fixed = {each.name: cell for each, cell in cells.items() if not each.year}
        if not years:
            yield fixed
        for year in years:
            of_year = {each.name: cell for each, cell in cells.items() if each.year == year}
            yield {**fixed, YEAR: str(year), **of_year}
