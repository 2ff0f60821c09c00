"""Observations that a transaction brought along, kept with it until they are in the log.

A database and a log cannot be written in one step. So the transaction that makes a datastream
keeps the observations sent with it; they are stored behind the commit and then forgotten here.
What is still kept when the platform starts is stored then. Storing it a second time is a
repetition, which the intake counts as such.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from yiwang.contracts.observations import Incoming
from yiwang.sensing.intake import Intake
from yiwang.sensing.tables import brought_observations as table
from yiwang.store.database import Database

_log = logging.getLogger(__name__)


class Row(NamedTuple):
    """``result`` is None where it is no number; ``exact`` is its JSON then."""

    datastream: int
    time: int
    result: float | None
    exact: str | None
    extra: str | None


def keep(connection: Connection, rows: Sequence[Row], source: str, received: int) -> int:
    """Keep observations in the running transaction; returns what to forget them by."""
    values = {"source": source, "received": received, "rows": [list(row) for row in rows]}
    made = connection.execute(insert(table).values(values).returning(table.c.id))
    return int(made.scalar_one())


def forget(database: Database, ids: Sequence[int]) -> None:
    """What was kept is in the log now."""
    with database.write() as connection:
        connection.execute(delete(table).where(table.c.id.in_(ids)))


def left(database: Database) -> list[int]:
    """What is kept at the moment. At the start of the platform nobody is about to store it."""
    with database.read() as connection:
        return list(connection.execute(select(table.c.id).order_by(table.c.id)).scalars())


def take_up(database: Database, intake: Intake, id_: int) -> None:
    """Store what is left of a request that the end of the platform cut off. Raises DiskFull."""
    with database.read() as connection:
        kept = connection.execute(select(table).where(table.c.id == id_)).one()
    receipt = intake.accept(_incoming(kept.source, kept.received, kept.rows))
    forget(database, [id_])
    _log.info("Stored %d observations that a request had brought along", receipt.stored)


def _incoming(source: str, received: int, rows: Sequence[Sequence[object]]) -> Incoming:
    made = [Row(*row) for row in rows]  # type: ignore[arg-type]
    exact = [row.exact for row in made]
    extra = [row.extra for row in made]
    return Incoming(
        source,
        np.array([row.datastream for row in made], np.int64),
        np.array([row.time for row in made], np.int64),
        np.array([np.nan if row.result is None else row.result for row in made], np.float64),
        received,
        exact if any(text is not None for text in exact) else None,
        extra if any(text is not None for text in extra) else None,
    )
