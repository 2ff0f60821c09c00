"""Read = accepted + rejected + duplicate, whatever comes, however it is cut and interrupted."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sensing.core.conftest import Bench, Row, add_datastreams, incoming, listed
from yiwang.contracts.observations import Rejected
from yiwang.kernel.clock import DAY, MINUTE, SECOND, ManualClock, parse
from yiwang.sensing import ledger as ledgers
from yiwang.sensing.latest import Latest
from yiwang.store.database import Database

NOW = parse("2026-07-01T00:00:00Z")
STREAMS = 4

_time = st.one_of(
    st.integers(-8, 0).map(lambda step: NOW + step * SECOND),
    st.sampled_from([NOW + 10 * MINUTE, NOW - 500 * DAY, NOW - 300 * DAY]),
)
_result = st.sampled_from([0.0, 1.0, 2.5, -0.0, 100.0, 101.0, float("nan"), float("inf")])
_row = st.tuples(st.integers(-1, STREAMS + 1), _time, _result)
_batch = st.tuples(st.sampled_from(["a", "b"]), st.lists(_row, max_size=12), st.integers(0, 2))
_step = st.one_of(
    st.lists(_batch, min_size=1, max_size=3), st.sampled_from(["compact", "restart", "fold"])
)


class Oracle:
    """The same rules, written row by row."""

    def __init__(self) -> None:
        self.stored: list[Row] = []
        self.counts: Counter[tuple[str, str]] = Counter()

    def take(self, source: str, rows: list[Row], lost: int) -> list[int]:
        outcomes = []
        for row in rows:
            outcome = self._take(row)
            outcomes.append(outcome)
            kind = "stored" if outcome > 0 else "rejected" if outcome else "duplicate"
            self.counts[source, kind] += 1
        self.counts[source, "rejected"] += lost
        self.counts[source, "received"] += len(rows) + lost
        return outcomes

    def _take(self, row: Row) -> int:
        stream, time, result = row
        if not 1 <= stream <= STREAMS or not 0 <= result <= 100:
            return -1
        if time > NOW + 5 * MINUTE or time < NOW - 400 * DAY:
            return -1
        if row in self.stored:
            return 0
        self.stored.append(row)
        return len(self.stored)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    file = tmp_path_factory.mktemp("streams") / "yiwang.db"
    shutil.copy(sqlite_template, file)
    database = Database(f"sqlite:///{file}")
    add_datastreams(database, STREAMS, least=0.0, most=100.0)
    database.close()
    return file


@pytest.fixture
def fresh(template: Path) -> Iterator[object]:
    """Makes an empty bench, as often as asked."""
    made: list[tuple[Bench, Database, Path]] = []

    def make() -> Bench:
        folder = Path(tempfile.mkdtemp())
        shutil.copy(template, folder / "yiwang.db")
        database = Database(f"sqlite:///{folder / 'yiwang.db'}")
        bench = Bench(folder / "observations", database, ManualClock(NOW))
        made.append((bench, database, folder))
        return bench

    yield make
    for bench, database, folder in made:
        bench.observations.close()
        database.close()
        shutil.rmtree(folder)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(_step, min_size=1, max_size=8))
def test_everything_received_is_accounted_for(fresh: object, steps: list[object]) -> None:
    bench: Bench = fresh()  # type: ignore[operator]
    oracle = Oracle()
    for step in steps:
        if step == "compact":
            bench.observations.compact()
        elif step == "restart":
            bench.reopen()
        elif step == "fold":
            bench.ledger.fold()
        else:
            _accept(bench, oracle, step)  # type: ignore[arg-type]
    assert bench.stored() == sorted(oracle.stored, key=lambda row: row[:2])
    assert bench.logged() == oracle.stored
    _check_latest(bench.observations.latest, oracle.stored)
    _check_ledger(bench, oracle)
    bench.reopen()
    assert bench.logged() == oracle.stored
    _check_latest(bench.observations.latest, oracle.stored)


def _accept(bench: Bench, oracle: Oracle, batches: list[tuple[str, list[Row], int]]) -> None:
    lost = Rejected("sensing.undecodable", b"{")
    items = [
        incoming(rows, source, NOW, rejected=[lost] * count) for source, rows, count in batches
    ]
    receipts = bench.intake.accept_all(items)
    for (source, rows, count), receipt in zip(batches, receipts, strict=True):
        assert receipt.numbers.tolist() == oracle.take(source, rows, count)
        lost_rows = len(receipt.rejected)
        assert receipt.received == len(rows) + count
        assert receipt.received == receipt.stored + receipt.duplicate + lost_rows


def _check_ledger(bench: Bench, oracle: Oracle) -> None:
    while bench.ledger.fold():
        pass
    with bench.database.read() as connection:
        lines = ledgers.read(connection)
    assert all(line.balanced for line in lines)
    for line in lines:
        for name in ("received", "stored", "duplicate", "rejected"):
            assert getattr(line, name) == oracle.counts[line.source, name]


def _check_latest(latest: Latest, stored: list[Row]) -> None:
    for stream in range(1, STREAMS + 1):
        mine = [(row, number) for number, row in enumerate(stored, 1) if row[0] == stream]
        if not mine:
            assert latest.number[stream] == 0
            continue
        row, number = max(mine, key=lambda item: (item[0][1], item[1]))
        found = (latest.time[stream], latest.result[stream], latest.number[stream])
        assert found == (row[1], row[2], number)
        assert latest.first_time[stream] == min(item[0][1] for item in mine)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_how_a_stream_is_cut_into_batches_does_not_matter(
    fresh: object, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(_row, min_size=1, max_size=40))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows)), max_size=6)) | {len(rows)})
    whole: Bench = fresh()  # type: ignore[operator]
    parts: Bench = fresh()  # type: ignore[operator]
    whole.intake.accept(incoming(rows, received=NOW))
    low = 0
    for high in cuts:
        parts.intake.accept(incoming(rows[low:high], received=NOW))
        low = high
    assert whole.logged() == parts.logged()


def test_a_reader_behind_reads_the_same_from_files_as_from_memory(bench: Bench) -> None:
    now = bench.clock.now()
    random = np.random.default_rng(5)
    for minute in range(200):
        rows = [(int(s), now + minute, float(minute)) for s in random.integers(1, 9, 20)]
        bench.accept(*rows)
    in_memory = bench.logged()
    bench.observations.compact()
    assert bench.observations.hot.rows == 0
    assert bench.logged() == in_memory
    bench.accept((1, now + 500, 1.0))
    in_memory.append((1, now + 500, 1.0))
    assert bench.logged() == in_memory
    files = [row for batch in bench.observations.log.read(0, 10**9, 2**62) for row in listed(batch)]
    assert files == in_memory
