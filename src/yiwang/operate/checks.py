"""One thing that ``yiwang doctor`` looked at."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warning", "fault"


@dataclass(frozen=True)
class Check:
    """``todo`` is empty when there is nothing to do."""

    name: str
    state: str
    found: str
    todo: str = ""
