"""How supervised tasks go in a city: the built-in ``default.yaml``, and the city's own over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from yiwang.cases import spec
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.tasks.model import COLOURS, FIGURES, RHYTHMS, Lights, Reminders
from yiwang.kernel import documents
from yiwang.kernel.documents import NotAllowed, Section, WrongType
from yiwang.kernel.text import phrase

FILE = "tasks.yaml"
BUILT_IN = "tasks"
"""The pack that the built-in class of tasks says it comes from."""
_MOST_DAYS = 365


@dataclass(frozen=True)
class TaskPolicy:
    remind: Reminders
    rhythm: str
    lights: Lights


def load(home: Path) -> TaskPolicy:
    """Raises a DocumentError naming file and line."""
    file = home / "city" / FILE
    if not file.is_file():
        return built_in()
    top = documents.load(file)
    found = _policy(top, built_in())
    top.finish()
    return found


@cache
def built_in() -> TaskPolicy:
    top = _default()
    found = _policy(top, TaskPolicy(Reminders(), "weekly", Lights()))
    top.raw("classes")
    top.finish()
    return found


@cache
def task_class() -> CaseClass:
    """The class that the cases of tasks have where a plan names none."""
    top = _default()
    for name in ("remind", "rhythm", "lights"):
        top.raw(name)
    return spec.parse(top, BUILT_IN, {}).classes[0]


def _default() -> Section:
    text = resources.files("yiwang.cases.tasks").joinpath("default.yaml")
    return documents.parse(text.read_text(encoding="utf-8"), "default.yaml")


def _policy(top: Section, base: TaskPolicy) -> TaskPolicy:
    remind = top.section("remind")
    before = _days(remind, "before", base.remind.before)
    after = _days(remind, "after", base.remind.after)
    remind.finish()
    lights = top.section("lights")
    rules = {}
    for colour in COLOURS[:-1]:
        rules[colour] = dict(base.lights.rules.get(colour, {}))
        if lights.has(colour):
            rules[colour] = _rules(lights.section(colour))
    lights.finish()
    rhythm = top.choice("rhythm", RHYTHMS, base.rhythm)
    return TaskPolicy(Reminders(before, after), rhythm, Lights(rules))


def _days(section: Section, key: str, base: tuple[int, ...]) -> tuple[int, ...]:
    given = section.take(key, list, list(base))
    if any(type(one) is not int or not 1 <= one <= _MOST_DAYS for one in given):
        wanted = phrase("list_of_days", most=_MOST_DAYS)
        raise WrongType(section.place(key), key=key, value=given, wanted=wanted)
    return tuple(sorted(set(given)))


def _rules(section: Section) -> dict[str, int]:
    found = {}
    for name in list(section.keys()):
        if name not in FIGURES:
            options = ", ".join(FIGURES)
            raise NotAllowed(section.place(name), key="lights", value=name, options=options)
        found[name] = section.take(name, int)
        if found[name] < 1:
            where = section.place(name)
            raise WrongType(where, key=name, value=found[name], wanted=phrase("at_least", least=1))
    return found
