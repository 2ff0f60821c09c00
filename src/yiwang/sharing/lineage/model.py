"""OpenLineage run events (openlineage.io, spec 2-0-2), and the graph that they make: pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from yiwang.kernel import clock

SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
TYPES = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
OURS = "yiwang"
"""The namespace of our own jobs and of resources of the catalogue, whose name is their code."""
MOST_DATASETS, MOST_COLUMNS = 200, 2000
MOST_STEPS = 10


class Dataset(msgspec.Struct, frozen=True):
    """A dataset by its namespace and name, as OpenLineage names them."""

    namespace: str
    name: str

    @property
    def key(self) -> str:
        return digest(self.namespace, self.name)


def digest(*words: str) -> str:
    """SHA-256 of some names, by which they are found: they are longer than an index may hold."""
    return hashlib.sha256(msgspec.json.encode(words)).hexdigest()


class ColumnFrom(msgspec.Struct, frozen=True):
    """A column of an output, and the columns of inputs that it was made from."""

    output: Dataset
    column: str
    inputs: tuple[tuple[Dataset, str], ...]


class RunEvent(msgspec.Struct, frozen=True):
    """What of a run event is kept: instants in microseconds, ``rows`` where an output says so."""

    type: str
    at: int
    run: str
    job_namespace: str
    job: str
    inputs: tuple[Dataset, ...] = ()
    outputs: tuple[Dataset, ...] = ()
    columns: tuple[ColumnFrom, ...] = ()
    rows: int | None = None
    producer: str = ""

    @property
    def job_key(self) -> str:
        return digest(self.job_namespace, self.job)


class Wrong(ValueError):
    """A run event lacks something; ``args``: the field and what was expected there."""


def read(raw: Mapping[str, Any]) -> RunEvent:
    """A run event as a producer sends it. Facets that are not kept are passed over. Raises
    Wrong."""
    kind = raw.get("eventType", "OTHER")
    if kind not in TYPES:
        raise Wrong("eventType", ", ".join(TYPES))
    inputs = _datasets(raw, "inputs")
    outputs = _datasets(raw, "outputs")
    return RunEvent(
        kind,
        _instant(raw),
        _word(_part(raw, "run"), "run", "runId"),
        _word(_part(raw, "job"), "job", "namespace"),
        _word(_part(raw, "job"), "job", "name"),
        tuple(one for one, _ in inputs),
        tuple(one for one, _ in outputs),
        tuple(_columns(outputs)),
        _rows(outputs),
        str(raw.get("producer", ""))[:500],
    )


def shown(event: RunEvent) -> dict[str, Any]:
    """A run event as OpenLineage writes it."""
    return {
        "eventType": event.type,
        "eventTime": clock.render(event.at),
        "run": {"runId": event.run},
        "job": {"namespace": event.job_namespace, "name": event.job},
        "inputs": [{"namespace": one.namespace, "name": one.name} for one in event.inputs],
        "outputs": [_output(one, event) for one in event.outputs],
        "producer": event.producer,
        "schemaURL": SCHEMA,
    }


def _output(one: Dataset, event: RunEvent) -> dict[str, Any]:
    shown: dict[str, Any] = {"namespace": one.namespace, "name": one.name}
    fields = {
        each.column: {
            "inputFields": [
                {"namespace": source.namespace, "name": source.name, "field": column}
                for source, column in each.inputs
            ]
        }
        for each in event.columns
        if each.output == one
    }
    if fields:
        url = "https://openlineage.io/spec/facets/1-1-0/ColumnLineageDatasetFacet.json"
        facet = {"_producer": event.producer, "_schemaURL": url, "fields": fields}
        shown["facets"] = {"columnLineage": facet}
    if event.rows is not None:
        url = "https://openlineage.io/spec/facets/1-0-2/OutputStatisticsOutputDatasetFacet.json"
        counted = {"_producer": event.producer, "_schemaURL": url, "rowCount": event.rows}
        shown["outputFacets"] = {"outputStatistics": counted}
    return shown


Edge = tuple[Dataset, Dataset, str]
"""From one dataset into another, by a job."""


def around(
    leading: Callable[[int, Sequence[Dataset]], Iterable[Edge]], start: Dataset, steps: int = 3
) -> list[Edge]:
    """The edges that lead to a dataset or away from it, up to so many steps each way, in the
    order in which they are met. Circles end. ``leading``: those that lead into any of some
    datasets (0), or away from them (1)."""
    found: dict[Edge, None] = {}
    for way in (0, 1):
        seen, here = {start}, [start]
        for _ in range(min(steps, MOST_STEPS)):
            met = list(leading(way, here)) if here else []
            found |= dict.fromkeys(met)
            ends: list[Dataset] = [edge[0] if way == 0 else edge[1] for edge in met]
            here = [end for end in dict.fromkeys(ends) if end not in seen]
            seen.update(here)
    return list(found)


def _part(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = raw.get(name)
    if not isinstance(part, dict):
        raise Wrong(name, "an object")
    return part


def _word(raw: Mapping[str, Any], where: str, name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 500:
        raise Wrong(f"{where}.{name}", "a text of 1 to 500 signs")
    return value


def _instant(raw: Mapping[str, Any]) -> int:
    try:
        return clock.parse(str(raw.get("eventTime", "")))
    except ValueError:
        raise Wrong("eventTime", "an instant like 2026-07-01T00:00:00Z") from None


def _datasets(raw: Mapping[str, Any], name: str) -> list[tuple[Dataset, Mapping[str, Any]]]:
    listed = raw.get(name) or []
    if not isinstance(listed, list) or len(listed) > MOST_DATASETS:
        raise Wrong(name, f"a list of at most {MOST_DATASETS}")
    found: list[tuple[Dataset, Mapping[str, Any]]] = []
    for place, one in enumerate(listed):
        where = f"{name}[{place}]"
        if not isinstance(one, dict):
            raise Wrong(where, "an object")
        key = Dataset(_word(one, where, "namespace"), _word(one, where, "name"))
        found.append((key, one))
    return found


def _columns(outputs: Sequence[tuple[Dataset, Mapping[str, Any]]]) -> list[ColumnFrom]:
    found: list[ColumnFrom] = []
    for key, raw in outputs:
        fields = _inside(raw, "facets", "columnLineage", "fields")
        for column, told in fields.items():
            sources = told.get("inputFields") if isinstance(told, dict) else None
            inputs = tuple(
                (Dataset(str(one.get("namespace")), str(one.get("name"))), str(one.get("field")))
                for one in (sources if isinstance(sources, list) else [])
                if isinstance(one, dict)
            )
            found.append(ColumnFrom(key, str(column)[:200], inputs))
    return found[:MOST_COLUMNS]


def _rows(outputs: Sequence[tuple[Dataset, Mapping[str, Any]]]) -> int | None:
    counts = [
        _inside(raw, "outputFacets", "outputStatistics").get("rowCount") for _, raw in outputs
    ]
    known = [one for one in counts if isinstance(one, int) and not isinstance(one, bool)]
    return sum(known) if known else None


def _inside(raw: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        inner = raw.get(name)
        if not isinstance(inner, dict):
            return {}
        raw = inner
    return raw
