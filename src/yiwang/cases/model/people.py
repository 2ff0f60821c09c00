"""Choosing the person: on duty, with the skills, near, and not too busy; each reason stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from yiwang.cases.model.merging import distance_m
from yiwang.cases.model.reason import Reason

MOST_COMPARED = 3


class Worker(NamedTuple):
    """Somebody on duty now. ``user`` is the sign-in name, empty where there is none; ``area``
    the area of the duty, None for all. ``lon`` and ``lat`` are where the person was last seen
    to work, else the middle of the duty's grid; None where neither is known."""

    user: str
    name: str
    area: int | None = None
    skills: frozenset[str] = frozenset()
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class Load:
    """Open cases of a person: how many, and weighted by severity."""

    cases: int = 0
    weight: float = 0.0


NO_LOAD = Load()


@dataclass(frozen=True)
class Weights:
    """What counts how much, in points; the fewest points win.

    ``area``: each level that the person's area is wider than the smallest around the place.
    ``load``: each open case, times its severity's weight. ``distance``: each kilometre, where
    ``unknown_km`` stands for a distance that is not known. ``position_hours``: how long the
    place where somebody worked last says where they are.
    """

    area: float = 5.0
    load: float = 1.0
    distance: float = 0.5
    unknown_km: float = 5.0
    position_hours: float = 4.0
    severity: Mapping[str, float] = field(
        default_factory=lambda: {"notice": 0.5, "warning": 1.0, "urgent": 2.0, "critical": 4.0}
    )


@dataclass(frozen=True)
class Job:
    """What somebody is looked for: where (``areas`` smallest first), with which skills."""

    areas: Sequence[int] = ()
    skills: frozenset[str] = frozenset()
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class Points:
    """Why somebody has how many points."""

    worker: Worker
    area: float
    load: float
    distance: float
    km: float | None
    cases: int

    @property
    def total(self) -> float:
        return self.area + self.load + self.distance


def choose(
    job: Job, on_duty: Sequence[Worker], load: Mapping[str, Load], weights: Weights
) -> tuple[Worker | None, list[Reason]]:
    """The person with the fewest points of those on duty for the area who have the skills;
    equal points: the first by name, then by sign-in name."""
    if not on_duty:
        return None, [Reason("no_one_on_duty")]
    here = [one for one in on_duty if one.area is None or one.area in job.areas]
    if not here:
        return None, [Reason("no_one_for_area")]
    able = [one for one in here if job.skills <= one.skills] if job.skills else here
    if not able:
        return None, [Reason("no_one_skilled", {"skills": ", ".join(sorted(job.skills))})]
    ranked = sorted(
        (_total(job, one, load, weights), one.name, one.user, place)
        for place, one in enumerate(able)
    )
    best: dict[str, Worker] = {}
    for _, name, user, place in ranked:
        best.setdefault(user or name, able[place])
        if len(best) > MOST_COMPARED:
            break
    found = [points(job, one, load.get(one.user, NO_LOAD), weights) for one in best.values()]
    return found[0].worker, _reasons(found, job.skills)


def _total(job: Job, worker: Worker, load: Mapping[str, Load], weights: Weights) -> float:
    """As ``points(…).total``, for many."""
    wider = len(job.areas) if worker.area is None else job.areas.index(worker.area)
    km = weights.unknown_km if worker.lon is None else _kilometres(job, worker)
    distance = weights.distance * (weights.unknown_km if km is None else km)
    held = load.get(worker.user, NO_LOAD)
    return weights.area * wider + weights.load * held.weight + distance


def points(job: Job, worker: Worker, load: Load, weights: Weights) -> Points:
    """How little somebody is suited: the sum of area, load and distance."""
    wider = len(job.areas) if worker.area is None else job.areas.index(worker.area)
    km = _kilometres(job, worker)
    distance = weights.distance * (weights.unknown_km if km is None else km)
    return Points(
        worker, weights.area * wider, weights.load * load.weight, distance, km, load.cases
    )


def _kilometres(job: Job, worker: Worker) -> float | None:
    if job.lon is None or job.lat is None or worker.lon is None or worker.lat is None:
        return None
    return distance_m(job.lon, job.lat, worker.lon, worker.lat) / 1000


def _reasons(ranked: Sequence[Points], skills: frozenset[str]) -> list[Reason]:
    """Why the first, beside the next ones."""
    first = ranked[0]
    found = [Reason("on_duty", {"person": first.worker.name, "open": first.cases})]
    if skills:
        found.append(Reason("skilled", {"skills": ", ".join(sorted(skills))}))
    if len(ranked) > 1:
        fields = {"points": round(first.total, 1), "area": first.area, "load": round(first.load, 1)}
        found.append(Reason("fewest_points", fields | {"distance": round(first.distance, 1)}))
        names = ", ".join(f"{one.worker.name} {one.total:.1f}" for one in ranked[1:])
        found.append(Reason("compared", {"others": names}))
    return found
