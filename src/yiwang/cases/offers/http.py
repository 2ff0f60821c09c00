"""Offers over HTTP: /api/offers…"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.actions import photos
from yiwang.cases.http import files_of
from yiwang.cases.offers import by_hand, service, views
from yiwang.cases.offers.by_hand import Terms
from yiwang.kernel.text import choose
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter


class ReportBody(msgspec.Struct, forbid_unknown_fields=True):
    """``evidence`` are names of photos uploaded before."""

    text: str = ""
    evidence: list[str] = []


class TermsBody(msgspec.Struct, forbid_unknown_fields=True):
    """What is not given is as the class says, else as usual; times are minutes."""

    to: list[str] | None = None
    points: int | None = None
    claim_within: int | None = None
    done_within: int | None = None
    radius_m: float | None = None
    reason: str = ""


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: str = ""


def routes() -> list[Route]:
    return [
        Route("/api/offers", listing, methods=["GET"]),
        Route("/api/offers/mine", mine, methods=["GET"]),
        Route("/api/offers/running", running, methods=["GET"]),
        Route("/api/offers/points", points, methods=["GET"]),
        Route("/api/offers/takers", takers, methods=["GET"]),
        Route("/api/offers/takers/{user}/block", block, methods=["POST"]),
        Route("/api/offers/takers/{user}/block", unblock, methods=["DELETE"]),
        Route("/api/offers/cases/{no:int}", of_case, methods=["GET"]),
        Route("/api/offers/cases/{no:int}", offer, methods=["POST"]),
        Route("/api/offers/{id:int}", show, methods=["GET"]),
        Route("/api/offers/{id:int}/claim", claim, methods=["POST"]),
        Route("/api/offers/{id:int}/release", release, methods=["POST"]),
        Route("/api/offers/{id:int}/photos", add_photos, methods=["POST"]),
        Route("/api/offers/{id:int}/report", report, methods=["POST"]),
    ]


async def of_case(request: Request) -> Response:
    """Whether a case may be offered, with which usual terms, and its last offer."""
    no = min(request.path_params["no"], 2**53)
    return render.json(await calls.run(by_hand.show, request.state.caller, no))


async def offer(request: Request) -> Response:
    """Offer a case to residents and service firms by hand."""
    asked = msgspec.structs.asdict(await render.body(request, TermsBody))
    to = None if asked["to"] is None else tuple(dict.fromkeys(asked["to"]))
    no, caller = min(request.path_params["no"], 2**53), request.state.caller
    await calls.run(by_hand.offer, caller, no, Terms(**(asked | {"to": to})))
    return render.json(await calls.run(by_hand.show, caller, no), 201)


async def listing(request: Request) -> Response:
    """What the caller may take on; with ?lon=&lat= the nearest first."""
    here = _here(request)
    found = await calls.run(views.listing, request.state.caller, here, _language(request))
    return render.json({"items": found, "next": None})


async def mine(request: Request) -> Response:
    """What the caller has claimed."""
    found = await calls.run(views.mine, request.state.caller, _language(request))
    return render.json({"items": found, "next": None})


async def running(request: Request) -> Response:
    """What is offered, claimed or to be verified now, for the centre."""
    page, caller = paging.wanted(request, 200), request.state.caller
    args = (page.number(), page.limit, _language(request))
    found = await calls.run(views.running, caller, *args)
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


async def points(request: Request) -> Response:
    """The caller's points: sum and ledger."""
    after = render.number(request, "after", 0, 0, 2**53)
    caller, lang = request.state.caller, _language(request)
    return render.json(await calls.run(views.points, caller, after, 50, lang))


async def takers(request: Request) -> Response:
    """Who takes offers on, for the centre."""
    found = await calls.run(views.takers, request.state.caller)
    return render.json({"items": found, "next": None})


async def block(request: Request) -> Response:
    """Keep somebody from claiming."""
    asked = await render.body(request, ReasonBody)
    user = request.path_params["user"]
    await calls.run(service.block, request.state.caller, user, asked.reason)
    return Response(status_code=204)


async def unblock(request: Request) -> Response:
    """Let somebody claim again."""
    await calls.run(service.unblock, request.state.caller, request.path_params["user"])
    return Response(status_code=204)


async def show(request: Request) -> Response:
    """An offer that the caller has claimed."""
    caller, id = request.state.caller, request.path_params["id"]
    return render.json(await calls.run(views.show, caller, id, _language(request)))


async def claim(request: Request) -> Response:
    """Take an offer on; the offer with its exact place."""
    await calls.run(service.claim, request.state.caller, request.path_params["id"])
    return await show(request)


async def release(request: Request) -> Response:
    """Give a claim back."""
    asked = await render.body(request, ReasonBody)
    id = request.path_params["id"]
    await calls.run(service.release, request.state.caller, id, asked.reason)
    return Response(status_code=204)


async def add_photos(request: Request) -> Response:
    """A multipart form with one or more pictures, under any field names."""
    caller, names = request.state.caller, []
    for name, content in await files_of(request):
        picture = await calls.run(photos.cleaned, caller, content, name)
        sha = await calls.run(service.add_photo, caller, request.path_params["id"], picture)
        names.append({"sha": sha, "name": name, "size": len(picture.content)})
    return render.json({"photos": names}, 201)


async def report(request: Request) -> Response:
    """The work is done."""
    asked = await render.body(request, ReportBody)
    id = request.path_params["id"]
    await calls.run(service.report, request.state.caller, id, asked.text, tuple(asked.evidence))
    return await show(request)


def _here(request: Request) -> tuple[float, float] | None:
    asked = request.query_params
    if "lon" not in asked and "lat" not in asked:
        return None
    found = []
    for name, most in (("lon", 180), ("lat", 90)):
        try:
            value = float(asked.get(name, ""))
        except ValueError:
            value = most + 1.0
        if not -most <= value <= most:
            wanted = f"-{most} … {most}"
            path = request.url.path
            raise BadParameter(path, name=name, value=asked.get(name, ""), wanted=wanted)
        found.append(value)
    return found[0], found[1]


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
