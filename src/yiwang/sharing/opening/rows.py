"""Rows of opened resources: only opened columns, whoever asks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from openpyxl import Workbook

from yiwang.security.actions import Context
from yiwang.sharing.opening.errors import BadChoice, NoRows
from yiwang.sharing.opening.model import Public
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.errors import BadCondition, NoSuchColumn, NoSuchDataset
from yiwang.sharing.sources.model import Condition, Order, shown

MOST_IN_SHEET = 200_000


def columns(public: Public) -> list[str]:
    return [item.column for item in public.items]


def read(
    ctx: Context,
    public: Public,
    fields: Sequence[str] = (),
    where: Sequence[Condition] = (),
    order: Sequence[Order] = (),
    limit: int = 100,
    skip: int = 0,
    words: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Rows of an opened resource. Raises BadChoice for a column that is not open, NoRows."""
    opened = columns(public)
    for name in (*fields, *(one.column for one in where), *(one.column for one in order)):
        if name not in opened:
            raise BadChoice(name, name="column", value=name, known=", ".join(opened))
    wanted = [name for name in opened if not fields or name in fields]
    datasets, dataset = ctx.port(Datasets), public.resource.dataset or ""
    try:
        return datasets.read(dataset, wanted, where, order, limit, None, skip, words)
    except (NoSuchDataset, NoSuchColumn) as error:
        raise NoRows(resource=public.resource.id) from error
    except BadCondition as error:
        fields_ = error.fields
        name, value = str(fields_.get("column", "")), str(fields_.get("value", ""))
        wanted_ = fields_.get("wanted", "")
        raise BadChoice(name, name=name, value=value, known=wanted_) from error


def count(
    ctx: Context, public: Public, where: Sequence[Condition] = (), words: Sequence[str] = ()
) -> int:
    """Raises NoRows."""
    try:
        datasets, dataset = ctx.port(Datasets), public.resource.dataset or ""
        return datasets.count(dataset, where, columns(public), words)
    except (NoSuchDataset, NoSuchColumn) as error:
        raise NoRows(resource=public.resource.id) from error


def stream(ctx: Context, public: Public, form: str) -> Iterator[bytes]:
    """All rows as a file, in parts. Raises NoRows."""
    try:
        batches = ctx.port(Datasets).batches(public.resource.dataset or "", columns(public))
    except NoSuchDataset as error:
        raise NoRows(resource=public.resource.id) from error
    makers: Mapping[str, Any] = {"csv": _csv, "json": _json, "xlsx": _xlsx}
    yield from makers[form](public, batches)


def _csv(public: Public, batches: Iterator[Any]) -> Iterator[bytes]:
    """UTF-8 with its mark, so that spreadsheets read Chinese rightly. What they would take for a
    formula begins with an apostrophe."""
    yield "\ufeff".encode()
    yield _line(columns(public))
    for batch in batches:
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield _line([_cell(value) for value in row])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = shown(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in "=+-@\t\r" and text else text


def _line(values: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue().encode()


def _json(public: Public, batches: Iterator[Any]) -> Iterator[bytes]:
    yield b"["
    first = True
    for batch in batches:
        for row in batch.to_pylist():
            yield (b"" if first else b",\n") + msgspec.json.encode(row)
            first = False
    yield b"]\n"


def _xlsx(public: Public, batches: Iterator[Any]) -> Iterator[bytes]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("data")
    sheet.append(columns(public))
    written = 0
    for batch in batches:
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if written >= MOST_IN_SHEET:
                break
            sheet.append([_plain(value) for value in row])
            written += 1
    out = io.BytesIO()
    book.save(out)
    yield out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value[:1] == "=" else value
    return value if value is None or isinstance(value, bool | int | float) else shown(value)
