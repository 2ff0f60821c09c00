"""Jobs between databases, files and datasets: what comes over, what is refused, what is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sharing.exchange.conftest import Yard
from yiwang.kernel.text import LANGUAGES
from yiwang.sharing.exchange import capture, service
from yiwang.sharing.exchange.errors import BadJob, NoKey, words
from yiwang.sharing.exchange.store import Run
from yiwang.sharing.sources.model import Column, Shape

PEOPLE = {"table": "people"}
ALL = "SELECT no, name, paid, born, alive, note, exact FROM people ORDER BY no"


def counts(run: Run) -> tuple[int, int, int, int, int]:
    one = run.tally
    assert one.balanced and run.error is None, run.error
    return one.read, one.written, one.unchanged, one.rejected, one.removed


def same(run: Run) -> bool | None:
    assert run.compared is not None
    found: bool | None = run.compared["same"]
    return found


def plain(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """Rows as texts, for databases give other types for the same values."""

    def told(value: Any) -> str:
        if isinstance(value, (bool, int)):
            return str(int(value))
        return (
            str(Decimal(str(value)).normalize())
            if isinstance(value, (Decimal, float))
            else str(value)
        )

    return [tuple(told(value) for value in row) for row in rows]


def test_between_postgresql_mariadb_files_and_datasets(servers: Yard) -> None:
    """Round the yard and back: PostgreSQL, MariaDB, a dataset, PostgreSQL, each as it was."""
    yard = servers
    yard.fill("pg", 1, 50)
    yard.job(
        "one", **{"from": {"source": "pg", **PEOPLE}, "to": {"source": "my", **PEOPLE}, "batch": 7}
    )
    yard.job(
        "two", **{"from": {"source": "my", **PEOPLE}, "to": {"dataset": "people", "key": ["no"]}}
    )
    yard.job(
        "three", **{"from": {"dataset": "people"}, "to": {"source": "pg2", **PEOPLE}, "batch": 20}
    )
    for code in ("one", "two", "three"):
        first, again = yard.run(code), yard.run(code)
        assert counts(first) == (50, 50, 0, 0, 0) and counts(again) == (50, 0, 50, 0, 0)
        assert same(first) and same(again) and first.state == again.state == "done"
    wanted = plain(yard.ask("pg", ALL))
    assert plain(yard.ask("my", ALL)) == plain(yard.ask("pg2", ALL)) == wanted
    assert len(wanted) == 50
    seen = "SELECT seen AT TIME ZONE 'Asia/Shanghai' FROM people ORDER BY no"
    assert yard.ask("pg", seen) == yard.ask("pg2", seen)
    yard.do("pg", "UPDATE people SET name = 'P1' WHERE no = 1", "DELETE FROM people WHERE no = 2")
    assert counts(yard.run("one")) == (49, 1, 48, 0, 0)
    found = yard.run("one").compared
    assert found is not None and (found["same"], found["why"]) == (None, "others")
    assert yard.ask("my", "SELECT name FROM people WHERE no = 1") == [("P1",)]


@pytest.mark.parametrize("code", ["pg", "my", "lite"])
def test_rows_that_are_gone_leave_where_the_job_says_so(request: Any, code: str) -> None:
    yard: Yard = request.getfixturevalue("lite" if code == "lite" else "servers")
    yard.do(code, "INSERT INTO people (no, name) VALUES (900, 'gone')")
    file = yard.folder / "files" / "people.csv"
    file.write_text("no,name\n" + "".join(f"{no},n{no}\n" for no in range(30)))
    ends = {"from": {"source": "files", "table": "people.csv"}, "to": {"source": code, **PEOPLE}}
    yard.job(**ends, removals=True, batch=8)
    assert counts(run := yard.run()) == (30, 30, 0, 0, 1) and same(run)
    file.write_text("no,name\n")
    nothing = yard.run()
    assert counts(nothing) == (0, 0, 0, 0, 0) and nothing.state == "done"
    assert yard.ask(code, "SELECT count(*) FROM people") == [(30,)]
    file.write_text("no,name\n5,other\n")
    assert counts(run := yard.run()) == (1, 1, 0, 0, 29) and same(run)
    names = [row[0] for row in _tables(yard, code)]
    assert [one for one in names if "keys" in one] == []


def _tables(yard: Yard, code: str) -> list[tuple[Any, ...]]:
    if code == "lite":
        return yard.ask(code, "SELECT name FROM sqlite_master")
    schema = "'public'" if code == "pg" else "database()"
    query = f"SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}"
    return yard.ask(code, query)


def test_mapping_checks_and_rejected_rows_with_their_reasons(lite: Yard) -> None:
    (lite.folder / "files" / "a.csv").write_text(
        "编号,姓,名,性别,出生,金额\n"
        '1,王, 伟 ,1,1990年1月2日,"1,000.5"\n'
        "2,李,雷,9,1990-01-02,1\n"
        "3,韩,梅,2,1990-02-30,1\n"
        "4,赵,一,2,1990-01-02,-1\n"
        ",钱,二,1,1990-01-02,1\n"
        "1,孙,三,1,1990-01-02,1\n"
        "7,short\n"
        "8,周,五,1,1850-01-02,1\n",
        "utf-8",
    )
    rules: list[dict[str, Any]] = [
        {"to": "no", "from": "编号"},
        {"to": "name", "join": ["姓", "名"], "between": "·"},
        {"to": "note", "from": "性别", "codes": {"1": "男", "2": "女"}},
        {"to": "born", "from": "出生", "trim": True},
        {"to": "paid", "from": "金额"},
        {"to": "alive", "constant": True},
    ]
    checks = [{"column": "paid", "least": 0}, {"column": "born", "least": "1900-01-01"}]
    ends = {"from": {"source": "files", "table": "a.csv"}, "to": {"source": "lite", **PEOPLE}}
    lite.job(**ends, mapping=rules, checks=checks, batch=3)
    tried = service.try_job(lite.platform, "job")
    assert len(tried["items"]) == 2 and len(tried["refused"]) == 5
    assert tried["items"][0]["name"] == "王· 伟 "
    assert lite.ask("lite", "SELECT count(*) FROM people") == [(0,)]
    run = lite.run()
    assert counts(run) == (8, 1, 0, 7, 0) and same(run)
    told = {(one["column"], one["reason"]) for one in lite.rejects(run)}
    assert told == {
        ("note", "no_code"),
        ("born", "not_a_date"),
        ("paid", "least"),
        ("no", "missing"),
        ("no", "repeated_key"),
        ("", "columns"),
        ("born", "least"),
    }
    assert [one["raw"]["姓"] for one in lite.rejects(run) if one["reason"] == "least"] == [
        "赵",
        "周",
    ]
    assert plain(lite.ask("lite", ALL))[0] == (
        "1",
        "王· 伟 ",
        "1000.5",
        "1990-01-02",
        "1",
        "男",
        "None",
    )
    assert counts(lite.run()) == (8, 0, 1, 7, 0)


@pytest.mark.parametrize("code", ["pg", "my", "lite"])
def test_what_the_target_itself_refuses_is_found_among_the_others(request: Any, code: str) -> None:
    yard: Yard = request.getfixturevalue("lite" if code == "lite" else "servers")
    yard.do(code, "CREATE UNIQUE INDEX one_name ON people (name)")
    rows = "".join(f"{no},{'twin' if no in (5, 11) else f'n{no}'}\n" for no in range(1, 21))
    (yard.folder / "files" / "a.csv").write_text("no,name\n" + rows)
    yard.job(**{"from": {"source": "files", "table": "a.csv"}, "to": {"source": code, **PEOPLE}})
    run = yard.run()
    assert counts(run) == (20, 19, 0, 1, 0) and same(run)
    (told,) = yard.rejects(run)
    assert (told["reason"], told["raw"]["no"]) == ("refused_by_target", "11") and told["value"]
    assert counts(yard.run()) == (20, 0, 19, 1, 0)


@pytest.mark.parametrize("code", ["pg", "my", "lite"])
def test_incremental_reads_on_from_where_it_was(request: Any, code: str) -> None:
    yard: Yard = request.getfixturevalue("lite" if code == "lite" else "servers")
    yard.fill(code, 1, 20)
    ends = {"from": {"source": code, **PEOPLE}, "to": {"dataset": "people", "key": ["no"]}}
    yard.job(**ends, mode="incremental", by="seen", overlap=120, batch=6)
    assert counts(run := yard.run()) == (20, 20, 0, 0, 0) and same(run)
    yard.fill(code, 21, 23)
    assert counts(run := yard.run()) == (6, 3, 3, 0, 0) and same(run)
    assert counts(run := yard.run()) == (3, 0, 3, 0, 0) and same(run)
    late = "INSERT INTO people (no, name, seen) VALUES (24, 'late', '2026-07-01 08:22:00')"
    yard.do(code, late)
    assert counts(yard.run())[1] == 1
    assert yard.datasets.count("people") == 24


@pytest.mark.parametrize("code", ["pg", "my", "lite"])
def test_captured_changes_come_over_and_none_is_forgotten(request: Any, code: str) -> None:
    yard: Yard = request.getfixturevalue("lite" if code == "lite" else "servers")
    yard.fill(code, 1, 5)
    ends = {"from": {"source": code, **PEOPLE}, "to": {"dataset": "people", "key": ["no"]}}
    yard.job("all", **ends)
    yard.job(**ends, mode="captured", batch=2)
    yard.run("all")
    failed = yard.run()
    assert failed.state == "failed" and failed.error is not None
    assert failed.error["code"] == "sharing.not_captured"
    yard.do(code, *service.capture_statements(yard.platform, "job"))
    yard.do(
        code,
        "UPDATE people SET name = 'new' WHERE no <= 2",
        "DELETE FROM people WHERE no = 3",
        "UPDATE people SET no = 40 WHERE no = 4",
        "INSERT INTO people (no, name) VALUES (6, 'six')",
    )
    run = yard.run()
    assert run.state == "done" and run.tally.balanced and run.tally.removed == 2
    names = {row["no"]: row["name"] for row in yard.datasets.read("people", ["no", "name"])}
    assert names == {1: "new", 2: "new", 5: "p5", 6: "six", 40: "p4"}
    assert yard.ask(code, "SELECT count(*) FROM yiwang_changes_people") == [(0,)]
    assert yard.run().tally.read == 0


def test_a_table_without_a_key_gets_no_rows(lite: Yard) -> None:
    lite.do("lite", "CREATE TABLE loose (no integer)")
    lite.fill("lite", 1, 2)
    lite.job(**{"from": {"source": "lite", **PEOPLE}, "to": {"source": "lite", "table": "loose"}})
    run = lite.run()
    assert run.state == "failed" and run.error is not None and run.error["code"] == NoKey.code
    assert lite.ask("lite", "SELECT count(*) FROM loose") == [(0,)]


def test_what_stopped_a_run_is_told_in_the_readers_language(lite: Yard) -> None:
    (lite.folder / "files" / "b.csv").write_text("no,no\n1,2\n")
    ends = {"from": {"source": "files", "table": "b.csv"}, "to": {"source": "lite", **PEOPLE}}
    lite.job(**ends)
    lite.run()
    table = {"en": "its first row must name", "zh-CN": "首行须写出每一列的名称"}
    for lang, said in table.items():
        told = service.show_exchange_job(lite.platform, "job", lang=lang)["runs"][0]["error"]
        assert said in told["what"] and said in told["fields"]["problem"]


def test_a_table_without_a_key_cannot_be_captured_and_one_is_told_why() -> None:
    shape = Shape("people", (Column("no", "N"),))
    with pytest.raises(BadJob) as refused:
        capture.statements("sqlite", shape, None, str)
    wanted = words("table_with_key")
    for lang in LANGUAGES:
        assert wanted.told(lang) in refused.value.todo(lang)


def test_too_many_rejected_rows_stop_a_run(lite: Yard) -> None:
    (lite.folder / "files" / "a.csv").write_text("no,name\n" + "x,y\n" * 10 + "1,z\n")
    ends = {"from": {"source": "files", "table": "a.csv"}, "to": {"source": "lite", **PEOPLE}}
    lite.job(**ends, batch=4, most_rejected=5)
    run = lite.run()
    assert run.state == "failed" and run.error is not None
    assert run.error["code"] == "sharing.too_many_rejected" and len(lite.rejects(run)) == 8


def test_a_job_that_is_set_up_anew_begins_anew(lite: Yard) -> None:
    lite.fill("lite", 1, 9)
    ends = {"from": {"source": "lite", **PEOPLE}, "to": {"dataset": "people", "key": ["no"]}}
    lite.job(**ends)
    lite.run()
    lite.job(**ends, mode="incremental", by="seen")
    lite.do("lite", "UPDATE people SET name = 'other'")
    run = lite.run()
    assert (run.state, run.low, run.tally.written) == ("done", None, 9)
    assert lite.run().low == "2026-07-01 08:09:00"
    lite.job(**ends, mode="incremental", by="paid")
    assert lite.run().low is None
    service.remove_exchange_job(lite.platform, "job")
    lite.clock.advance(1)
    lite.job(**ends)
    lite.do("lite", "UPDATE people SET name = 'third'")
    assert lite.run().tally.written == 9
