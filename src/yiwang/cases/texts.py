"""The texts by which cases are found: what people wrote, in one form, and an index over its
pieces (``model/words.py``). The index only names candidates, and each is looked at; so SQLite's
and PostgreSQL's give the same answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    update,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from yiwang.cases import commonness
from yiwang.cases.conditions import Condition, Narrowed, among
from yiwang.cases.model import words
from yiwang.cases.record import Record
from yiwang.cases.tables import case_texts
from yiwang.store.database import Key
from yiwang.store.statements import Statement, Writing, inserting

MOST_CANDIDATES = 1000
"""Cases that are named one by one; where there are more, the list is walked."""
_LOOKED_AT = 2000
_COMMON = 20
"""Of the newest ``_LOOKED_AT`` texts so many hold what is common: a walk finds a page at once."""
_LONGEST = 10_000
NONE_BEHIND = 2**62
"""A number before which every case is."""
MADE_OF = frozenset({"title", "description", "address"})

_insert = inserting(case_texts)
_update = Writing(
    update(case_texts)
    .where(case_texts.c.case == bindparam("b_case", type_=Key))
    .values(words=bindparam("words"), pieces=bindparam("pieces"))
)
_index = Writing(
    table("case_words", column("rowid", Integer), column("pieces", case_texts.c.pieces.type))
    .insert()
    .values(rowid=bindparam("case"), pieces=bindparam("pieces"))
)
_newest = select(case_texts.c.words).order_by(case_texts.c.case.desc()).limit(_LOOKED_AT).subquery()
_like = bindparam("like_", "", String)
_share = Statement(
    select(func.count()).select_from(_newest).where(_newest.c.words.like(_like, escape="\\"))
)


def write(connection: Connection, records: Sequence[Record]) -> None:
    """The texts of new cases. On SQLite into the index too, and by no trigger: for each statement
    that sets one off all that it holds is written out, else at the end of the transaction."""
    if not records:
        return
    rows = [_row(record) | {"case": record.no} for record in records]
    _insert.many(connection, rows)
    if connection.dialect.name == "sqlite":
        _index.many(connection, rows)


def write_changed(connection: Connection, records: Sequence[Record]) -> None:
    """The texts of cases of which a column in MADE_OF has changed."""
    if records:
        _update.many(connection, [_row(record) | {"b_case": record.no} for record in records])


def _row(record: Record) -> dict[str, Any]:
    form = words.folded("\n".join((record.title, record.description, record.address)))
    return {"words": form, "pieces": [*words.pieces(form), *words.placed(form)]}


def matching(connection: Connection, text: str, newest: tuple[int, int] | None = None) -> Narrowed:
    """Which cases have this in their title, description or address, in whatever case and width
    of letters; a number is that of a case, too, and with # before it that alone. ``newest``: how
    many of them have to be named, and before which number, the newest first."""
    number = text.removeprefix("#")
    own = [int(number)] if _is_number(number) else []
    form = words.folded(text)
    if (text != number and own) or not form or len(form) > _LONGEST:
        return Narrowed((among("no", own),), True)
    like = f"%{_escaped(form)}%"
    found = _few(connection, form, like, newest)
    if found is not None:
        cut = newest is not None and len(found) == newest[0]
        own = [no for no in own if not cut or no > found[-1]]
        return Narrowed((among("no", [*found, *own]),), True, cut)
    return Narrowed((Condition("words", "", (like, own[0] if own else -1)),), False)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _few(
    connection: Connection, form: str, like: str, newest: tuple[int, int] | None
) -> list[int] | None:
    """The cases that hold the text, the newest first; None where they are many, or where no
    index helps."""
    pieces, whole = words.sought(form)
    if not pieces:
        return None
    sqlite = connection.dialect.name == "sqlite"
    # SQLite's index gives the newest of a common word at once; where it does not, a look at the
    # newest texts tells whether it is one.
    if not (sqlite and whole) and _share.value(connection, {"like_": like}) >= _COMMON:
        return None
    if sqlite and whole and len(pieces) > 1:
        sample = commonness.sample(connection)
        pieces = words.narrowing(pieces, sample) if sample else pieces
    asked = _asked(pieces, sqlite)
    most, before = newest or (MOST_CANDIDATES + 1, NONE_BEHIND)
    values = {"asked_": asked, "like_": like, "most_": most, "before_": before}
    statement = _sqlite if sqlite else _postgresql
    found = [row[0] for row in statement.rows(connection, values)]
    return found if newest or len(found) <= MOST_CANDIDATES else None


def _asked(pieces: Sequence[str], sqlite: bool) -> str:
    """Pieces hold letters and digits only, so that quotation marks are enough."""
    parted = [one.partition("*") for one in pieces]
    if sqlite:
        return " ".join(f'"{piece}"{begun}' for piece, begun, _ in parted)
    return " & ".join(f"'{piece}':{begun}" if begun else f"'{piece}'" for piece, begun, _ in parted)


def _candidates(number: Any, sources: Sequence[Any], index: Any) -> Statement:
    chosen: Select[Any] = select(number).select_from(*sources)
    most = bindparam("most_", MOST_CANDIDATES, BigInteger)
    like = case_texts.c.words.like(_like, escape="\\")
    before = number < bindparam("before_", NONE_BEHIND, BigInteger)
    return Statement(chosen.where(index, like, before).order_by(number.desc()).limit(most))


_rowid: Any = literal_column("case_words.rowid")
_sqlite = _candidates(
    _rowid,
    [table("case_words").join(case_texts, case_texts.c.case == _rowid)],
    literal_column("case_words").op("MATCH")(bindparam("asked_", "", String)),
)
_postgresql = _candidates(
    case_texts.c.case,
    [case_texts],
    case_texts.c.pieces.op("@@")(cast(bindparam("asked_", "", String), TSQUERY)),
)
