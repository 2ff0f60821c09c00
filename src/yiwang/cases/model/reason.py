"""One step of the reasoning of a dispatch or a merging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reason:
    """A code whose text stands in ``text/`` under ``cases.because``, and its fields."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)
