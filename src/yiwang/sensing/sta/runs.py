"""Data arrays of nothing but times and numbers, which most are, decoded as columns.

What is not of that kind, or wrong, is for ``payload``: there each row is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from msgspec import Raw

from yiwang.contracts.observations import Floats, Incoming, Ints
from yiwang.kernel import clock
from yiwang.sensing.sta import columns, payload
from yiwang.sensing.sta.payload import Observation, Reference

_COMPONENTS = ["phenomenonTime", "result"]
_LEAST, _MOST = 1e-4, 1e15
"""Sizes of numbers that everybody writes alike, without an exponent."""


class _Array(msgspec.Struct):
    components: list[str]
    dataArray: list[tuple[str, Raw]]
    Datastream: Reference
    MultiDatastream: Any = None


_arrays = msgspec.json.Decoder(list[_Array])
_numbers = msgspec.json.Decoder(list[float])


@dataclass(frozen=True)
class Run:
    """The rows of one data array; ``exact`` as in ``Observation``, None where no row has one."""

    datastream: int
    time: Ints
    result: Floats
    exact: Sequence[str | None] | None


def decode(content: bytes) -> list[Run] | None:
    """The body of CreateObservations; None where it is not plain from end to end."""
    try:
        arrays = _arrays.decode(content)
        plain = all(a.components == _COMPONENTS and a.MultiDatastream is None for a in arrays)
        return [_run(array) for array in arrays] if plain else None
    except (msgspec.DecodeError, RecursionError, ValueError, OverflowError):
        return None


def _run(array: _Array) -> Run:
    times = np.array([clock.parse(time) for time, _ in array.dataArray], np.int64)
    texts = [result for _, result in array.dataArray]
    return Run(array.Datastream.id, times, *_results(texts))


def _results(texts: Sequence[Raw]) -> tuple[Floats, Sequence[str | None] | None]:
    joined = b",".join(texts)
    result = np.array(_numbers.decode(b"[" + joined + b"]"), np.float64)
    size = np.abs(result)
    usual = ((size >= _LEAST) & (size < _MOST)) | (size == 0)
    if usual.all() and columns.written(result) == joined:
        return result, None
    exact = [payload.number_and_text(bytes(text).decode())[1] for text in texts]
    return result, exact if any(text is not None for text in exact) else None


def incoming(
    runs: Sequence[Run], features: Mapping[int, int | None], source: str, now: int
) -> Incoming:
    """``features``: what the observations of each datastream name as feature of interest."""
    none: Ints = np.zeros(0, np.int64)
    extra: list[str | None] = []
    if any(features.values()):
        texts = {s: Observation(0, 0.0).extra_text(feature) for s, feature in features.items()}
        for run in runs:
            extra.extend([texts[run.datastream]] * len(run.time))
    exact: list[str | None] = []
    if any(run.exact is not None for run in runs):
        for run in runs:
            exact.extend([None] * len(run.time) if run.exact is None else run.exact)
    return Incoming(
        source,
        np.concatenate([none, *(np.full(len(run.time), run.datastream) for run in runs)]),
        np.concatenate([none, *(run.time for run in runs)]),
        np.concatenate([np.zeros(0), *(run.result for run in runs)]),
        now,
        exact or None,
        extra or None,
    )
