"""Jobs of exchange over HTTP: /api/sharing/exchange…"""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.sharing.exchange import drafts, machines, nodes, rejected, service
from yiwang.sharing.exchange.model import Spec
from yiwang.sharing.exchange.service import Given
from yiwang.sharing.sources.model import Column
from yiwang.sharing.sources.service import shown_shape
from yiwang.web import calls, render
from yiwang.web.auth import secrets_ended
from yiwang.web.paging import listing, wanted

MOST_PUSHED = 256 * 1024 * 1024
_JOB = "/api/sharing/exchange/{code}"


class JobBody(msgspec.Struct, forbid_unknown_fields=True):
    """``revision``: of the job that was read, 0 where it must be new; left out, the job is
    written over whatever it was."""

    name: str
    spec: Spec
    organisation: int | None = None
    enabled: bool = True
    revision: int | None = None


class SpecBody(msgspec.Struct, forbid_unknown_fields=True):
    spec: Spec


def routes() -> list[Route]:
    return [
        Route("/api/sharing/exchange", jobs, methods=["GET"]),
        Route("/api/sharing/nodes", list_nodes, methods=["GET"]),
        Route(f"{_JOB}/key", give_key, methods=["POST"]),
        Route(f"{_JOB}/key", end_key, methods=["DELETE"]),
        Route("/api/sharing/exchange-preview", preview, methods=["POST"]),
        Route("/api/sharing/exchange-times", times, methods=["GET"]),
        Route("/api/sharing/datasets", datasets, methods=["GET"]),
        Route("/api/sharing/datasets/{name}", dataset, methods=["GET"]),
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
        Route(f"{_JOB}/runs/{{run:int}}/rejects.csv", rejected_file, methods=["GET"]),
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
    """Jobs by code with their last runs."""
    page = wanted(request)
    after = page.text()
    args = (language(request), after, page.limit)
    found = await calls.run(service.list_exchange_jobs, request.state.caller, *args)
    return render.json(listing(found, page.limit, [found[-1]["code"]] if found else None))


async def list_nodes(request: Request) -> Response:
    """Front-end nodes by their jobs: whether each has a key, and when it was last heard of."""
    page = wanted(request)
    after = page.text()
    args = (language(request), after, page.limit)
    found = await calls.run(machines.list_nodes, request.state.caller, *args)
    return render.json(listing(found, page.limit, [found[-1]["job"]] if found else None))


async def give_key(request: Request) -> Response:
    """A new key for the node of a job, shown once; the former one counts no more."""
    code = request.path_params["code"]
    key = await calls.run(machines.give_node_key, request.state.caller, code)
    secrets_ended(request)
    return render.json({"key": key}, 201, {"cache-control": "no-store"})


async def end_key(request: Request) -> Response:
    """The node of a job is not let in any more."""
    code = request.path_params["code"]
    await calls.run(machines.end_node_key, request.state.caller, code)
    secrets_ended(request)
    return Response(status_code=204)


async def preview(request: Request) -> Response:
    """What would become of the first rows of a job that is not set up yet."""
    asked = await render.body(request, SpecBody)
    return render.json(await calls.run(drafts.preview, request.state.caller, asked.spec))


async def times(request: Request) -> Response:
    """The next five times of ?schedule=, five fields of cron in the city's time."""
    schedule = request.query_params.get("schedule", "")[:200]
    found = await calls.run(drafts.next_exchanges, request.state.caller, schedule)
    return render.json({"items": found, "next": None})


async def datasets(request: Request) -> Response:
    """The tables that the platform keeps, by name; ?q= keeps those whose names hold a text."""
    page = wanted(request)
    after = page.text()
    args = (request.query_params.get("q", ""), after, page.limit)
    found = await calls.run(drafts.list_datasets, request.state.caller, *args)
    items = [{"dataset": one} for one in found]
    return render.json(listing(items, page.limit, found[-1:] or None))


async def dataset(request: Request) -> Response:
    """Columns and key of a table that the platform keeps."""
    name = request.path_params["name"]
    found = await calls.run(drafts.show_dataset, request.state.caller, name)
    return render.json(shown_shape(found))


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
    given = Given(code, asked.name, asked.spec, asked.organisation, asked.enabled, asked.revision)
    return render.json(await calls.run(service.put_exchange_job, request.state.caller, given))


async def remove(request: Request) -> Response:
    """Forget a job and its runs."""
    code = request.path_params["code"]
    await calls.run(service.remove_exchange_job, request.state.caller, code)
    secrets_ended(request)
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
    after = page.keys(int, int)
    code, number = request.path_params["code"], min(request.path_params["run"], 2**53)
    caller = request.state.caller
    found = await calls.run(service.list_exchange_rejects, caller, code, number, after, page.limit)
    items = found["items"]
    keys = (items[-1]["batch"], items[-1]["row"]) if items else None
    return render.json({**listing(items, page.limit, keys), "reasons": found["reasons"]})


async def rejected_file(request: Request) -> Response:
    """The rows that a run rejected as CSV."""
    code, number = request.path_params["code"], min(request.path_params["run"], 2**53)
    args = (request.state.caller, code, number, language(request))
    content = await calls.run(rejected.written, *args)
    headers = {"content-disposition": f'attachment; filename="{code}-{number}.csv"'}
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


def language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
