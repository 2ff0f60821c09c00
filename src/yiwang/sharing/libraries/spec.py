"""Declarations of libraries: YAML or JSON documents."""

from __future__ import annotations

import re
from importlib import resources

from yiwang.kernel import identifiers
from yiwang.kernel.documents import NotAllowed, Section
from yiwang.kernel.text import LANGUAGES, Words
from yiwang.sharing.libraries import normal
from yiwang.sharing.libraries.errors import BadLibrary, words
from yiwang.sharing.libraries.model import TYPES, Compare, Field, Identity, Library

MOST_FIELDS = 100
MOST_TEXT = 100_000
DERIVED = {"born": "resident_id", "sex": "resident_id", "organisation_code": "credit_code"}
"""Parts that stand in an identifier, by the kind of which they are a part."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_PART = re.compile(r"([a-z][a-z0-9_]{0,40})(?:\.([a-z]+))?")
RESERVED = frozenset({"entity", "sources", "changed_at"})
"""Columns that the table of every library has besides its fields."""


def templates() -> list[str]:
    """The names of the kinds of library that come with the platform."""
    folder = resources.files("yiwang.sharing.libraries").joinpath("kinds")
    return sorted(one.name[:-5] for one in folder.iterdir() if one.name.endswith(".yaml"))


def template(name: str) -> str:
    """The declaration that comes with the platform under one of ``templates``."""
    folder = resources.files("yiwang.sharing.libraries").joinpath("kinds")
    return folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def read(document: Section) -> Library:
    """Raises DocumentError or BadLibrary with line, key and what was expected."""
    fields = tuple(_field(name, one) for name, one in document.section("fields").sections())
    if not 1 <= len(fields) <= MOST_FIELDS:
        raise _bad(document, "fields", f"1 … {MOST_FIELDS}")
    match = document.section("match")
    made = Library(
        _titles(document),
        fields,
        tuple(_identity(one) for one in document.items("identities")),
        tuple(_block(document, one) for one in _lists(document, "blocks")),
        _points(match, "merge_at", 1),
        _points(match, "propose_at", 1),
        _shares(match.section("doubt")),
        document.text("dataset"),
    )
    match.finish()
    document.finish()
    _check(document, made)
    return made


def _titles(section: Section) -> dict[str, str]:
    titles = section.section("title")
    found = {lang: titles.text(lang)[:200] for lang in LANGUAGES if titles.has(lang)}
    titles.finish()
    if not found:
        raise _bad(section, "title", "zh-CN, en")
    return found


def _field(name: str, section: Section) -> Field:
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise _bad(section, name, "a-z, 0-9, _; not " + ", ".join(sorted(RESERVED)))
    kinds = ("", *identifiers.KINDS)
    derive = section.section("derive")
    made = Field(
        name,
        _titles(section),
        section.choice("type", TYPES, "C"),
        section.choice("identifier", kinds, ""),
        _compare(section.section("compare")) if section.has("compare") else None,
        (derive.text("from"), derive.choice("part", tuple(DERIVED)))
        if section.has("derive")
        else None,
        section.text("label", "")[:64],
        section.take("sealed", bool, False),
        section.take("published", bool, True),
        section.take("watched", bool, True),
        section.take("search", bool, False),
    )
    derive.finish()
    section.finish()
    if made.identifier and made.type != "C":
        raise _bad(section, "type", words("text_for_identifier"))
    return made


def _compare(section: Section) -> Compare:
    made = Compare(
        section.choice("as", normal.FORMS),
        _points(section, "agree", 0),
        section.take("differ", int),
    )
    section.finish()
    if not -500 <= made.differ <= 0:
        raise _bad(section, "differ", "-500 … 0")
    return made


def _identity(section: Section) -> Identity:
    names = section.raw("fields")
    if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
        raise _bad(section, "fields", "[field, …]")
    made = Identity(tuple(names), section.take("excludes", bool, False))
    section.finish()
    return made


def _lists(section: Section, key: str) -> list[list[object]]:
    found = section.raw(key, [])
    if not isinstance(found, list) or not all(isinstance(one, list) and one for one in found):
        raise _bad(section, key, "[[field, field.part], …]")
    return found


def _block(section: Section, parts: list[object]) -> tuple[tuple[str, str], ...]:
    found = []
    for one in parts:
        said = _PART.fullmatch(str(one))
        part = said[2] or "whole" if said is not None else ""
        if said is None or part not in normal.PARTS:
            raise NotAllowed(
                section.place("blocks"), key="blocks", value=one, options=", ".join(normal.PARTS)
            )
        found.append((said[1], part))
    return tuple(found)


def _points(section: Section, key: str, least: int) -> int:
    found = section.take(key, int)
    if not least <= found <= 500:
        raise _bad(section, key, f"{least} … 500")
    return found


def _shares(section: Section) -> dict[str, float]:
    found = {key: section.take(key, float) for key in list(section.keys())}
    section.finish()
    for key, share in found.items():
        if not 0 <= share <= 1:
            raise _bad(section, key, "0 … 1")
    return found


def _check(document: Section, made: Library) -> None:
    """That names are of fields, and thresholds in their order."""
    known = ", ".join(made.by_name)
    used = [("identities", name) for one in made.identities for name in one.fields]
    used += [("blocks", name) for block in made.blocks for name, _ in block]
    used += [("doubt", name) for name in made.doubt]
    used += [("derive", one.derive[0]) for one in made.fields if one.derive is not None]
    for key, name in used:
        if name not in made.by_name:
            raise BadLibrary(document.place(key), key=key, value=name, wanted=known)
    for one in made.fields:
        if one.derive is not None:
            wanted = DERIVED[one.derive[1]]
            if made.by_name[one.derive[0]].identifier != wanted:
                raise BadLibrary(document.where, key="derive", value=one.name, wanted=wanted)
    if made.propose_at > made.merge_at:
        raise _bad(document, "propose_at", f"… {made.merge_at}")
    if not _NAME.fullmatch(made.dataset):
        raise _bad(document, "dataset", "a-z, 0-9, _")


def _bad(section: Section, key: str, wanted: str | Words) -> BadLibrary:
    value = str(section.raw(key, ""))[:80]
    return BadLibrary(section.place(key), key=key, value=value, wanted=wanted)
