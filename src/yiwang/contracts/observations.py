"""The observation path: what sensing stores and rules judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ObservationBatch:
    """Stored observations in the order of the log; every column has the same length n.

    ``datastream``: the datastream's number, which is also its index in every dense array
    (numbers start at 1 and are given without gaps). ``time``: phenomenon time in
    microseconds. ``result``: the number, NaN where the result is not a number. ``exact``:
    the result as JSON text where a double does not hold it, else None; the whole column is
    None when every result is a plain number. ``extra``: JSON object of what an observation
    carries beyond result and time (resultTime, validTime, resultQuality, parameters), or None.
    ``first``: the number of the first observation; the batch holds first … first + n - 1.
    ``position``: the log position after this batch.
    """

    first: int
    position: int
    datastream: Ints
    time: Ints
    result: Floats
    received: Ints
    exact: Sequence[str | None] | None = None
    extra: Sequence[str | None] | None = None

    def __len__(self) -> int:
        return len(self.datastream)


@dataclass(frozen=True)
class Incoming:
    """Decoded observations on their way in, columns as in ObservationBatch.

    ``source`` names the entrance for the ledger (``mqtt``, ``http``, ``replay:parking.parquet``).
    ``cursor`` is how far into a re-readable source this batch reaches; it is stored with the
    rows, so that a restart continues behind it. ``raw`` are the messages as they came, one a
    row or one for all, kept with rejected rows. ``rejected`` are messages of this batch that
    could not even be decoded.
    """

    source: str
    datastream: Ints
    time: Ints
    result: Floats
    received: int
    exact: Sequence[str | None] | None = None
    extra: Sequence[str | None] | None = None
    raw: Sequence[bytes] | bytes | None = None
    cursor: int | None = None
    rejected: Sequence[Rejected] = ()


@dataclass(frozen=True)
class Rejected:
    """One thing that was not stored. ``reason`` is an error code such as
    ``sensing.unknown_datastream``; ``where`` the topic, path or row."""

    reason: str
    raw: bytes
    where: str = ""
    count: int = 1


@dataclass(frozen=True)
class Receipt:
    """What became of one Incoming: received = stored + rejected + duplicate.

    ``numbers`` holds, for every row of the Incoming, the stored observation's number,
    0 for a duplicate, -1 for a rejected row.
    """

    received: int
    stored: int
    duplicate: int
    rejected: Sequence[Rejected]
    position: int
    numbers: Ints = field(default_factory=lambda: np.empty(0, np.int64))


class ObservationReader(Protocol):
    """Port: stored observations, for explanations and back-tests."""

    def between(
        self, datastreams: Sequence[int], start: int, end: int, limit: int = 100_000
    ) -> ObservationBatch:
        """Observations with start <= time <= end, ordered by datastream, time, number."""
        ...

    def latest(self, datastreams: Sequence[int]) -> tuple[Ints, Floats]:
        """Time and result of the latest observation of each; time 0 where there is none."""
        ...


class ObservationSink(Protocol):
    """Port: the entrance. Returns only after the batch is durable."""

    def accept(self, incoming: Incoming) -> Receipt: ...
