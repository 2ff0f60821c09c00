"""$resultFormat=GeoJSON and CSV, and the same by the Accept header."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from tests.sensing.sta.conftest import Service, datastream, location, thing

Observe = Callable[..., int]


@pytest.fixture
def filled(service: Service) -> Service:
    odd = 'a "quoted", comma\nand line'
    body = thing(odd, properties={"floor": 2, "location": {"type": "indoors"}})
    service.add("Things", {**body, "Locations": [location()], "Datastreams": [datastream("深度")]})
    service.add("Things", thing("bare"))
    for hour, result in ((8, 1), (9, 2.5), (10, 3)):
        body = {"phenomenonTime": f"2026-06-30T{hour:02}:00:00Z", "result": result}
        service.add("Datastreams(1)/Observations", {**body, "parameters": {"x": [1, "y"]}})
    return service


def table(service: Service, path: str, **options: Any) -> list[list[str]]:
    answer = service.client.get(f"/v1.1/{path}", **options)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))


class TestGeoJson:
    def test_things_take_the_geometry_of_what_is_expanded(self, filled: Service) -> None:
        found = filled.get("Things?$expand=Locations($select=id,location)&$resultFormat=GeoJSON")
        assert found["type"] == "FeatureCollection"
        first, bare = found["features"]
        assert first["geometry"] == {"type": "Point", "coordinates": [116.4, 39.9]}
        assert first["properties"]["properties/floor"] == 2
        assert first["properties"]["properties/location/type"] == "indoors"
        assert first["properties"]["Locations/0/id"] == 1
        assert first["id"] == first["properties"]["id"] == 1
        assert bare["geometry"] is None
        assert not any("@iot" in name for name in first["properties"])

    def test_pages_count_and_one_entity(self, filled: Service) -> None:
        query = "$resultFormat=geojson&$top=2&$count=true&$expand=FeatureOfInterest"
        answer = filled.client.get(f"/v1.1/Observations?{query}")
        assert answer.headers["content-type"] == "application/geo+json"
        found = answer.json()
        assert found["@iot.count"] == 3 and len(found["features"]) == 2
        assert found["features"][0]["geometry"]["type"] == "Point"
        assert found["features"][0]["properties"]["result"] == 1
        assert found["features"][0]["properties"]["parameters/x/1"] == "y"
        following = filled.client.get(found["@iot.nextLink"]).json()
        assert [one["properties"]["result"] for one in following["features"]] == [3]
        alone = filled.get("Locations(1)?$resultFormat=GeoJSON")["features"]
        assert [one["properties"]["name"] for one in alone] == ["Gate"]

    def test_a_feature_lends_its_geometry_and_properties(self, service: Service) -> None:
        feature = {
            "type": "Feature",
            "properties": {"road": "S1"},
            "geometry": {"type": "Point", "coordinates": [1, 2]},
        }
        service.add("Locations", {**location(), "location": feature})
        (found,) = service.get("Locations?$resultFormat=GeoJSON")["features"]
        assert found["geometry"] == feature["geometry"]
        assert found["properties"]["road"] == "S1"


class TestCsv:
    def test_a_line_for_each_entity_with_nested_columns(self, filled: Service) -> None:
        query = "$select=name,unitOfMeasurement&$expand=Thing($select=name,properties)"
        assert table(filled, f"Datastreams?$resultFormat=CSV&{query}") == [
            [
                "name",
                "unitOfMeasurement/name",
                "unitOfMeasurement/symbol",
                "unitOfMeasurement/definition",
                "Thing/name",
                "Thing/properties",
            ],
            [
                "深度",
                "Centimetre",
                "cm",
                "https://example.org/cm",
                'a "quoted", comma\nand line',
                '{"floor":2,"location":{"type":"indoors"}}',
            ],
        ]
        answer = filled.client.get("/v1.1/Things?$resultFormat=CSV&$select=name")
        assert answer.content.endswith(b'"a ""quoted"", comma\nand line"\r\nbare\r\n')

    def test_everything_is_streamed_page_by_page(
        self, filled: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        query = "Observations?$resultFormat=CSV&$select=result,phenomenonTime"
        whole = table(filled, query)
        assert [row[1] for row in whole] == ["result", "1", "2.5", "3"]
        for module in ("entities", "service", "observed"):
            monkeypatch.setattr(f"yiwang.sensing.sta.{module}.MOST_TOP", 1, raising=False)
        assert table(filled, query) == whole
        assert table(filled, f"{query}&$top=2") == whole[:3]
        assert table(filled, f"{query}&$orderby=result desc&$skip=1") == [
            whole[0],
            whole[2],
            whole[1],
        ]
        assert [row[0] for row in table(filled, "Things?$resultFormat=CSV")] == ["id", "1", "2"]

    def test_collections_need_top_1(self, filled: Service) -> None:
        found = table(filled, "Things?$resultFormat=CSV&$expand=Datastreams($top=1;$select=name)")
        assert [row[-1] for row in found] == ["Datastreams/name", "深度", ""]
        problem = filled.get("Things?$resultFormat=CSV&$expand=Datastreams", 400)
        assert "$top=1" in problem["message"]

    def test_one_entity(self, filled: Service) -> None:
        found = table(filled, "Things(1)?$resultFormat=CSV&$select=id,properties/floor")
        assert found == [["id", "properties/floor"], ["1", "2"]]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/geo+json", "application/geo+json"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/html,*/*;q=0.8", "application/json"),
        ("image/png", "application/json"),
        ("text/csv;q=x", "application/json"),
    ],
)
def test_the_accept_header_chooses_too(filled: Service, accept: str, media: str) -> None:
    answer = filled.client.get("/v1.1/Things", headers={"accept": accept})
    assert answer.headers["content-type"] == media
