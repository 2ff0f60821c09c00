"""Simulated residents take on what is offered, and say that it is simulated."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from yiwang.demo import neighbours
from yiwang.demo.city import build
from yiwang.demo.neighbours import GridWorker, Resident
from yiwang.demo.people import Person, Town
from yiwang.kernel.clock import HOUR


class Platform:
    """Answers as the platform does, with one offer."""

    def __init__(self) -> None:
        self.state = "open"
        self.sent: list[tuple[str, Any]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        offer = {"id": 3, "state": self.state}
        if request.method == "GET":
            mine = self.state != "open"
            items = [offer] if path.endswith("/mine") == mine and "offers" in path else []
            return httpx.Response(200, json={"items": items})
        if path.endswith("/photos"):
            return httpx.Response(201, json={"photos": [{"sha": "a"}]})
        self.sent.append((path, json.loads(request.content or b"null")))
        self.state = {"claim": "claimed", "report": "reported"}.get(path.split("/")[-1], self.state)
        return httpx.Response(200, json=offer)


def looks(one: Person, platform: Platform, clock: list[int], times: int) -> None:
    async def run() -> None:
        transport = httpx.MockTransport(platform.answer)
        one._client = httpx.AsyncClient(base_url="http://demo", transport=transport)
        for _ in range(times):
            await one.look()
            clock[0] += HOUR
        await one.close()

    asyncio.run(run())


def test_a_resident_takes_on_one_offer_and_reports_it_done() -> None:
    clock, platform = [0], Platform()
    town = Town(1, lambda: clock[0], {}, lambda *at: None, lambda *at: None, lambda *at: 0.0)
    city = build()
    people = [neighbours.person("http://demo", one, "", town, city) for one in city.accounts]
    resident = next(one for one in people if isinstance(one, Resident))
    assert "模拟" in resident.account.display
    looks(resident, platform, clock, 5)
    (claim, _), (report, body) = platform.sent
    assert (claim, report) == ("/api/offers/3/claim", "/api/offers/3/report")
    assert body["evidence"] == ["a"] and "模拟" in body["text"]
    worker = next(one for one in people if isinstance(one, GridWorker))
    platform.sent.clear()
    looks(worker, platform, clock, 5)
    assert platform.sent and {path for path, _ in platform.sent} == {"/api/cases"}
    sent = platform.sent[0][1]
    assert sent["case_class"] == neighbours.SMALL_MATTER and "模拟" in sent["text"]
