"""How proposals would have done: learnt from a first span, tested on the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from yiwang.cases.learning import examples, training
from yiwang.cases.learning.examples import TARGETS, Example
from yiwang.cases.learning.model import Known
from yiwang.kernel import clock


def of(found: Sequence[Example], until: int, seed: int = 0) -> dict[str, Any]:
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
    for target in TARGETS:
        truth = [getattr(one, target) for one in learnt]
        wanted = [getattr(one, target) for one in tests]
        known, asked = [one.known for one in learnt], [one.known for one in tests]
        made[target] = _measured(learnt, tests, target, _as_known, seed)
        made[target] |= training.baselines(known, truth, asked, wanted)
        made[target]["without_type"] = _measured(learnt, tests, target, examples.without_type, seed)
    return {"proposals": made}


def _as_known(one: Example) -> Known:
    return one.known


def _measured(
    learnt: Sequence[Example],
    tests: Sequence[Example],
    target: str,
    view: Callable[[Example], Known],
    seed: int,
) -> dict[str, Any]:
    truth = [getattr(one, target) for one in learnt]
    wanted = [getattr(one, target) for one in tests]
    closed = [one.closed_at or 0 for one in learnt]
    model, least = training.fit([view(one) for one in learnt], truth, seed, closed)
    return training.tested(model, least, [view(one) for one in tests], wanted)
