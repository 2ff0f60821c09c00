"""The rejected rows of a run as a file that a department takes away to mend them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from yiwang.kernel.text import render
from yiwang.security.actions import Caller, Context, action
from yiwang.sharing.exchange import gating, service, store
from yiwang.sharing.exchange.errors import NoSuchJob

_PAGE = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEADS = ("batch", "row", "column", "value", "reason")


@action("sharing.take_rejects", permission="sharing.provide", audit_verb="exchange_rejects_taken")
def take_rejects(ctx: Context, code: str, run: int) -> None:
    """Note that somebody takes the rejected rows of a run away. Raises NoSuchJob."""
    found = store.run(ctx.connection, run)
    if found is None or found.job != service.mine(ctx, code).id:
        raise NoSuchJob(code, job=f"{code}/{run}")
    ctx.note(f"exchange:{code}", run=run, rows=found.tally.rejected)


def written(caller: Caller, code: str, run: int, lang: str) -> Iterator[bytes]:
    """CSV in UTF-8 with a mark, page by page: place, column, value, reason, and each column of the
    source as it was. Raises NoSuchJob before the first page."""
    take_rejects(caller, code, run)
    page = service.list_exchange_rejects(caller, code, run, None, _PAGE)
    return _pages(caller, code, run, page, lang)


def _pages(caller: Caller, code: str, run: int, page: dict[str, Any], lang: str) -> Iterator[bytes]:
    names = list(dict.fromkeys(name for one in page["items"] for name in one["raw"]))
    heads = [render(f"sharing.exchange.rejected.{one}", lang, {}) for one in _HEADS]
    yield b"\xef\xbb\xbf" + _lines([[*heads, *map(_cell, names)]])
    while items := page["items"]:
        yield _lines([_line(one, names, lang) for one in items])
        if len(items) < _PAGE:
            return
        last = (items[-1]["batch"], items[-1]["row"])
        page = service.list_exchange_rejects(caller, code, run, last, _PAGE)


def _line(one: dict[str, Any], names: list[str], lang: str) -> list[str]:
    reason = _reason(one["reason"], lang)
    told = [str(one["batch"]), str(one["row"]), _cell(one["column"]), _cell(one["value"]), reason]
    return told + [_cell(one["raw"].get(name)) for name in names]


def _reason(code: str, lang: str) -> str:
    if code.startswith(gating.RULE):
        rule = {"rule": code.removeprefix(gating.RULE)}
        return render("sharing.exchange.reason.rule", lang, rule)
    return render(f"sharing.exchange.reason.{code}", lang, {})


def _cell(value: object) -> str:
    """Text that no spreadsheet takes for a formula; a plain number stays one."""
    text = "" if value is None else str(value)
    number = text[:1] in "+-" and text[1:].replace(".", "", 1).isdecimal()
    return f"'{text}" if text.startswith(_FORMULA) and not number else text


def _lines(rows: list[list[str]]) -> bytes:
    held = StringIO()
    csv.writer(held).writerows(rows)
    return held.getvalue().encode()
