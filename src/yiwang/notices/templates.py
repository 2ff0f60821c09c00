"""Templates: words with fields, checked when they are read and filled in for one language."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from yiwang.kernel import clock, text
from yiwang.kernel.text import LANGUAGES
from yiwang.notices.errors import UnknownTemplate, UnknownTemplateField

PARTS = ("subject", "text", "short")
"""The line of a list or an e-mail's subject, the whole, and what an SMS says."""
OWN = "notices.template."
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


def render(words: Words, fields: Mapping[str, Any], lang: str, zone: tzinfo) -> Rendered:
    """A template with its fields in one language; a field that is not given is empty."""
    parts = words.get(lang) or words.get(LANGUAGES[0], {})
    values = {
        name: shown(fields[name], lang, zone)
        for name in {name for part in parts.values() for name in _named(part)}
        if name in fields
    }
    subject, whole, short = (_fill(parts.get(part, ""), values) for part in PARTS)
    return Rendered(" ".join(subject.split())[:300], whole, " ".join(short.split()))


Piece = tuple[str, str]
"""What stands before a field, and the field's name; the last one has none."""


@lru_cache(maxsize=2000)
def _lines(words: str) -> tuple[tuple[tuple[Piece, ...], bool], ...]:
    """The lines of a text in pieces, each with whether it is one label and its fields."""
    found = []
    for line in words.strip().splitlines():
        parsed = string.Formatter().parse(line)
        pieces = tuple((before, name or "") for before, name, _, _ in parsed)
        labelled = any(name for _, name in pieces) and ("：" in line or ": " in line)
        found.append((pieces, labelled))
    return tuple(found)


@lru_cache(maxsize=2000)
def _named(words: str) -> frozenset[str]:
    """The fields that occur in a text."""
    return frozenset(name for pieces, _ in _lines(words) for _, name in pieces if name)


def _fill(words: str, values: Mapping[str, str]) -> str:
    """A line that is a label and fields is left out where all of its fields are empty."""
    lines = []
    for pieces, labelled in _lines(words):
        if labelled and not any(values.get(name) for _, name in pieces if name):
            continue
        lines.append("".join(before + values.get(name, "") for before, name in pieces))
    return "\n".join(lines).strip()


def shown(value: Any, lang: str, zone: tzinfo) -> str:
    """A field's value as people read it."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        if "at" in value:
            at = value["at"]
            moment = None if at is None else clock.to_datetime(at).astimezone(zone)
            return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M")
        return str(value.get(lang) or next((one for one in value.values() if one), ""))
    return str(value)
