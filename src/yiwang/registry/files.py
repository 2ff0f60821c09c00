"""The registry from a folder of files.

``areas.geojson``, ``organisations.csv`` or ``.yaml``, ``people.csv``, ``rosters.csv``,
``places.csv``, ``taxonomy.csv``, ``responsibilities.csv``; each may be absent. In
``places.csv`` a column ``attributes.capacity`` fills the attribute ``capacity``.
"""

from __future__ import annotations

import csv
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from yiwang.kernel import documents
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.text import phrase
from yiwang.registry import editing
from yiwang.registry.editing import Entry
from yiwang.registry.errors import BadJson, BadText, ManyErrors, NothingToLoad, Twice, UnknownField
from yiwang.registry.nouns import NOUNS, Noun
from yiwang.security.actions import Caller, Context

_ATTRIBUTE = "attributes."
Raw = Iterator[tuple[str, Mapping[str, Any]]]
"""Records as they stand in a file, each with ``file, line n``."""


def load_folder(caller: Caller | Context, folder: Path) -> dict[str, int]:
    """Read, check and write a folder; how many records of each noun. Raises ManyErrors with
    everything that is wrong, NothingToLoad; then nothing is written."""
    return editing.load(caller, read_folder(folder))


def read_folder(folder: Path) -> dict[str, list[Entry]]:
    """The records of a folder's files. Raises ManyErrors, NothingToLoad."""
    records: dict[str, list[Entry]] = {}
    errors: list[YiwangError] = []
    present = [(file, noun) for file, noun in FILES if (folder / file).is_file()]
    if not present:
        raise NothingToLoad(str(folder), known=", ".join(file for file, _ in FILES))
    for file, noun in present:
        found, wrong = _read_file(folder / file, file, NOUNS[noun])
        records.setdefault(noun, []).extend(found)
        errors += wrong
    for name, entries in records.items():
        errors += _twice(NOUNS[name], entries)
    if errors:
        raise ManyErrors(str(folder), errors)
    return records


def _read_file(path: Path, shown: str, noun: Noun) -> tuple[list[Entry], list[YiwangError]]:
    found: list[Entry] = []
    errors: list[YiwangError] = []
    try:
        text = path.read_text(encoding="utf-8-sig")
        for where, raw in _READERS[path.suffix](text, shown):
            try:
                found.append(Entry(where, noun.read(raw, where)))
            except UnknownField as error:
                errors.append(error)
                if path.suffix == ".csv":
                    error.where = f"{shown}, line 1"
                    break
            except YiwangError as error:
                errors.append(error)
    except UnicodeDecodeError:
        errors.append(BadText(shown))
    except YiwangError as error:
        errors.append(error)
    return found, errors


def _twice(noun: Noun, entries: list[Entry]) -> Iterator[YiwangError]:
    first: dict[tuple[Any, ...], str] = {}
    for entry in entries:
        key = entry.key(noun)
        if key in first:
            yield Twice(entry.where, code=entry.values["code"], first=first[key])
        first.setdefault(key, entry.where)


def _csv(text: str, shown: str) -> Raw:
    reader = csv.DictReader(text.splitlines(), restkey="", restval="")
    for row in reader:
        raw: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, value in row.items():
            if name and name.startswith(_ATTRIBUTE):
                if value.strip():
                    attributes[name.removeprefix(_ATTRIBUTE)] = _plain(value.strip())
            else:
                raw[name] = value.strip() if isinstance(value, str) else value
        if attributes:
            raw["attributes"] = attributes
        yield f"{shown}, line {reader.line_num}", raw


def _plain(text: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _yaml(text: str, shown: str) -> Raw:
    document = documents.parse(text, shown)
    items = document.items("organisations")
    document.finish()
    for item in items:
        names = item.keys()
        yield item.where, {name: item.raw(name) for name in names}


def _geojson(text: str, shown: str) -> Raw:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadJson(f"{shown}, line {error.lineno}", problem=error.msg) from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise BadJson(f"{shown}, line 1", problem=phrase("no_features"))
    lines = _feature_lines(text)
    for index, feature in enumerate(features):
        line = lines[index] if index < len(lines) else 1
        where = f"{shown}, line {line}"
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise BadJson(where, problem=phrase("no_properties"))
        yield where, {**feature["properties"], "geometry": feature.get("geometry")}


def _feature_lines(text: str) -> list[int]:
    """The line of each feature: where its ``"type": "Feature"`` stands."""
    ends = [match.start() for match in re.finditer("\n", text)]
    starts = (match.start() for match in re.finditer(r'"type"\s*:\s*"Feature"', text))
    return [bisect_right(ends, start) + 1 for start in starts]


FILES = (
    ("areas.geojson", "areas"),
    ("organisations.csv", "organisations"),
    ("organisations.yaml", "organisations"),
    ("people.csv", "people"),
    ("rosters.csv", "duties"),
    ("places.csv", "places"),
    ("taxonomy.csv", "classes"),
    ("responsibilities.csv", "responsibilities"),
)

_READERS: Mapping[str, Callable[[str, str], Raw]] = {
    ".csv": _csv,
    ".yaml": _yaml,
    ".geojson": _geojson,
}
