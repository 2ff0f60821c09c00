"""Templates: words with fields, checked when they are read and filled in for one language."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache, lru_cache
from typing import Any, NamedTuple

from yiwang.kernel import clock, text
from yiwang.kernel.text import LANGUAGES
from yiwang.notices.errors import UnknownTemplate, UnknownTemplateField

PARTS = ("subject", "text", "short")
"""The line of a list or an e-mail's subject, the whole, and what an SMS says."""
OWN = "notices.template."
_WHOLE = 2**31
_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")

Words = Mapping[str, Mapping[str, str]]
"""A template a city wrote: by language, then by part."""


@dataclass(frozen=True)
class Rendered:
    subject: str
    text: str
    short: str


def fields_of(words: str) -> set[str]:
    """The names in braces. Raises ValueError where the braces do not fit."""
    found = {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}
    if bad := [name for name in found if not _NAME.fullmatch(name)]:
        raise ValueError(bad[0])
    return found


def check(where: str, name: str, words: Words, known: Collection[str]) -> None:
    """Every part in every language, with fields that there are. Raises UnknownTemplate for a
    part that is missing, UnknownTemplateField."""
    for lang in LANGUAGES:
        for part in PARTS:
            written = words.get(lang, {}).get(part, "")
            if not written.strip():
                raise UnknownTemplate(where, name=f"{name}.{part}", language=lang)
            try:
                unknown = fields_of(written) - set(known)
            except ValueError as error:
                unknown = {str(error)}
            if unknown:
                raise UnknownTemplateField(
                    where,
                    name=f"{name}.{part}",
                    language=lang,
                    field=sorted(unknown)[0],
                    known=", ".join(sorted(known)),
                )


@cache
def built_in(name: str) -> Words:
    """The words of a template in the texts of its package: ``notices.template.<name>``, or the
    whole key of another package's entry."""
    entry = name if "." in name else OWN + name
    package = entry.split(".", 1)[0]
    found: dict[str, Mapping[str, str]] = {}
    for lang in LANGUAGES:
        words = text.catalogue(package, lang).get(entry)
        found[lang] = words if isinstance(words, dict) else {}
    return found


def render(
    words: Words, fields: Mapping[str, Any], lang: str, zone: tzinfo, most: int = _WHOLE
) -> Rendered:
    """A template with its fields in one language; a field that is not given is empty, and of a
    text that is one no more than ``most`` characters are shown."""
    parts = words.get(lang) or words.get(LANGUAGES[0], {})
    names, prepared = _prepared(*[parts.get(part, "") for part in PARTS])
    values = _Values(
        (name, shown(fields[name], lang, zone, most)) for name in names if name in fields
    )
    subject, whole, short = [_fill(lines, values) for lines in prepared]
    return Rendered(" ".join(subject.split())[:300], whole, " ".join(short.split()))


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


class _Line(NamedTuple):
    """``words`` are filled in by ``%``; what is ``labelled`` says something by its fields alone."""

    words: str
    names: tuple[str, ...]
    labelled: bool


@lru_cache(maxsize=1000)
def _prepared(*parts: str) -> tuple[frozenset[str], list[list[_Line]]]:
    """The fields that occur in the parts of a template, and the lines of each part."""
    prepared = [[_line(line) for line in part.strip().splitlines()] for part in parts]
    return frozenset(name for lines in prepared for one in lines for name in one.names), prepared


def _line(line: str) -> _Line:
    pieces = [(before, name) for before, name, _, _ in string.Formatter().parse(line)]
    words = "".join(
        before.replace("%", "%%") + (f"%({name})s" if name else "") for before, name in pieces
    )
    names = tuple(name for _, name in pieces if name)
    return _Line(words, names, bool(names) and ("：" in line or ": " in line))


def _fill(lines: Sequence[_Line], values: Mapping[str, str]) -> str:
    """A line that is a label and fields is left out where all of its fields are empty."""
    return "\n".join(
        [
            words % values
            for words, names, labelled in lines
            if not labelled or any([values.get(name) for name in names])
        ]
    ).strip()


def shown(value: Any, lang: str, zone: tzinfo, most: int = _WHOLE) -> str:
    """A field's value as people read it."""
    if isinstance(value, str):
        return value if len(value) <= most else value[: most - 1] + "…"
    if value is None:
        return ""
    if isinstance(value, Mapping):
        if "at" in value:
            at = value["at"]
            moment = None if at is None else clock.to_datetime(at).astimezone(zone)
            return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M")
        return str(value.get(lang) or next((one for one in value.values() if one), ""))
    return str(value)
