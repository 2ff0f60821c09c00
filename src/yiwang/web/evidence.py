"""The log of uses over HTTP, for auditors: heads, entries, proofs, exports."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from yiwang.kernel import text
from yiwang.security.evidence import service
from yiwang.web import calls, render

_MOST = 2**53
_PAGE = 1000


def routes() -> list[Route]:
    return [
        Route("/api/evidence/head", show_head, methods=["GET"]),
        Route("/api/evidence/entries", list_entries, methods=["GET"]),
        Route("/api/evidence/inclusion", prove_inclusion, methods=["GET"]),
        Route("/api/evidence/consistency", prove_consistency, methods=["GET"]),
        Route("/api/evidence/export", export_log, methods=["GET"]),
        Route("/api/evidence/check", check_log, methods=["POST"]),
    ]


async def show_head(request: Request) -> Response:
    """``head`` is a signed note (C2SP tlog-checkpoint); ``key`` its public key."""
    return render.json(await calls.run(service.show_head, request.state.caller))


async def list_entries(request: Request) -> Response:
    """``from``: the first number; ``limit``: how many, at most 1,000."""
    first = render.number(request, "from", 0, 0, _MOST)
    limit = render.number(request, "limit", 100, 1, _PAGE)
    found = await calls.run(service.list_entries, request.state.caller, first, limit)
    return render.json({"items": found})


async def prove_inclusion(request: Request) -> Response:
    """That ``entry`` is among the first ``size`` entries."""
    entry = render.number(request, "entry", 0, 0, _MOST)
    size = render.number(request, "size", 0, 0, _MOST)
    proof = await calls.run(service.prove_inclusion, request.state.caller, entry, size)
    return render.json({"entry": entry, "size": size, "hashes": proof.hashes})


async def prove_consistency(request: Request) -> Response:
    """That the log of ``old`` entries is the beginning of that of ``new``."""
    old = render.number(request, "old", 0, 0, _MOST)
    new = render.number(request, "new", 0, 0, _MOST)
    proof = await calls.run(service.prove_consistency, request.state.caller, old, new)
    return render.json({"old": old, "new": new, "hashes": proof.hashes})


async def export_log(request: Request) -> Response:
    """A file for ``yiwang evidence verify``, with the entries from number ``from`` on. It is
    whole before its first byte leaves."""
    first, caller = render.number(request, "from", 0, 0, _MOST), request.state.caller
    with tempfile.NamedTemporaryFile(suffix=".ndjson.gz", delete=False) as file:
        path = Path(file.name)
    try:
        entries = await calls.run(service.export_log, caller, first, path)
        await calls.run(service.record_reading, caller, "export", entries, 0)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileResponse(
        path,
        media_type="application/gzip",
        filename="evidence.ndjson.gz",
        headers={"x-entries": str(entries)},
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


async def check_log(request: Request) -> Response:
    """Read the whole log and hold it against every head that was kept."""
    lang = text.choose(request.headers.get("accept-language", ""))
    caller = request.state.caller
    verdict = await calls.run(service.check_log, caller)
    told = ("check", verdict.entries, len(verdict.findings))
    await calls.run(service.record_reading, caller, *told)
    findings = [asdict(one) | {"words": one.words(lang)} for one in verdict.findings]
    counts = {"entries": verdict.entries, "heads": verdict.older, "intact": verdict.intact}
    return render.json(counts | {"findings": findings})
