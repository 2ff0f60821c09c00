"""Simulated residents and grid workers on their round: small matters that are offered (共治).

A grid worker reports bicycles in the way now and then; a resident takes that on, clears it and
shows a made picture of it. All of it through the public HTTP API.
"""

from __future__ import annotations

from random import Random
from typing import Any

from yiwang.demo import photo
from yiwang.demo.office import Centre, Handler, Operator, Telephone
from yiwang.demo.people import Person, Town
from yiwang.demo.plan import Account, City
from yiwang.kernel import clock

SMALL_MATTER = "smart_parking.bikes_in_the_way"
SEEN = "非机动车乱停放，占用人行道（模拟）。"
DONE = "已把车辆挪到停放区，人行道恢复通行（模拟）。"
ROUND_MINUTES = (40.0, 120.0)
TAKEN_AFTER_MINUTES = (25.0, 80.0)
"""So long an offer stands, that a visitor may take it first."""
DONE_AFTER_MINUTES = (8.0, 30.0)


class GridWorker(Person):
    """Also reports what is in the way in the worker's grids (``spots``: their middles)."""

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
        self._draw = Random(f"{town.seed}:{account.user}")
        self._next = town.now() + round(self._draw.uniform(5, 40) * clock.MINUTE)

    async def look(self) -> None:
        await super().look()
        now = self._town.now()
        if now < self._next or not self._spots:
            return
        self._next = now + round(self._draw.uniform(*ROUND_MINUTES) * clock.MINUTE)
        lon, lat = self._draw.choice(self._spots)
        await self.report(SMALL_MATTER, SEEN, lon, lat)


class Resident(Person):
    """Takes on what is offered, one at a time, and reports it done with a picture."""

    async def look(self) -> None:
        mine = await self._json("GET", "/api/offers/mine")
        held = [one for one in (mine or {}).get("items", []) if one["state"] == "claimed"]
        for one in held:
            if self._ripe((one["id"], "claimed"), *DONE_AFTER_MINUTES):
                await self._finish(one)
        if held:
            return
        offers = await self._json("GET", "/api/offers")
        for one in (offers or {}).get("items", []):
            ready = self._ripe((one["id"], "open"), *TAKEN_AFTER_MINUTES)
            if ready and await self._json("POST", f"/api/offers/{one['id']}/claim"):
                self._town.done["claimed"] += 1
                return

    async def _finish(self, one: dict[str, Any]) -> None:
        path = f"/api/offers/{one['id']}"
        shot = photo.take(self._town.seed, one["id"], 0)
        files = [("photo", (f"sim-offer-{one['id']}.png", shot, "image/png"))]
        kept = await self._json("POST", f"{path}/photos", files=files)
        names = [each["sha"] for each in (kept or {}).get("photos", [])]
        if await self._json("POST", f"{path}/report", {"text": DONE, "evidence": names}):
            self._town.done["offers_done"] += 1


def person(base: str, account: Account, password: str, town: Town, city: City) -> Person:
    """Whoever an account is, at work."""
    if account.role == "citizen":
        return Resident(base, account, password, town)
    if account.role == "grid_worker":
        return GridWorker(base, account, password, town, _spots(city, set(account.grids)))
    if account.role == "hotline_operator":
        every = {area["code"] for area in city.records["areas"] if area["level"] == "grid"}
        return Operator(base, account, password, town, _spots(city, every))
    return _OFFICES.get(account.role, Person)(base, account, password, town)


_OFFICES: dict[str, type[Person]] = {
    "command_centre": Centre,
    "department_handler": Handler,
    "telephone_system": Telephone,
}


def _spots(city: City, grids: set[str]) -> list[tuple[float, float]]:
    """The middles of these grids."""
    found = []
    for area in city.records["areas"]:
        if area["code"] in grids:
            ring = area["geometry"]["coordinates"][0]
            lons, lats = [point[0] for point in ring], [point[1] for point in ring]
            found.append(((min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2))
    return found
