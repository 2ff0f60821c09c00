"""What changes of cases, and the answers to them, must not do: build a statement anew, which takes
as long as all the others together, leave behind what only the garbage collector frees, and write
an index out case by case."""

from __future__ import annotations

import gc
from functools import partial
from typing import Any
from weakref import ref

import pytest
from sqlalchemy import event

from tests.cases.conftest import City
from yiwang.cases import service, store, views
from yiwang.cases.desk import Desk
from yiwang.cases.service import Given, Report
from yiwang.security.actions import Call, Context, together

REPORT = Report("F-01", "井盖破损", 116.1, 39.2)


def test_changes_run_nothing_but_kept_statements(city: City) -> None:
    def life() -> None:
        shown = partial(views.reported, lang="en")
        [((no, _), _)] = together([Call(service.report, city.citizen, (REPORT,), shown)])
        for step, target in (("dispatch", {"organisation": city.water}), ("void", {})):
            then = partial(views.stepped, no=no, lang="en")
            said = Given(reason="x", text="x", to=target)
            [(_, error)] = together([Call(service.take, city.centre, (no, step, said), then)])
            assert error is None

    life()
    built: list[str] = []

    def see(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        built.append(statement)

    event.listen(city.database.engine, "before_cursor_execute", see)
    life()
    assert built == []


def test_the_desk_of_a_change_is_gone_with_it(city: City) -> None:
    desks: list[ref[Desk]] = []

    def shown(ctx: Context, given: Any) -> Any:
        desks.append(ref(Desk.last(ctx)))
        return views.show(ctx, given if isinstance(given, int) else no, "en")["no"]

    gc.disable()
    try:
        [(no, _)] = together([Call(service.report, city.citizen, (REPORT,), shown)])
        said = Given(to={"organisation": city.water})
        together([Call(service.take, city.centre, (no, "dispatch", said), shown)])
        assert [one() for one in desks] == [None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_index_of_texts_is_written_out_once_for_all_that_is_written_together(
    city: City,
) -> None:
    def written(count: int) -> int:
        with city.database.write() as connection:
            driver: Any = connection.connection.dbapi_connection
        ran: list[str] = []
        driver.set_trace_callback(ran.append)
        made = together([Call(service.report, city.citizen, (REPORT,))] * count)
        driver.set_trace_callback(None)
        assert [error for _, error in made] == [None] * count
        return sum("case_words_data" in one for one in ran)

    assert written(5) == written(1) > 0


def test_numbers_follow_one_another_whatever_failed_between(city: City) -> None:
    def fail(_ctx: Context, no: int) -> None:
        raise ValueError(no)

    calls = [
        Call(service.report, city.citizen, (REPORT,), then)
        for then in (None, None, fail, None, fail, None)
    ]
    first = service.report(city.citizen, REPORT)
    made = together(calls)
    assert [no for no, _ in made] == [first + 1, first + 2, None, first + 3, None, first + 4]
    assert service.report(city.citizen, REPORT) == first + 5


def test_desks_of_one_transaction_take_different_numbers(city: City) -> None:
    with city.database.write() as connection:
        first, *others = (store.Numbers(connection) for _ in range(4))
        taken = [first.next(), first.next()]
        first.write()
        taken += [one.next() for one in others]
        taken += [others[-1].next()]
        for one in others[::-1]:
            one.write()
        taken += [store.Numbers(connection).next()]
    with city.database.write() as connection:
        taken += [store.Numbers(connection).next()]
    assert taken == list(range(taken[0], taken[0] + 8))
