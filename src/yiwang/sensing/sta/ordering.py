"""$orderby over columns of observations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from yiwang.contracts.observations import Ints
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.columns import Evaluator, Observed
from yiwang.sensing.sta.query import Order
from yiwang.sensing.sta.sorting import sort_keys

_TIME = ast.Path(("phenomenonTime",))


def order(
    observed: Observed, evaluator: Evaluator, orders: Sequence[Order], most: int | None = None
) -> Ints:
    """Indices of the first ``most`` rows in the order asked for; ties by time and number."""
    descending = bool(orders) and orders[0].descending
    number = observed.number
    keys: list[Any] = [-number if descending else number]
    by_time = len(orders) == 1 and orders[0].by == _TIME
    if not orders or (by_time and observed.extra is None):
        keys.append(-observed.time if descending else observed.time)
    else:
        keys += sort_keys(evaluator, orders)
    if most is None or len(number) < most * 4:
        return np.lexsort(keys)[:most]
    # Only what is not behind the last of them by the first key can be among them.
    first = keys[-1]
    near = np.flatnonzero(first <= np.partition(first, most - 1)[most - 1])
    return near[np.lexsort([key[near] for key in keys])][:most]
