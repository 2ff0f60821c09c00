"""Lists walk an index in its order: nothing is scanned and nothing sorted but one page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import Select, select

from tests.cases.conftest import City
from yiwang.cases import crew, service, store
from yiwang.cases.lists import Filter
from yiwang.cases.tables import case_sources, cases
from yiwang.store import statements
from yiwang.store.statements import listed


def _plans(city: City, who: str, wanted: Filter) -> list[str]:
    """How SQLite goes about the statements of a list that read ``cases``."""
    ran: list[tuple[str, Any]] = []

    run = statements._run

    def note(connection: Any, compiled: Any, given: Any) -> Any:
        if "FROM cases" in compiled.text:
            ran.append((compiled.text, tuple(compiled.parameters(given))))
        return run(connection, compiled, given)

    with mock.patch.object(statements, "_run", note):
        service.listing(getattr(city, who), wanted, 50, None, "en")
    with city.database.read() as connection:
        return [
            row[3]
            for statement, values in ran
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", ["centre", "handler", "grid_worker", "citizen"])
@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(kind="open"),
        Filter(kind="waiting"),
        Filter(kind="done"),
        Filter(grid=1),
        Filter(grid=1, kind="open"),
        Filter(case_class="demo.flooded"),
        Filter(case_class="demo.flooded", kind="done"),
        Filter(organisation=1, kind="waiting"),
        Filter(mine=True),
        Filter(mine=True, kind="open"),
        Filter(q="17"),
        Filter(q="井盖"),
        Filter(q="路"),
        Filter(box=(116, 39, 116.1, 39.1), kind="open"),
        Filter(box=(116, 39, 116.1, 39.1)),
    ],
    ids=str,
)
def test_no_list_scans_or_sorts_the_table(city: City, who: str, wanted: Filter) -> None:
    plans = _plans(city, who, wanted)
    assert plans or wanted.q, "only what no case holds needs no reading of cases"
    if wanted != Filter() or who != "centre":
        assert not [one for one in plans if one.startswith("SCAN cases")], plans
    assert len([one for one in plans if "TEMP B-TREE" in one]) <= 1, plans


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("wanted", "walked"),
    [
        (Filter(case_class="demo.flooded"), "reporter handler organisation"),
        (Filter(case_class="demo.flooded", kind="done"), "reporter handler"),
        (Filter(case_class="demo.full_car_park"), "reporter handler"),
        (Filter(state="dispatched"), "reporter handler organisation"),
        (Filter(kind="open", sort="due"), "reporter handler open"),
    ],
    ids=str,
)
def test_what_is_ones_own_is_found_by_oneself(
    city: City, open_case: Callable[..., int], wanted: Filter, walked: str
) -> None:
    """SQLite would as well walk all cases of a class, a state or a deadline for those of one
    person; and of an organisation all cases for those of a class of which it has none."""
    open_case()
    plans = _plans(city, "handler", wanted)
    found = {one.split("ix_cases_")[1] for one in plans if "INDEX ix_cases" in one}
    assert {one.split("_")[0] for one in found} == set(walked.split())
    if wanted.case_class:
        own = [one for one in plans if "ix_cases_handler" in one]
        assert own and all("ix_cases_handler_open_no_class_code" in one for one in own)
        covered = all("COVERING" in one for one in own)
        assert covered or wanted.kind, "cases of other classes are read"
    if wanted.state:
        assert all("open=?" in one for one in plans if "organisation" in one), plans


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["", "open", "working", "done"])
def test_deadlines_are_walked_in_their_order(city: City, kind: str) -> None:
    plans = _plans(city, "centre", Filter(kind=kind, sort="due"))
    found = [one for one in plans if "ix_cases" in one]
    assert found and all("ix_cases_open_due_at (open=? AND due_at>?)" in one for one in found)
    sorted_ = [one for one in plans if "TEMP B-TREE" in one]
    assert len(sorted_) == (kind == ""), plans


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["waiting", "void"])
def test_few_cases_of_a_kind_are_not_looked_for_among_all(city: City, kind: str) -> None:
    plans = _plans(city, "centre", Filter(kind=kind, sort="due"))
    assert "ix_cases_kind_no (kind=?)" in plans[0]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (select(case_sources).where(case_sources.c.finding.in_([1, 2])), "case_sources_finding"),
        (select(case_sources).where(case_sources.c.trouble.in_([1, 2])), "case_sources_trouble"),
        (
            select(cases.c.no).where(cases.c.watch_at <= 5).order_by(cases.c.watch_at),
            "cases_watch_at",
        ),
    ],
    ids=["finding", "trouble", "watch"],
)
def test_an_index_over_what_is_set_serves_those_who_ask_for_a_value(
    city: City, query: Select[Any], index: str
) -> None:
    with city.database.read() as connection:
        if not city.database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if city.database.is_sqlite else "EXPLAIN"
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        rows = connection.exec_driver_sql(f"{explain} {compiled}").all()
    assert f"ix_{index}" in str(rows)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_people_have_open_is_read_and_not_counted(city: City) -> None:
    given = listed("user", ["a", "b"])
    with city.database.read() as connection:
        compiled = crew._open_of(2)._kept.for_(connection.dialect)
        explained = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {compiled.text}", tuple(compiled.parameters(given))
        )
        plans = [row[3] for row in explained]
    assert len(plans) == 1 and plans[0].startswith("SEARCH case_loads USING INDEX"), plans


def test_a_step_writes_the_columns_that_change_and_no_others(
    city: City, open_case: Callable[..., int]
) -> None:
    """An index is written anew for every column of it that a statement names, changed or not."""
    no = open_case()
    with city.database.write() as connection:
        before = store.get(connection, no)
        after = store.get(connection, no)
        assert before is not None and after is not None
        after.supervision, after.version = 1, before.version + 1
        with mock.patch.object(store, "_update", wraps=store._update) as made:
            store.update_cases(connection, [(after, before.row())])
        [call] = made.call_args_list
        assert call.args == (("version", "supervision", "dispatch"),)
        assert store.get(connection, no) == after
