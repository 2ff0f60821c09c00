"""Learning a model. Nothing else imports scikit-learn, so that a start does without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import SGDClassifier

from yiwang.cases.learning.model import (
    COLUMNS,
    Floats,
    Known,
    Model,
    hashed,
    reliability,
    threshold,
    tokens,
    top,
)
from yiwang.kernel.clock import DAY

HELD_OUT = 30 * DAY
"""The newest part of the training cases, on which blend, calibration and threshold are found, by
a model that knows only what was closed before: as far from what it learnt as it will be in use."""
LEAST_HELD = 0.05
"""A month with a smaller share of the cases is too few: then the newest tenth is held out."""
LEAST = 5
"""Cases that a target needs before it is proposed by words; the table by class counts all."""
BLENDS = (0.0, 0.25, 0.5, 0.75, 1.0)
PRECISION = 0.98
CERTAIN = 1.645
"""Standard deviations: one case in twenty lies beyond, on one side."""
EPOCHS = 4


def fit(
    known: Sequence[Known], truth: Sequence[str], seed: int, closed: Sequence[int] | None = None
) -> tuple[Model, float]:
    """A model for one target, and the confidence from which on 98 % were right, with 95 %
    certainty. Cases are in the order of time; ``closed`` are the instants at which they ended.
    The same cases and seed give the same model."""
    taught, held = _split(known, closed)
    bare = _linear([known[one] for one in taught], [truth[one] for one in taught], seed)
    asked, right = [known[one] for one in held], [truth[one] for one in held]
    best = max(
        BLENDS,
        key=lambda blend: top(_blended(bare, blend).shares(asked), bare.targets, right, 1),
    )
    chosen = _blended(bare, best)
    shares = chosen.shares(asked)
    sure, hit = shares.max(axis=1), _hits(shares, chosen.targets, right)
    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(sure, hit)
    model = _calibrated(chosen, curve.X_thresholds_, curve.y_thresholds_)
    return model, threshold(model.confidence(sure), hit, PRECISION, CERTAIN)


def _split(known: Sequence[Known], closed: Sequence[int] | None) -> tuple[list[int], list[int]]:
    """Which cases teach, and which are held out: those of the last month, while those that had
    not ended when it began belong to neither."""
    count = len(known)
    since = known[-1].at - HELD_OUT
    held = [one for one in range(count) if known[one].at >= since]
    if not LEAST_HELD * count <= len(held) <= count / 2:
        cut = max(1, int(count * 0.9))
        return list(range(cut)), list(range(cut, count)) or list(range(count))
    taught = [one for one in range(count - len(held)) if closed is None or closed[one] < since]
    return (taught or list(range(count - len(held)))), held


def tested(
    model: Model, least: float, known: Sequence[Known], truth: Sequence[str]
) -> dict[str, Any]:
    """How a model does on cases that it has not seen. The share with a perfect threshold is
    what could have been sent at 98 % by one who knew these very cases: no forecast, a bound."""
    shares = model.shares(known)
    sure = model.confidence(shares.max(axis=1))
    hit = _hits(shares, model.targets, truth)
    sent = sure >= least
    perfect = sure >= threshold(sure, hit, PRECISION)
    return {
        "top1": round(top(shares, model.targets, truth, 1), 4),
        "top3": round(top(shares, model.targets, truth, 3), 4),
        "calibration": reliability(sure, hit),
        "automatic_at_98": {
            "threshold": round(least, 4),
            "share": round(float(sent.mean()), 4),
            "precision": round(float(hit[sent].mean()), 4) if sent.any() else None,
            "share_with_perfect_threshold": round(float(perfect.mean()), 4),
        },
    }


def baselines(
    known: Sequence[Known],
    truth: Sequence[str],
    tests: Sequence[Known],
    wanted: Sequence[str],
) -> dict[str, dict[str, float]]:
    """The most frequent targets, and the most frequent of each class."""
    targets = sorted(set(truth))
    place = {name: number for number, name in enumerate(targets)}
    whole = np.zeros(len(targets))
    by_class: dict[str, Floats] = {}
    for one, name in zip(known, truth, strict=True):
        whole[place[name]] += 1
        by_class.setdefault(one.case_class, np.zeros(len(targets)))[place[name]] += 1
    plain = np.tile(whole, (len(tests), 1))
    typed = np.stack([by_class.get(one.case_class, 0) + whole / 1e9 for one in tests])
    return {
        name: {
            "top1": round(top(rows, targets, wanted, 1), 4),
            "top3": round(top(rows, targets, wanted, 3), 4),
        }
        for name, rows in (("most_frequent", plain), ("by_type", typed))
    }


def _linear(known: Sequence[Known], truth: Sequence[str], seed: int) -> Model:
    targets = tuple(sorted(set(truth)))
    place = {name: number for number, name in enumerate(targets)}
    answers = np.array([place[name] for name in truth])
    often = np.bincount(answers, minlength=len(targets)) >= LEAST
    kept = often[answers]
    weights, offsets = np.zeros((len(targets), COLUMNS)), np.full(len(targets), -12.0)
    classes = np.unique(answers[kept])
    if len(classes) == 1:
        offsets[classes] = 0.0
    elif len(classes) > 1:
        found = SGDClassifier(
            loss="log_loss", alpha=3e-6, max_iter=EPOCHS, tol=None, random_state=seed
        ).fit(_matrix(known)[kept], answers[kept])
        if len(classes) == 2:
            weights[classes] = np.vstack([-found.coef_, found.coef_])
            offsets[classes] = np.array([-found.intercept_[0], found.intercept_[0]])
        else:
            weights[classes], offsets[classes] = found.coef_, found.intercept_
    used = np.flatnonzero(np.abs(weights).max(axis=0) > 0)
    names, table = _table(known, answers, len(targets))
    return Model(
        targets=targets,
        columns=used.astype(np.int64),
        weights=weights[:, used].astype(np.float32).astype(np.float64),
        offsets=offsets,
        classes=names,
        table=table,
        blend=0.0,
        raw=np.array([0.0, 1.0]),
        sure=np.array([0.0, 1.0]),
    )


def _table(
    known: Sequence[Known], answers: np.ndarray, count: int
) -> tuple[tuple[str, ...], Floats]:
    """Shares of targets by class; one case of the whole is added to each class."""
    names = tuple(sorted({one.case_class for one in known if one.case_class}))
    place = {name: row for row, name in enumerate(names)}
    whole = np.bincount(answers, minlength=count) / max(len(answers), 1)
    table = np.tile(whole, (len(names), 1))
    for one, answer in zip(known, answers, strict=True):
        if one.case_class:
            table[place[one.case_class], answer] += 1
    return names, table / np.maximum(table.sum(axis=1, keepdims=True), 1e-12)


def _matrix(known: Sequence[Known]) -> csr_matrix:
    rows = [hashed(tokens(one)) for one in known]
    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([columns for columns, _ in rows])
    weights = np.concatenate([weights for _, weights in rows])
    return csr_matrix((weights, columns, ends), shape=(len(rows), COLUMNS))


def _hits(shares: Floats, targets: Sequence[str], truth: Sequence[str]) -> np.ndarray:
    best = shares.argmax(axis=1)
    return np.array([targets[row] == name for row, name in zip(best, truth, strict=True)])


def _blended(model: Model, blend: float) -> Model:
    return Model(**(vars(model) | {"blend": blend}))


def _calibrated(model: Model, raw: Floats, sure: Floats) -> Model:
    found = {"raw": np.asarray(raw, np.float64), "sure": np.asarray(sure, np.float64)}
    return Model(**(vars(model) | found))
