"""What a case class is: the data that a pack or a city writes about one kind of trouble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = ("new", "working", "waiting", "done", "void")
OPEN_KINDS = ("new", "working", "waiting")
SEVERITIES = ("notice", "warning", "urgent", "critical")

PREVIOUS = "previous"
"""Target of a step that leads back to the state before the last one."""

Titles = Mapping[str, str]


@dataclass(frozen=True)
class State:
    """A state as the city calls it, and the kind that the core understands.

    ``waiting`` means that the case waits for somebody else than its handler: the deadline
    stands still.
    """

    name: str
    kind: str
    title: Titles = field(default_factory=dict)


@dataclass(frozen=True)
class StepRule:
    """One step: from which states, to which, by whom, and what must be given with it.

    ``to`` is a state, ``previous``, or empty when the state stays. ``who`` are
    relationships (see ``guards.WHO``), ``needs`` names of what is given.
    """

    name: str
    sources: tuple[str, ...]
    to: str = ""
    who: tuple[str, ...] = ("centre",)
    needs: tuple[str, ...] = ()
    title: Titles = field(default_factory=dict)


@dataclass(frozen=True)
class Machine:
    """The states of a class and the steps between them. A case starts in ``start``."""

    start: str
    states: Mapping[str, State]
    steps: Mapping[str, StepRule]

    def kind(self, state: str) -> str:
        return self.states[state].kind

    def dead_ends(self) -> list[str]:
        """Open states from which no chain of steps leads to a state of kind done without
        leaving the open ones. A step back to the previous state is no dead end."""
        open_states = {name for name, state in self.states.items() if state.kind in OPEN_KINDS}
        reaching = {name for name, state in self.states.items() if state.kind == "done"}
        reaching.add(PREVIOUS)
        grown = True
        while grown:
            found = [set(step.sources) for step in self.steps.values() if step.to in reaching]
            fresh = (set().union(*found) & open_states) - reaching
            reaching |= fresh
            grown = bool(fresh)
        return [name for name in self.states if name in open_states - reaching]


@dataclass(frozen=True)
class DeadlineRule:
    """How long handling may take, in ``working`` time or by the ``clock``."""

    minutes: int
    counting: str = "working"


@dataclass(frozen=True)
class MergeRule:
    """Sources this near in space and time belong to one case. Without a radius only
    sources with the same key share one."""

    radius_m: float | None = None
    within: int = 0
    """Microseconds between the new source and the last one of the case."""


@dataclass(frozen=True)
class Evidence:
    """What a handler must give when reporting a case as handled."""

    photos: int = 0
    text: bool = False


@dataclass(frozen=True)
class CaseClass:
    """One class of cases.

    ``role`` is a function of the city (``drainage``) that the city binds to an organisation.
    ``verification`` says who checks the result: grid_worker, reporter, sensor, centre or
    none. ``on_cleared`` says what the end of all findings means: note, verify or close.
    ``automatic`` are the sources (finding, report) whose cases are dispatched unasked.
    """

    code: str
    machine: Machine
    pack: str = ""
    title: Titles = field(default_factory=dict)
    event_class: str = ""
    severity: str = "warning"
    role: str = ""
    deadlines: Mapping[str, DeadlineRule] = field(default_factory=dict)
    merge: MergeRule = field(default_factory=MergeRule)
    evidence: Evidence = field(default_factory=Evidence)
    verification: str = "grid_worker"
    closing: str = "automatic"
    on_cleared: str = "note"
    automatic: tuple[str, ...] = ("finding",)

    def deadline(self, severity: str) -> DeadlineRule | None:
        """The rule for a severity; a milder one's rule serves where it has none of its own."""
        place = SEVERITIES.index(severity) if severity in SEVERITIES else 0
        for candidate in (*reversed(SEVERITIES[: place + 1]), *SEVERITIES[place + 1 :]):
            if candidate in self.deadlines:
                return self.deadlines[candidate]
        return None


def named(titles: Titles, lang: str, otherwise: str) -> str:
    """A title in one language, else in any, else ``otherwise``."""
    return titles.get(lang) or next(iter(titles.values()), "") or otherwise
