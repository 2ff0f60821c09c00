"""Jobs of exchange over HTTP: /api/sharing/exchange…"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.sharing.exchange import nodes, service
from yiwang.sharing.exchange.model import Spec
from yiwang.sharing.exchange.service import Given
from yiwang.sharing.sources.model import Column
from yiwang.web import calls, render
from yiwang.web.paging import listing, wanted

MOST_PUSHED = 256 * 1024 * 1024
_JOB = "/api/sharing/exchange/{code}"


class JobBody(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    spec: Spec
    organisation: int | None = None
    enabled: bool = True


def routes() -> list[Route]:
    return [
        Route("/api/sharing/exchange", jobs, methods=["GET"]),
        Route(_JOB, show, methods=["GET"]),
        Route(_JOB, put, methods=["PUT"]),
        Route(_JOB, remove, methods=["DELETE"]),
        Route(f"{_JOB}/try", try_, methods=["POST"]),
        Route(f"{_JOB}/run", run, methods=["POST"]),
        Route(f"{_JOB}/stop", stop, methods=["POST"]),
        Route(f"{_JOB}/capture", capture, methods=["GET"]),
        Route(f"{_JOB}/pushes", begin_push, methods=["POST"]),
        Route(f"{_JOB}/pushes/{{run:int}}", push, methods=["POST"]),
        Route(f"{_JOB}/pushes/{{run:int}}/end", end_push, methods=["POST"]),
        Route(f"{_JOB}/runs/{{run:int}}/rejects", rejects, methods=["GET"]),
    ]


class PushBody(msgspec.Struct, forbid_unknown_fields=True):
    """``columns`` of the node's table; ``batches``: how many it has sent, at the end."""

    columns: list[Column]
    batches: int = 0
    anew: bool = False


async def begin_push(request: Request) -> Response:
    """For a front-end node: open a run, or hear how far it is."""
    asked = await render.body(request, PushBody)
    code, caller = request.path_params["code"], request.state.caller
    found = await calls.run(nodes.begin, caller, code, asked.columns, asked.anew)
    return render.json(found)


async def push(request: Request) -> Response:
    """For a front-end node: a batch, as an Arrow IPC stream."""
    content = await render.raw(request, MOST_PUSHED)
    code, number = request.path_params["code"], min(request.path_params["run"], 2**53)
    return render.json(await calls.run(nodes.push, request.state.caller, code, number, content))


async def end_push(request: Request) -> Response:
    """For a front-end node: all is sent; what became of it."""
    asked = await render.body(request, PushBody)
    code, number = request.path_params["code"], min(request.path_params["run"], 2**53)
    given = (code, number, asked.columns, asked.batches)
    found = await calls.run(nodes.finish, request.state.caller, *given)
    return render.json(service.shown_run(found, language(request)))


async def jobs(request: Request) -> Response:
    """Jobs with their last runs."""
    found = await calls.run(service.list_exchange_jobs, request.state.caller, language(request))
    return render.json({"items": found, "next": None})


async def show(request: Request) -> Response:
    """A job with its runs, the newest first; those before ?before=."""
    before = render.number(request, "before", 0, 0, 2**53) or None
    code, caller = request.path_params["code"], request.state.caller
    return render.json(
        await calls.run(service.show_exchange_job, caller, code, before, language(request))
    )


async def put(request: Request) -> Response:
    """Set up a job, or change it."""
    asked = await render.body(request, JobBody)
    code = request.path_params["code"]
    given = Given(code, asked.name, asked.spec, asked.organisation, asked.enabled)
    return render.json(await calls.run(service.put_exchange_job, request.state.caller, given))


async def remove(request: Request) -> Response:
    """Forget a job and its runs."""
    code = request.path_params["code"]
    await calls.run(service.remove_exchange_job, request.state.caller, code)
    return Response(status_code=204)


async def try_(request: Request) -> Response:
    """What would become of its first rows; nothing is written."""
    code = request.path_params["code"]
    return render.json(await calls.run(service.try_job, request.state.caller, code))


async def run(request: Request) -> Response:
    """Begin a run; it goes on by itself."""
    code = request.path_params["code"]
    found = await calls.run(service.start_exchange, request.state.caller, code)
    return render.json({"run": found.id}, 202)


async def stop(request: Request) -> Response:
    """Stop its run."""
    await calls.run(service.stop_exchange, request.state.caller, request.path_params["code"])
    return Response(status_code=204)


async def capture(request: Request) -> Response:
    """The statements by which its source notes changes."""
    code = request.path_params["code"]
    found = await calls.run(service.capture_statements, request.state.caller, code)
    return render.json({"statements": found})


async def rejects(request: Request) -> Response:
    """The rows that a run rejected, and why."""
    page = wanted(request)
    after = (int(page.after[0]), int(page.after[1])) if page.after else None
    code, number = request.path_params["code"], min(request.path_params["run"], 2**53)
    caller = request.state.caller
    found = await calls.run(service.list_exchange_rejects, caller, code, number, after, page.limit)
    items = found["items"]
    keys = (items[-1]["batch"], items[-1]["row"]) if items else None
    return render.json({**listing(items, page.limit, keys), "reasons": found["reasons"]})


def language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
