"""What the engine remembers of each subject of a rule, in arrays over the subjects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

NEVER = -(2**62)
"""No such time: before every instant."""


class State:
    """State after the last instant judged of each subject.

    ``last``: that instant; ``raised`` and ``raised_at``: whether the condition is up and since
    when; ``when_since`` and ``clear_since``: start of the running stretch in which ``when`` (or
    the clearing condition) holds; ``value``, ``time``, ``since``: of each property slot the
    last value, when it was observed, and since when it is unchanged.
    """

    VECTORS = ("last", "raised_at", "when_since", "clear_since")
    MATRICES = ("time", "since")

    def __init__(self, subjects: int, slots: int) -> None:
        self.last = np.full(subjects, NEVER, np.int64)
        self.raised = np.zeros(subjects, np.bool_)
        self.raised_at = np.full(subjects, NEVER, np.int64)
        self.when_since = np.full(subjects, NEVER, np.int64)
        self.clear_since = np.full(subjects, NEVER, np.int64)
        self.value = np.full((slots, subjects), np.nan, np.float64)
        self.time = np.full((slots, subjects), NEVER, np.int64)
        self.since = np.full((slots, subjects), NEVER, np.int64)

    def columns(self) -> Iterator[tuple[str, Any]]:
        yield from ((name, getattr(self, name)) for name in (*self.VECTORS, "raised"))
        yield from ((name, getattr(self, name)) for name in (*self.MATRICES, "value"))

    def copy(self, other: State, index: Any) -> None:
        """Take over the subjects at ``index`` (positions or a mask) from another state."""
        for name, mine in self.columns():
            mine[..., index] = getattr(other, name)[..., index]
