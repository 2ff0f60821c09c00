"""Proposals over HTTP."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.learning import proposals
from yiwang.web import calls, render


def routes() -> list[Route]:
    return [Route("/api/cases/proposals", accuracy, methods=["GET"])]


async def accuracy(request: Request) -> Response:
    """How the proposals so far turned out, by version of the model."""
    return render.json(await calls.run(proposals.accuracy, request.state.caller))
