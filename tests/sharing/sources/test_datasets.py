"""Tables that are kept give the same answers on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import postgres
from yiwang.sharing.sources import kept
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.errors import BadCondition, BadDataset, DatasetDiffers, NoSuchDataset
from yiwang.sharing.sources.model import Column, Condition, Order
from yiwang.sharing.sources.positions import Position

ZONE = ZoneInfo("Asia/Shanghai")
COLUMNS = (
    Column("编号", "C", 8),
    Column("count", "N", None, 0),
    Column("share of", "N"),
    Column("paid", "Y", 10, 2),
    Column("day", "D"),
    Column("at", "T"),
    Column("open", "L"),
    Column("select", "M"),
    Column("blob", "G"),
)
NAMES = [one.name for one in COLUMNS]


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, worker_id: str
) -> Iterator[list[Datasets]]:
    """The same on a SQLite file and on PostgreSQL, empty of tables."""
    url = postgres.fresh(postgres_url, f"kept_{worker_id}")
    server = url.replace("postgresql:", "postgresql+psycopg:")
    file = f"sqlite:///{tmp_path_factory.mktemp('kept') / 'datasets.db'}"
    made = [Datasets(file, ZONE), Datasets(server, ZONE)]
    for one in made:
        one.create("all_types", COLUMNS, ["编号"])
    yield made
    for one in made:
        one.close()


def batch(rows: list[dict[str, Any]]) -> Any:
    return pa.RecordBatch.from_pylist(rows, pa.schema([(name, kind(name)) for name in NAMES]))


def kind(name: str) -> Any:
    fixed = {"blob": pa.binary(), "at": pa.timestamp("us"), "share of": pa.float64()}
    more = {
        "count": pa.int64(),
        "day": pa.date32(),
        "open": pa.bool_(),
        "paid": pa.decimal128(10, 2),
    }
    return (fixed | more).get(name, pa.string())


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
ROW = st.fixed_dictionaries(
    {
        "编号": TEXT,
        "count": st.none() | st.integers(-(10**17), 10**17),
        "share of": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "paid": st.none() | st.decimals(-1000, 1000, places=2),
        "day": st.none() | st.dates(date(1, 1, 1)),
        "at": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
        "open": st.none() | st.booleans(),
        "select": st.none() | TEXT,
        "blob": st.none() | st.binary(max_size=4),
    }
)
SEVERAL = st.lists(ROW, max_size=6, unique_by=lambda row: row["编号"])


@settings(max_examples=12)
@given(first=SEVERAL, second=SEVERAL, order=st.sampled_from(NAMES[:-1]), down=st.booleans())
def test_both_databases_keep_the_same(
    both: list[Datasets], first: Any, second: Any, order: str, down: bool
) -> None:
    answers = []
    for one in both:
        replaced = one.replace("all_types", [batch(first)])
        assert (replaced.written, replaced.refused) == (len(first), ())
        added = one.upsert("all_types", batch(second))
        again = one.upsert("all_types", batch(second))
        assert (again.written, again.unchanged) == (0, len(second))
        rows = one.read("all_types", order=[Order(order, down)])
        paged: list[Any] = []
        after = None
        while page := one.read("all_types", order=[Order(order, down)], limit=2, after=after):
            paged += page
            after = [page[-1][name] for name in dict.fromkeys([order, "编号"])]
        assert paged == rows
        chunks = one.batches("all_types", order=[Order(order, down)], size=3)
        assert [row for chunk in chunks for row in chunk.to_pylist()] == rows
        value = rows[0][order] if rows else None
        for operator in ("=", "!=", "<=", ">", "in"):
            other = [value, None, value] if operator == "in" else value
            where = [Condition(order, operator, other), Condition("编号", "present")]
            kept_ = one.read("all_types", ["at", order], where, limit=100)
            assert kept_ == one.read("all_types", ["at", order], where), "by a kept statement"
        where = [Condition(order, "=" if value is not None else "null", value)]
        answers.append((added, rows, one.count("all_types", where)))
    assert answers[0] == answers[1]
    wanted = {row["编号"]: row for row in [*first, *second]}
    assert {row["编号"]: row for row in answers[0][1]} == wanted


CONDITIONS: list[tuple[list[Condition], list[str]]] = [
    ([Condition("paid", ">", "1.5")], ["b"]),
    ([Condition("paid", "!=", 2)], ["a"]),
    ([Condition("编号", "in", ["a", "c", "'; DROP TABLE d_all_types; --"])], ["a", "c"]),
    ([Condition("编号", "in", [])], []),
    ([Condition("select", "starts", "50%")], ["a"]),
    ([Condition("select", "contains", "_")], ["b"]),
    ([Condition("select", "contains", "A")], []),
    ([Condition("at", "<", "2026-07-01T00:00:00+08:00")], ["b"]),
    ([Condition("day", "null"), Condition("open", "present")], ["c"]),
    ([Condition("open", "=", "是")], ["c"]),
]


def test_conditions_are_the_same_and_bind_their_values(both: list[Datasets]) -> None:
    rows = [
        {
            "编号": "a",
            "paid": Decimal(1),
            "select": "50%a",
            "at": datetime(2026, 7, 1),
            "day": date.min,
        },
        {
            "编号": "b",
            "paid": Decimal(2),
            "select": "x_y",
            "at": datetime(2026, 6, 30),
            "day": date.max,
        },
        {"编号": "c", "open": True},
    ]
    for one in both:
        one.replace("all_types", [batch(rows)])
        for where, wanted in CONDITIONS:
            found = one.read("all_types", ["编号"], where)
            assert [row["编号"] for row in found] == wanted, where
        for bad in (Condition("paid", ">", "x"), Condition("paid", "~", 1)):
            with pytest.raises(BadCondition):
                one.read("all_types", where=[bad])


def test_a_row_that_cannot_be_is_refused_and_the_others_are_in(both: list[Datasets]) -> None:
    rows = [{"编号": "a"}, {"编号": None}, {"编号": "a", "count": 1}, {"编号": "123456789"}]
    for one in both:
        one.replace("all_types", [])
        done = one.upsert("all_types", batch(rows), "job", Position("run", 1, ["a"], {"read": 4}))
        assert (done.written, done.unchanged) == (1, 0)
        told = [(bad.row, bad.reason) for bad in done.refused]
        assert told == [(1, "missing"), (2, "repeated_key"), (3, "too_long")]
        assert one.position("job") == Position("run", 1, ["a"], {"read": 4})
        assert one.read("all_types", ["count"]) == [{"count": None}]
        assert one.remove("all_types", batch([{"编号": "a"}, {"编号": "z"}])) == 1


def test_a_table_is_made_changed_and_dropped(both: list[Datasets]) -> None:
    old = [Column("k", "C", 4), Column("gone", "N", None, 0)]
    for one in both:
        one.create("changing", old, ["k"])
        one.create("changing", old, ["k"])
        with pytest.raises(DatasetDiffers):
            one.create("changing", old[:1], ["k"])
        one.upsert("changing", pa.RecordBatch.from_pylist([{"k": "a", "gone": 1}]))
        one.alter("changing", [Column("k", "C", 8), Column("new", "D")])
        assert one.read("changing") == [{"k": "a", "new": None}]
        assert Datasets(one._url, ZONE).describe("changing") == one.describe("changing")
        with pytest.raises(BadDataset):
            one.alter("changing", [Column("k", "N")])
        one.drop("changing")
        with pytest.raises(NoSuchDataset):
            one.read("changing")
        assert one.names() == ["all_types"]


@pytest.mark.parametrize(
    ("name", "columns", "key"),
    [
        ("Name", [Column("a", "C")], ["a"]),
        ('x"; DROP TABLE y; --', [Column("a", "C")], ["a"]),
        ("fine", [Column("a", "C"), Column("A", "C")], ["a"]),
        ("fine", [Column('a"', "C")], ['a"']),
        ("fine", [Column("a", "X")], ["a"]),
        ("fine", [Column("a", "N", 19, 0)], ["a"]),
        ("fine", [Column("a", "N")], ["a"]),
        ("fine", [Column("a", "C")], []),
    ],
)
def test_what_no_database_could_keep_is_refused(name: str, columns: Any, key: Any) -> None:
    with pytest.raises(BadDataset):
        Datasets("sqlite://", ZONE).create(name, columns, key)


def test_a_reader_sees_the_old_rows_or_the_new_ones(tmp_path: Path) -> None:
    one = Datasets(f"sqlite:///{tmp_path / 'datasets.db'}", ZONE)
    one.create("few", [Column("k", "C")], ["k"])
    one.replace("few", [pa.RecordBatch.from_pylist([{"k": "old"}])])

    def batches() -> Iterator[Any]:
        yield pa.RecordBatch.from_pylist([{"k": "new"}])
        assert one.read("few") == [{"k": "old"}]
        raise OSError

    with pytest.raises(OSError):
        one.replace("few", batches())
    assert one.read("few") == [{"k": "old"}]
    one.close()


def test_a_table_that_did_not_change_is_one_object() -> None:
    """By it SQLAlchemy knows that it has compiled a statement before."""
    one = kept.checked("levels", [Column("no", "N", None, 0)], ["no"])
    same = kept.checked("levels", [Column("no", "N", None, 0)], ["no"])
    other = kept.checked("levels", [Column("no", "N", None, 0), Column("name", "C")], ["no"])
    assert kept.table(one, None, True) is kept.table(same, None, True)
    assert kept.table(one, None, True) is not kept.table(other, None, True)
