"""Quality over HTTP: /api/sharing/quality…"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.sharing.quality import checking, forms, service, trials, views
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter

_STATES = {"open": True, "closed": False, "all": None}


class RulesBody(msgspec.Struct, forbid_unknown_fields=True):
    """``text``: the document, YAML or JSON; ``version``: the one that was read, 0 where there
    must be none."""

    text: str
    version: int | None = None


class TrialBody(msgspec.Struct, forbid_unknown_fields=True):
    text: str


def routes() -> list[Route]:
    base = "/api/sharing/quality"
    return [
        Route(base + "/scores", scores, methods=["GET"]),
        Route(base + "/resources", resources, methods=["GET"]),
        Route(base + "/resources/{id:int}", resource, methods=["GET"]),
        Route(base + "/resources/{id:int}/runs", check, methods=["POST"]),
        Route(base + "/issues", issues, methods=["GET"]),
        Route(base + "/issues/{id:int}", issue, methods=["GET"]),
        Route(base + "/rules", list_rules, methods=["GET"]),
        Route(base + "/kinds", kinds, methods=["GET"]),
        Route(base + "/trials", try_rules, methods=["POST"]),
        Route(base + "/rules/{name}", show_rules, methods=["GET"]),
        Route(base + "/rules/{name}", put_rules, methods=["PUT"]),
        Route(base + "/rules/{name}", remove_rules, methods=["DELETE"]),
    ]


async def scores(request: Request) -> Response:
    """Scores by department, the best first, and the mean of every day's runs."""
    return render.json(await calls.run(views.departments, request.state.caller, _lang(request)))


async def resources(request: Request) -> Response:
    """Resources that were checked, with their scores; ?organisation= keeps those of one."""
    page = paging.wanted(request)
    after = page.number() or 0
    args = (_organisation(request), after, page.limit, _lang(request))
    found = await calls.run(views.resources, request.state.caller, *args)
    last = [found[-1]["resource"]] if found else None
    return render.json(paging.listing(found, page.limit, last))


async def resource(request: Request) -> Response:
    """The last run of a resource by rule, its open issues and the runs before."""
    args = (request.path_params["id"], _lang(request))
    return render.json(await calls.run(views.resource, request.state.caller, *args))


async def check(request: Request) -> Response:
    """Check a resource now; its quality after that."""
    await calls.run(checking.check, request.state.caller, request.path_params["id"], "asked")
    return await resource(request)


async def issues(request: Request) -> Response:
    """Issues that the caller sees, the newest first; ?state=open (when left out), closed or all,
    ?organisation=."""
    page = paging.wanted(request)
    before = page.number()
    state = request.query_params.get("state", "open")
    if state not in _STATES:
        wanted = ", ".join(_STATES)
        raise BadParameter(request.url.path, name="state", value=state, wanted=wanted)
    args = (_organisation(request), _STATES[state], before, page.limit, _lang(request))
    found = await calls.run(views.issues, request.state.caller, *args)
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


async def issue(request: Request) -> Response:
    """An issue with its findings in words."""
    args = (request.path_params["id"], _lang(request))
    return render.json(await calls.run(views.issue, request.state.caller, *args))


async def list_rules(request: Request) -> Response:
    """The rule sets that hold."""
    found = await calls.run(service.list_rules, request.state.caller)
    return render.json({"items": found, "next": None})


async def kinds(request: Request) -> Response:
    """The kinds of rule with their fields, from which a form is drawn."""
    found = await calls.run(forms.list_kinds, request.state.caller, _lang(request))
    return render.json({"items": found, "next": None})


async def show_rules(request: Request) -> Response:
    """A rule set as it was written."""
    args = (request.path_params["name"],)
    return render.json(await calls.run(service.show_rules, request.state.caller, *args))


async def put_rules(request: Request) -> Response:
    """Write a rule set, or its next version."""
    body = await render.body(request, RulesBody)
    name = request.path_params["name"]
    await calls.run(service.put_rules, request.state.caller, name, body.text, body.version)
    return await show_rules(request)


async def try_rules(request: Request) -> Response:
    """What the rules of a document say of the data as it is; nothing is kept."""
    body = await render.body(request, TrialBody)
    args = (body.text, _lang(request))
    found = await calls.run(trials.tried, request.state.caller, *args)
    return render.json({"items": found, "next": None})


async def remove_rules(request: Request) -> Response:
    """Let a rule set hold no more."""
    await calls.run(service.remove_rules, request.state.caller, request.path_params["name"])
    return Response(status_code=204)


def _organisation(request: Request) -> int | None:
    if "organisation" not in request.query_params:
        return None
    return render.number(request, "organisation", 0, 1, 2**53)


def _lang(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
