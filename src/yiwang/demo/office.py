"""The offices of the simulated district: its hotline with those who call, and the works that the
centre supervises. What they say stands in ``office.yaml``; all of it goes through the public HTTP
API."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import cache
from importlib import resources
from random import Random
from typing import Any

import yaml

from yiwang.demo.people import Person, Town
from yiwang.demo.plan import Account
from yiwang.kernel import clock

CALLS_MINUTES = (8.0, 25.0)
LETTERS_MINUTES = (25.0, 80.0)
TAKEN_AFTER_MINUTES = (6.0, 13.0)
"""So long a call rings, that a visitor may take it first."""
TALK_MINUTES = (3.0, 8.0)
BACK_MINUTES = (10.0, 40.0)
FIRST_REPORT_MINUTES = (5.0, 60.0)
REPORT_MINUTES = (480.0, 840.0)
OFFERED_MINUTES = 15.0
"""So long until the centre looks again at what is offered."""
REACHED_SHARE, SOLVED_SHARE, REGULAR_SHARE = 0.8, 0.9, 0.25
BACK = "回访：{heard}（模拟）。"
PROGRESS = "已完成 {percent}%，按计划推进（模拟）。"


@cache
def script() -> Mapping[str, Any]:
    """What ``office.yaml`` says."""
    text = resources.files("yiwang.demo").joinpath("office.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


class Centre(Person):
    """Also publishes the knowledge base and starts the plan of works, where there are none."""

    _opened = False

    async def look(self) -> None:
        if not self._opened:
            self._opened = await self._open()
        await super().look()

    async def _preside(self, case: dict[str, Any], steps: dict[str, Any]) -> bool:
        """What is offered to residents is left to them."""
        if case["kind"] == "new":
            held = await self._json("GET", f"/api/offers/cases/{case['no']}")
            if held and held["offer"] and held["offer"]["state"] == "open":
                later = self._town.now() + round(OFFERED_MINUTES * clock.MINUTE)
                self._plans[case["no"], case["state"]] = later
                return False
        return await super()._preside(case, steps)

    async def _open(self) -> bool:
        """Whether both are there; else it is tried again."""
        held = await self._json("GET", "/api/hotline/articles")
        if held is not None and not held["items"]:
            path = "/api/hotline/articles/import?publish=true"
            held = await self._json("POST", path, content=_articles())
        plans = await self._json("GET", "/api/work-plans")
        if plans is not None and not plans["items"]:
            plans = await self._json("POST", "/api/work-plans", script()["plan"])
            if plans:
                plans = await self._json("POST", f"/api/work-plans/{plans['id']}/start")
        return held is not None and plans is not None


class Handler(Person):
    """Also reports how far the works are that the department leads."""

    async def look(self) -> None:
        await super().look()
        if not self._ripe((0, "works"), *FIRST_REPORT_MINUTES):
            return
        del self._plans[0, "works"]
        found = await self._json("GET", "/api/plan-tasks")
        for task in (found or {}).get("items", []):
            key = (task["id"], "progress")
            often = REPORT_MINUTES if self._turns[key] else FIRST_REPORT_MINUTES
            if task["yours"] and task["open"] and self._ripe(key, *often):
                del self._plans[key]
                self._turns[key] += 1
                await self._progress(task)

    async def _progress(self, task: dict[str, Any]) -> None:
        draw = Random(f"{self._town.seed}:progress:{task['number']}:{task['last_report']}")
        more = draw.randrange(1, 5)
        if not task["last_report"]:
            await self._json("POST", f"/api/cases/{task['case']}/start", {})
            more = draw.randrange(8, 30)
        percent = min(95, (task["percent"] or 0) + more)
        now = clock.render(self._town.now())
        passed = [one for one in task["marks"] if one["done_at"] is None and one["due_at"] < now]
        body = {
            "percent": percent,
            "text": PROGRESS.format(percent=percent),
            "milestones": [one["id"] for one in passed if draw.random() < 0.6],
        }
        if task["target"]:
            body["reached"] = round(task["target"] * percent / 100)
        if await self._json("POST", f"/api/plan-tasks/{task['id']}/reports", body):
            self._town.done["progress"] += 1


class Telephone(Person):
    """The telephone system: somebody calls now and then."""

    def __init__(self, base: str, account: Account, password: str, town: Town) -> None:
        super().__init__(base, account, password, town)
        self._draw = Random(f"{town.seed}:{account.user}")
        self._rung = 0

    async def look(self) -> None:
        key = (self._rung, "call")
        if not self._ripe(key, *CALLS_MINUTES):
            return
        self._rung += 1
        caller = self._draw.choice(script()["calls"])
        number = _number(caller, self._draw)
        line = self._draw.choice([one["number"] for one in script()["board"]["lines"].values()])
        given = {"number": number, "line": line, "id": f"sim-{self._plans.pop(key)}"}
        if await self._json("POST", "/api/hotline/calls", given):
            self._town.done["calls"] += 1


class Operator(Person):
    """Takes calls that nobody else has taken, deals with what is wanted, and calls back."""

    def __init__(
        self,
        base: str,
        account: Account,
        password: str,
        town: Town,
        spots: list[tuple[float, float]],
    ) -> None:
        super().__init__(base, account, password, town)
        self._spots = spots
        self._known: dict[str, int] = {}

    async def look(self) -> None:
        for call in await self._items("/api/hotline/calls"):
            if self._ripe((call["id"], "call"), *TAKEN_AFTER_MINUTES):
                await self._json("POST", f"/api/hotline/calls/{call['id']}/take", {})
        for contact in await self._items("/api/hotline/contacts?unended=true"):
            if self._ripe((contact["id"], "contact"), *TALK_MINUTES):
                await self._settle(contact["id"])
        if self._ripe((0, "letter"), *LETTERS_MINUTES):
            await self._letter(self._plans.pop((0, "letter")))
        for back in await self._items("/api/hotline/call-backs"):
            if self._ripe((back["request"], f"back{back['tries']}"), *BACK_MINUTES):
                await self._call_back(back)

    async def _items(self, path: str) -> list[dict[str, Any]]:
        found = await self._json("GET", path)
        return list((found or {}).get("items", []))

    async def _letter(self, at: int) -> None:
        """Somebody writes, or comes in person."""
        draw = Random(f"{self._town.seed}:letter:{at}")
        caller = draw.choice(script()["calls"])
        lines = list(script()["board"]["lines"])
        given = {"number": _number(caller, draw)}
        given |= {key: caller[key] for key in ("name", "emotion", "urgent") if key in caller}
        given |= {"line": draw.choice(lines), "channel": draw.choice(script()["channels"])}
        await self._json("POST", "/api/hotline/contacts", given)

    async def _settle(self, id: int) -> None:
        contact = await self._json("GET", f"/api/hotline/contacts/{id}")
        if contact is None:
            return
        number = (contact["caller"] or {}).get("number", "")
        told = [one for one in script()["calls"] if number.endswith(one["number"][-4:])]
        said = (told or script()["calls"])[id % len(told or script()["calls"])]
        path = f"/api/hotline/contacts/{id}"
        if number and contact["caller"]["name"] != said["name"]:
            heard = {key: said[key] for key in ("name", "emotion", "urgent") if key in said}
            await self._json("PATCH", path, heard)
        done = contact["requests"] or await self._json(
            "POST", f"{path}/requests", await self._request(said, id)
        )
        if done and await self._json("POST", f"{path}/end", {}):
            self._town.done["contacts"] += 1

    async def _request(self, said: Mapping[str, Any], id: int) -> dict[str, Any]:
        body = {key: said[key] for key in ("kind", "outcome", "text", "missing") if key in said}
        if "article" in said:
            article = await self._article(said["article"])
            body |= {"article": article, "helpful": article is not None}
        if "case_class" in said:
            lon, lat = Random(f"{self._town.seed}:spot:{id}").choice(self._spots)
            report = {"case_class": said["case_class"], "text": said["text"]}
            body["report"] = report | {"lon": lon, "lat": lat}
        return body

    async def _article(self, code: str) -> int | None:
        if not self._known:
            found = await self._items("/api/hotline/articles")
            self._known = {one["code"]: one["id"] for one in found}
        return self._known.get(code)

    async def _call_back(self, back: dict[str, Any]) -> None:
        draw = Random(f"{self._town.seed}:back:{back['request']}:{back['tries']}")
        body: dict[str, Any] = {"reached": draw.random() < REACHED_SHARE}
        if body["reached"]:
            solved = draw.random() < SOLVED_SHARE
            heard = "已解决，表示满意" if solved else "问题仍在，请重新处理"
            rating = draw.choice((4, 5, 5)) if solved else 2
            body |= {"rating": rating, "solved": solved, "text": BACK.format(heard=heard)}
        if await self._json("POST", f"/api/hotline/call-backs/{back['request']}", body):
            self._town.done["called_back"] += 1


def _number(caller: Mapping[str, Any], draw: Random) -> str:
    """Some call again and again; most have a number of their own, which ends like the one in the
    script."""
    known: str = caller["number"]
    if draw.random() < REGULAR_SHARE:
        return known
    return f"{known[:4]}{draw.randrange(1, 1000):03}{known[-4:]}"


def _articles() -> bytes:
    """The knowledge base as a file that the hotline imports."""
    rows = script()["articles"]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
