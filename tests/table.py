"""Tables of cases that one test goes through, because each leaves all as it found it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import pytest


def table(names: str | Sequence[str], rows: Sequence[Any]) -> Callable[[Any], Any]:
    """Like ``pytest.mark.parametrize``, but what the fixtures make is made once for all rows;
    every row that fails is told by itself."""
    columns = (names,) if isinstance(names, str) else tuple(names)

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def every_row(*own: Any, subtests: pytest.Subtests, **fixtures: Any) -> None:
            assert rows
            for row in rows:
                given = dict(zip(columns, (row,) if len(columns) == 1 else row, strict=True))
                with subtests.test(**given):
                    test(*own, **fixtures, **given)

        asked = inspect.signature(test)
        kept = [one for name, one in asked.parameters.items() if name not in columns]
        told = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)
        every_row.__signature__ = asked.replace(parameters=[*kept, told])  # type: ignore[attr-defined]
        return every_row

    return decorate
