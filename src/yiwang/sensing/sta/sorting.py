"""Sorting keys of $orderby over vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from yiwang.contracts.observations import Ints
from yiwang.sensing.sta.evaluation import Evaluation
from yiwang.sensing.sta.query import Order
from yiwang.sensing.sta.vectors import Vector


def sorted_rows(ids: Ints, evaluation: Evaluation, orders: Sequence[Order]) -> Ints:
    """Indices of the rows in the order asked for; ties by ``ids``."""
    rows: Ints = np.lexsort([ids, *sort_keys(evaluation, orders)])
    return rows


def sort_keys(evaluation: Evaluation, orders: Sequence[Order]) -> list[Any]:
    """Keys for ``np.lexsort``, the least important first."""
    keys: list[Any] = []
    for item in reversed(orders):
        for vector in reversed(evaluation.sort(item.by)):
            keys += _keys(vector, item.descending)
    return keys


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
