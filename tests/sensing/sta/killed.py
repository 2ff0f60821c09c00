"""A platform that is killed in the middle of a request which brings observations along.

Run as a program:

    python -m tests.sensing.sta.killed HOME POINT

POINT is ``committed`` (the transaction is done, nothing is stored), ``stored`` (the observations
are, but not forgotten where they were kept) or ``answered`` (nothing is amiss).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.sensing.sta.conftest import ADMIN, datastream, location, thing
from yiwang.app import Entrances, Platform
from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import SystemClock
from yiwang.security.actions import Caller
from yiwang.sensing.sta.http import routes

KILLED = 9
AT = "2026-06-30T1{}:00:00Z"
BROUGHT: list[dict[str, Any]] = [
    {"phenomenonTime": AT.format(0), "result": 1.5},
    {"phenomenonTime": AT.format(1), "result": "wet", "parameters": {"by": "hand"}},
]
BODY = thing(
    Locations=[location()],
    Datastreams=[{**datastream(kind="OM_Observation"), "Observations": BROUGHT}],
)
SINGLE = {"phenomenonTime": AT.format(2), "result": 3, "Datastream": {"@iot.id": 1}}
GROUP = {
    "requests": [
        {"id": "1", "atomicityGroup": "g", "method": "post", "url": "Things", "body": BODY},
        {"id": "2", "atomicityGroup": "g", "method": "post", "url": "Observations", "body": SINGLE},
    ]
}


def platform_of(home: Path) -> Platform:
    return Platform(settings_of.load(home, {}, {})[0], SystemClock())


def app(platform: Platform) -> ASGIApp:
    inner = Starlette(routes=routes())
    entrances = Entrances(platform)

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            caller = Caller(ADMIN, platform.database, platform.clock, platform.ports)
            scope.setdefault("state", {})["caller"] = caller
            if entrances.buffer._task is None:
                entrances.buffer.start()
        await inner(scope, receive, send)

    return outer


def _kill(*args: Any) -> None:
    os._exit(KILLED)


def main(home: str, point: str) -> None:
    places = {"committed": "bringing.store", "stored": "bringing.brought.forget"}
    with TestClient(app(platform_of(Path(home)))) as client:
        if point in places:
            patch(f"yiwang.sensing.sta.{places[point]}", _kill).start()
        answer = client.post("/v1.1/$batch", json=GROUP)
    print(answer.text)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
