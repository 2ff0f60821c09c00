"""What the live line shows, asked of the platform like any other program would."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import msgspec

from yiwang.demo.field import Field
from yiwang.demo.people import Town
from yiwang.kernel import clock as times
from yiwang.kernel.clock import ScaledClock


class Watch:
    def __init__(
        self,
        base: str,
        token: str,
        field: Field,
        town: Town,
        clock: ScaledClock,
        speed: float,
    ) -> None:
        self._field = field
        self._town = town
        self._clock = clock
        self._speed = speed
        self._client = httpx.AsyncClient(
            base_url=base, timeout=30, headers={"Authorization": f"Bearer {token}"}
        )
        self._findings: set[Any] = set()
        self._looked = clock.monotonic()
        self._counted = 0

    async def close(self) -> None:
        await self._client.aclose()

    async def follow(self) -> None:
        """Count the findings that the live stream announces."""
        while True:
            try:
                async with self._client.stream("GET", "/api/live", timeout=None) as answer:
                    kind = ""
                    async for line in answer.aiter_lines():
                        if line.startswith("event:"):
                            kind = line[6:].strip()
                        elif line.startswith("data:") and kind == "finding":
                            self._findings.add(msgspec.json.decode(line[5:])["key"])
            except httpx.TransportError:
                pass
            await asyncio.sleep(2)

    async def line(self) -> str:
        now = self._clock.monotonic()
        total = self._field.acknowledged
        rate = (total - self._counted) / max(now - self._looked, 1e-6)
        self._looked, self._counted = now, total
        moment = times.to_datetime(self._clock.now() + 8 * times.HOUR)
        cases = await self._cases()
        parts = [
            f"{moment:%m-%d %H:%M} simulated, {self._speed:g}x",
            f"{rate:,.0f} observations/s, {total:,} in all",
            f"findings {len(self._findings):,}",
            cases,
            f"steps by people {sum(self._town.done.values()):,}",
        ]
        if self._field.behind_s > 60:
            parts.append(f"{self._field.behind_s:,.0f} s behind")
        return " · ".join(parts)

    async def _cases(self) -> str:
        try:
            answer = await self._client.get("/api/cases/summary")
            kinds = answer.json()["kinds"]
            overdue = answer.json()["overdue"]
        except (httpx.TransportError, KeyError, ValueError):
            return "cases ?"
        count = sum(kinds[name] for name in ("new", "working", "waiting"))
        return f"cases {count:,} open ({overdue:,} late), {kinds['done']:,} closed"
