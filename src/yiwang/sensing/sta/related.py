"""What observations are related to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from yiwang.contracts.observations import Ints
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.columns import Observed, Related
from yiwang.sensing.sta.entities import Entities
from yiwang.sensing.sta.schema import (
    DATASTREAM,
    FEATURE_OF_INTEREST,
    MULTI_DATASTREAM,
    EntityType,
)


class Links(Related):
    """What observations are related to, asked of the entity tables."""

    def __init__(self, entities: Entities) -> None:
        self._entities = entities
        self._defaults: dict[int, int] = {}
        self._kinds: dict[int, bool] = {}

    def multi(self, datastreams: Sequence[int]) -> set[int]:
        """Those of some numbers that are multi-datastreams."""
        unknown = set(datastreams) - self._kinds.keys()
        if unknown:
            found = self._entities.many(MULTI_DATASTREAM, sorted(unknown))
            self._kinds |= {stream: stream in found for stream in unknown}
        return {stream for stream in datastreams if self._kinds[stream]}

    def datastream_values(self, datastreams: Ints, node: ast.Path, multi: bool) -> dict[int, Any]:
        return self._values(MULTI_DATASTREAM if multi else DATASTREAM, datastreams, node)

    def feature_values(self, features: Ints, node: ast.Path) -> dict[int, Any]:
        return self._values(FEATURE_OF_INTEREST, features, node)

    def _values(self, type_: EntityType, ids: Ints, node: ast.Path) -> dict[int, Any]:
        return self._entities.values(type_, ids.tolist(), node)

    def features(self, observed: Observed, named: Sequence[int | None]) -> Ints:
        unknown = set(observed.datastream.tolist()) - self._defaults.keys()
        for type_ in (DATASTREAM, MULTI_DATASTREAM):
            for id_, row in self._entities.many(type_, sorted(unknown)).items():
                self._defaults[id_] = row["feature"] or 0
            unknown -= self._defaults.keys()
        streams = observed.datastream.tolist()
        found = [
            self._defaults.get(stream, 0) if name is None else name
            for name, stream in zip(named, streams, strict=True)
        ]
        return np.array(found, np.int64)
