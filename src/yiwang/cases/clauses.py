"""Parts that recur in a case class: titles, lists of words, limits of time."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.cases.model.classes import DeadlineRule
from yiwang.kernel.documents import NotAllowed, Section, WrongType
from yiwang.kernel.text import LANGUAGES, phrase

WORKING_DAY_MINUTES = 8 * 60
"""What ``days`` means in a limit counted in working time."""

_UNITS = {"minutes": 1, "hours": 60}


def titles(section: Section, key: str) -> dict[str, str]:
    """``{zh-CN: …, en: …}``"""
    own = section.section(key)
    found = {lang: own.text(lang) for lang in LANGUAGES if own.has(lang)}
    own.finish()
    return found


def texts_of(texts: Mapping[str, dict[str, object]], *path: str) -> dict[str, str]:
    """A title among a pack's texts, by language."""
    found: dict[str, str] = {}
    for lang, entry in texts.items():
        value: object = entry
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            found[lang] = value
    return found


def limit(section: Section, name: str = "deadline") -> DeadlineRule:
    """``{minutes, hours, days, counting}``"""
    counting = section.choice("counting", ("working", "clock"))
    units = _UNITS | {"days": WORKING_DAY_MINUTES if counting == "working" else 24 * 60}
    minutes = 0.0
    for unit, size in units.items():
        minutes += section.take(unit, float, 0.0) * size
    section.finish()
    if minutes < 1:
        raise WrongType(section.where, key=name, value=minutes, wanted=phrase("a_minute"))
    return DeadlineRule(round(minutes), counting)


def words(
    section: Section, key: str, options: tuple[str, ...], default: list[str]
) -> tuple[str, ...]:
    """A list of some of the options."""
    given = section.take(key, list, default)
    for word in given:
        if word not in options:
            allowed = ", ".join(options)
            raise NotAllowed(section.place(key), key=key, value=word, options=allowed)
    return tuple(given)
