"""The hotline desk over HTTP: /api/hotline/… Numbers travel in bodies only, never in a URL."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.actions.reports import Report
from yiwang.cases.hotline import board as boards
from yiwang.cases.hotline import (
    calling_back,
    calls,
    correcting,
    figures,
    model,
    service,
    suggest,
    views,
)
from yiwang.cases.hotline.service import Contact, Who
from yiwang.cases.http import ReportBody
from yiwang.cases.model.guards import Given
from yiwang.kernel.text import choose
from yiwang.security.actions import Context, query
from yiwang.web import calls as running
from yiwang.web import render
from yiwang.web.errors import BadParameter
from yiwang.web.live import Hub


class WhoBody(msgspec.Struct, forbid_unknown_fields=True):
    number: str = ""
    email: str = ""
    name: str = ""


class ContactBody(msgspec.Struct, forbid_unknown_fields=True):
    line: str
    channel: str
    number: str = ""
    email: str = ""
    name: str = ""
    language: str = ""
    emotion: str = "calm"
    urgent: bool = False


class CorrectionBody(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays."""

    name: str | None = None
    emotion: str | None = None
    urgent: bool | None = None


class RequestBody(msgspec.Struct, forbid_unknown_fields=True):
    """``report`` as POST /api/cases takes it, for the outcome ``case``; ``case`` for ``urged``
    and ``joined``."""

    kind: str
    outcome: str
    text: str = ""
    case: int | None = None
    report: ReportBody | None = None
    article: int | None = None
    helpful: bool | None = None
    missing: bool = False
    call_back: bool = True


class CallBody(msgspec.Struct, forbid_unknown_fields=True):
    """``line``: its code or its number; ``id``: the telephone system's own; ``operator``: the
    sign-in name at whose telephone it rings."""

    number: str = ""
    line: str = ""
    channel: str = "phone"
    id: str = ""
    operator: str = ""


class HangUpBody(msgspec.Struct, forbid_unknown_fields=True):
    id: str


class CalledBody(msgspec.Struct, forbid_unknown_fields=True):
    reached: bool
    rating: int | None = None
    solved: bool | None = None
    text: str = ""


def routes() -> list[Route]:
    return [
        Route("/api/hotline/board", board, methods=["GET"]),
        Route("/api/hotline/callers", look_up, methods=["POST"]),
        Route("/api/hotline/contacts", contacts, methods=["GET"]),
        Route("/api/hotline/contacts", take_contact, methods=["POST"]),
        Route("/api/hotline/contacts/{id:int}", contact, methods=["GET"]),
        Route("/api/hotline/contacts/{id:int}", correct, methods=["PATCH"]),
        Route("/api/hotline/contacts/{id:int}/requests", settle, methods=["POST"]),
        Route("/api/hotline/contacts/{id:int}/end", end, methods=["POST"]),
        Route("/api/hotline/suggest", suggestions, methods=["GET"]),
        Route("/api/hotline/calls", waiting, methods=["GET"]),
        Route("/api/hotline/calls", ring, methods=["POST"]),
        Route("/api/hotline/calls/end", hang_up, methods=["POST"]),
        Route("/api/hotline/calls/{id:int}/take", take_call, methods=["POST"]),
        Route("/api/hotline/call-backs", call_backs, methods=["GET"]),
        Route("/api/hotline/call-backs/{request:int}", call_back, methods=["POST"]),
        Route("/api/hotline/figures", today, methods=["GET"]),
    ]


@query("cases.show_board", permission="cases.hotline")
def show_board(ctx: Context, lang: str) -> dict[str, Any]:
    """What a contact can be: lines, channels, kinds, marks, outcomes."""
    rules = boards.of(ctx)
    entries = {"lines": rules.lines, "channels": rules.channels}
    named = {
        name: [
            {"code": code, "title": views.title(one, code, lang), "number": one.number}
            for code, one in found.items()
        ]
        for name, found in entries.items()
    }
    words = {"kinds": model.KINDS, "emotions": model.EMOTIONS, "outcomes": model.OUTCOMES}
    return {**named, **words}


async def board(request: Request) -> Response:
    """Lines, channels and marks, as the city has them."""
    return render.json(await running.run(show_board, request.state.caller, language(request)))


async def look_up(request: Request) -> Response:
    """Who a number or address is, with their history; each look is in the audit."""
    asked = await render.body(request, WhoBody)
    who = Who(**msgspec.structs.asdict(asked))
    caller, lang = request.state.caller, language(request)
    return render.json(await running.run(service.look_up_caller, caller, who, lang))


async def contacts(request: Request) -> Response:
    """Contacts, the newest first, without who called; with ?unended=true the caller's own of the
    last day that are not ended."""
    after, most = render.number(request, "after", 0, 0, 2**53), 50
    caller, lang = request.state.caller, language(request)
    unended = request.query_params.get("unended") == "true"
    found = await running.run(service.list_contacts, caller, after, most, lang, unended)
    return render.json({"items": found, "next": found[-1]["id"] if len(found) == most else None})


async def take_contact(request: Request) -> Response:
    """Begin a contact."""
    asked = await render.body(request, ContactBody)
    who = Who(asked.number, asked.email, asked.name)
    given = Contact(asked.line, asked.channel, who, asked.language, asked.emotion, asked.urgent)
    caller, lang = request.state.caller, language(request)
    return render.json(await running.run(service.take_contact, caller, given, lang), 201)


async def contact(request: Request) -> Response:
    """A contact with its caller; each look is in the audit."""
    caller, lang = request.state.caller, language(request)
    found = await running.run(service.show_contact, caller, _id(request, "id"), lang)
    return render.json(found)


async def correct(request: Request) -> Response:
    """Complete or correct name, mood and urgency, also when it has ended."""
    asked = await render.body(request, CorrectionBody)
    given = correcting.Correction(**msgspec.structs.asdict(asked))
    caller, lang = request.state.caller, language(request)
    args = (caller, _id(request, "id"), given, lang)
    return render.json(await running.run(correcting.correct_contact, *args))


async def settle(request: Request) -> Response:
    """What became of one request of a contact."""
    asked = await render.body(request, RequestBody)
    given = service.Request(
        asked.kind,
        asked.outcome,
        asked.text,
        asked.case,
        None if asked.report is None else Report(**msgspec.structs.asdict(asked.report)),
        asked.article,
        asked.helpful,
        asked.missing,
        asked.call_back,
    )
    caller, lang = request.state.caller, language(request)
    made = await running.run(service.settle_request, caller, _id(request, "id"), given, lang)
    return render.json(made, 201)


async def end(request: Request) -> Response:
    """The contact is over."""
    found = await running.run(service.end_contact, request.state.caller, _id(request, "id"))
    return render.json(found)


async def suggestions(request: Request) -> Response:
    """Articles, classes and open cases near (with ?lon=&lat=) for ?text=."""
    asked, caller = request.query_params, request.state.caller
    lon, lat = _degrees(request, "lon", 180), _degrees(request, "lat", 90)
    text, lang = asked.get("text", ""), language(request)
    return render.json(await running.run(suggest.suggest, caller, text, lon, lat, lang))


async def waiting(request: Request) -> Response:
    """Calls that ring now."""
    found = await running.run(calls.waiting_calls, request.state.caller, language(request))
    return render.json({"items": found, "next": None})


async def ring(request: Request) -> Response:
    """For a telephone system: somebody calls. Operators' desks show it at once."""
    asked = await render.body(request, CallBody)
    given = (asked.number, asked.line, asked.channel, asked.id, asked.operator)
    made = await running.run(calls.ring, request.state.caller, *given)
    _tell(request, made)
    return render.json({"call": made}, 201)


async def hang_up(request: Request) -> Response:
    """For a telephone system: the call is over."""
    asked = await render.body(request, HangUpBody)
    ended = await running.run(calls.hang_up, request.state.caller, asked.id)
    _tell(request, ended)
    return render.json({"call": ended})


async def take_call(request: Request) -> Response:
    """Take a call: the contact that it becomes."""
    id, lang = _id(request, "id"), language(request)
    found = await running.run(calls.take_call, request.state.caller, id, lang)
    _tell(request, id)
    return render.json(found, 201)


async def call_backs(request: Request) -> Response:
    """Who is to be called back, by the time until which."""
    found = await running.run(calling_back.call_backs, request.state.caller, language(request))
    return render.json({"items": found, "next": None})


async def call_back(request: Request) -> Response:
    """What a call-back heard."""
    asked = await render.body(request, CalledBody)
    given = Given(text=asked.text, rating=asked.rating, solved=asked.solved)
    caller, id = request.state.caller, _id(request, "request")
    found = await running.run(calling_back.call_back, caller, id, asked.reached, given)
    return render.json(found)


async def today(request: Request) -> Response:
    """Figures of the day, or of the last ?days=."""
    days = render.number(request, "days", 1, 1, 366)
    caller, lang = request.state.caller, language(request)
    return render.json(await running.run(figures.hotline_figures, caller, days, lang))


def _tell(request: Request, call: int) -> None:
    """Desks ask again which calls wait; nothing of who calls goes out this way."""
    hub = request.state.caller.ports.get(Hub)
    if hub is not None:
        hub.publish("call", {"call": call})


def _id(request: Request, name: str) -> int:
    return min(int(request.path_params[name]), 2**53)


def _degrees(request: Request, name: str, most: int) -> float | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = most + 1.0
    if not -most <= value <= most:
        wanted = f"-{most} … {most}"
        raise BadParameter(request.url.path, name=name, value=text, wanted=wanted)
    return value


def language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
