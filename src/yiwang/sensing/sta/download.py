"""HTTP of exports: ``GET /api/export/observations``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from yiwang.sensing.history.keeping import Keeping
from yiwang.sensing.sta import export
from yiwang.sensing.sta.export import FORMATS, Export
from yiwang.web import calls
from yiwang.web.errors import BadParameter

_MEDIA = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8"}


def routes() -> list[Route]:
    return [Route("/api/export/observations", download, methods=["GET"])]


async def download(request: Request) -> Response:
    """Observations as a file. The file is whole before its first byte leaves, and so is the line
    in the audit log."""
    asked = request.query_params
    form = asked.get("format", "parquet")
    if form not in FORMATS:
        wanted = ", ".join(FORMATS)
        raise BadParameter(request.url.path, name="format", value=form, wanted=wanted)
    caller = request.state.caller
    keeping = caller.ports.get(Keeping)
    zone = Export.zone if keeping is None else keeping.rollups.zone.key
    made = Export(asked.get("filter", ""), form, zone, asked.get("bom") == "true")
    with tempfile.NamedTemporaryFile(suffix=f".{form}", delete=False) as file:
        path = Path(file.name)
    try:
        rows = await calls.run(export.write, caller, made, path)
        await calls.run(export.record, caller, made, rows)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileResponse(
        path,
        media_type=_MEDIA[form],
        filename=f"observations.{form}",
        headers={"x-rows": str(rows)},
        background=BackgroundTask(path.unlink, missing_ok=True),
    )
