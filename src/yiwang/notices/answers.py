"""What comes back from outside, without a sign-in: the link of a letter, a gateway's receipts.

The word of the link's signature, and of the gateway's key, counts; nobody's account does.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from yiwang.kernel.settings import Settings
from yiwang.kernel.text import choose
from yiwang.kernel.text import render as words
from yiwang.notices import consent, receipt_forms, receipts
from yiwang.security.actions import Caller
from yiwang.security.model import ANONYMOUS
from yiwang.web import calls, render

_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<body style="font-family:sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem">
<h1 style="font-size:1.3rem">{title}</h1><p>{text}</p>{button}</body></html>"""

_BUTTON = """<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">
<button style="font:inherit;padding:.5rem 1.2rem">{text}</button></form>"""


def routes() -> list[Route]:
    return [
        Route("/api/notices/unsubscribe", unsubscribe, methods=["GET", "POST"]),
        Route("/api/notices/sms/receipts", take_receipts, methods=["GET", "POST"]),
    ]


async def unsubscribe(request: Request) -> Response:
    """The link of a letter: asks (GET, which changes nothing: programs follow links by
    themselves), and ends such letters (POST, by the button of that page or by the one click of
    mail programs, RFC 8058 section 3.1)."""
    asked = request.query_params
    given = (asked.get("channel", ""), asked.get("to", ""), asked.get("signature", ""))
    lang = choose(request.headers.get("accept-language", ""))
    sure = request.method == "POST"
    await calls.run(consent.unsubscribe if sure else consent.check, _anybody(request), *given)
    fields = {"to": given[1].partition(":")[2]}
    name = "notices.unsubscribe_page"
    button = "" if sure else _BUTTON.format(text=escape(words(f"{name}.sure", lang, {})))
    page = _PAGE.format(
        lang=lang,
        title=words(f"{name}.title", lang, {}),
        text=escape(words(f"{name}.{'done' if sure else 'ask'}", lang, fields)),
        button=button,
    )
    return HTMLResponse(page, headers={"cache-control": "no-store"})


async def take_receipts(request: Request) -> Response:
    """Receipts of an SMS gateway, with its key: in the query string, as a form, or as JSON, one
    or many of them."""
    caller = _anybody(request)
    settings: Settings = caller.ports[Settings]
    body = await render.raw(request, 1024 * 1024)
    given = receipt_forms.read(request.query_params, body, settings.sms_receipt_list)
    taken = await calls.run(receipts.take, caller, given)
    if settings.sms_receipt_answer:
        return PlainTextResponse(settings.sms_receipt_answer)
    return render.json({"taken": taken})


def _anybody(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return replace(caller, identity=ANONYMOUS)
