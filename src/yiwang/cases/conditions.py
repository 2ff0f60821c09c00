"""Conditions on cases as data, so that a list is built once for its shape and kept: the values
are parameters of the kept statement (``store/statements.py``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, false, or_, select, true

from yiwang.cases.model.classes import OPEN_KINDS
from yiwang.cases.tables import case_handed, case_texts, cases
from yiwang.store.statements import listed


class Condition(NamedTuple):
    """``how``: is, among, within (both ends), inside (the same, looked at and not looked up),
    behind, there, open, over, kinds (those of open cases), handed (on by a unit, and with another
    now), handed_open and handed_over (of these), words (the text holds something like it, or the
    case has a number), later (deadline and number of the last row before) or never. ``values``
    are its parameters."""

    how: str
    column: str = ""
    values: tuple[Any, ...] = ()


Branch = tuple[Condition, ...]


class Narrowed(NamedTuple):
    """What was looked up before a list is read: a condition, whether it names ``few`` cases, and
    whether it is ``cut``: of the cases that are looked for, it names only the newest."""

    branch: Branch
    few: bool
    cut: bool = False


Shape = tuple[tuple[str, str, int], ...]

OPEN = Condition("open", "open")
OVER = Condition("over", "open")
OF_OPEN_KIND = Condition("kinds", "kind")
HANDED_OPEN = Condition("handed_open", "handed")
HANDED_OVER = Condition("handed_over", "handed")
NEVER = Condition("never")


def equal(column: str, value: Any) -> Condition:
    return Condition("is", column, (value,))


def among(column: str, values: Sequence[int]) -> Condition:
    """Their number becomes a power of two, so that there are few shapes."""
    return Condition("among", column, tuple(listed("", values).values())) if values else NEVER


def shape(branch: Branch) -> Shape:
    return tuple((one.how, one.column, len(one.values)) for one in branch)


def values(*branches: Branch) -> dict[str, Any]:
    """The parameters of these branches, by the names that ``Parameters`` gives in this order."""
    found = [value for branch in branches for one in branch for value in one.values]
    return {f"p{place}": value for place, value in enumerate(found)}


class Parameters:
    """Hands out the parameters of one statement."""

    def __init__(self) -> None:
        self._count = 0

    def sql(self, wanted: Shape) -> list[ColumnElement[bool]]:
        return [self._one(*one) for one in wanted]

    def any_of(self, branches: Sequence[Shape]) -> list[ColumnElement[bool]]:
        """Meets all conditions of one of the branches."""
        parts = [and_(*self.sql(one)) for one in branches if one]
        return [or_(*parts)] if len(parts) == len(branches) else []

    def _one(self, how: str, column: str, count: int) -> ColumnElement[bool]:
        held = cases.c.get(column)
        made: ColumnElement[bool] = _SQL[how](held, list(self._next(held, count)))
        return made

    def _next(self, column: Any, count: int) -> Iterator[Any]:
        for _ in range(count):
            yield bindparam(f"p{self._count}", None, BigInteger if column is None else column.type)
            self._count += 1


def looked_at(met: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition for which no index is looked up: many rows meet it, and the list is walked by
    another. PostgreSQL takes a LIKE for rare and would sort all cases of a branch instead of
    walking them; of a CASE it expects every second row."""
    return case((met, true()), else_=false())


def _words(column: Any, given: list[Any]) -> ColumnElement[bool]:
    own = select(case_texts.c.words).where(case_texts.c.case == cases.c.no).scalar_subquery()
    given[0].type = case_texts.c.words.type
    found = or_(own.like(given[0], escape="\\"), cases.c.no == given[1])
    return looked_at(found)


def _inside(column: Any, given: list[Any]) -> ColumnElement[bool]:
    return looked_at(column.between(given[0], given[1]))


def _handed(column: Any, given: list[Any]) -> ColumnElement[bool]:
    by = and_(case_handed.c.case == cases.c.no, case_handed.c.organisation == given[0])
    away = or_(cases.c.organisation.is_(None), cases.c.organisation != given[1])
    return and_(by, looked_at(away))


def _later(column: Any, given: list[Any]) -> ColumnElement[bool]:
    same = and_(cases.c.due_at == given[1], cases.c.no > given[2])
    return or_(cases.c.due_at > given[0], same)


_SQL: dict[str, Any] = {
    "is": lambda column, given: column == given[0],
    "among": lambda column, given: column.in_(given),
    "within": lambda column, given: column.between(given[0], given[1]),
    "inside": _inside,
    "behind": lambda column, given: column < given[0],
    "there": lambda column, given: column.is_not(None),
    "open": lambda column, given: column,
    "over": lambda column, given: column.is_(False),
    "kinds": lambda column, given: column.in_(OPEN_KINDS),
    "handed": _handed,
    "handed_open": lambda column, given: case_handed.c.open,
    "handed_over": lambda column, given: case_handed.c.open.is_(False),
    "words": _words,
    "later": _later,
    "never": lambda column, given: false(),
}
