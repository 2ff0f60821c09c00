"""Alerts over HTTP: sending by the command, and what everybody may read (``/cap``)."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.emergency import alerts, cap_reading, received
from yiwang.cases.emergency.alerts import Words
from yiwang.cases.emergency.errors import NoSuchIncident
from yiwang.kernel import clock
from yiwang.kernel.settings import Settings
from yiwang.kernel.text import choose
from yiwang.kernel.text import render as words_of
from yiwang.web import calls, render

ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
_SHORT = {"cache-control": "public, max-age=30"}


class AlertBody(msgspec.Struct, forbid_unknown_fields=True):
    kind: str = "alert"
    test: bool = False
    headline: dict[str, str] = {}
    description: dict[str, str] = {}
    instruction: dict[str, str] = {}
    valid_minutes: int | None = None
    radius_m: float | None = None
    polygon: list[tuple[float, float]] = []


def routes() -> list[Route]:
    one = "/api/emergencies/{no:int}"
    return [
        Route(f"{one}/alerts/preview", preview, methods=["POST"]),
        Route(f"{one}/alerts", send, methods=["POST"]),
        Route("/api/cap", receive, methods=["POST"]),
        Route("/cap/feed.xml", feed, methods=["GET"]),
        Route("/cap/exercises.xml", exercises, methods=["GET"]),
        Route("/cap/{identifier}.xml", document, methods=["GET"]),
    ]


async def preview(request: Request) -> Response:
    words = await _words(request)
    caller, no = request.state.caller, _number(request)
    return render.json(await calls.run(alerts.preview, caller, no, words))


async def send(request: Request) -> Response:
    words = await _words(request)
    identifier = await calls.run(alerts.send, request.state.caller, _number(request), words)
    headers = {"location": f"/cap/{identifier}.xml"}
    return render.json({"identifier": identifier}, 201, headers)


async def receive(request: Request) -> Response:
    """Takes a CAP message of another authority in: the body is its XML, ``case_class`` the class
    of case that it is a report for. 201; 200 for a message that came before."""
    content = await render.raw(request, cap_reading.MOST_BYTES)
    case_class, caller = request.query_params.get("case_class", ""), request.state.caller
    taken = await calls.run(received.receive, caller, content, case_class)
    body = {"identifier": taken.identifier, "case": taken.case}
    return render.json(body, 201 if taken.fresh else 200)


async def feed(request: Request) -> Response:
    """Atom (RFC 4287) with the actual alerts that are in force or were just cancelled."""
    return await _feed(request, real=True)


async def exercises(request: Request) -> Response:
    """As ``feed``, with exercises and tests: nobody takes them for real by mistake."""
    return await _feed(request, real=False)


async def document(request: Request) -> Response:
    identifier = request.path_params["identifier"]
    text = await calls.run(alerts.document, request.state.caller, identifier)
    return Response(text, media_type=CAP_TYPE, headers=_SHORT)


async def _feed(request: Request, real: bool) -> Response:
    lang = choose(request.headers.get("accept-language", ""))
    rows = await calls.run(alerts.published, request.state.caller, real)
    settings: Settings = request.state.caller.ports.get(Settings) or Settings()
    root = render.root(request)
    own = f"{root}{request.url.path}"
    top = Element("feed", {"xmlns": ATOM})
    title = words_of("cases.emergency.feed" if real else "cases.emergency.feed_exercises", lang, {})
    SubElement(top, "id").text = own
    SubElement(top, "title").text = title
    latest = max((row.sent_at for row in rows), default=0)
    SubElement(top, "updated").text = clock.render(latest)
    SubElement(SubElement(top, "author"), "name").text = settings.city_name or "Yiwang"
    SubElement(top, "link", {"rel": "self", "href": own})
    for row in rows:
        entry = SubElement(top, "entry")
        link = f"{root}/cap/{row.identifier}.xml"
        SubElement(entry, "id").text = link
        SubElement(entry, "title").text = row.headline.get(lang) or row.identifier
        SubElement(entry, "updated").text = clock.render(row.sent_at)
        SubElement(entry, "category", {"term": row.kind})
        SubElement(entry, "link", {"rel": "alternate", "type": CAP_TYPE, "href": link})
    body = tostring(top, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/atom+xml", headers=_SHORT)


async def _words(request: Request) -> Words:
    asked = await render.body(request, AlertBody)
    values = msgspec.structs.asdict(asked) | {"polygon": tuple(asked.polygon)}
    return Words(**values)


def _number(request: Request) -> int:
    number: int = request.path_params["no"]
    if number > 2**53:
        raise NoSuchIncident(no=number)
    return number
