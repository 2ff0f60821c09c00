"""Simulated people at work: they sign in and act through the public HTTP API and nothing else.

What each does about a case, and how long that takes, is drawn from the seed, the case's number
and its state; most are in time, some late, some wrong.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from yiwang.demo import photo
from yiwang.demo.plan import Account
from yiwang.kernel import clock

_log = logging.getLogger(__name__)

OPEN_PAGE = 100
LATE_SHARE, WRONG_SHARE, RETURN_SHARE = 0.12, 0.08, 0.05
USUAL_MINUTES = 60.0
TASK_CLASS = "tasks.task"
"""Cases of supervised works go their own way (``office.py``)."""
ARRIVAL_S = 0.7
DRY_CM = 12.0
"""Water below which a road counts as passable."""
CARELESS = "现场已看过，情况正常。"
MENDING = {
    "underpass": ("water_level", "pump"),
    "car_park": ("counter", "counter_on_change"),
    "premises": ("premises",),
    "air_station": ("air_station",),
    "river_section": ("river_station",),
}
"""Kind of place → whose devices and hazards are put right when a case there is handled."""


@dataclass
class Town:
    """What people find when they get there: the simulated world behind the platform.

    ``mend`` ends the troubles at a place (its kind and code), ``drain`` brings a mobile pump
    there; ``depth`` is the water that stands there, in cm.
    """

    seed: int
    now: Callable[[], int]
    places: dict[int, tuple[str, str]]
    mend: Callable[[str, str], object]
    drain: Callable[[str, str], object]
    depth: Callable[[str, str], float]
    done: Counter[str] = field(default_factory=Counter)


class Person:
    """One account. ``look`` reads the person's cases and does what is due."""

    def __init__(self, base: str, account: Account, password: str, town: Town) -> None:
        self.account = account
        self._password = password
        self._town = town
        self._plans: dict[tuple[int, str], int] = {}
        self._turns: Counter[tuple[int, str]] = Counter()
        self._client = httpx.AsyncClient(
            base_url=base, timeout=30, headers={"X-Yiwang": "1", "Accept-Language": "zh-CN"}
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def look(self) -> None:
        """Go through the open cases once."""
        cases = await self._json("GET", f"/api/cases?kind=open&limit={OPEN_PAGE}")
        for case in (cases or {}).get("items", []):
            if self._intended(case) and self._due(case) and await self._act(case):
                key = (case["no"], case["state"])
                del self._plans[key]
                self._turns[key] += 1

    async def report(self, case_class: str, text: str, lon: float, lat: float) -> None:
        """Report something seen in the street."""
        given = {"case_class": case_class, "text": text, "lon": lon, "lat": lat}
        if await self._json("POST", "/api/cases", given | {"channel": "grid"}):
            self._town.done["reported"] += 1

    def _intended(self, case: dict[str, Any]) -> bool:
        """Whether a case in this state is this person's to move."""
        kind = case["kind"]
        if case["case_class"] == TASK_CLASS:
            return False
        if self.account.role == "department_handler":
            return bool(kind == "working" and case["handler"] in ("", self.account.user))
        if self.account.role == "grid_worker":
            return bool(case["state"] == "handled")
        return bool(kind in ("new", "waiting") and case["state"] != "suspended")

    def _due(self, case: dict[str, Any]) -> bool:
        key = (case["no"], case["state"])
        now = self._town.now()
        if key not in self._plans:
            self._plans[key] = now + round(self._minutes(case) * clock.MINUTE)
        return now >= self._plans[key]

    def _ripe(self, key: tuple[int, str], least: float, most: float) -> bool:
        """Whether the time has come that was drawn, in simulated minutes, when this was first
        asked."""
        now = self._town.now()
        if key not in self._plans:
            draw = Random(f"{self._town.seed}:{self.account.user}:{key}:{self._turns[key]}")
            self._plans[key] = now + round(draw.uniform(least, most) * clock.MINUTE)
        return now >= self._plans[key]

    def _minutes(self, case: dict[str, Any]) -> float:
        """Simulated minutes until the person acts."""
        random = self._random(case)
        if self.account.role == "command_centre":
            slow = 25.0 if case["state"] == "handled" else 3.0
            return slow * random.uniform(0.6, 1.6)
        if self.account.role == "grid_worker":
            return random.uniform(6, 25)
        budget = USUAL_MINUTES
        if case["due_at"]:
            left = clock.parse(case["due_at"]) - clock.parse(case["opened_at"])
            budget = min(left / clock.MINUTE, 8 * USUAL_MINUTES)
        if random.random() < LATE_SHARE:
            return budget * random.uniform(1.0, 1.6)
        share = (0.05, 0.2) if case["state"] == "dispatched" else (0.2, 0.6)
        return budget * random.uniform(*share)

    async def _act(self, case: dict[str, Any]) -> bool:
        """Whether something was done."""
        whole = await self._json("GET", f"/api/cases/{case['no']}")
        if not whole:
            return False
        steps = {step["step"]: step for step in whole["steps"] if step["allowed"]}
        if self.account.role == "department_handler":
            return await self._handle(whole, steps)
        if self.account.role == "grid_worker":
            return await self._verify(whole, steps)
        return await self._preside(whole, steps)

    async def _handle(self, case: dict[str, Any], steps: dict[str, Any]) -> bool:
        random, town = self._random(case), self._town
        at = town.places.get(case["place"] or 0, ("", ""))
        told = [line["step"] for line in case["timeline"]]
        if "return" in steps and "return" not in told and random.random() < RETURN_SHARE:
            return await self._step(case, "return", reason="现场核实不属于本单位职责，请重新派遣。")
        if "start" in steps:
            town.drain(*at)
            return await self._step(case, "start")
        if "close_road" in steps and "close_road" not in told:
            return await self._step(case, "close_road", text="已封闭下穿通道，引导车辆绕行。")
        dry = "close_road" in told or town.depth(*at) < DRY_CM
        if "report" not in steps or not dry:
            return False
        wrong = random.random() < WRONG_SHARE and "verify_not_ok" not in told
        if not wrong:
            town.mend(*at)
        photos = await self._photos(case, 2)
        text = CARELESS if wrong else "已到场处置完毕，设备与路面恢复正常。"
        return await self._step(case, "report", text=text, evidence=photos)

    async def _verify(self, case: dict[str, Any], steps: dict[str, Any]) -> bool:
        reports = [line for line in case["timeline"] if line["step"] == "report"]
        careless = bool(reports) and reports[-1].get("text") == CARELESS
        if careless and "verify_not_ok" in steps:
            return await self._step(case, "verify_not_ok", reason="复查发现问题仍在，请返工。")
        if "verify_ok" in steps:
            return await self._step(case, "verify_ok", text="现场复核，处置属实。")
        return False

    async def _preside(self, case: dict[str, Any], steps: dict[str, Any]) -> bool:
        at = self._town.places.get(case["place"] or 0, ("", ""))
        if "close" in steps:
            dry = self._town.depth(*at) < DRY_CM
            return dry and await self._step(case, "close", text="核查通过，同意结案。")
        if case["state"] == "handled":
            return await self._verify(case, steps)
        if "accept" in steps:
            return await self._step(case, "accept")
        return "dispatch" in steps and await self._step(case, "dispatch")

    async def _step(self, case: dict[str, Any], step: str, **given: Any) -> bool:
        body = given | {"version": case["version"]} if "evidence" not in given else given
        answer = await self._json("POST", f"/api/cases/{case['no']}/{step}", body)
        if answer:
            self._town.done[step] += 1
        return bool(answer)

    async def _photos(self, case: dict[str, Any], count: int) -> list[str]:
        turn = 10 * self._turns[case["no"], case["state"]]
        shots = [photo.take(self._town.seed, case["no"], turn + n) for n in range(count)]
        files = [
            ("photo", (f"sim-{case['no']}-{n}.png", shot, "image/png"))
            for n, shot in enumerate(shots)
        ]
        answer = await self._json("POST", f"/api/cases/{case['no']}/photos", files=files)
        return [one["sha"] for one in (answer or {}).get("photos", [])]

    def _random(self, case: dict[str, Any]) -> Random:
        turn = self._turns[case["no"], case["state"]]
        key = (self._town.seed, self.account.role, case["no"], case["state"], turn)
        return Random(":".join(map(str, key)))

    async def _json(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        files: Any = None,
        content: bytes | None = None,
    ) -> Any:
        """The answer, None when the platform refused; signs in when that is needed."""
        for _ in range(3):
            try:
                answer = await self._client.request(
                    method, path, json=body, files=files, content=content
                )
            except httpx.RemoteProtocolError:
                continue
            if answer.status_code != 401:
                break
            await self._sign_in()
        else:
            return None
        if answer.status_code >= 400:
            self._town.done["refused"] += 1
            _log.info("%s %s %s: %s", self.account.user, method, path, answer.text[:300])
            return None
        return answer.json()

    async def _sign_in(self) -> None:
        given = {"name": self.account.user, "password": self._password}
        self._client.cookies.clear()
        await self._client.post("/api/session", json=given)


async def work(people: list[Person], every_s: float) -> None:
    """Everybody looks at their cases again and again, every ``every_s`` seconds. They arrive
    one after another: checking a password is made to be slow."""
    async with asyncio.TaskGroup() as group:
        for number, person in enumerate(people):
            group.create_task(_shift(person, every_s, ARRIVAL_S * number))


async def _shift(person: Person, every_s: float, first_s: float) -> None:
    await asyncio.sleep(first_s)
    while True:
        try:
            await person.look()
        except httpx.TransportError as error:
            _log.info("%s: %s", person.account.user, error)
        await asyncio.sleep(every_s)
