"""What goes wrong in the simulated day, decided by the seed before it begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from yiwang.demo.weather import DAY

LASTING = DAY
"""Minutes after which a device that nobody repaired is replaced."""


@dataclass
class Trouble:
    """``what`` happens to the devices of one kind at one place, from ``begins`` (a minute of
    the simulation) until ``ends``; a repair brings the end forward.

    silent: says nothing. frozen: repeats itself. spike, negative, over: impossible readings.
    off: a pump stands still. fire, smoke, residual, overload, battery: what they say.
    """

    what: str
    kind: str
    site: int
    begins: int
    ends: int

    def on(self, minute: int) -> bool:
        return self.begins <= minute < self.ends


class Scenario:
    """The troubles of each day. ``at`` gives those in force; ``repair`` ends some."""

    def __init__(self, seed: int, premises: int) -> None:
        self._seed = seed
        self._premises = premises
        self._days: set[int] = set()
        self.troubles: list[Trouble] = []

    def at(self, minute: int) -> list[Trouble]:
        day = minute // DAY
        if day not in self._days:
            self._days.add(day)
            self.troubles = [trouble for trouble in self.troubles if trouble.ends > minute]
            self.troubles += [*self._main(day), *self._small(day)]
        return [trouble for trouble in self.troubles if trouble.on(minute)]

    def repair(self, kinds: tuple[str, ...], site: int, minute: int) -> int:
        """People mended what they found at a place; returns how many troubles that ended."""
        ended = 0
        for trouble in self.troubles:
            if trouble.site == site and trouble.kind in kinds and trouble.on(minute):
                trouble.ends = minute
                ended += 1
        return ended

    def _main(self, day: int) -> Iterator[Trouble]:
        """The day's story, the same every day but for the places."""
        random = Random(f"{self._seed}:day:{day}")
        shops = random.sample(range(self._premises), 8)
        under = random.sample(range(93), 12)
        parks = random.sample([site for site in range(20) if site % 4 != 3], 4)
        story = (
            ("silent", "water_level", under[0], 16, LASTING),
            ("silent", "water_level", under[1], 70, LASTING),
            ("smoke", "premises", shops[0], 18, 4),
            ("residual", "premises", shops[1], 20, LASTING),
            ("over", "counter", parks[0], 25, LASTING),
            ("off", "pump", under[2], 30, LASTING),
            ("off", "pump", under[3], 45, LASTING),
            ("off", "pump", under[4], 60, LASTING),
            ("spike", "water_level", under[5], 40, 3),
            ("negative", "water_level", under[6], 50, LASTING),
            ("fire", "premises", shops[2], 65, 40),
            ("overload", "premises", shops[3], 80, 60),
            ("battery", "premises", shops[4], 35, LASTING),
            ("silent", "counter", parks[1], 100, LASTING),
            ("frozen", "water_level", under[7], 75, LASTING),
            ("frozen", "counter", parks[2], 110, LASTING),
            ("smoke", "premises", shops[5], 330, 5),
            ("silent", "air_station", random.randrange(5, 12), 150, LASTING),
            ("silent", "river_station", random.randrange(7, 10), 200, LASTING),
            ("residual", "premises", shops[6], 520, LASTING),
            ("fire", "premises", shops[7], 840, 30),
        )
        for what, kind, site, begins, lasts in story:
            start = day * DAY + begins
            yield Trouble(what, kind, site, start, start + lasts)

    def _small(self, day: int) -> Iterator[Trouble]:
        """Small things all through the day, more of them in a larger district."""
        random = Random(f"{self._seed}:small:{day}")
        for _ in range(14 + self._premises // 4000):
            what = random.choice(("smoke", "residual", "overload", "battery", "smoke"))
            start = day * DAY + random.randrange(120, DAY)
            lasts = {"smoke": random.randrange(2, 6), "overload": 45}.get(what, LASTING)
            yield Trouble(what, "premises", random.randrange(self._premises), start, start + lasts)
        for _ in range(8):
            what = random.choice(("silent", "spike", "negative", "frozen"))
            start = day * DAY + random.randrange(120, DAY)
            lasts = 3 if what == "spike" else LASTING
            yield Trouble(what, "water_level", random.randrange(93), start, start + lasts)
