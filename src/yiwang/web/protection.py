"""Labels of data, proposals of labels, marked copies and whose they are, over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose, phrase
from yiwang.security.protection import copies, extracts, leaks, service
from yiwang.security.protection.assistant import Column
from yiwang.web import calls, render
from yiwang.web.errors import BadBody, BadParameter

_MOST_COLUMNS = 1000


class ColumnBody(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    title: str = ""
    values: list[Any] = []


class TableBody(msgspec.Struct, forbid_unknown_fields=True):
    """``rows``: how many the whole table has, where each is a person; 0: not known."""

    columns: list[ColumnBody]
    title: str = ""
    rows: int = 0


def routes() -> list[Route]:
    return [
        Route("/api/protection/labels", list_labels, methods=["GET"]),
        Route("/api/protection/proposals", propose, methods=["POST"]),
        Route("/api/protection/copies", mark, methods=["POST"]),
        Route("/api/protection/trace", trace, methods=["POST"]),
    ]


async def list_labels(request: Request) -> Response:
    """Every label with its class, grade (GB/T 43697) and mask."""
    lang = choose(request.headers.get("accept-language", ""))
    found = await calls.run(service.list_labels, request.state.caller, lang)
    return render.json({"items": found})


async def propose(request: Request) -> Response:
    """Labels for the columns of a table, each with its evidence and how sure it is."""
    asked = await render.body(request, TableBody)
    if len(asked.columns) > _MOST_COLUMNS:
        raise BadBody(request.url.path, problem=phrase("too_many_columns", most=_MOST_COLUMNS))
    lang = choose(request.headers.get("accept-language", ""))
    columns = [Column(one.name, one.title, one.values) for one in asked.columns]
    args = (columns, asked.title, asked.rows)
    found = await calls.run(service.propose_labels, request.state.caller, *args)
    items = [
        {
            "column": one.column,
            "label": one.label,
            "grade": one.grade,
            "confidence": one.confidence,
            "evidence": [each.words(lang) for each in one.evidence],
            "others": [{"label": name, "confidence": sure} for name, sure in one.others],
        }
        for one in found
    ]
    return render.json({"items": items})


async def trace(request: Request) -> Response:
    """Whose copy a file is. The body is the file (CSV, TSV or Excel), ``name`` its name;
    ``resource`` narrows it; ``column`` (repeated) says ``title in the file=our name``."""
    asked, caller = request.query_params, request.state.caller
    name, resource = asked.get("name", ""), asked.get("resource", "")
    table = await calls.run(extracts.read, name, await render.raw(request))
    table = extracts.renamed(table, asked.getlist("column"))
    found = await calls.run(leaks.trace_leak, caller, table, resource)
    await calls.run(leaks.record_trace, caller, resource, name, found)
    items = [asdict(one) | {"since": render.instant(one.since)} for one in found.found]
    body = {"found": items, "cells": found.cells, "receivers": found.receivers}
    return render.json(body | {"most_false": leaks.MOST_FALSE})


async def mark(request: Request) -> Response:
    """A copy of a file for one receiver, as CSV. The body is the file, ``name`` its name;
    ``resource`` and ``receiver`` are kept with its marks; ``mark`` (repeated, ``column:unit``) and
    ``spelling`` (``column:one|other``) say what may change, ``key`` (repeated) what tells rows
    apart, ``share`` of how many rows."""
    asked = request.query_params
    missing = [name for name in ("resource", "receiver") if not asked.get(name)]
    if missing:
        wanted = phrase("name")
        raise BadParameter(request.url.path, name=missing[0], value="", wanted=wanted)
    try:
        share = float(asked.get("share", "1"))
    except ValueError:
        value = asked["share"]
        path = request.url.path
        raise BadParameter(path, name="share", value=value, wanted="0 … 1") from None
    marks = copies.marks(
        asked.getlist("mark"), asked.getlist("spelling"), asked.getlist("key"), share
    )
    table = await calls.run(extracts.read, asked.get("name", ""), await render.raw(request))
    args = (table, asked["resource"], asked["receiver"], marks)
    made = await calls.run(copies.made, request.state.caller, *args)
    headers = {"content-disposition": 'attachment; filename="copy.csv"'}
    return Response(made, media_type="text/csv; charset=utf-8", headers=headers)
