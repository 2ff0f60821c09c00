"""$orderby over columns of observations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from yiwang.contracts.observations import Ints
from yiwang.sensing.sta.columns import Evaluator, Observed, Vector
from yiwang.sensing.sta.query import Order


def order(
    observed: Observed, evaluator: Evaluator, orders: Sequence[Order], most: int | None = None
) -> Ints:
    """Indices of the first ``most`` rows in the order asked for; ties by time and number."""
    descending = bool(orders) and orders[0].descending
    number = observed.number
    keys: list[Any] = [-number if descending else number]
    if not orders:
        keys.append(observed.time)
    for item in reversed(orders):
        for vector in reversed(evaluator.sort(item.by)):
            keys += _keys(vector, item.descending)
    if most is None or len(number) < most * 4:
        return np.lexsort(keys)[:most]
    # Only what is not behind the last of them by the first key can be among them.
    first = keys[-1]
    near = np.flatnonzero(first <= np.partition(first, most - 1)[most - 1])
    return near[np.lexsort([key[near] for key in keys])][:most]


def _keys(vector: Vector, descending: bool) -> list[Any]:
    """Sorting keys of a vector, least important first; the unknown come first ascending."""
    values = vector.values
    if not vector.known.any():
        return []
    if vector.kind == "text":
        texts = [value if known else "" for value, known in zip(values, vector.known, strict=True)]
        values = np.unique(np.array(texts, object), return_inverse=True)[1]
    values = np.where(vector.known, values, 0).astype(
        np.float64 if vector.kind == "number" else np.int64
    )
    values = -values if descending else values
    if vector.known.all():
        return [values]
    return [values, ~vector.known if descending else vector.known]
