"""Learning a model. Nothing else imports scikit-learn, so that a start does without it.

Nothing is left to chance: the same cases give the same model.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from yiwang.cases.learning.model import (
    COLUMNS,
    NEVER,
    Floats,
    Known,
    Model,
    at_least,
    hashed,
    reliability,
    softmax,
    threshold,
    tokens,
    top,
)
from yiwang.kernel.clock import DAY

STEPS = 4
"""The span of the cases is cut into so many parts of equal time. Each but the first is tried
with a model of what had ended when it began: as far from what it learnt as it will be in use."""
LEAST = 5
"""Cases that a target needs before it is proposed by words; the table by class counts all."""
LEAST_SEEN = 3
"""Cases that a token needs before it counts."""
BLENDS = (0.0, 0.25, 0.5, 0.75, 1.0)
PRECISION = 0.98
CERTAIN = 1.645
"""Standard deviations: one case in twenty lies beyond, on one side."""
LOOKED_AT = 200
"""Thresholds that are tried for a target."""
ROUNDS = 30
FREEDOM = 5.0


class Cases:
    """What was known of cases, in the order of time, made ready for learning once."""

    def __init__(self, known: Sequence[Known]) -> None:
        rows = [hashed(tokens(one)) for one in known]
        ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        columns = np.concatenate([np.zeros(0, np.int64), *(each for each, _ in rows)])
        weights = np.concatenate([np.zeros(0), *(each for _, each in rows)])
        self.at = np.array([one.at for one in known], np.int64)
        self.classes = np.array([one.case_class for one in known], object)
        self.tokens = csr_matrix((weights, columns, ends), shape=(len(rows), COLUMNS))

    def __len__(self) -> int:
        return len(self.at)

    def some(self, places: NDArray[np.int64]) -> Cases:
        """These of them."""
        chosen = Cases([])
        chosen.at, chosen.classes = self.at[places], self.classes[places]
        chosen.tokens = self.tokens[places]
        return chosen


@dataclass(frozen=True)
class Tried:
    """Proposals for cases by models that did not know them: the targets by name, how sure, and
    whether it was so; ``at`` is when each was opened."""

    named: NDArray[Any]
    shares: Floats
    right: NDArray[np.bool_]
    at: NDArray[np.int64]


def fit(cases: Cases, truth: Sequence[str], closed: Sequence[int] | None = None) -> Model:
    """A model for one target of all the cases; ``closed`` are the instants at which they ended.

    How much the table counts, the calibration and from which share on each target may be sent
    unasked are found by trying parts of the span with what was known before them.
    """
    answers, ended = np.array(truth, object), np.array(cases.at if closed is None else closed)
    parts = []
    for since, until in _parts(cases.at):
        taught = np.flatnonzero((cases.at < since) & (ended < since))
        held = np.flatnonzero((cases.at >= since) & (cases.at < until))
        if len(taught) and len(held):
            bare = _bare(cases.some(taught), answers[taught])
            parts.append((bare, cases.some(held), answers[held]))
    whole = _bare(cases, answers)
    if not parts:
        return whole
    tried = {blend: _tried(parts, blend) for blend in BLENDS}
    best = max(BLENDS, key=lambda blend: tried[blend].right.mean())
    return _promising(_changed(whole, blend=best), tried[best])


def _parts(at: NDArray[np.int64]) -> list[tuple[int, int]]:
    first, last = int(at[0]), int(at[-1]) + 1
    cuts = [first + (last - first) * step // STEPS for step in range(1, STEPS + 1)]
    return list(pairwise(cuts))


def _tried(parts: Sequence[tuple[Model, Cases, NDArray[Any]]], blend: float) -> Tried:
    named, sure, right, at = [], [], [], []
    for bare, held, wanted in parts:
        rows = shares(_changed(bare, blend=blend), held)
        named.append(np.array(bare.targets, object)[rows.argmax(axis=1)])
        sure.append(rows.max(axis=1))
        right.append(named[-1] == wanted)
        at.append(held.at)
    joined = (np.concatenate(one) for one in (named, sure, right, at))
    return Tried(*joined)


def _promising(model: Model, tried: Tried) -> Model:
    """The model with its calibration, and the least share of each target. A target of which
    too few were tried to promise anything is never sent."""
    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    curve.fit(tried.shares, tried.right)
    weeks = tried.at // (7 * DAY)
    least = np.full(len(model.targets), NEVER)
    for row, target in enumerate(model.targets):
        held = tried.named == target
        if held.any():
            least[row] = promised(tried.shares[held], tried.right[held], weeks[held])
    return _changed(
        model,
        raw=np.asarray(curve.X_thresholds_, np.float64),
        sure=np.asarray(curve.y_thresholds_, np.float64),
        least=least,
    )


def promised(sure: Floats, right: NDArray[np.bool_], weeks: NDArray[np.int64]) -> float:
    """The least share from which on ``PRECISION`` is kept with certainty.

    Cases are no independent draws: a unit that changes what it takes is wrong for weeks. Where
    the weeks differ more than chance would have it, so many times fewer cases count.
    """
    order = np.argsort(-sure, kind="stable")
    sure, right, weeks = sure[order], right[order], weeks[order]
    found = NEVER
    ends = np.flatnonzero(np.append(sure[1:] != sure[:-1], True)) + 1
    for end in ends[:: -max(1, len(ends) // LOOKED_AT)][::-1]:
        share = float(right[:end].mean())
        if share < PRECISION or at_least(share, int(end), CERTAIN) < PRECISION:
            continue
        count = end / spread(right[:end], weeks[:end])
        if at_least(share, count, CERTAIN) >= PRECISION:
            found = float(sure[end - 1])
    return found


def spread(right: NDArray[np.bool_], weeks: NDArray[np.int64]) -> float:
    """How many times more the shares of weeks vary than independent cases would (Pearson's
    statistic over its degrees of freedom), at least 1."""
    wrong = 1.0 - float(right.mean())
    _, place = np.unique(weeks, return_inverse=True)
    counts, missed = np.bincount(place), np.bincount(place, weights=~right)
    if wrong == 0.0 or len(counts) < 2:
        return 1.0
    apart = (missed - counts * wrong) ** 2 / (counts * wrong * (1 - wrong))
    return max(1.0, float(apart.sum()) / (len(counts) - 1))


def shares(model: Model, cases: Cases) -> Floats:
    """``Model.shares`` of many cases at once."""
    scores = cases.tokens[:, model.columns] @ model.weights.T + model.offsets
    return model.blended(softmax(np.asarray(scores)), cases.classes.tolist())


def tested(model: Model, cases: Cases, truth: Sequence[str]) -> dict[str, Any]:
    """How a model does on cases that it has not seen. The share with a perfect threshold is
    what could have been sent at 98 % by one who knew these very cases: no forecast, a bound."""
    rows = shares(model, cases)
    best, raw = rows.argmax(axis=1), rows.max(axis=1)
    sure = model.confidence(raw)
    hit = np.array(model.targets, object)[best] == np.array(truth, object)
    sent = raw >= model.least[best]
    perfect = raw >= threshold(raw, hit, PRECISION)
    return {
        "top1": round(top(rows, model.targets, truth, 1), 4),
        "top3": round(top(rows, model.targets, truth, 3), 4),
        "calibration": reliability(sure, hit),
        "automatic_at_98": {
            "targets": int((model.least < NEVER).sum()),
            "of_targets": len(model.targets),
            "share": round(float(sent.mean()), 4),
            "precision": round(float(hit[sent].mean()), 4) if sent.any() else None,
            "share_with_perfect_threshold": round(float(perfect.mean()), 4),
        },
    }


def baselines(
    kinds: Sequence[str],
    truth: Sequence[str],
    tests: Sequence[str],
    wanted: Sequence[str],
    name: str,
) -> dict[str, dict[str, float]]:
    """The most frequent targets, and (under ``name``) the most frequent of each kind of
    case; ``kinds`` are those of the cases learnt from, ``tests`` of those asked."""
    targets = sorted(set(truth))
    place = {target: number for number, target in enumerate(targets)}
    whole = np.zeros(len(targets))
    by_kind: dict[str, Floats] = {}
    for kind, target in zip(kinds, truth, strict=True):
        whole[place[target]] += 1
        by_kind.setdefault(kind, np.zeros(len(targets)))[place[target]] += 1
    plain = np.tile(whole, (len(tests), 1))
    typed = np.stack([by_kind.get(kind, 0) + whole / 1e9 for kind in tests])
    return {
        each: {
            "top1": round(top(rows, targets, wanted, 1), 4),
            "top3": round(top(rows, targets, wanted, 3), 4),
        }
        for each, rows in (("most_frequent", plain), (name, typed))
    }


def _bare(cases: Cases, truth: NDArray[Any]) -> Model:
    """Words and table, joined by nothing yet; it promises nothing."""
    targets, answers = np.unique(truth.astype(str), return_inverse=True)
    often = np.bincount(answers) >= LEAST
    kept = np.flatnonzero(often[answers])
    columns, weights, offsets = _linear(cases.tokens[kept], answers[kept], len(targets))
    names, table = _table(cases.classes, answers, len(targets))
    return Model(
        targets=tuple(targets.tolist()),
        columns=columns,
        weights=weights.astype(np.float32).astype(np.float64),
        offsets=offsets,
        classes=names,
        table=table,
        blend=0.0,
        raw=np.array([0.0, 1.0]),
        sure=np.array([0.0, 1.0]),
        least=np.full(len(targets), NEVER),
    )


def _linear(
    rows: csr_matrix, answers: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Used columns, weights (targets, columns) and offsets (targets); what was seen too seldom
    has weights of 0 and an offset that leaves it nothing."""
    seen = np.bincount(rows.indices, minlength=COLUMNS) >= LEAST_SEEN
    columns = np.flatnonzero(seen).astype(np.int64)
    weights, offsets = np.zeros((count, len(columns))), np.full(count, -30.0)
    classes = np.unique(answers)
    if len(classes) < 2 or not len(columns):
        offsets[classes] = 0.0
        return columns, weights, offsets
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = LogisticRegression(C=FREEDOM, max_iter=ROUNDS, tol=1e-3).fit(
            rows[:, columns].astype(np.float32), answers
        )
    if len(classes) == 2:
        weights[classes] = np.vstack([-found.coef_, found.coef_]) / 2
        offsets[classes] = np.array([-found.intercept_[0], found.intercept_[0]]) / 2
    else:
        weights[classes], offsets[classes] = found.coef_, found.intercept_
    return columns, weights, offsets


def _table(
    classes: NDArray[Any], answers: NDArray[np.int64], count: int
) -> tuple[tuple[str, ...], Floats]:
    """Shares of targets by class; one case of the whole is added to each class."""
    names = tuple(sorted(set(classes) - {""}))
    place = {name: row for row, name in enumerate(names)}
    whole = np.bincount(answers, minlength=count) / max(len(answers), 1)
    table = np.tile(whole, (len(names), 1))
    for name, answer in zip(classes, answers, strict=True):
        if name:
            table[place[name], answer] += 1
    return names, table / np.maximum(table.sum(axis=1, keepdims=True), 1e-12)


def _changed(model: Model, **values: Any) -> Model:
    return Model(**(vars(model) | values))
