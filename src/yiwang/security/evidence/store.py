"""The SQL of the log of uses, and the roots of its subtrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import BindParameter, Connection, bindparam, select

from yiwang.security.evidence.model import TILE, Hashing, Range, peaks
from yiwang.security.evidence.tables import evidence_entries as entries
from yiwang.security.evidence.tables import evidence_log as log
from yiwang.security.evidence.tables import evidence_nodes as nodes
from yiwang.store.statements import Statement, Writing, inserting, replacing

_WIDTH = 1 << TILE
_CHUNK = 8192

_number: BindParameter[int] = bindparam("n", 0)
_grow = Writing(
    log.update().where(log.c.id == 1).values(size=log.c.size + _number).returning(log.c.size)
)
_about = Statement(select(log.c.origin, log.c.algorithm, log.c.size))
_insert = inserting(entries, ("id", "entry"))
_keep = replacing(nodes, ("level", "place"))
_first: BindParameter[int] = bindparam("first", 0)
_end: BindParameter[int] = bindparam("end", 0)
_level: BindParameter[int] = bindparam("level", 0)
_entries = Statement(
    select(entries.c.id, entries.c.entry)
    .where(entries.c.id >= _first, entries.c.id < _end)
    .order_by(entries.c.id)
)
_nodes = Statement(
    select(nodes.c.hash)
    .where(nodes.c.level == _level, nodes.c.place >= _first, nodes.c.place < _end)
    .order_by(nodes.c.place)
)


def about(connection: Connection) -> tuple[str, str, int] | None:
    """Origin, algorithm and size of the log; None before it has begun."""
    found = _about.records(connection, {})
    return found[0] if found else None


def append(
    connection: Connection, texts: Sequence[str], begin: Callable[[], dict[str, object]]
) -> int:
    """Write entries at the end, in the transaction of the caller; the first one's number.
    Others who append wait for that transaction, so that no number is left out. ``begin`` says
    what a log that is not there begins with."""
    size = _grow.rows(connection, {"n": len(texts)})
    if not size:
        connection.execute(log.insert().values(id=1, size=len(texts), **begin()))
    first: int = size[0][0] - len(texts) if size else 0
    rows = [{"id": first + place, "entry": text} for place, text in enumerate(texts)]
    _insert.many(connection, rows)
    return first


def read(connection: Connection, first: int, end: int) -> Iterator[tuple[int, str]]:
    """Number and text of the entries from ``first`` to before ``end``, as far as there are."""
    for start in range(first, end, _CHUNK):
        rows = _entries.rows(connection, {"first": start, "end": min(start + _CHUNK, end)})
        yield from ((row[0], row[1]) for row in rows)


def keep(connection: Connection, completed: Sequence[tuple[int, int, bytes]]) -> None:
    """Roots of full subtrees, which spare reading their entries again."""
    _keep.many(
        connection,
        [{"level": level, "place": place, "hash": root} for level, place, root in completed],
    )


class Tree:
    """The roots of subtrees of the log in one transaction."""

    def __init__(self, connection: Connection, hashing: Hashing) -> None:
        self._connection = connection
        self._hashing = hashing

    def subtree(self, start: int, end: int) -> bytes:
        """The root over entries ``start`` to before ``end``: of a perfect subtree, or of one at
        the right edge. Raises LookupError where entries are missing."""
        level = ((end - start).bit_length() - 1) // TILE
        if level == 0:
            return self._leaves(start, end)
        width = _WIDTH**level
        full = end - (end - start) % width
        found = self._kept(level, start // width, full // width)
        if full < end:
            found.append(self.subtree(full, end))
        return self._hashing.root(found)

    def _kept(self, level: int, first: int, end: int) -> list[bytes]:
        """Roots of full subtrees; those that are not kept yet are made of what is below."""
        values = {"level": level, "first": first, "end": end}
        found = [bytes(row[0]) for row in _nodes.rows(self._connection, values)]
        if len(found) == end - first:
            return found
        places = range(first * _WIDTH, end * _WIDTH, _WIDTH)
        if level == 1:
            return [self._leaves(place, place + _WIDTH) for place in places]
        below = [self._kept(level - 1, place, place + _WIDTH) for place in places]
        return [self._hashing.root(one) for one in below]

    def _leaves(self, start: int, end: int) -> bytes:
        rows = list(read(self._connection, start, end))
        if [number for number, _ in rows] != list(range(start, end)):
            raise LookupError(start)
        return self._hashing.root([self._hashing.leaf(text.encode()) for _, text in rows])

    def range(self, size: int) -> Range:
        """The tree of the first ``size`` entries, to go on from. Raises LookupError."""
        return Range(self._hashing, size, [self.subtree(*one) for one in peaks(size)])
