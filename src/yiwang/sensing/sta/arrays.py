"""Pages of observations as data arrays (18-088, 12.1)."""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.sensing.sta.entities import Row
from yiwang.sensing.sta.errors import NotSupported, words
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.render import Json, Links
from yiwang.sensing.sta.schema import DATASTREAM, MULTI_DATASTREAM, OBSERVATION, EntityType


def of(type_: EntityType, rows: Sequence[Row], query: Query, links: Links) -> list[Json]:
    """Observations grouped by datastream as arrays. Raises NotSupported for anything else."""
    if type_ is not OBSERVATION or query.expand:
        raise NotSupported("$resultFormat", what=words("data_array"))
    names = [item.name for item in OBSERVATION.properties]
    if query.select:
        wanted = {chosen[0] for chosen in query.select}
        names = [name for name in names if name in wanted]
    arrays: dict[int, Json] = {}
    for row in rows:
        stream = row["datastream"]
        if stream not in arrays:
            owner = MULTI_DATASTREAM if row.get("multi") else DATASTREAM
            arrays[stream] = {
                f"{owner.name}@iot.navigationLink": links.entity(owner, stream),
                "components": ["id", *names],
                "dataArray@iot.count": 0,
                "dataArray": [],
            }
        arrays[stream]["dataArray"].append([row["id"], *(row.get(name) for name in names)])
        arrays[stream]["dataArray@iot.count"] += 1
    return list(arrays.values())
