"""Corrected and deleted observations: at once for every reader, and in the Delta table after
compaction; the same after a restart, and after a model that knows no files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from tests.sensing.core.conftest import Bench, Row, add_datastreams
from yiwang.kernel.clock import MINUTE, ManualClock
from yiwang.sensing.errors import OutOfRange, UnknownDatastream
from yiwang.sensing.model import Columns, Edits
from yiwang.sensing.tables import datastreams
from yiwang.store.database import Database


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """Datastreams of no kind of device: times may be as old as 1970."""
    _undeclared(bench.database)
    bench.intake.reload()
    return bench


def _undeclared(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(datastreams).values(property=""))


def version(stream: int, time: int, result: float) -> Columns:
    return Columns(
        np.array([stream]), np.array([time]), np.array([result]), [None], ['{"parameters":{}}']
    )


def correct(bench: Bench, number: int, row: Row) -> None:
    bench.intake.edit(Edits({number: version(*row)}), "http")


def delete(bench: Bench, number: int, stream: int) -> None:
    bench.intake.edit(Edits(deleted={number: stream}), "http")


def erase(bench: Bench, stream: int) -> None:
    bench.intake.edit(Edits(erased={stream}), "http")


def compact(bench: Bench) -> None:
    bench.observations.compact()


def nothing(bench: Bench) -> None:
    pass


def by_number(bench: Bench) -> dict[int, Row]:
    rows = bench.observations.rows(None)
    return {
        row["number"]: (row["datastream"], row["time"], row["result"])
        for row in rows.set_column(2, "time", rows.column("time").cast(pa.int64())).to_pylist()
    }


def one_by_one(bench: Bench) -> dict[int, Row]:
    """The same asked of one datastream after the other."""
    found = {}
    for stream in range(1, 5):
        rows = bench.observations.series(stream)
        columns = (rows.number.tolist(), rows.time.tolist(), rows.result.tolist())
        for number, time, result in zip(*columns, strict=True):
            assert number not in found
            found[number] = (stream, time, result)
    return found


def in_delta(bench: Bench) -> dict[int, Row]:
    """What a foreign reader of the table sees."""
    rows = DeltaTable(str(bench.folder / "table")).to_pyarrow_table()
    rows = rows.set_column(
        rows.schema.get_field_index("time"), "time", rows.column("time").cast(pa.int64())
    )
    return {
        row["number"]: (row["datastream"], row["time"], row["result"]) for row in rows.to_pylist()
    }


def latest(bench: Bench) -> list[tuple[int, float, int, int]]:
    known = bench.observations.latest
    return [
        (
            int(known.time[stream]),
            float(known.result[stream]),
            int(known.number[stream]),
            int(known.first_time[stream]),
        )
        for stream in range(1, 4)
        if known.number[stream]
    ]


@pytest.mark.parametrize("between", [nothing, compact, Bench.reopen])
class TestOneEdit:
    @pytest.fixture(autouse=True)
    def _rows(self, bench: Bench, between: object) -> None:
        bench.accept((1, 10, 1.0), (1, 20, 2.0), (2, 10, 5.0))
        between(bench)  # type: ignore[operator]

    def test_a_correction_is_read_everywhere(self, bench: Bench) -> None:
        correct(bench, 2, (1, 5, 7.0))
        extra = bench.observations.series(1, 5, 5).extra
        assert extra is not None and list(extra) == ['{"parameters":{}}']
        assert (
            by_number(bench)
            == one_by_one(bench)
            == {1: (1, 10, 1.0), 2: (1, 5, 7.0), 3: (2, 10, 5.0)}
        )
        assert bench.stored() == [(1, 5, 7.0), (1, 10, 1.0), (2, 10, 5.0)]
        found = bench.observations.one(2)
        assert found is not None and (found["time"], found["extra"]) == (5, '{"parameters":{}}')
        assert latest(bench) == [(10, 1.0, 1, 5), (10, 5.0, 3, 10)]
        assert bench.observations.count == 3

    def test_a_deletion_too(self, bench: Bench) -> None:
        delete(bench, 2, 1)
        assert by_number(bench) == {1: (1, 10, 1.0), 3: (2, 10, 5.0)}
        assert bench.observations.one(2) is None
        assert latest(bench) == [(10, 1.0, 1, 10), (10, 5.0, 3, 10)]
        delete(bench, 1, 1)
        assert latest(bench) == [(10, 5.0, 3, 10)]
        assert bench.observations.count == 1

    def test_an_erased_datastream_has_none_and_takes_none(self, bench: Bench) -> None:
        correct(bench, 1, (1, 11, 3.0))
        erase(bench, 1)
        assert by_number(bench) == one_by_one(bench) == {3: (2, 10, 5.0)}
        assert bench.observations.one(1) is None and bench.observations.one(2) is None
        assert latest(bench) == [(10, 5.0, 3, 10)]
        assert bench.observations.count == 1
        receipt = bench.accept((1, 30, 1.0))
        assert [item.reason for item in receipt.rejected] == ["sensing.unknown_datastream"]  # type: ignore[attr-defined]

    def test_an_edit_survives_a_restart_and_compaction(self, bench: Bench) -> None:
        correct(bench, 1, (1, 12, 9.0))
        delete(bench, 3, 2)
        expected = {1: (1, 12, 9.0), 2: (1, 20, 2.0)}
        for step in (bench.reopen, bench.observations.save, bench.reopen):
            step()
            assert by_number(bench) == expected
            assert latest(bench) == [(20, 2.0, 2, 12)]
        bench.accept((1, 30, 4.0))
        compact(bench)
        expected[4] = (1, 30, 4.0)
        assert by_number(bench) == in_delta(bench) == expected
        assert not bench.observations.overlay
        (bench.folder / "latest.snapshot").unlink()
        bench.reopen()
        assert by_number(bench) == in_delta(bench) == expected
        assert latest(bench) == [(30, 4.0, 4, 12)]


def test_a_version_that_would_not_be_taken_is_refused(bench: Bench) -> None:
    bench.accept((1, 10, 1.0))
    with pytest.raises(OutOfRange):
        correct(bench, 1, (1, 10, 1000.0))
    with pytest.raises(UnknownDatastream):
        correct(bench, 1, (99, 10, 1.0))
    assert by_number(bench) == {1: (1, 10, 1.0)}


def test_what_was_deleted_can_be_sent_again_but_its_number_is_not_given_again(
    bench: Bench,
) -> None:
    bench.accept((1, 10, 1.0), (1, 20, 2.0))
    delete(bench, 1, 1)
    delete(bench, 2, 1)
    compact(bench)
    assert in_delta(bench) == {}
    bench.reopen()
    bench.accept((1, 20, 2.0))
    assert by_number(bench) == {3: (1, 20, 2.0)}


def test_a_file_that_gets_the_name_of_one_that_is_gone_is_read_itself(bench: Bench) -> None:
    """What was read of the first file is not taken for rows of the third."""
    bench.accept((1, 10, 1.0), (2, 10, 2.0))
    compact(bench)
    names = []
    for result in (5.0, 6.0):
        names += [segment.path.name for segment in bench.observations.segments.listed]
        assert by_number(bench) == one_by_one(bench)
        correct(bench, 1, (1, 10, result))
        compact(bench)
        bench.observations.forget(np.zeros(0, np.int64), 0)
        assert by_number(bench) == one_by_one(bench) == {1: (1, 10, result), 2: (2, 10, 2.0)}
    assert [segment.path.name for segment in bench.observations.segments.listed] == names[:1]


def test_the_log_and_the_ledger_tell_what_was_received(bench: Bench) -> None:
    bench.accept((1, 10, 1.0), (1, 20, 2.0))
    correct(bench, 1, (1, 11, 3.0))
    delete(bench, 2, 1)
    while bench.ledger.fold():
        pass
    assert bench.logged() == [(1, 10, 1.0), (1, 20, 2.0)]
    assert bench.ledger.position == bench.observations.end()


_STREAM, _TIME = st.integers(1, 3), st.integers(1, 30)
_EDIT = st.one_of(
    st.tuples(st.just("accept"), _STREAM, _TIME),
    st.tuples(st.just("correct"), st.integers(0, 40), _TIME),
    st.tuples(st.just("delete"), st.integers(0, 40), _TIME),
    st.tuples(st.sampled_from(["compact", "keep", "reopen", "merge", "save"]), _STREAM, _TIME),
)


class _Model:
    """What there is, without files."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.rows: dict[int, Row] = {}
        self.result = 0.0

    def step(self, verb: str, one: int, time: int) -> None:
        bench = self.bench
        self.result += 0.5
        existing = sorted(self.rows)
        chosen = existing[one % len(existing)] if existing else 0
        match verb:
            case "accept":
                row = (one, time * MINUTE, self.result)
                number = bench.observations.next_number
                bench.accept(row)
                self.rows[number] = row
            case "correct" if chosen:
                row = (self.rows[chosen][0], time * MINUTE, self.result)
                correct(bench, chosen, row)
                self.rows[chosen] = row
            case "delete" if chosen:
                delete(bench, chosen, self.rows.pop(chosen)[0])
            case "compact":
                bench.observations.compact()
            case "keep":
                bench.observations.compact(3)
            case "reopen":
                bench.reopen()
            case "merge":
                bench.observations.merge()
            case "save":
                bench.observations.save()

    def latest(self) -> list[tuple[int, int]]:
        """Time of the latest and of the first of each datastream."""
        found = []
        for stream in range(1, 4):
            times = [row[1] for row in self.rows.values() if row[0] == stream]
            if times:
                found.append((max(times), min(times)))
        return found


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(_EDIT, min_size=5, max_size=40))
def test_any_order_of_edits_comes_to_what_it_says(
    steps: list[tuple[str, int, int]],
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder: Path = tmp_path_factory.mktemp("edits")
    shutil.copy(sqlite_template, folder / "yiwang.db")
    database = Database(f"sqlite:///{folder / 'yiwang.db'}")
    add_datastreams(database, 3)
    _undeclared(database)
    bench = Bench(folder / "observations", database, ManualClock(40 * MINUTE), hot_rows=4)
    model = _Model(bench)
    for step in steps:
        model.step(*step)
        assert by_number(bench) == one_by_one(bench) == model.rows
        assert bench.observations.count == len(model.rows)
        assert [(last, first) for last, _, _, first in latest(bench)] == model.latest()
    bench.observations.compact()
    assert in_delta(bench) == model.rows
    bench.observations.close()
    database.close()
