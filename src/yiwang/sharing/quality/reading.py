"""Values that rule documents are made of: lists of names, shares, filters."""

from __future__ import annotations

import re
from typing import Any

from yiwang.kernel.documents import Section, WrongType
from yiwang.sharing.quality.errors import BadValue, words
from yiwang.sharing.quality.sql import Filter

_MISSING: Any = object()


def names(section: Section, key: str, default: Any = _MISSING) -> tuple[str, ...]:
    """One name or a list of them. Raises MissingKey, WrongType."""
    value = section.raw(key) if default is _MISSING else section.raw(key, default)
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        wanted = words("names")
        raise WrongType(section.place(key), key=key, value=value, wanted=wanted)
    return tuple(value)


def pairs(section: Section, key: str) -> dict[str, str]:
    """A mapping of names to names, empty where it is absent."""
    body = section.section(key)
    there = body.keys()
    return {name: body.text(name) for name in there}


def share(section: Section, key: str, default: Any = _MISSING) -> float:
    """A share written as 0.05 or 5%, not negative."""
    value = section.raw(key) if default is _MISSING else section.raw(key, default)
    if value is default:
        return value  # type: ignore[no-any-return]
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?\s*%", value):
        return float(value.rstrip("% ")) / 100
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    wanted = words("share")
    raise BadValue(section.place(key), key=key, value=value, wanted=wanted)


def filtered(section: Section) -> Filter:
    """``where`` and ``except``: columns with the values that rows must, and must not, have."""
    return Filter(_values(section, "where"), _values(section, "except"))


def _values(section: Section, key: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    body = section.section(key)
    found, columns = [], body.keys()
    for column in columns:
        value = body.raw(column)
        each = value if isinstance(value, list) else [value]
        if not each or not all(isinstance(one, (str, int, float)) for one in each):
            wanted = words("values")
            raise BadValue(body.place(column), key=column, value=value, wanted=wanted)
        found.append((column, tuple(str(one) for one in each)))
    return tuple(found)
