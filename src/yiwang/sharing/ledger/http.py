"""The lists behind the catalogue over HTTP: systems, duties, demands, negative list."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.sharing.ledger import lists, systems
from yiwang.sharing.ledger.model import System
from yiwang.sharing.ledger.systems import Day
from yiwang.web import calls, paging, render


class SystemBody(System, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A system, and the revision that was read."""

    revision: int | None = None

    def system(self) -> System:
        return System(**{name: getattr(self, name) for name in System.__struct_fields__})


class DutyBody(msgspec.Struct, forbid_unknown_fields=True):
    organisation: int
    element: str
    basis: str
    resource: str = ""


class DemandBody(msgspec.Struct, forbid_unknown_fields=True):
    organisation: int
    element: str
    purpose: str
    provider: int | None = None


class AnswerBody(msgspec.Struct, forbid_unknown_fields=True):
    text: str = ""
    resource: int | None = None


def routes() -> list[Route]:
    return [
        Route("/api/sharing/systems", list_systems, methods=["GET"]),
        Route("/api/sharing/systems", add_system, methods=["POST"]),
        Route("/api/sharing/systems/{id:int}", change_system, methods=["PUT"]),
        Route("/api/sharing/systems/{id:int}", remove_system, methods=["DELETE"]),
        Route("/api/sharing/systems/{id:int}/uses", count_uses, methods=["POST"]),
        Route("/api/sharing/duties", list_duties, methods=["GET"]),
        Route("/api/sharing/duties", add_duty, methods=["POST"]),
        Route("/api/sharing/duties/{id:int}", remove_duty, methods=["DELETE"]),
        Route("/api/sharing/demands", list_demands, methods=["GET"]),
        Route("/api/sharing/demands", add_demand, methods=["POST"]),
        Route("/api/sharing/demands/{id:int}/answer", answer_demand, methods=["POST"]),
        Route("/api/sharing/negative-list", negative_list, methods=["GET"]),
    ]


async def list_systems(request: Request) -> Response:
    """The ledger of information systems by number with the signs of zombies, and ``limits`` by
    which these are told; ?organisation= of one."""
    given = "organisation" in request.query_params
    organisation = render.number(request, "organisation", 0, 1, 2**53) if given else None
    page, after = _page(request)
    args = (organisation, _language(request), after, page.limit)
    found = await calls.run(systems.listing, request.state.caller, *args)
    limits = await calls.run(systems.system_limits, request.state.caller)
    told = paging.listing(found, page.limit, [found[-1]["id"]] if found else None)
    return render.json(told | {"limits": msgspec.to_builtins(limits)})


async def add_system(request: Request) -> Response:
    """Enter a system into the ledger."""
    body = await render.body(request, System)
    id = await calls.run(systems.add, request.state.caller, body)
    return render.json({"id": id}, 201)


async def change_system(request: Request) -> Response:
    """Write a system anew."""
    body = await render.body(request, SystemBody)
    args = (request.path_params["id"], body.system(), body.revision)
    await calls.run(systems.change, request.state.caller, *args)
    return Response(status_code=204)


async def remove_system(request: Request) -> Response:
    """Take a system out of the ledger."""
    await calls.run(systems.remove, request.state.caller, request.path_params["id"])
    return Response(status_code=204)


async def count_uses(request: Request) -> Response:
    """Take in how a system was used by day, as its sign-on or monitoring counted."""
    days = await render.body(request, list[Day])
    await calls.run(systems.count, request.state.caller, request.path_params["id"], days)
    return Response(status_code=204)


async def list_duties(request: Request) -> Response:
    """The responsibility list, each line with its conflicts: one element, one source; ?q= keeps
    elements that hold a text."""
    page, after = _page(request)
    part = request.query_params.get("q", "")[:200]
    args = (after, page.limit, _language(request), part)
    return _listing(page, await calls.run(lists.duties, request.state.caller, *args))


async def add_duty(request: Request) -> Response:
    """Add a line to the responsibility list."""
    body = await render.body(request, DutyBody)
    args = (body.organisation, body.element, body.basis, body.resource)
    return render.json({"id": await calls.run(lists.add_duty, request.state.caller, *args)}, 201)


async def remove_duty(request: Request) -> Response:
    """Take a line out of the responsibility list."""
    await calls.run(lists.remove_duty, request.state.caller, request.path_params["id"])
    return Response(status_code=204)


async def list_demands(request: Request) -> Response:
    """The demand list; ?state=open, met or refused."""
    page, after = _page(request)
    args = (request.query_params.get("state"), after, page.limit, _language(request))
    return _listing(page, await calls.run(lists.demands, request.state.caller, *args))


async def add_demand(request: Request) -> Response:
    """Add a line to the demand list."""
    body = await render.body(request, DemandBody)
    args = (body.element, body.purpose, body.organisation, body.provider)
    return render.json({"id": await calls.run(lists.add_demand, request.state.caller, *args)}, 201)


async def answer_demand(request: Request) -> Response:
    """Meet a demand by a resource, or refuse it with the reason."""
    body = await render.body(request, AnswerBody)
    args = (request.path_params["id"], body.text, body.resource)
    await calls.run(lists.answer_demand, request.state.caller, *args)
    return Response(status_code=204)


async def negative_list(request: Request) -> Response:
    """What is not shared, each with its legal basis."""
    page, after = _page(request)
    args = (after, page.limit, _language(request))
    return _listing(page, await calls.run(lists.negative, request.state.caller, *args))


def _page(request: Request) -> tuple[paging.Page, int]:
    page = paging.wanted(request, 500)
    return page, page.number() or 0


def _listing(page: paging.Page, found: list[dict[str, Any]]) -> Response:
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
