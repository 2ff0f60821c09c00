"""Every page of the platform, asked for what nobody means: it answers in words, never fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.routing import Route
from starlette.testclient import TestClient

from yiwang import app
from yiwang.app import Entrances, Platform
from yiwang.sensing.sta.answers import StaRoute
from yiwang.web.paging import cursor

LARGE = 2**70
CURSORS = (["x"], [1, "x", None], [LARGE], [])
NUMBERS = ("id", "organisation", "place", "thing", "grid", "case")
WORDS = ("q", "code", "class", "source", "state", "kind", "name")
ELSE = ("from", "to", "day", "at", "month", "bbox", "state", "limit")
QUERIES = [
    *(f"after={cursor(keys)}" for keys in CURSORS),
    "after=%21%21",
    f"limit={LARGE}",
    "&".join(f"{name}={LARGE}" for name in NUMBERS),
    "&".join(f"{name}=x" for name in (*NUMBERS, *ELSE)),
    "&".join(f"{name}=%00" for name in WORDS),
]
ENDLESS = "/api/live"
"""A stream that does not end by itself."""


def pages() -> Iterator[str]:
    """Each page that is read, with what is asked of it."""
    for route in app.routes():
        if not isinstance(route, Route) or isinstance(route, StaRoute):
            continue
        if "GET" not in (route.methods or ()) or route.path == ENDLESS:
            continue
        path = re.sub(r"\{[^}:]*(:path)?\}", "x", route.path)
        yield re.sub(r"\{[^}]*\}", str(LARGE), path)
        yield from (re.sub(r"\{[^}]*\}", "1", path) + f"?{query}" for query in QUERIES)


def test_no_page_fails_whatever_it_is_asked(platform: Platform, client: TestClient) -> None:
    Entrances(platform)
    asking = TestClient(client.app, raise_server_exceptions=False, cookies=client.cookies)
    asked = set(pages())
    assert len(asked) > 1000
    failed = [one for one in sorted(asked) if asking.get(one).status_code == 500]
    assert "\n".join(failed) == ""
