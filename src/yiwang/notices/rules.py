"""Who is told of what: rules as data, with a city's own over the built-in ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from yiwang.kernel import documents
from yiwang.kernel.documents import Section
from yiwang.notices import templates
from yiwang.notices.errors import BadChoice
from yiwang.notices.model import EMAIL, IN_APP, SMS
from yiwang.notices.templates import Words

AUDIENCES = ("reporters", "newest_reporter", "handler", "helper", "centre", "handed_on")
_CHANNELS = (IN_APP, EMAIL, SMS)


@dataclass(frozen=True)
class Rule:
    """Who (``to``, one of AUDIENCES) hears of which ``steps`` of a case, how and in which words."""

    name: str
    steps: tuple[str, ...]
    to: str
    template: str
    channels: tuple[str, ...]
    urgent: bool = False
    severities: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def covers(self, severity: str, case_class: str) -> bool:
        return (not self.severities or severity in self.severities) and (
            not self.classes or case_class in self.classes
        )


@dataclass(frozen=True)
class Book:
    """The rules in force, and the templates that a city wrote itself."""

    rules: tuple[Rule, ...] = ()
    own: Mapping[str, Words] | None = None

    def words(self, template: str) -> Words:
        return (self.own or {}).get(template) or templates.built_in(template)

    @cached_property
    def of_step(self) -> Mapping[str, Sequence[Rule]]:
        """The rules that a step concerns, by its name."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for step in dict.fromkeys(rule.steps):
                found.setdefault(step, []).append(rule)
        return found


def read(city: Path | None = None) -> Book:
    """The built-in rules and, where the file is there, a city's over them. Raises DocumentError,
    UnknownTemplate, UnknownTemplateField, BadChoice, each naming file and line."""
    file = resources.files("yiwang.notices").joinpath("default.yaml")
    document = documents.parse(file.read_text(encoding="utf-8"), "notices/default.yaml")
    known = [str(name) for name in document.raw("fields")]
    rules = {rule.name: rule for rule in _rules(document.section("rules"), {}).values() if rule}
    own: dict[str, Words] = {}
    where = {name: "notices/default.yaml" for name in rules}
    document.finish()
    if city is not None and city.is_file():
        given = documents.load(city)
        own = _own(given.section("templates"), known)
        for name, rule in _rules(given.section("rules"), rules).items():
            where[name] = given.section("rules").place(name)
            if rule is None:
                rules.pop(name, None)
            else:
                rules[name] = rule
        given.finish()
    for name, rule in rules.items():
        if rule.template not in own:
            templates.check(where[name], rule.template, templates.built_in(rule.template), known)
    return Book(tuple(rules.values()), own)


def _own(section: Section, known: Collection[str]) -> dict[str, Words]:
    found: dict[str, Words] = {}
    names = section.keys()
    for name in names:
        words = section.raw(name)
        whole: Any = words if isinstance(words, dict) else {}
        found[name] = {
            str(lang): {str(part): str(said) for part, said in parts.items()}
            for lang, parts in whole.items()
            if isinstance(parts, dict)
        }
        templates.check(section.place(name), name, found[name], known)
    return found


def _rules(section: Section, over: Mapping[str, Rule]) -> dict[str, Rule | None]:
    """Rules by name; None for one that is switched off."""
    found: dict[str, Rule | None] = {}
    names = section.keys()
    for name in names:
        if section.raw(name) in (False, "off"):
            if name not in over:
                raise BadChoice(section.place(name), value=name, known=", ".join(sorted(over)))
            found[name] = None
            continue
        found[name] = _rule(name, section.section(name), over.get(name))
    return found


def _rule(name: str, given: Section, base: Rule | None) -> Rule:
    """A rule; what a city's does not say of a built-in one stays."""
    start = base or Rule(name, (), "", "", (IN_APP,))
    rule = replace(
        start,
        steps=_words(given, "steps", start.steps if base else None),
        to=given.choice("to", AUDIENCES, *((start.to,) if base else ())),
        template=given.text("template", *((start.template,) if base else ())),
        channels=_words(given, "channels", start.channels, _CHANNELS),
        urgent=given.take("urgent", bool, start.urgent),
        severities=_words(given, "severities", start.severities),
        classes=_words(given, "classes", start.classes),
    )
    given.finish()
    return rule


def _words(
    given: Section, key: str, otherwise: tuple[str, ...] | None, known: Collection[str] = ()
) -> tuple[str, ...]:
    """A list of words. Raises BadChoice for one that is not known."""
    raw = given.raw(key) if otherwise is None else given.raw(key, list(otherwise))
    words = raw if isinstance(raw, list) else [raw]
    for word in words:
        if known and word not in known:
            raise BadChoice(given.place(key), value=word, known=", ".join(known))
    return tuple(str(word) for word in words)
