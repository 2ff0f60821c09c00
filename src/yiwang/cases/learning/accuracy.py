"""How proposals would have done: learnt from a first span, tested on the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from yiwang.cases.learning import examples, training
from yiwang.cases.learning.examples import TARGETS, UNITS, Example
from yiwang.cases.learning.model import Known
from yiwang.cases.learning.training import Cases
from yiwang.kernel import clock


def of(found: Sequence[Example], until: int) -> dict[str, Any]:
    """Learnt from what was opened and closed before ``until``, tested on all that was opened
    after it: as somebody would have stood on that day."""
    learnt = [one for one in found if one.closed_at is not None and one.closed_at < until]
    tests = [one for one in found if one.known.at >= until]
    if not learnt or not tests:
        return {"proposals": None}
    made: dict[str, Any] = {
        "until": clock.render(until),
        "trained_on": len(learnt),
        "tested_on": len(tests),
        "digest": examples.digest(learnt),
    }
    whole, bare = _View(learnt, tests, _as_known), _View(learnt, tests, examples.without_type)
    for target in UNITS:
        made[target] = whole.measured(target) | whole.baselines(target, _type, "by_type")
        made[target]["without_type"] = bare.measured(target)
    for target in (name for name in TARGETS if name not in UNITS):
        made[target] = bare.measured(target) | bare.baselines(target, _title, "by_title")
    return {"proposals": made}


def _as_known(one: Example) -> Known:
    return one.known


def _type(one: Example) -> str:
    return one.known.case_class


def _title(one: Example) -> str:
    return one.published


class _View:
    """The cases as somebody knew them, made ready for every target once."""

    def __init__(
        self, learnt: Sequence[Example], tests: Sequence[Example], view: Callable[[Example], Known]
    ) -> None:
        self._learnt, self._tests = learnt, tests
        self._known = Cases([view(one) for one in learnt])
        self._asked = Cases([view(one) for one in tests])

    def measured(self, target: str) -> dict[str, Any]:
        truth = [getattr(one, target) for one in self._learnt]
        closed = [one.closed_at or 0 for one in self._learnt]
        model = training.fit(self._known, truth, closed)
        return training.tested(model, self._asked, [getattr(one, target) for one in self._tests])

    def baselines(
        self, target: str, kind: Callable[[Example], str], name: str
    ) -> dict[str, dict[str, float]]:
        return training.baselines(
            [kind(one) for one in self._learnt],
            [getattr(one, target) for one in self._learnt],
            [kind(one) for one in self._tests],
            [getattr(one, target) for one in self._tests],
            name,
        )
