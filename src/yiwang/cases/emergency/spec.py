"""The section ``plans.yaml`` of a scenario pack: its emergency plans."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from yiwang.cases.emergency import plans
from yiwang.cases.emergency.errors import NoLevels, PlanCircle, TitleMissing, UnknownPlanName
from yiwang.cases.emergency.plans import (
    Contact,
    Level,
    Plan,
    Public,
    Question,
    Resource,
    Role,
    Task,
    Titles,
    When,
)
from yiwang.cases.model.classes import SEVERITIES
from yiwang.kernel import documents
from yiwang.kernel.documents import NotAllowed, Section, WrongType
from yiwang.kernel.text import LANGUAGES, phrase
from yiwang.kernel.units import magnitude

FILE = "plans.yaml"


def read(folder: Path, pack: str = "", shown: str = "") -> tuple[Plan, ...]:
    """The plans of a pack folder; empty where it has none. Plan codes become
    ``<pack>.<name>``, and so do names of classes without a dot. Raises an error with file
    and line."""
    file = folder / FILE
    if not file.is_file():
        return ()
    return parse(documents.load(file, shown or str(file)), pack or folder.name)


def parse(top: Section, pack: str) -> tuple[Plan, ...]:
    """As ``read``, from a document."""
    found = tuple(_plan(section, name, pack) for name, section in top.section("plans").sections())
    top.finish()
    return found


def _plan(section: Section, name: str, pack: str) -> Plan:
    levels = tuple(_level(one, key, pack) for key, one in section.section("levels").sections())
    if not levels:
        raise NoLevels(section.where, plan=name)
    names = [one.name for one in levels]
    tasks = _tasks(section, names)
    looped = plans.circle(tasks)
    if looped:
        raise PlanCircle(section.place("tasks"), plan=name, tasks=", ".join(looped))
    roles = section.section("roles").sections()
    review = section.section("review").sections()
    found = Plan(
        code=f"{pack}.{name}" if pack else name,
        pack=pack,
        title=_titles(section),
        classes=_classes(section, pack),
        levels=levels,
        tasks=tasks,
        roles=tuple(_role(one, key) for key, one in roles),
        contacts=tuple(_contact(one) for one in section.items("contacts")),
        resources=tuple(_resource(one) for one in section.items("resources")),
        public=_public(section.section("public")),
        review=tuple(_question(one, key) for key, one in review),
    )
    section.finish()
    return found


def _level(section: Section, name: str, pack: str) -> Level:
    found = Level(
        name=name,
        title=_titles(section),
        colour=section.choice("colour", plans.COLOURS),
        when=tuple(_when(one, pack) for one in section.items("when")),
        severity=section.choice("severity", plans.SEVERITIES, "Unknown"),
        urgency=section.choice("urgency", plans.URGENCIES, "Unknown"),
        certainty=section.choice("certainty", plans.CERTAINTIES, "Unknown"),
        notify=_words(section, "notify"),
    )
    section.finish()
    return found


def _when(section: Section, pack: str) -> When:
    found = When(_chosen(section, "severities", SEVERITIES), _classes(section, pack))
    section.finish()
    return found


def _tasks(section: Section, levels: list[str]) -> tuple[Task, ...]:
    body = section.section("tasks")
    names = body.keys()
    return tuple(_task(one, name, levels, names) for name, one in body.sections())


def _task(section: Section, name: str, levels: list[str], names: list[str]) -> Task:
    minutes = section.take("minutes", int)
    if not 1 <= minutes <= 30 * 24 * 60:
        wanted = "1 … 43200"
        raise WrongType(section.place("minutes"), key="minutes", value=minutes, wanted=wanted)
    needs = section.section("needs")
    found = Task(
        name=name,
        title=_titles(section),
        function=section.text("function"),
        minutes=minutes,
        levels=_known(section, "levels", levels),
        after=_known(section, "after", names),
        organisation=section.text("organisation", ""),
        place=section.choice("place", plans.PLACES, "case"),
        photos=needs.take("photos", int, 0),
        text=needs.take("text", bool, False),
        escalate=section.text("escalate", ""),
    )
    needs.finish()
    section.finish()
    return found


def _role(section: Section, name: str) -> Role:
    found = Role(name, _titles(section), section.text("function"))
    section.finish()
    return found


def _contact(section: Section) -> Contact:
    phone = section.text("phone", "")
    function = section.text("function", "") if phone else section.text("function")
    found = Contact(_titles(section), phone, function)
    section.finish()
    return found


def _resource(section: Section) -> Resource:
    within = 5000.0
    if section.has("within"):
        within = magnitude(section.raw("within"), "m", section.place("within"), "within")
    found = Resource(section.text("kind"), _titles(section), section.take("number", int, 1), within)
    section.finish()
    return found


def _public(section: Section) -> Public:
    plain = Public()
    radius = plain.radius_m
    if section.has("radius"):
        radius = magnitude(section.raw("radius"), "m", section.place("radius"), "radius")
    found = Public(
        category=section.choice("category", plans.CATEGORIES, plain.category),
        event=_optional(section, "event"),
        responses=_chosen(section, "responses", plans.RESPONSES),
        headline=_optional(section, "headline"),
        description=_optional(section, "description"),
        instruction=_optional(section, "instruction"),
        radius_m=radius,
        valid_minutes=section.take("valid_minutes", int, plain.valid_minutes),
    )
    section.finish()
    return found


def _question(section: Section, name: str) -> Question:
    found = Question(name, _titles(section))
    section.finish()
    return found


def _titles(section: Section) -> Titles:
    """A title in every language of the product: an emergency is no time for codes."""
    found = _optional(section, "title")
    missing = [lang for lang in LANGUAGES if not found.get(lang)]
    if missing:
        raise TitleMissing(section.place("title"), languages=", ".join(missing))
    return found


def _optional(section: Section, key: str) -> Titles:
    body = section.section(key)
    found = {lang: body.text(lang) for lang in LANGUAGES if body.has(lang)}
    body.finish()
    return found


def _classes(section: Section, pack: str) -> tuple[str, ...]:
    words = _words(section, "classes")
    return tuple(word if "." in word or not pack else f"{pack}.{word}" for word in words)


def _words(section: Section, key: str) -> tuple[str, ...]:
    words = section.take(key, list, [])
    for word in words:
        if not isinstance(word, str):
            raise WrongType(section.place(key), key=key, value=word, wanted=phrase("list_of_words"))
    return tuple(words)


def _chosen(section: Section, key: str, options: Iterable[str]) -> tuple[str, ...]:
    allowed = tuple(options)
    words = _words(section, key)
    for word in words:
        if word not in allowed:
            shown = ", ".join(allowed)
            raise NotAllowed(section.place(key), key=key, value=word, options=shown)
    return words


def _known(section: Section, key: str, names: list[str]) -> tuple[str, ...]:
    words = _words(section, key)
    for word in words:
        if word not in names:
            known = ", ".join(names)
            raise UnknownPlanName(section.place(key), key=key, name=word, known=known)
    return words
