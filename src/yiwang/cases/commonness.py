"""How common the pieces of texts are, by the newest texts, so that SQLite's index is asked for rare
ones alone: it reads all entries of each piece that it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, Connection, Engine, bindparam, func, select

from yiwang.cases.tables import case_texts
from yiwang.store.statements import Statement

LOOKED_AT = 2000
"""Texts of a sample."""
FEW = 20_000
"""Of fewer cases no sample is made: every piece is asked for."""
GROWN = 1.1
"""How many times as many cases there are when the next sample is made."""

_held: WeakKeyDictionary[Engine, tuple[int, Counter[str]]] = WeakKeyDictionary()
"""The number of the newest case then, and in how many texts of the sample each piece is."""
_last = Statement(select(func.max(case_texts.c.case)))
_newest = Statement(
    select(case_texts.c.pieces)
    .order_by(case_texts.c.case.desc())
    .limit(bindparam("most_", LOOKED_AT, BigInteger))
)


def shares(connection: Connection) -> Callable[[str], float]:
    """In how many of all texts a piece is, 0 to 1, as far as the newest tell."""
    last = _last.value(connection, {}) or 0
    if last < FEW:
        return lambda piece: 0.0
    made_at, found = _held.get(connection.engine, (0, Counter[str]()))
    if last > made_at * GROWN:
        rows = _newest.rows(connection, {"most_": LOOKED_AT})
        found = Counter(piece for (pieces,) in rows for piece in pieces.split())
        _held[connection.engine] = last, found
    return lambda piece: max(found[piece], 0.5) / LOOKED_AT
