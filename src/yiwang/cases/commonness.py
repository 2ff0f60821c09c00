"""How common the pieces of texts are, by the newest texts, so that SQLite's index is asked for rare
ones alone: it reads all entries of each piece that it is asked for."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, Connection, Engine, bindparam, func, select

from yiwang.cases.model.words import Sample, sampled
from yiwang.cases.tables import case_texts
from yiwang.store.statements import Statement

LOOKED_AT = 2000
"""Texts of a sample."""
FEW = 20_000
"""Of fewer cases no sample is made: every piece is asked for."""
GROWN = 1.1
"""How many times as many cases there are when the next sample is made."""
SERVES = 1000
"""Searches after which it is looked up how many cases there are by now."""


class _Held:
    """``made_at``: the number of the newest case when the sample was made."""

    def __init__(self) -> None:
        self.sample: Sample | None = None
        self.made_at = 0
        self.served = 0


_held: WeakKeyDictionary[Engine, _Held] = WeakKeyDictionary()
_last = Statement(select(func.max(case_texts.c.case)))
_newest = Statement(
    select(case_texts.c.pieces)
    .order_by(case_texts.c.case.desc())
    .limit(bindparam("most_", LOOKED_AT, BigInteger))
)


def sample(connection: Connection) -> Sample | None:
    """Some of the newest texts; None where there are few cases."""
    held = _held.get(connection.engine)
    if held is None:
        held = _held.setdefault(connection.engine, _Held())
    held.served += 1
    if held.served % SERVES == 1:
        last = _last.value(connection, {}) or 0
        if last >= FEW and last > held.made_at * GROWN:
            rows = _newest.rows(connection, {"most_": LOOKED_AT})
            held.sample = sampled([pieces.split() for (pieces,) in rows])
            held.made_at = last
    return held.sample
