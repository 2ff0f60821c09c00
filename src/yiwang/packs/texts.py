"""``text/zh-CN.yaml`` and ``text/en.yaml``: every word that people see, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yiwang.kernel import documents
from yiwang.kernel.documents import Section
from yiwang.kernel.text import LANGUAGES
from yiwang.packs.errors import IdleText, MissingText
from yiwang.packs.problems import Problems, nearest

FOLDER = "text"
Key = tuple[str, ...]


@dataclass(frozen=True)
class Texts:
    """Texts by language and path (``rules``, ``close_underpass``, ``title``); for each its
    ``file, line n`` in ``where``."""

    by_lang: Mapping[str, Mapping[Key, str]] = field(default_factory=dict)
    where: Mapping[tuple[str, Key], str] = field(default_factory=dict)

    def find(self, key: Key, lang: str) -> str:
        """A text in one language, else in another, else empty."""
        for one in (lang, *LANGUAGES):
            found = self.by_lang.get(one, {}).get(key)
            if found:
                return found
        return ""


def read(folder: Path, problems: Problems, shown: str = "") -> Texts:
    """The texts of a pack folder; what is wrong goes to ``problems``."""
    by_lang: dict[str, dict[Key, str]] = {}
    where: dict[tuple[str, Key], str] = {}
    for lang in LANGUAGES:
        file = folder / FOLDER / f"{lang}.yaml"
        if not file.is_file():
            continue
        with problems.caught():
            top = documents.load(file, f"{shown or folder}/{FOLDER}/{lang}.yaml")
            found = by_lang.setdefault(lang, {})
            for key, text, place in _leaves(top, ()):
                found[key] = text
                where[(lang, key)] = place
    return Texts(by_lang, where)


def _leaves(section: Section, path: Key) -> Iterator[tuple[Key, str, str]]:
    for name in section.keys():  # noqa: SIM118
        if isinstance(section.raw(name), dict):
            yield from _leaves(section.section(name), (*path, name))
        else:
            yield (*path, name), section.text(name), section.place(name)


def compare(
    texts: Texts, wanted: Mapping[Key, str], allowed: set[Key], problems: Problems, shown: str
) -> None:
    """Every wanted text (by key: what it is for) in every language, and no text that names
    nothing: ``allowed`` may be there or not."""
    known = {".".join(key) for key in wanted} | {".".join(key) for key in allowed}
    for lang in LANGUAGES:
        have = texts.by_lang.get(lang, {})
        file = f"{shown}/{FOLDER}/{lang}.yaml"
        for key in wanted:
            if not have.get(key, "").strip():
                problems.add(MissingText(file, key=".".join(key), lang=lang))
        for key in have:
            name = ".".join(key)
            if name not in known:
                place = texts.where[(lang, key)]
                problems.add(IdleText(place, key=name, near=nearest(name, known)))


def both(titles: Mapping[str, str], name: str, where: str, problems: Problems) -> None:
    """A title written where it is used needs every language."""
    for lang in LANGUAGES:
        if not titles.get(lang, "").strip():
            problems.add(MissingText(where, key=name, lang=lang))
