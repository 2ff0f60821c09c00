"""Where a page of observations begins that goes on behind another."""

from __future__ import annotations

import numpy as np

from yiwang.contracts.observations import Ints
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.columns import Observed
from yiwang.sensing.sta.errors import BadSyntax, words
from yiwang.sensing.sta.query import Query

_TIME = ast.Path(("phenomenonTime",))


def by_time(query: Query) -> bool | None:
    """Whether the order is phenomenonTime descending; None when it is another order."""
    if not query.orderby:
        return False
    first = query.orderby[0]
    if len(query.orderby) > 1 or first.by != _TIME:
        return None
    return first.descending


def is_latest(query: Query, condition: Node | None) -> bool:
    return (
        condition is None
        and query.top == 1
        and not (query.skip or query.count or query.after)
        and by_time(query) is True
    )


def cursor(text: str) -> tuple[int, int]:
    parts = text.strip("'").split(",")
    if len(parts) != 2 or not all(p.lstrip("-").isdecimal() and len(p) < 19 for p in parts):
        raise BadSyntax("$skiptoken", found=text, expected=words("cursor"))
    return int(parts[0]), int(parts[1])


def behind(observed: Observed, text: str, descending: bool) -> Ints:
    """Rows that come after the cursor's."""
    time, number = cursor(text)
    same = observed.time == time
    if descending:
        return np.flatnonzero((observed.time < time) | (same & (observed.number < number)))
    return np.flatnonzero((observed.time > time) | (same & (observed.number > number)))
