"""The simulated sky and water: rain over the district, air and river at their stations.

Pure functions of place, minute of the simulation and seed. Minute 0 is six in the morning.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY = 1440
STORMS = ((15, 165, 72.0), (600, 690, 35.0))
"""Minutes of the day from and to, and the heaviest rain in mm/h."""
AIR_EPISODE = (60, 420)
RIVER_EPISODE = (90, 480)


def rng(seed: int, *what: object) -> np.random.Generator:
    """A generator of its own for every purpose, so that one does not disturb another."""
    text = ":".join(map(str, (seed, *what)))
    return np.random.default_rng(list(text.encode()))


def rain(x: Floats, y: Floats, minute: int, seed: int) -> Floats:
    """mm/h at points given as shares of the district's width and height."""
    of_day, day = minute % DAY, minute // DAY
    total = np.zeros(len(x))
    for index, (begins, ends, peak) in enumerate(STORMS):
        if not begins <= of_day < ends:
            continue
        draw = rng(seed, "storm", day, index)
        track, strength = draw.uniform(0.3, 0.7), draw.uniform(0.85, 1.1)
        passed = (of_day - begins) / (ends - begins)
        envelope = math.sin(math.pi * passed) ** 0.7
        centre_x = 0.1 + 0.8 * passed
        near = np.exp(-(((x - centre_x) / 0.45) ** 2 + ((y - track) / 0.40) ** 2))
        gusts = 1 + 0.25 * np.sin(minute / 7 + 9 * x) * np.cos(minute / 11 + 7 * y)
        total += peak * strength * envelope * near * gusts
    return total


def episode(of_day: int, span: tuple[int, int]) -> float:
    """How strong a pollution episode is, 0 to 1."""
    begins, ends = span
    if not begins <= of_day < ends:
        return 0.0
    return math.sqrt(max(0.0, math.sin(math.pi * (of_day - begins) / (ends - begins))))


def air(station: int, minute: int, seed: int) -> dict[str, float]:
    """Hourly means at a station; stations 0 to 3 lie under the polluted plume."""
    draw = rng(seed, "air", station, minute)
    hour = (minute / 60 + 6) % 24
    sun = max(0.0, math.sin(math.pi * (hour - 6) / 12))
    dirty = episode(minute % DAY, AIR_EPISODE) if station < 4 and minute >= 0 else 0.0
    pm25 = 22 + 6 * math.sin(hour / 24 * 2 * math.pi + station) + draw.normal(0, 3) + 210 * dirty
    return {
        "pm25": round(max(3.0, pm25), 0),
        "pm10": round(max(6.0, pm25 * 1.45 + draw.normal(8, 4)), 0),
        "so2": round(max(2.0, 7 + draw.normal(0, 1.5) + 20 * dirty), 0),
        "no2": round(max(4.0, 28 + 9 * math.cos(hour / 12 * math.pi) + draw.normal(0, 4)), 0),
        "co": round(max(0.2, 0.6 + 0.1 * draw.normal() + 1.5 * dirty), 1),
        "o3": round(max(8.0, 35 + 85 * sun + draw.normal(0, 6) - 20 * dirty), 0),
        "temperature": round(24 + 6 * sun + draw.normal(0, 0.3), 1),
        "pressure": round(1004 + draw.normal(0, 0.6), 1),
        "dew_point": round(21 + draw.normal(0, 0.4), 1),
        "wind_speed": round(abs(2.4 + draw.normal(0, 0.8)), 1),
    }


def river(section: int, minute: int, seed: int) -> dict[str, float]:
    """At a section; the discharge enters above section 3 and drifts two hours a section."""
    draw = rng(seed, "river", section, minute)
    delay = (section - 3) * 60
    dirty = 0.0
    if 3 <= section <= 6 and minute >= 0:
        dirty = episode(minute % DAY - delay, RIVER_EPISODE) * (1 - 0.15 * (section - 3))
    return {
        "water_temperature": round(25 + draw.normal(0, 0.2), 1),
        "ph": round(7.4 + draw.normal(0, 0.06) - 0.3 * dirty, 2),
        "dissolved_oxygen": round(max(0.5, 7.1 + draw.normal(0, 0.15) - 4.6 * dirty), 2),
        "conductivity": round(430 + draw.normal(0, 6) + 420 * dirty, 1),
        "turbidity": round(max(1.0, 12 + draw.normal(0, 2) + 30 * dirty), 1),
        "permanganate_index": round(3.1 + draw.normal(0, 0.15) + 6 * dirty, 2),
        "ammonia_nitrogen": round(max(0.02, 0.5 + draw.normal(0, 0.04) + 2.6 * dirty), 3),
        "total_phosphorus": round(max(0.01, 0.1 + draw.normal(0, 0.008) + 0.12 * dirty), 3),
        "water_level_m": round(3.2 + draw.normal(0, 0.02), 2),
    }
