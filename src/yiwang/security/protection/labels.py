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
from yiwang.kernel.text import phrase
from yiwang.security.protection import grades
from yiwang.security.protection.masks import Mask, read_mask
from yiwang.security.protection.watermark import Mark

_STANDARD = Path(__file__).with_name("labels.yaml")


@dataclass(frozen=True)
class Label:
    """What a column holds. ``finds`` names the detector of ``values`` that knows it by its
    values; ``values`` are the only ones it has; ``names`` are what such columns are called.
    ``mark``: how copies of such a column are marked for their receiver, without column and key;
    None: they are not. ``seal``: what is kept of it is encrypted at rest."""

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
    mark: Mark | None = None
    seal: bool = False


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
        _mark(body.section("watermark")) if body.has("watermark") else None,
        body.take("seal", bool, False),
    )
    body.finish()
    return made


def _mark(body: Section) -> Mark:
    """By how much a number or date may be moved for a mark, or which two spellings of a text
    mean the same; of how many of the rows."""
    spellings = _words(body, "spellings")
    made = Mark(
        "",
        (),
        body.take("unit", float, 0.0),
        (spellings[0], spellings[1]) if len(spellings) == 2 else ("", ""),
        body.take("share", float, 1.0),
    )
    body.finish()
    if bool(made.unit) == bool(made.spellings[0]) or (spellings and len(spellings) != 2):
        options = phrase("unit_or_spellings")
        raise NotAllowed(body.where, key="watermark", value="…", options=options)
    if not 0 < made.share <= 1 or made.unit < 0:
        raise NotAllowed(body.where, key="watermark", value="…", options="share: 0 … 1")
    return made


def _words(body: Section, key: str) -> list[str]:
    found = body.raw(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise WrongType(body.place(key), key=key, value=found, wanted=phrase("list_of_words"))
    return found
