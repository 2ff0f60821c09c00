"""Look-up of texts by key and language.

The key ``sensing.unknown_datastream.what`` is looked for in ``yiwang/sensing/text/<lang>.yaml``,
a mapping of mappings (``sensing.unknown_datastream: {what: …, todo: …}``), and in those of the
package's parts (``yiwang/sensing/PART/text/<lang>.yaml``). A text missing in one language is
taken from the other; a key missing in both gives the key itself, and a test fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import yaml

LANGUAGES = ("zh-CN", "en")


@cache
def catalogue(package: str, lang: str) -> Mapping[str, Any]:
    """The texts of one package and its parts in one language; empty where it has none."""
    folder = resources.files("yiwang").joinpath(package)
    parts = sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else []
    texts: dict[str, Any] = {}
    for place in (folder, *(one for one in parts if one.is_dir())):
        file = place.joinpath("text", f"{lang}.yaml")
        if file.is_file():
            texts |= yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    return texts


def choose(accept_language: str) -> str:
    """The product's language for an HTTP Accept-Language value; Chinese comes first."""
    for part in accept_language.split(","):
        name = part.split(";")[0].strip().lower()
        if name.startswith("zh"):
            return "zh-CN"
        if name.startswith("en"):
            return "en"
    return "zh-CN"


def of_terminal(environ: Mapping[str, str]) -> str:
    """The language of commands: YIWANG_LANGUAGE, else what the terminal is set to."""
    wanted = environ.get("YIWANG_LANGUAGE") or environ.get("LANG", "")
    return "zh-CN" if wanted.lower().startswith("zh") else "en"


@lru_cache(maxsize=8192)
def find(key: str, lang: str) -> str | None:
    package = key.split(".", 1)[0]
    for candidate in (lang, *LANGUAGES):
        entry, _, part = key.rpartition(".")
        texts = catalogue(package, candidate)
        value = texts.get(key)
        if value is None and isinstance(texts.get(entry), dict):
            value = texts[entry].get(part)
        if isinstance(value, str):
            return value
    return None


@dataclass(frozen=True)
class Words:
    """A part of a text that is a text itself, such as what an error expected: put into the
    reader's language where the whole is; str() gives the English. ``fields`` are its own."""

    key: str
    fields: Mapping[str, object] = field(default_factory=dict, hash=False)

    def told(self, lang: str) -> str:
        return render(self.key, lang, self.fields)

    def __str__(self) -> str:
        return self.told("en")


@dataclass(frozen=True)
class Wording:
    """Parts of errors' texts, asked for by their key under ``top``."""

    top: str

    def __call__(self, key: str, /, **fields: object) -> Words:
        return Words(f"{self.top}.{key}", fields)


phrase = Wording("kernel.phrases")
"""Those that many packages use."""


def told(value: object, lang: str) -> object:
    """Words in a language; any other value as it is."""
    return value.told(lang) if isinstance(value, Words) else value


def kept(value: object) -> object:
    """A field of a text as JSON holds it until it is read; ``again`` makes the field of it."""
    if isinstance(value, Words):
        return {
            "words": value.key,
            "fields": {name: kept(one) for name, one in value.fields.items()},
        }
    return value if isinstance(value, (int, float)) else str(value)


def again(value: Any) -> object:
    if isinstance(value, dict):
        return Words(value["words"], {name: again(one) for name, one in value["fields"].items()})
    return value


class _Fields(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


def render(key: str, lang: str, fields: Mapping[str, object]) -> str:
    """The text of ``key`` with its fields filled in."""
    template = find(key, lang)
    if template is None:
        return key
    if "{" not in template and "}" not in template:
        return template.strip()
    filled = _Fields(fields)
    for name, value in fields.items():
        if isinstance(value, Words):
            filled[name] = value.told(lang)
    return template.format_map(filled).strip()
