"""What holds for multi-datastreams alone (18-088, 8.2.12): as many units, types of values and
observed properties as their results have values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from yiwang.kernel.text import Words
from yiwang.sensing import tables as t
from yiwang.sensing.sta.errors import BadValue, words

COMPLEX = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"
"""The observationType of every multi-datastream."""

Json = dict[str, Any]


def columns(row: Json) -> Json:
    """The columns of a multi-datastream that depend on one another. Raises BadValue."""
    types, units = row["multi_observation_data_types"], row["unit_of_measurements"]
    if not _are(types, str):
        raise _bad("multiObservationDataTypes", words("types_of_values"))
    if not _are(units, dict):
        raise _bad("unitOfMeasurements", words("units_of_values"))
    if len(units) != len(types):
        wanted = words("unit_each", count=len(types))
        raise _bad("unitOfMeasurements", wanted, len(units))
    kind = row.get("observation_type") or COMPLEX
    if kind != COMPLEX:
        raise _bad("observationType", COMPLEX, kind)
    return {"observation_type": kind}


def check_count(connection: Connection, id_: int, count: int) -> None:
    """Raises BadValue unless a multi-datastream has so many values."""
    column = t.multi_datastreams.c.multi_observation_data_types
    types = connection.execute(select(column).where(t.multi_datastreams.c.id == id_)).scalar_one()
    if len(types) != count:
        wanted = words("property_each", count=len(types))
        raise _bad("ObservedProperties", wanted, count)


def _are(value: Any, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, kind) for v in value)


def _bad(name: str, wanted: str | Words, value: Any = "…") -> BadValue:
    return BadValue(name, name=name, value=value, wanted=wanted)
