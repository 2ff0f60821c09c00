"""What the domains offer one another without importing one another; joined in ``app.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Channel:
    """A datastream as the rules see it.

    ``kind`` is ``<pack>.<device kind>`` and empty for a thing of no pack; ``property`` the
    short name of what is observed, as the device kind declares it.
    """

    datastream: int
    thing: int
    kind: str
    property: str
    place: int | None
    lon: float | None
    lat: float | None


class ChannelDirectory(Protocol):
    """Port of sensing: which datastreams there are."""

    def channels(self, kinds: Sequence[str] | None = None) -> list[Channel]: ...


class PositionedLog(Protocol):
    """Port of sensing: the observation log, read from a position."""

    def read(self, position: int, most: int = 100_000, until: int | None = None) -> Sequence[Any]:
        """Batches (ObservationBatch) after ``position``, at most about ``most`` rows; empty
        when everything was read. Each batch's ``position`` is where to go on. A batch may hold
        several frames, but none that ends behind ``until``."""
        ...

    def end(self) -> int:
        """Position after the last durable frame."""
        ...


class PersonNames(Protocol):
    """Port of the registry: what people are called."""

    def name(self, user: str) -> str:
        """The registered person who signs in under a name; empty where there is none."""
        ...


class FindingExplainer(Protocol):
    """Port of rules: why there is a finding."""

    def explain(self, finding: int) -> dict[str, Any]:
        """Rule, version, expression, parameters as they were, and the observations judged."""
        ...


class EvidenceReader(Protocol):
    """Port of sensing: the raw message behind an observation."""

    def raw(self, observation: int) -> dict[str, Any]: ...


class CaseDirectory(Protocol):
    """Port of cases: which case a finding led to."""

    def case_of(self, findings: Sequence[int]) -> dict[int, int]: ...


LatestColumns = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]
