"""Dispatch: responsibility (matrix, else function) × area × duty, with every reason stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reason:
    """One step of the reasoning: a code whose text stands in ``text/``, and its fields."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Unit:
    """An organisation that serves a role. ``area`` None: the whole city. ``on_duty``: it
    was named by a roster for now, which goes before standing responsibility."""

    id: int
    name: str
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
    area: str = ""
    level: str = ""
    basis: str = ""
    co: tuple[Unit, ...] = ()
    rivals: tuple[str, ...] = ()

    def reasons(self) -> list[Reason]:
        fields = {"entry": self.entry, "organisation": self.unit.name}
        found = [Reason(f"listed_{self.scope}", fields)]
        if self.area:
            found.append(Reason("listed_area", {"area": self.area}))
        if self.basis:
            found.append(Reason("listed_basis", {"basis": self.basis}))
        if self.co:
            names = ", ".join(one.name for one in self.co)
            found.append(Reason("co_responsible", {"organisations": names}))
        if self.rivals:
            found.append(Reason("listed_rivals", {"organisations": ", ".join(self.rivals)}))
        return found


@dataclass(frozen=True)
class Worker:
    """Somebody on duty now. ``user`` is the sign-in name, empty where there is none;
    ``area`` the area of the duty, None for all."""

    user: str
    name: str
    area: int | None = None


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


def choose_person(
    on_duty: Sequence[Worker], areas: Sequence[int], load: Mapping[str, int]
) -> tuple[Worker | None, list[Reason]]:
    """Of those on duty: the one whose area is the smallest around the place, then the one
    with the fewest open cases (``load``, by user), then the first by name."""
    if not on_duty:
        return None, [Reason("no_one_on_duty")]
    fitting = [one for one in on_duty if one.area is None or one.area in areas]
    if not fitting:
        return None, [Reason("no_one_for_area")]
    person = min(
        fitting,
        key=lambda one: (_nearness(one.area, areas), load.get(one.user, 0), one.name),
    )
    open_cases = load.get(person.user, 0)
    return person, [Reason("on_duty", {"person": person.name, "open": open_cases})]


def assign(
    role: str,
    areas: Sequence[int],
    units: Sequence[Unit],
    on_duty: Mapping[int, Sequence[Worker]],
    load: Mapping[str, int],
    listed: Listed | None = None,
) -> Assignment:
    """Organisation and person: what the responsibility matrix says (``listed``) goes before the
    functions of organisations. Fall-backs: nobody on duty → the organisation's queue, no
    organisation → the command centre's queue. ``on_duty`` is by organisation."""
    first = [] if areas else [Reason("no_grid")]
    unit: Unit | None
    if listed is not None:
        unit, reasons = listed.unit, listed.reasons()
    else:
        unit, reasons = choose_unit(role, units, areas)
    co = tuple(one.id for one in listed.co) if listed else ()
    reasons = [*first, *reasons]
    if unit is None:
        return Assignment(None, "", "", (*reasons, Reason("to_centre")))
    person, more = choose_person(on_duty.get(unit.id, ()), areas, load)
    if person is None:
        tail = Reason("to_queue", {"organisation": unit.name})
        return Assignment(unit.id, "", "", (*reasons, *more, tail), co)
    return Assignment(unit.id, person.user, person.name, (*reasons, *more), co)


def _nearness(area: int | None, areas: Sequence[int]) -> int:
    return len(areas) if area is None else areas.index(area)
