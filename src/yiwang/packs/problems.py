"""Collecting everything that is wrong, instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches

from yiwang.kernel.documents import Section
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.text import LANGUAGES
from yiwang.packs.errors import Unknown


class Problems:
    """Errors in the order in which they were met, each once."""

    def __init__(self) -> None:
        self.errors: list[YiwangError] = []
        self._seen: set[str] = set()

    def add(self, error: YiwangError) -> None:
        inner = getattr(error, "errors", None)
        if isinstance(inner, list):
            for one in inner:
                self.add(one)
            return
        key = error.message("en")
        if key not in self._seen:
            self._seen.add(key)
            self.errors.append(error)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Go on after an error of the block."""
        try:
            yield
        except YiwangError as error:
            self.add(error)

    def refer(self, name: str, known: Iterable[str], sort: str, where: str) -> bool:
        """Record that ``name`` is not among ``known``; whether it is."""
        names = list(known)
        if name in names:
            return True
        self.add(Unknown(where, sort=sort, name=name, near=nearest(name, names)))
        return False


def nearest(name: str, known: Iterable[str]) -> str:
    names = [str(one) for one in known]
    near = get_close_matches(name, names, 1)
    return near[0] if near else ", ".join(sorted(names)) or "-"


def titles(section: Section, key: str = "title") -> dict[str, str]:
    """``{zh-CN: …, en: …}`` below a key; empty where it is absent. Raises UnknownKey."""
    body = section.section(key)
    found = {lang: body.text(lang) for lang in LANGUAGES if body.has(lang)}
    body.finish()
    return found


def text_of(texts: Mapping[str, str], lang: str) -> str:
    """A text in one language, or in the other where that is missing."""
    return texts.get(lang) or next((text for text in texts.values() if text), "")
