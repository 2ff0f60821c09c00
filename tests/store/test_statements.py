"""Selects that are kept compiled, and the connections that are kept for reading."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import (
    BigInteger,
    Select,
    Text,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from yiwang.store.database import Database
from yiwang.store.outbox import outbox, outbox_place
from yiwang.store.outbox import place as outbox_place_of
from yiwang.store.statements import Among, Statement, adding, inserting

LIKE = (
    select(outbox.c.id, outbox.c.topic)
    .where(outbox.c.topic.like(bindparam("like_", "%", Text)), outbox.c.topic.in_(["a", "b", "a%"]))
    .order_by(outbox.c.id)
    .limit(bindparam("most_", 10, BigInteger))
)


def put(database: Database, *topics: str) -> None:
    with database.write() as connection:
        rows = [{"topic": topic, "at": 0, "body": {"%": topic}} for topic in topics]
        connection.execute(insert(outbox), rows)


def test_other_values_give_what_a_select_of_their_own_gives(database: Database) -> None:
    put(database, "a", "b", "c", "a%")
    statement = Statement(LIKE)
    with database.read() as connection:
        for values in ({}, {"like_": "a%"}, {"like_": "b"}, {"like_": "%", "most_": 1}):
            expected = connection.execute(LIKE, values).all()
            assert statement.rows(connection, values) == [tuple(row) for row in expected]
            assert expected


def test_json_comes_as_the_text_that_is_stored(database: Database) -> None:
    put(database, "a")
    with database.read() as connection:
        assert Statement(select(outbox.c.body)).rows(connection, {}) == [('{"%":"a"}',)]


def test_named_rows_are_reached_by_their_columns(database: Database) -> None:
    put(database, "a")
    with database.read() as connection:
        (row,) = Statement(select(outbox)).named(connection, {})
        assert (row.topic, row.body, row.at) == ("a", {"%": "a"}, 0)


def test_rows_are_found_by_however_many_values(database: Database) -> None:
    put(database, *(f"t{number}" for number in range(1200)))
    chosen = select(outbox.c.id, outbox.c.body)
    among = Among(chosen.where(outbox.c.at == bindparam("at_", 1, BigInteger)), outbox.c.topic)
    with database.read() as connection:
        for count in (0, 1, 2, 3, 512, 513, 1200):
            topics = [f"t{number}" for number in range(count)]
            expected = [{"%": topic} for topic in topics]
            found = sorted(among.records(connection, [*topics, "none"], {"at_": 0}))
            assert [body for _, body in found] == expected
            named = among.named(connection, topics, {"at_": 0})
            assert sorted(row.id for row in named) == [number for number, _ in found]
        assert not list(among.records(connection, ["t1"]))


def test_errors_are_those_of_sqlalchemy(database: Database) -> None:
    wrong = Statement(select(literal_column("nothing")))
    with database.read() as connection, pytest.raises(DBAPIError):
        wrong.rows(connection, {})
    put(database, "a")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_number_out_of_range_is_an_error_of_the_data(database: Database) -> None:
    number: Select[int] = select(func.abs(bindparam("n_", 1, BigInteger)) * 4)
    with database.read() as connection, pytest.raises(DataError):
        Statement(number).rows(connection, {"n_": 2**62})


def test_one_read_sees_one_state(sqlite: Database) -> None:
    count = Statement(select(func.count()).select_from(outbox))
    with sqlite.read() as connection:
        before = count.rows(connection, {})
        put(sqlite, "a")
        assert count.rows(connection, {}) == before == [(0,)]
    with sqlite.read() as connection:
        assert count.rows(connection, {}) == [(1,)]


def test_reads_inside_of_reads_have_connections_of_their_own(database: Database) -> None:
    with database.read() as one, database.read() as other:
        assert one is not other
        assert one.connection.dbapi_connection is not other.connection.dbapi_connection


def test_a_connection_on_which_a_read_failed_is_not_kept(sqlite: Database) -> None:
    with pytest.raises(KeyError), sqlite.read() as failed:
        failed.exec_driver_sql("SELECT 1")
        raise KeyError
    assert failed.closed
    with sqlite.read() as kept:
        pass
    with sqlite.read() as again:
        assert again is kept
        assert not again.in_transaction()


def test_many_readers_at_once_and_then_nothing_is_held(sqlite: Database) -> None:
    put(sqlite, *"abc")
    count = Statement(select(func.count()).select_from(outbox))

    def read(_: int) -> int:
        with sqlite.read() as connection:
            return int(count.rows(connection, {})[0][0])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(200))) == {3}
    sqlite.close()
    with sqlite.read() as connection:
        assert not connection.closed
    assert connection.closed


def test_rows_written_past_sqlalchemy_are_those_that_it_would_write(database: Database) -> None:
    kept = inserting(outbox)
    rows = [{"topic": "t", "at": number, "body": {"字": [number, None]}} for number in range(3)]
    with database.write() as connection:
        assert kept.run(connection, rows[0]) == 1
        assert kept.many(connection, rows) == 3
        connection.execute(insert(outbox), rows)
    with database.read() as connection:
        found = connection.execute(select(outbox).order_by(outbox.c.id)).all()
        assert Statement(select(outbox).order_by(outbox.c.id)).records(connection, {}) == found
    assert [row.body for row in found] == [rows[0]["body"], *(row["body"] for row in rows * 2)]
    assert len({row.id for row in found}) == 7


def test_adding_makes_the_row_or_adds_to_it(database: Database) -> None:
    kept = adding(outbox_place, ["consumer"], "last")
    with database.write() as connection:
        kept.many(connection, [{"consumer": "a", "last": 2}, {"consumer": "b", "last": 1}])
        kept.run(connection, {"consumer": "a", "last": -5})
        assert (outbox_place_of(connection, "a"), outbox_place_of(connection, "b")) == (-3, 1)


def test_a_change_that_fails_is_an_error_of_sqlalchemy_and_leaves_nothing(
    database: Database,
) -> None:
    kept = inserting(outbox_place)
    with pytest.raises(IntegrityError), database.write() as connection:
        put_one = {"consumer": "a", "last": 2}
        kept.many(connection, [{"consumer": "b", "last": 1}, put_one, put_one])
    with database.write() as connection:
        assert outbox_place_of(connection, "b") == 0
        kept.run(connection, {"consumer": "b", "last": 1})


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_kept_connection_that_the_server_has_ended_is_not_used_again(
    database: Database,
) -> None:
    own = text("SELECT pg_backend_pid()")
    with database.write() as writer, database.read() as reader:
        pids = [one.execute(own).scalar() for one in (writer, reader)]
    with database.engine.connect() as connection:
        for pid in pids:
            ended = func.pg_terminate_backend(pid, 10_000)  # without a time only asked to end
            assert connection.execute(select(ended)).scalar()
    put(database, "b")
    with database.read() as connection:
        assert connection.execute(select(outbox.c.topic)).scalars().all() == ["b"]


def test_a_parameter_may_occur_twice_and_a_percent_sign_is_one(database: Database) -> None:
    """On PostgreSQL, kept statements have its own marks instead of the driver's."""
    said, whole = bindparam("text_", "", Text), literal_column("'100%'", Text)
    twice = Statement(select(said.concat(said), whole).where(said.like("a%", escape="/")))
    with database.read() as connection:
        assert twice.rows(connection, {"text_": "ab"}) == [("abab", "100%")]
        assert twice.rows(connection, {"text_": "b"}) == []
