"""Emergency plans (预案): what is done, by whom and until when, level by level. Pure.

A plan is data of a scenario pack. Levels stand from the mildest to the gravest; what a level
asks for is the set of tasks that name it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Titles = Mapping[str, str]

COLOURS = ("blue", "yellow", "orange", "red")
"""The colours of Chinese warnings, mildest first (Ⅳ to Ⅰ)."""
PLACES = ("case", "incident", "centre")
"""Where a task is done: at the place of the case that started the plan, in the whole area of
the incident, or at the command centre."""

# Words of CAP 1.2, clause 3.2.2.
CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
    "CBRNE", "Other",
)  # fmt: skip
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
RESPONSES = (
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
)  # fmt: skip


@dataclass(frozen=True)
class When:
    """A condition under which a level is proposed; what is empty is not asked."""

    severities: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def holds(self, case_class: str, severity: str) -> bool:
        return (not self.severities or severity in self.severities) and (
            not self.classes or case_class in self.classes
        )


@dataclass(frozen=True)
class Level:
    name: str
    title: Titles
    colour: str
    when: tuple[When, ...] = ()
    severity: str = "Unknown"
    """As CAP says it; so are the two below."""
    urgency: str = "Unknown"
    certainty: str = "Unknown"
    notify: tuple[str, ...] = ()
    """Functions whose organisations are told when the plan comes to this level."""


@dataclass(frozen=True)
class Task:
    """``function``: whose it is. ``levels``: at which it is done, empty for all. ``after``:
    tasks that are settled before it opens. ``minutes``: its limit from then, by the clock."""

    name: str
    title: Titles
    function: str
    minutes: int
    levels: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    organisation: str = ""
    """Code of a named organisation; it goes before the function."""
    place: str = "case"
    photos: int = 0
    text: bool = False
    escalate: str = ""
    """The function that is told when it is late, and gets it when it cannot be done; empty:
    the command centre."""


@dataclass(frozen=True)
class Role:
    """A role in the command (指挥体系), such as 总指挥."""

    name: str
    title: Titles
    function: str


@dataclass(frozen=True)
class Contact:
    title: Titles
    phone: str = ""
    function: str = ""
    """Without a number of its own: that of the organisation with this function."""


@dataclass(frozen=True)
class Resource:
    """Places of a registry kind that are needed: how many, and how far they may be."""

    kind: str
    title: Titles
    number: int = 1
    within_m: float = 5000.0


@dataclass(frozen=True)
class Public:
    """What the public is told (CAP), unless the command says it otherwise."""

    category: str = "Other"
    event: Titles = field(default_factory=dict)
    responses: tuple[str, ...] = ()
    headline: Titles = field(default_factory=dict)
    description: Titles = field(default_factory=dict)
    instruction: Titles = field(default_factory=dict)
    radius_m: float = 500.0
    valid_minutes: int = 120


@dataclass(frozen=True)
class Question:
    name: str
    title: Titles


@dataclass(frozen=True)
class Plan:
    """``code`` is ``<pack>.<name>``; ``classes`` are full codes of case classes."""

    code: str
    pack: str
    title: Titles
    classes: tuple[str, ...]
    levels: tuple[Level, ...]
    tasks: tuple[Task, ...]
    roles: tuple[Role, ...] = ()
    contacts: tuple[Contact, ...] = ()
    resources: tuple[Resource, ...] = ()
    public: Public = field(default_factory=Public)
    review: tuple[Question, ...] = ()

    def level(self, name: str) -> Level | None:
        return next((one for one in self.levels if one.name == name), None)

    def rank(self, name: str) -> int:
        """0 for the mildest level. Raises ValueError for a level that it does not have."""
        return [one.name for one in self.levels].index(name)

    def wanted(self, level: str) -> list[Task]:
        """The tasks of a level, in the order of the plan."""
        return [one for one in self.tasks if not one.levels or level in one.levels]

    def proposed(self, case_class: str, severity: str) -> str:
        """The gravest level one of whose conditions holds; the mildest when none does."""
        fitting = [
            one.name
            for one in self.levels
            if any(when.holds(case_class, severity) for when in one.when)
        ]
        return fitting[-1] if fitting else self.levels[0].name

    @property
    def functions(self) -> tuple[str, ...]:
        """Every function that a city must bind to organisations for this plan."""
        named = [name for one in self.tasks for name in (one.function, one.escalate)]
        named += [role.function for role in self.roles]
        named += [contact.function for contact in self.contacts]
        named += [name for level in self.levels for name in level.notify]
        return tuple(sorted({name for name in named if name}))


def circle(tasks: Sequence[Task]) -> list[str]:
    """Names of tasks that wait for one another in a circle; empty when none do."""
    after = {one.name: {name for name in one.after} for one in tasks}
    while True:
        free = {name for name, names in after.items() if not names & set(after)}
        if not free:
            return sorted(after)
        after = {name: names for name, names in after.items() if name not in free}
