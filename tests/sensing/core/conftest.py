"""A bench of the observation path: a few datastreams, an intake that can be stopped and
opened again, and rows written down the short way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import insert

from yiwang.contracts.observations import Incoming, ObservationBatch, Rejected
from yiwang.kernel.clock import ManualClock
from yiwang.sensing import tables
from yiwang.sensing.intake import Intake
from yiwang.sensing.ledger import Ledger
from yiwang.sensing.log import LogFile, open_file
from yiwang.sensing.observations import Observations
from yiwang.store.database import Database

Row = tuple[int, int, float]
"""Datastream, time, result."""


def add_datastreams(database: Database, count: int, **limits: object) -> None:
    with database.write() as connection:
        connection.execute(insert(tables.things).values(id=1, name="thing", created_at=0))
        connection.execute(insert(tables.sensors).values(id=1, name="sensor", metadata=""))
        connection.execute(insert(tables.observed_properties).values(id=1, name="property"))
        row = {"thing": 1, "sensor": 1, "observed_property": 1, "name": "x", "observation_type": ""}
        row["property"] = "level"
        rows = [row | limits | {"id": number} for number in range(1, count + 1)]
        connection.execute(insert(tables.datastreams), rows)


def incoming(
    rows: Sequence[Row],
    source: str = "test",
    received: int = 0,
    cursor: int | None = None,
    exact: Sequence[str | None] | None = None,
    raw: Sequence[bytes] | bytes | None = None,
    rejected: Sequence[Rejected] = (),
) -> Incoming:
    return Incoming(
        source,
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
        received,
        exact=exact,
        raw=raw,
        cursor=cursor,
        rejected=rejected,
    )


class Bench:
    """One home's observation path over a database with a few datastreams."""

    def __init__(
        self, folder: Path, database: Database, clock: ManualClock, hot_rows: int = 2_000_000
    ) -> None:
        self.hot_rows = hot_rows
        self.folder = folder
        self.database = database
        self.clock = clock
        self.opener: Callable[[Path], LogFile] = open_file
        self.file_bytes = 64 * 1024 * 1024
        self.open()

    def open(self) -> None:
        self.observations = Observations(
            self.folder, self.clock, self.hot_rows, self.file_bytes, self.opener
        )
        self.intake = Intake(self.observations, self.database, self.clock)
        self.ledger = Ledger(self.observations, self.database, ZoneInfo("Asia/Shanghai"))

    def reopen(self) -> None:
        """As after a kill: nothing is closed in an orderly way."""
        self.observations.close()
        self.open()

    def accept(self, *rows: Row, **more: object) -> object:
        return self.intake.accept(incoming(rows, received=self.clock.now(), **more))  # type: ignore[arg-type]

    def stored(self, streams: Sequence[int] = range(1, 40)) -> list[Row]:
        return listed(self.observations.between(list(streams), -(2**62), 2**62, 10**9))

    def logged(self) -> list[Row]:
        """What a reader of the log sees from its beginning."""
        rows: list[Row] = []
        position = self.observations.log.first
        while batches := self.observations.read(position, 7):
            for batch in batches:
                rows += listed(batch)
            position = batches[-1].position
        return rows


def listed(batch: ObservationBatch) -> list[Row]:
    return list(
        zip(batch.datastream.tolist(), batch.time.tolist(), batch.result.tolist(), strict=True)
    )


@pytest.fixture
def bench(tmp_path: Path, sqlite: Database, clock: ManualClock) -> Iterator[Bench]:
    add_datastreams(sqlite, 8, least=0.0, most=100.0)
    made = Bench(tmp_path / "observations", sqlite, clock)
    yield made
    made.observations.close()
