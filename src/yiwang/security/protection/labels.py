"""Labels of data: what a column holds, with class, grade and mask, and how it is recognised.

The words are in ``labels.yaml``; a city's ``city/labels.yaml`` replaces labels and adds some.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from yiwang.kernel import documents
from yiwang.kernel.documents import NotAllowed, Section, WrongType
from yiwang.security.protection import grades
from yiwang.security.protection.masks import Mask, read_mask

_STANDARD = Path(__file__).with_name("labels.yaml")


@dataclass(frozen=True)
class Label:
    """What a column holds. ``finds`` names the detector of ``values`` that knows it by its
    values; ``values`` are the only ones it has; ``names`` are what such columns are called."""

    name: str
    title: Mapping[str, str]
    class_: str
    personal: bool
    sensitive: bool
    grade: str
    mask: Mask
    finds: str = ""
    values: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()


Labels = Mapping[str, Label]


def load(home: Path) -> Labels:
    """The labels of a home. Raises a DocumentError."""
    file = home / "city" / "labels.yaml"
    return {**standard(), **(read(documents.load(file)) if file.is_file() else {})}


@cache
def standard() -> Labels:
    """The labels that every city begins with."""
    return read(documents.load(_STANDARD, _STANDARD.name))


def read(top: Section) -> Labels:
    """Raises a DocumentError for what is no label, and for a grade below the least one."""
    return {name: _label(name, body) for name, body in top.sections()}


def _label(name: str, body: Section) -> Label:
    title = body.section("title")
    titles = {lang: title.text(lang) for lang in sorted(title.keys())}
    personal = body.take("personal", bool, False)
    sensitive = body.take("sensitive", bool, False)
    grade = body.choice("grade", grades.GRADES)
    least = grades.least(personal, sensitive)
    if grades.GRADES.index(grade) < grades.GRADES.index(least):
        at_least = ", ".join(grades.GRADES[grades.GRADES.index(least) :])
        raise NotAllowed(body.place("grade"), key="grade", value=grade, options=at_least)
    made = Label(
        name,
        titles,
        body.choice("class", grades.CLASSES),
        personal,
        sensitive,
        grade,
        read_mask(body.section("mask")),
        body.text("finds", ""),
        frozenset(_words(body, "values")),
        tuple(_words(body, "names")),
    )
    body.finish()
    return made


def _words(body: Section, key: str) -> list[str]:
    found = body.raw(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise WrongType(body.place(key), key=key, value=found, wanted="a list of words")
    return found
