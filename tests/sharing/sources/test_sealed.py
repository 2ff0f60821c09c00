"""Columns of kept tables that are encrypted at rest, alike on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from sqlalchemy.exc import IntegrityError

from tests import postgres
from yiwang.security.protection.errors import SealBroken
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.sources import kept
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.errors import BadCondition, BadDataset, NoSuchColumn, NoSuchDataset
from yiwang.sharing.sources.model import Column, Condition, Order

ZONE = ZoneInfo("Asia/Shanghai")
COLUMNS = (
    Column("no", "N", 6, 0),
    Column("证件号", "C", 18),
    Column("paid", "Y", 10, 2),
    Column("born", "D"),
    Column("note", "C"),
)
ROWS: list[dict[str, Any]] = [
    {"no": 1, "证件号": "A-1", "paid": "12.50", "born": "1990-01-02", "note": "one"},
    {"no": 2, "证件号": "A-2", "paid": "7", "born": "1991-01-02", "note": "two"},
    {"no": 3, "证件号": None, "paid": None, "born": None, "note": None},
]
SEALED = ("证件号", "paid", "born")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def datasets(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Datasets]:
    home = tmp_path_factory.mktemp("sealed")
    url = f"sqlite:///{home / 'datasets.db'}"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_url")
        url = postgres.fresh(server, f"sealed_{worker_id}")
        url = url.replace("postgresql:", "postgresql+psycopg:")
    made = Datasets(url, ZONE, FieldKeys(home))
    made.create("people", COLUMNS, ["no"])
    made.upsert("people", pa.RecordBatch.from_pylist(ROWS))
    assert made.seal("people", SEALED[:1]) and made.seal("people", SEALED)
    assert not made.seal("people", SEALED[1:]), "they are already"
    yield made
    made.close()


def read(datasets: Datasets, *where: Condition, **asked: Any) -> list[Any]:
    rows = datasets.read("people", ["no"], where, **asked)
    return [row["no"] for row in rows]


def raw(datasets: Datasets) -> list[Any]:
    with datasets.database().read() as connection:
        schema = "datasets." if datasets.schema else ""
        return list(connection.exec_driver_sql(f'SELECT * FROM {schema}"d_people" ORDER BY no'))


def test_values_are_there_for_whom_they_are_opened_and_nowhere_else(datasets: Datasets) -> None:
    typed = (Decimal("12.50"), date(1990, 1, 2))
    (first, *_) = datasets.read("people", opened=SEALED)
    assert (first["证件号"], first["paid"], first["born"], first["note"]) == ("A-1", *typed, "one")
    (first, *_) = datasets.read("people", ["paid", "证件号"], limit=1, opened=["paid"])
    assert first == {"paid": typed[0], "证件号": None}, "without the key, which was not asked for"
    (chunk,) = datasets.batches("people", ["born", "note"], opened=SEALED)
    assert chunk.to_pylist()[0] == {"born": typed[1], "note": "one"}
    assert chunk.schema.names == ["born", "note"]
    for row in raw(datasets):
        assert not {"A-1", "A-2", "1990-01-02", 1250} & set(row)
    assert datasets.count("people", columns=["证件号", "note"], words=["A-1"]) == 0


def test_a_sealed_value_is_found_by_itself_and_not_by_its_order(datasets: Datasets) -> None:
    assert read(datasets, Condition("证件号", "=", "A-2")) == [2]
    assert read(datasets, Condition("paid", "=", "7.0"), limit=5) == [2]
    assert read(datasets, Condition("paid", "in", [7, "12.5"]), limit=5) == [1, 2]
    assert read(datasets, Condition("born", "=", "1991/1/2")) == [2]
    assert read(datasets, Condition("证件号", "null")) == [3]
    for operator in ("<", "!=", "starts", "contains"):
        with pytest.raises(BadCondition):
            read(datasets, Condition("证件号", operator, "A"))
    with pytest.raises(BadCondition):
        read(datasets, order=[Order("born")])


def test_what_is_written_later_is_sealed_and_the_same_is_unchanged(datasets: Datasets) -> None:
    again = datasets.upsert("people", pa.RecordBatch.from_pylist(ROWS))
    assert (again.written, again.unchanged) == (0, 3)
    more = [ROWS[1] | {"born": "2000-01-01"}, {"no": 9, "证件号": "A-9"}]
    assert datasets.upsert("people", pa.RecordBatch.from_pylist(more)).written == 2
    assert datasets.read("people", ["born"], opened=SEALED)[1] == {"born": date(2000, 1, 1)}
    assert read(datasets, Condition("证件号", "=", "A-9")) == [9]
    datasets.replace("people", [pa.RecordBatch.from_pylist(ROWS)])
    assert len(raw(datasets)) == 3 and read(datasets, Condition("paid", "=", 7)) == [2]


def test_plain_values_and_values_of_other_rows_do_not_get_in(datasets: Datasets) -> None:
    target = "datasets.d_people" if datasets.schema else "d_people"
    for changed in ("paid = 'plain', \"~paid\" = NULL", "paid = 'plain'", "paid = NULL"):
        change = f"UPDATE {target} SET {changed} WHERE no = 1"
        with pytest.raises(IntegrityError), datasets.database().write() as connection:
            connection.exec_driver_sql(change)
    moved = f"UPDATE {target} SET born = (SELECT born FROM {target} WHERE no = 2) WHERE no = 1"
    with datasets.database().write() as connection:
        connection.exec_driver_sql(moved)
    with pytest.raises(SealBroken):
        datasets.read("people", ["born"], opened=SEALED)
    datasets.replace("people", [pa.RecordBatch.from_pylist(ROWS)])


def test_another_process_knows_at_once_what_is_sealed(tmp_path: Path) -> None:
    file = f"sqlite:///{tmp_path / 'datasets.db'}"
    one, other = (Datasets(file, ZONE, FieldKeys(tmp_path)) for _ in range(2))
    one.create("people", COLUMNS, ["no"])
    one.upsert("people", pa.RecordBatch.from_pylist(ROWS))
    assert other.read("people", ["note"], limit=1) == [{"note": "one"}]
    one.seal("people", ["note"])
    assert other.read("people", ["note"], limit=1) == [{"note": None}]
    assert other.read("people", ["no"], [Condition("note", "=", "two")]) == [{"no": 2}]
    other.upsert("people", pa.RecordBatch.from_pylist([ROWS[0] | {"note": "new"}]))
    assert one.read("people", ["note"], limit=1, opened=["note"]) == [{"note": "new"}]
    assert "new" not in str(raw(one)) and "y1:" in str(raw(one)[0])
    one.close()
    other.close()


def test_a_statement_that_is_kept_knows_at_once_what_another_process_has_changed(
    tmp_path: Path,
) -> None:
    file = f"sqlite:///{tmp_path / 'datasets.db'}"
    one, other = (Datasets(file, ZONE, FieldKeys(tmp_path)) for _ in range(2))
    one.create("people", COLUMNS, ["no"])
    one.upsert("people", pa.RecordBatch.from_pylist(ROWS))

    def notes(*where: Condition) -> list[Any]:
        return [row["note"] for row in other.read("people", ["note"], where, limit=1)]

    first, two = Condition("no", "=", "1"), Condition("note", "=", "two")
    for _ in range(3):
        assert notes(first) == ["one"] and notes(two) == ["two"]
    one.seal("people", ["note"])
    assert notes(first) == [None] and notes(two) == [None], "found by its digest, not shown"
    one.drop("people")
    with pytest.raises(NoSuchDataset):
        notes(first)
    one.create("people", COLUMNS[:4], ["no"])
    with pytest.raises(NoSuchColumn):
        notes(first)
    one.close()
    other.close()


def test_a_table_that_was_sealed_meanwhile_stays_so_when_it_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = f"sqlite:///{tmp_path / 'datasets.db'}"
    one, other = (Datasets(file, ZONE, FieldKeys(tmp_path)) for _ in range(2))
    one.create("people", COLUMNS, ["no"])
    one.upsert("people", pa.RecordBatch.from_pylist(ROWS))
    write = one.database().write

    def late() -> Any:
        other.seal("people", ["note"])
        return write()

    monkeypatch.setattr(one.database(), "write", late)
    assert one.alter("people", [*COLUMNS, Column("more", "C")]).sealed == ("note",)
    assert other.read("people", ["note"], limit=1, opened=["note"]) == [{"note": "one"}]
    one.close()
    other.close()


def test_a_key_and_a_table_without_keys_cannot_be_sealed(tmp_path: Path) -> None:
    file = tmp_path / "datasets.db"
    one = Datasets(f"sqlite:///{file}", ZONE, FieldKeys(tmp_path))
    one.create("people", COLUMNS, ["no"])
    one.upsert("people", pa.RecordBatch.from_pylist(ROWS))
    for name in ("no", "nothing"):
        with pytest.raises(BadDataset):
            one.seal("people", [name])
    one.seal("people", ["note"])
    assert one.create("people", COLUMNS, ["no"]).sealed == ("note",), "the same again"
    with pytest.raises(BadDataset):
        one.alter("people", COLUMNS[:-1])
    assert one.alter("people", [*COLUMNS, Column("more", "C")]).sealed == ("note",)
    one.close()
    with sqlite3.connect(file) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"three" not in file.read_bytes() and b"two" not in file.read_bytes(), "in no free page"
    with pytest.raises(BadDataset):
        Datasets(f"sqlite:///{file}", ZONE).read("people", ["note"], opened=["note"])
    assert kept.DIGEST == "~"
