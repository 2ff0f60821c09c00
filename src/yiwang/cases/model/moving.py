"""Where a running case stands in another version of its class, or why it has no place there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yiwang.cases.model.classes import OPEN_KINDS, PREVIOUS, CaseClass, Machine
from yiwang.cases.model.guards import Refusal


@dataclass(frozen=True)
class Held:
    """What is looked at in a running case."""

    state: str
    kind: str
    previous: str = ""
    open_parts: int = 0


@dataclass(frozen=True)
class Place:
    """Where a case will stand: a state of the other version, and the one to resume to."""

    state: str
    kind: str
    previous: str


@dataclass(frozen=True)
class Choices:
    """What was chosen for states that the other version does not have, or not alike.

    ``states`` gives the new name of a state, or None: its cases stay behind. A state of another
    kind is taken only where ``across`` says that kinds may change and the state is named.
    """

    states: Mapping[str, str | None]
    across: bool = False


def place(new: CaseClass, held: Held, choices: Choices) -> Place | Refusal:
    """Where the case goes; a refusal names what is missing (``cases.stays.*``)."""
    machine, chosen = new.machine, choices.states
    state = chosen.get(held.state, held.state)
    if state is None:
        return Refusal("left_behind", {"state": held.state})
    if state not in machine.states:
        return Refusal("no_state", {"state": held.state})
    kind = machine.kind(state)
    free = choices.across and held.state in chosen
    if kind not in OPEN_KINDS or (kind != held.kind and not free):
        return Refusal("other_kind", {"state": state, "kind": kind, "was": held.kind})
    if held.open_parts and not {"answer_part", "waive_part"} & set(machine.steps):
        return Refusal("parts_open", {"open": held.open_parts})
    previous = chosen.get(held.previous) or held.previous
    if previous not in machine.states or machine.kind(previous) not in OPEN_KINDS:
        if previous and _goes_back(machine, state):
            return Refusal("no_state", {"state": held.previous})
        previous = ""
    return Place(state, kind, previous)


def open_states(new: CaseClass) -> list[str]:
    return [name for name, one in new.machine.states.items() if one.kind in OPEN_KINDS]


def unknown_targets(new: CaseClass, choices: Choices) -> list[str]:
    """States that were chosen and are not open states of the new version."""
    chosen = {one for one in choices.states.values() if one is not None}
    return sorted(chosen - set(open_states(new)))


def own_limit(minutes: int | None, counting: str, extended: int, old: object) -> bool:
    """Whether a case's limit is what its class says, and was not given by hand. ``old`` is the
    rule (minutes, counting) of its present version, or None."""
    if minutes is None or old is None:
        return minutes is None and old is None
    return (minutes - extended, counting) == old


def _goes_back(machine: Machine, state: str) -> bool:
    return any(step.to == PREVIOUS and state in step.sources for step in machine.steps.values())
