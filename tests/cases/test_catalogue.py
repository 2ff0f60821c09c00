"""What is kept in memory of classes survives a transaction that was rolled back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cases.conftest import City
from yiwang.cases import catalogue
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.spec import default_machine
from yiwang.security.actions import Context


class _GivenUp(Exception):
    pass


def _install(ctx: Context, case_class: CaseClass) -> int:
    catalogue.install_classes(ctx, case_class.code, [case_class])
    number, found = catalogue.one(ctx, case_class.code)
    assert found == catalogue.by_id(ctx, number) == case_class
    return number


def test_a_class_that_was_rolled_back_is_forgotten(city: City) -> None:
    """SQLite gives its number to the next one."""
    caller = city.centre
    first = CaseClass("first", default_machine(), title={"en": "First"})
    second = replace(first, code="second", title={"en": "Second"})
    with pytest.raises(_GivenUp), caller.database.write() as connection:
        gone = _install(Context(caller, connection), first)
        raise _GivenUp
    with caller.database.write() as connection:
        number = _install(Context(caller, connection), second)
    assert number == gone or not caller.database.is_sqlite
    with caller.database.read() as connection:
        ctx = Context(caller, connection, writes=False)
        kept = catalogue.by_id(ctx, number)
        assert kept == second and catalogue.by_id(ctx, number) is kept


def test_a_class_that_was_written_is_read_once_by_those_who_only_write(city: City) -> None:
    """An import runs nothing but actions: each would read its classes anew for every case."""
    caller = city.centre
    mine = CaseClass("mine", default_machine(), title={"en": "Mine"})
    with caller.database.write() as connection:
        number = _install(Context(caller, connection), mine)
    with caller.database.write() as connection:
        ctx = Context(caller, connection)
        assert catalogue.by_id(ctx, number) is catalogue.by_id(ctx, number)


def test_a_built_in_class_is_written_once_and_forgotten_where_it_was_rolled_back(
    city: City,
) -> None:
    caller = city.centre
    mine = CaseClass("mine", default_machine(), title={"en": "Mine"})
    with pytest.raises(_GivenUp), caller.database.write() as connection:
        ctx = Context(caller, connection)
        assert catalogue.by_id(ctx, catalogue.built_in(ctx, mine, "own")) == mine
        raise _GivenUp
    with caller.database.write() as connection:
        _install(Context(caller, connection), replace(mine, code="other"))
    with caller.database.write() as connection:
        ctx = Context(caller, connection)
        number = catalogue.built_in(ctx, mine, "own")
        assert catalogue.built_in(ctx, mine, "own") == number
        assert "mine" not in catalogue.newest(ctx, ["mine"]), "it is not open to reports"
