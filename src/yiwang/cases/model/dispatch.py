"""Dispatch: responsibility (matrix, else function) × area × duty, with every reason stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yiwang.cases.model import people
from yiwang.cases.model.people import Job, Load, Weights
from yiwang.cases.model.people import Worker as Worker
from yiwang.cases.model.reason import Name, joined
from yiwang.cases.model.reason import Reason as Reason


@dataclass(frozen=True)
class Unit:
    """An organisation that serves a role. ``area`` None: the whole city. ``on_duty``: it
    was named by a roster for now, which goes before standing responsibility."""

    id: int
    name: Name
    area: int | None = None
    on_duty: bool = False


@dataclass(frozen=True)
class Listed:
    """What the responsibility matrix says: its entry by code, for how wide a class (minor,
    major, any) and which area it is (empty: everywhere), the document it rests on, those that
    answer with the unit, and units that equally specific entries name."""

    unit: Unit
    entry: str
    scope: str
    area: Name = ""
    level: str = ""
    basis: str = ""
    co: tuple[Unit, ...] = ()
    rivals: tuple[Name, ...] = ()

    def reasons(self) -> list[Reason]:
        fields: dict[str, object] = {"entry": self.entry, "organisation": self.unit.name}
        found = [Reason(f"listed_{self.scope}", fields)]
        if self.area:
            found.append(Reason("listed_area", {"area": self.area}))
        if self.basis:
            found.append(Reason("listed_basis", {"basis": self.basis}))
        if self.co:
            names = joined([one.name for one in self.co])
            found.append(Reason("co_responsible", {"organisations": names}))
        if self.rivals:
            found.append(Reason("listed_rivals", {"organisations": joined(self.rivals)}))
        return found


@dataclass(frozen=True)
class Wanted:
    """What a case asks of those who handle it: the function, the code of the event class, the
    skills, and where it is."""

    role: str = ""
    event: str = ""
    skills: frozenset[str] = frozenset()
    severity: str = "warning"
    grid: int | None = None
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class Route:
    """The unit for a case, None for the command centre, and why. ``how`` is whose word it is,
    or ``chosen``."""

    how: str
    unit: Unit | None
    reasons: tuple[Reason, ...]
    co: tuple[Unit, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """Where a case goes. Without an organisation it waits in the command centre's queue."""

    organisation: int | None
    handler: str
    handler_name: str
    reasons: tuple[Reason, ...]
    co: tuple[int, ...] = ()
    """Organisations that answer with it."""


def choose_unit(
    role: str, units: Sequence[Unit], areas: Sequence[int]
) -> tuple[Unit | None, list[Reason]]:
    """The organisation for a role at a place. ``areas`` are the areas that the place lies in,
    smallest first. A unit on the roster goes first, then the one for the smallest area."""
    if not role:
        return None, [Reason("no_role")]
    if not units:
        return None, [Reason("role_unbound", {"role": role})]
    fitting = [unit for unit in units if unit.area is None or unit.area in areas]
    if not fitting:
        return None, [Reason("role_elsewhere", {"role": role})]
    unit = min(fitting, key=lambda one: (not one.on_duty, _nearness(one.area, areas), one.id))
    code = "role_in_city" if unit.area is None else "role_in_area"
    reasons = [Reason(code, {"role": role, "organisation": unit.name})]
    if unit.on_duty:
        reasons = [Reason("unit_on_duty", {"role": role, "organisation": unit.name})]
    return unit, reasons


def whose_word(listed: bool, function: bool, sure: bool | None) -> str:
    """The one place where it is decided whether a case is sent, and on whose word.

    1. The responsibility matrix says: sent (``listed``).
    2. It is silent, an organisation's function or a roster says: sent (``function``).
    3. Both are silent, and a proposal from history is sure enough: sent (``sure``).
    4. It is not sure enough (``sure`` False): ``proposed``, the centre decides and sees it.
    5. There is none (``sure`` None): ``nobody``, the centre decides.

    A proposal never changes what the matrix or a function says.
    """
    if listed:
        return "listed"
    if function:
        return "function"
    if sure is None:
        return "nobody"
    return "sure" if sure else "proposed"


def route(
    role: str, units: Sequence[Unit], areas: Sequence[int], listed: Listed | None = None
) -> Route:
    """Whom the matrix names, else who has the function; None where both are silent."""
    first = () if areas else (Reason("no_grid"),)
    if listed is not None:
        reasons = (*first, *listed.reasons())
        return Route(whose_word(True, False, None), listed.unit, reasons, listed.co)
    unit, why = choose_unit(role, units, areas)
    how = whose_word(False, unit is not None, None)
    tail = () if unit is not None else (Reason("to_centre"),)
    return Route(how, unit, (*first, *why, *tail))


def assign(
    found: Route,
    on_duty: Sequence[Worker],
    job: Job,
    load: Mapping[str, Load],
    weights: Weights,
    opens: str = "",
) -> Assignment:
    """The person in the unit of a route. Nobody fits → the unit's queue; ``opens`` is when
    somebody is on duty again, in the words of the city's clock."""
    if found.unit is None:
        return Assignment(None, "", "", found.reasons)
    co = tuple(one.id for one in found.co)
    person, why = people.choose(job, on_duty, load, weights)
    if person is not None:
        reasons = (*found.reasons, *why)
        return Assignment(found.unit.id, person.user, person.name, reasons, co)
    queue = Reason("to_queue", {"organisation": found.unit.name})
    when = [Reason("opens_at", {"at": opens})] if opens else []
    return Assignment(found.unit.id, "", "", (*found.reasons, *why, queue, *when), co)


def _nearness(area: int | None, areas: Sequence[int]) -> int:
    return len(areas) if area is None else areas.index(area)
