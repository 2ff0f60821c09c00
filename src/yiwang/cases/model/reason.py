"""One step of the reasoning of a dispatch or a merging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Name = str | Mapping[str, str]
"""A name, or one for each language."""


def joined(names: Sequence[Name]) -> Name:
    """Several names as one."""
    return {
        lang: separator.join(one if isinstance(one, str) else one[lang] for one in names)
        for lang, separator in _SEPARATORS.items()
    }


@dataclass(frozen=True)
class Reason:
    """A code whose text stands in ``text/`` under ``cases.because``, and its fields; what has a
    name in each language is given with all of them."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)


_SEPARATORS = {"zh-CN": "、", "en": ", "}
