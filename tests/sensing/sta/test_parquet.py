"""$resultFormat=Parquet of entities, observations and $apply, and its line in the audit log."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sensing.sta.conftest import Service
from tests.sensing.sta.test_formats import filled
from yiwang.security import audit
from yiwang.security.model import Identity
from yiwang.sensing.sta import export
from yiwang.sensing.sta.parquet import MEDIA

__all__ = ["filled"]


def table(service: Service, path: str, **options: Any) -> Any:
    answer = service.client.get(f"/v1.1/{path}", **options)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA
    return pq.read_table(io.BytesIO(answer.content))


def exported(service: Service) -> list[tuple[str, Any]]:
    with service.database.read() as connection:
        lines = audit.page(connection, 100)
    mine = [line for line in lines if line["verb"] == "entities_exported"]
    return [
        (line["subject"], d if isinstance(d := line["details"], dict) else json.loads(d))
        for line in mine
    ]


class TestColumns:
    def test_observations_are_typed_and_as_exact_as_they_came(self, filled: Service) -> None:
        span = "2026-06-30T11:00:00Z/2026-06-30T12:00:00Z"
        content = f'{{"phenomenonTime":"{span}","result":2.00}}'
        answer = filled.client.post("/v1.1/Datastreams(1)/Observations", content=content)
        assert answer.status_code == 201
        found = table(filled, "Observations?$resultFormat=parquet&$expand=Datastream($select=name)")
        assert found.column_names[:3] == ["id", "phenomenonTime", "phenomenonTime/end"]
        assert found.schema.field("phenomenonTime").type == pa.timestamp("us", "UTC")
        assert found.schema.field("result").type == pa.float64()
        rows = found.to_pylist()
        assert [row["result"] for row in rows] == [1, 2.5, 3, 2]
        assert [row["result/json"] for row in rows] == ["1", "2.5", "3", "2.00"]
        assert rows[0]["phenomenonTime/end"] is None
        assert rows[3]["phenomenonTime/end"] == datetime(2026, 6, 30, 12, tzinfo=UTC)
        assert json.loads(rows[0]["parameters"]) == {"x": [1, "y"]}
        assert {row["Datastream/name"] for row in rows} == {"深度"}

    def test_entities(self, filled: Service) -> None:
        query = "$select=id,name,properties/floor&$expand=Locations($top=1;$select=location)"
        first, bare = table(filled, f"Things?$resultFormat=Parquet&{query}").to_pylist()
        assert (first["id"], first["properties/floor"], bare["name"]) == (1, "2", "bare")
        assert json.loads(first["Locations/location"])["coordinates"] == [116.4, 39.9]
        assert bare["Locations/location"] is None
        (stream,) = table(filled, "Datastreams(1)?$resultFormat=Parquet").to_pylist()
        assert stream["unitOfMeasurement/symbol"] == "cm"
        assert stream["phenomenonTime"] == datetime(2026, 6, 30, 8, tzinfo=UTC)
        assert stream["phenomenonTime/end"] == datetime(2026, 6, 30, 10, tzinfo=UTC)
        (history,) = table(filled, "HistoricalLocations?$resultFormat=Parquet").to_pylist()
        assert history["time"].tzinfo is not None

    def test_nothing_is_a_table_too(self, filled: Service) -> None:
        found = table(filled, "Things?$resultFormat=Parquet&$filter=id eq 99")
        assert found.num_rows == 0 and "name" in found.column_names

    def test_texts_truths_and_objects_as_results(self, filled: Service) -> None:
        body = {**filled.get("Datastreams(1)?$select=name,description,unitOfMeasurement")}
        body |= {"observationType": "http://www.opengis.net/def/observationType/OM_Observation"}
        body |= {"Thing": {"@iot.id": 1}, "Sensor": {"@iot.id": 1}}
        any_ = filled.add("Datastreams", {**body, "ObservedProperty": {"@iot.id": 1}})
        for minute, result in enumerate(("high", True, {"a": 1}, None)):
            at = f"2026-06-30T10:0{minute}:00Z"
            filled.add(
                f"Datastreams({any_})/Observations", {"phenomenonTime": at, "result": result}
            )
        found = table(filled, f"Datastreams({any_})/Observations?$resultFormat=Parquet")
        assert found.column("result").to_pylist() == [None] * 4
        assert found.column("result/json").to_pylist() == ['"high"', "true", '{"a":1}', "null"]


def test_groups_of_apply(filled: Service) -> None:
    by = "bucket(phenomenonTime,duration'PT1H','Asia/Shanghai') as hour"
    measures = "result with average as mean,phenomenonTime with min as first,$count as n"
    apply = f"groupby((Datastream/id,{by}),aggregate({measures},result with last as last))"
    found = table(filled, f"Observations?$apply={apply}&$resultFormat=Parquet")
    rows = found.to_pylist()
    assert [(row["mean"], row["n"], row["last"]) for row in rows] == [
        (1, 1, 1),
        (2.5, 1, 2.5),
        (3, 1, 3),
    ]
    assert {row["Datastream/id"] for row in rows} == {1}
    assert rows[0]["hour"] == rows[0]["first"] == datetime(2026, 6, 30, 8, tzinfo=UTC)


class TestPages:
    @pytest.fixture(autouse=True)
    def short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("entities", "service", "streaming"):
            monkeypatch.setattr(f"yiwang.sensing.sta.{module}.MOST_TOP", 1)

    def test_one_file_of_many_pages(self, filled: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        query = "Observations?$resultFormat=Parquet"
        assert table(filled, query).column("result").to_pylist() == [1, 2.5, 3]
        assert table(filled, f"{query}&$top=2").column("result").to_pylist() == [1, 2.5]
        monkeypatch.setattr("yiwang.sensing.sta.parquet._ROW_GROUP", 2)
        answer = filled.client.get(f"/v1.1/{query}")
        file = pq.ParquetFile(io.BytesIO(answer.content))
        assert [file.metadata.row_group(i).num_rows for i in range(2)] == [2, 1]

    def test_who_takes_everything_along_is_put_down(self, filled: Service) -> None:
        table(filled, "Datastreams(1)/Observations?$resultFormat=Parquet&$filter=result gt 0")
        filled.client.get("/v1.1/Things?$resultFormat=CSV&$select=name")
        filled.client.get("/v1.1/Things?$resultFormat=CSV&$top=1")
        filled.client.get("/v1.1/Things")
        assert sorted(exported(filled)) == [
            (
                "Datastreams(1)/Observations",
                {"query": "$filter=(result gt 0)&$resultFormat=Parquet", "format": "Parquet"},
            ),
            ("Things", {"query": "$select=name&$resultFormat=CSV", "format": "CSV"}),
        ]
        assert export.record_query.__doc__

    def test_what_everybody_sees_leaves_without_a_line(self, filled: Service) -> None:
        filled.identity = Identity("user", 7, "citizen", frozenset({"citizen"}))
        assert table(filled, "Things?$resultFormat=Parquet").num_rows == 0
        assert exported(filled) == []


def test_the_accept_header_and_a_batch(filled: Service) -> None:
    assert table(filled, "Things", headers={"accept": MEDIA}).num_rows == 2
    requests = [{"id": "1", "method": "get", "url": "Things?$resultFormat=Parquet"}]
    (one,) = filled.send("POST", "$batch", {"requests": requests})["responses"]
    content = base64.urlsafe_b64decode(one["body"])
    assert pq.read_table(io.BytesIO(content)).num_rows == 2


@pytest.mark.parametrize(
    "path",
    [
        "Things?$resultFormat=Parquet&$expand=Datastreams",
        "Things?$resultFormat=ORC",
        "Observations?$resultFormat=Parquet&$filter=depth gt 1",
    ],
)
def test_what_is_wrong_is_told_before_the_first_byte(filled: Service, path: str) -> None:
    assert "Parquet" in filled.get(path, 400)["message"] or "depth" in path
