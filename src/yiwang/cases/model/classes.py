"""What a case class is: the data that a pack or a city writes about one kind of trouble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yiwang.cases.model.forms import Attribute, Opening

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
    relationships (see ``guards.WHO``), ``needs`` names of what is given. ``words`` are the
    sources as they were written, where ``open``, ``any`` or a kind stands for many states.
    """

    name: str
    sources: tuple[str, ...]
    to: str = ""
    who: tuple[str, ...] = ("centre",)
    needs: tuple[str, ...] = ()
    title: Titles = field(default_factory=dict)
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeadlineRule:
    """How long handling may take, in ``working`` time or by the ``clock``."""

    minutes: int
    counting: str = "working"


@dataclass(frozen=True)
class Level:
    """One level of supervision: what it is called, and by when the handler must answer."""

    title: Titles = field(default_factory=dict)
    answer: DeadlineRule | None = None


@dataclass(frozen=True)
class Bounds:
    """How far the side paths of a class go.

    ``warnings`` are shares of the limit at which a case warns. ``reopen_within``: minutes
    after the end in which a case may be reopened (None: always); ``unsolved_within``: minutes
    after the end in which an assessment "not solved" reopens it by itself. A handler may have
    the limit extended ``extensions`` times by ``extension_share`` of the limit in all. After
    ``returns_told`` returns the centre is told and supervision goes a level up; after
    ``returns_most`` (None: never) only the centre moves the case on. ``stages`` are limits
    of single states.
    """

    warnings: tuple[float, ...] = (0.8,)
    reopen_within: int | None = None
    unsolved_within: int = 0
    extensions: int = 0
    extension_share: float = 1.0
    returns_told: int | None = None
    returns_most: int | None = None
    supervision: tuple[Level, ...] = ()
    stages: Mapping[str, DeadlineRule] = field(default_factory=dict)

    def level(self, number: int) -> Level:
        """A level of supervision, counted from 1; above the last one, the last."""
        if not self.supervision:
            return Level()
        return self.supervision[min(number, len(self.supervision)) - 1]


@dataclass(frozen=True)
class Machine:
    """The states of a class, the steps between them, and how far its side paths go. A case
    starts in ``start``."""

    start: str
    states: Mapping[str, State]
    steps: Mapping[str, StepRule]
    bounds: Bounds = field(default_factory=Bounds)

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
class MergeRule:
    """Sources this near in space and time belong to one case. Without a radius only
    sources with the same key share one."""

    radius_m: float | None = None
    within: int = 0
    """Microseconds between the new source and the last one of the case."""


@dataclass(frozen=True)
class StormRule:
    """When cases of one cause become a storm: ``at_least`` so many that begin within so many
    microseconds of one another, around the newest of them. ``by`` says what else they have in
    common: near (``radius_m``), or the same street, place or organisation. Classes of a pack
    with the same ``cause`` make storms together; without one a class is a cause of its own."""

    at_least: int
    within: int
    by: str = "near"
    radius_m: float | None = None
    cause: str = ""


@dataclass(frozen=True)
class LikenessRule:
    """When a person's report is like another case. ``propose`` and ``join`` are scores from 0
    to 1: from which the centre is told, and from which it joins unasked (None: never)."""

    propose: float = 0.4
    join: float | None = None
    radius_m: float = 500.0
    within: int = 3 * 24 * 60 * 60 * 1_000_000


@dataclass(frozen=True)
class Evidence:
    """What a handler must give when reporting a case as handled."""

    photos: int = 0
    text: bool = False


@dataclass(frozen=True)
class OfferRule:
    """That cases are offered (共治) before a department gets them: ``to`` residents and firms,
    for so many ``points``; ``claim_within`` and ``done_within`` in microseconds; to people
    within ``radius_m`` of it (None: everybody); ``claims`` is how many of them somebody may
    have open."""

    to: tuple[str, ...] = ("residents", "firms")
    points: int = 10
    claim_within: int = 0
    done_within: int = 0
    radius_m: float | None = None
    claims: int = 3


@dataclass(frozen=True)
class CaseClass:
    """One class of cases.

    ``role`` is a function of the city (``drainage``) that the city binds to an organisation.
    ``verification`` says who checks the result: grid_worker, reporter, sensor, centre or
    none. ``on_cleared`` says what the end of all findings means: note, verify or close.
    ``skills`` are what somebody must have who is to handle it.
    ``automatic`` are the sources (finding, report) whose cases are dispatched unasked.
    ``area_deadlines`` are limits by severity that go before ``deadlines`` in an area, by its
    code.
    ``form`` is asked of reporters; ``public`` says what everybody may see (None: nothing);
    ``reports`` when reporters from outside learn the number: realtime, batch (once it is
    accepted), blackbox (never); closed: they cannot report it.
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
    skills: tuple[str, ...] = ()
    area_deadlines: Mapping[str, Mapping[str, DeadlineRule]] = field(default_factory=dict)
    form: tuple[Attribute, ...] = ()
    public: Opening | None = None
    reports: str = "realtime"
    storm: StormRule | None = None
    likeness: LikenessRule = field(default_factory=LikenessRule)
    offer: OfferRule | None = None

    @property
    def cause(self) -> str:
        """What its storms are called after."""
        named_ = self.storm.cause if self.storm is not None else ""
        return f"{self.pack}.{named_}" if named_ else self.code

    @property
    def event(self) -> str:
        """Its code in the city's taxonomy."""
        return self.event_class or self.code

    def deadline(self, severity: str, areas: Sequence[str] = ()) -> DeadlineRule | None:
        """The rule for a severity; a milder one's rule serves where it has none of its own.
        ``areas`` are the codes of the areas around the place, smallest first: the first that
        has limits of its own goes before the class's."""
        for area in areas:
            if area in self.area_deadlines:
                return _for_severity(self.area_deadlines[area], severity)
        return _for_severity(self.deadlines, severity)


def _for_severity(rules: Mapping[str, DeadlineRule], severity: str) -> DeadlineRule | None:
    place = SEVERITIES.index(severity) if severity in SEVERITIES else 0
    for candidate in (*reversed(SEVERITIES[: place + 1]), *SEVERITIES[place + 1 :]):
        if candidate in rules:
            return rules[candidate]
    return None


def named(titles: Titles, lang: str, otherwise: str) -> str:
    """A title in one language, else in any, else ``otherwise``."""
    return titles.get(lang) or next(iter(titles.values()), "") or otherwise
