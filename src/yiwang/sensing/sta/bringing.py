"""Observations that a request brought along, on their way from its transaction into the log."""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.security.actions import Caller
from yiwang.sensing import brought
from yiwang.sensing.sta.payload import Observation
from yiwang.sensing.sta.writing import Rows, Writing
from yiwang.web import calls


async def store(
    writing: Writing, caller: Caller, made: Sequence[Observation], kept: Sequence[int]
) -> list[int]:
    """Store observations that are kept with a committed transaction; returns their numbers."""
    if not made:
        return []
    numbers = await writing.store(caller, Rows(list(made)))
    await calls.run(brought.forget, caller.database, kept)
    return numbers
