"""18-088, 10.3 and 10.4: PATCH, JSON Patch, PUT and DELETE of every entity type."""

from __future__ import annotations

from collections.abc import Callable
from json import dumps
from typing import Any

import pytest
from sqlalchemy import select

from tests.sensing.sta.conftest import Service, datastream, location, sensor, thing
from tests.sensing.sta.test_multi import multi
from tests.table import table
from yiwang.kernel.clock import HOUR
from yiwang.sensing import tables

Observe = Callable[..., int]
AT = "2026-06-30T10:00:00Z"
PATCH = "application/json-patch+json"
SETS = (
    "Things",
    "Locations",
    "HistoricalLocations",
    "Datastreams",
    "MultiDatastreams",
    "Sensors",
    "ObservedProperties",
    "FeaturesOfInterest",
    "Observations",
)


@pytest.fixture
def whole(service: Service) -> Service:
    """One thing with a location, a datastream and a multi-datastream, each with a result."""
    body = thing(
        properties={"floor": 2},
        Locations=[location()],
        Datastreams=[datastream()],
        MultiDatastreams=[multi(Sensor=sensor())],
    )
    service.add("Things", body)
    service.add("Datastreams(1)/Observations", {"phenomenonTime": AT, "result": 7})
    service.add("MultiDatastreams(2)/Observations", {"phenomenonTime": AT, "result": [1, 2, True]})
    return service


def counts(service: Service) -> dict[str, int]:
    return {name: len(service.get(name)["value"]) for name in SETS}


class TestMerge:
    @pytest.mark.parametrize(
        ("path", "change"),
        [
            ("Things(1)", {"description": "changed", "properties": {"lanes": 4}}),
            ("Locations(1)", {"location": {"type": "Point", "coordinates": [116.5, 39.8]}}),
            ("HistoricalLocations(1)", {"time": "2015-07-01T00:00:00Z"}),
            ("Datastreams(1)", {"unitOfMeasurement": {"name": "Metre", "symbol": "m"}}),
            ("MultiDatastreams(2)", {"name": "Gale"}),
            ("Sensors(1)", {"metadata": "changed"}),
            ("ObservedProperties(1)", {"definition": "https://example.org/other"}),
            ("FeaturesOfInterest(1)", {"feature": {"type": "Point", "coordinates": [1, 2]}}),
            ("Observations(1)", {"phenomenonTime": "2015-07-01T00:40:00Z"}),
            ("Observations(1)", {"result": 8.5, "resultQuality": {"code": "good"}}),
            ("Observations(2)", {"result": [2, 3.5, None], "validTime": f"{AT}/{AT}"}),
        ],
    )
    def test_what_is_sent_changes_and_nothing_else(
        self, whole: Service, path: str, change: dict[str, Any]
    ) -> None:
        before = whole.get(path)
        whole.send("PATCH", path, change)
        assert whole.get(path) == before | change

    def test_null_takes_away_what_is_optional(self, whole: Service) -> None:
        whole.send("PATCH", "Things(1)", {"properties": None})
        assert "properties" not in whole.get("Things(1)")
        answer = whole.send("PATCH", "Things(1)", {"name": None}, 400)
        assert answer["type"] == "sensing.sta_missing_property"

    def test_links_are_moved(self, whole: Service) -> None:
        other = whole.add("Things", thing("Other"))
        whole.send("PATCH", "Datastreams(1)", {"Thing": {"@iot.id": other}})
        assert whole.names(f"Things({other})/Datastreams") == ["Depth of water"]
        whole.send("PATCH", "Things(1)", {"Datastreams": [{"@iot.id": 1}]})
        assert whole.names(f"Things({other})/Datastreams") == []

    def test_a_thing_moves_and_keeps_its_history(self, whole: Service) -> None:
        place = whole.add("Locations", location(116.6, 39.7, "Bridge"))
        whole.clock.advance(HOUR)
        whole.send("PATCH", "Things(1)", {"Locations": [{"@iot.id": place}]})
        assert whole.names("Things(1)/Locations") == ["Bridge"]
        assert len(whole.get("Things(1)/HistoricalLocations")["value"]) == 2
        made = whole.add("Datastreams(1)/Observations", {"result": 1})
        assert whole.get(f"Observations({made})/FeatureOfInterest")["name"] == "Bridge"

    def test_a_corrected_location_places_its_things(self, whole: Service) -> None:
        point = {"type": "Point", "coordinates": [100.5, 30.5]}
        whole.send("PATCH", "Things(1)/Locations(1)", {"location": point})
        with whole.database.read() as connection:
            row = connection.execute(select(tables.things)).one()
        assert (row.lon, row.lat) == (100.5, 30.5)

    @table(
        ("path", "change", "status"),
        [
            ("Things(9)", {"name": "x"}, 404),
            ("Datastreams(1)/Thing(1)", {"name": "x"}, 404),
            ("Things", {"name": "x"}, 405),
            ("Things(1)/name", {"name": "x"}, 405),
            ("Things(1)", {"nmae": "x"}, 400),
            ("Things(1)", [1], 400),
            ("Things(1)", {"Locations": [location()]}, 400),
            ("Datastreams(1)", {"Sensor": sensor()}, 400),
            ("Datastreams(1)", {"Sensor": {"@iot.id": 99}}, 400),
            ("Datastreams(1)", {"Observations": []}, 400),
            ("MultiDatastreams(2)", {"ObservedProperties": [{"@iot.id": 1}]}, 400),
            ("MultiDatastreams(2)", {"unitOfMeasurements": []}, 400),
            ("Observations(1)", {"result": "high"}, 400),
            ("Observations(1)", {"phenomenonTime": "2030-01-01T00:00:00Z"}, 400),
            ("Observations(1)", {"FeatureOfInterest": {"@iot.id": 99}}, 400),
            ("Observations(1)", {"Datastream": {"@iot.id": 2}}, 400),
            ("Observations(2)", {"result": [1]}, 400),
        ],
    )
    def test_what_is_wrong_changes_nothing(
        self, whole: Service, path: str, change: Any, status: int
    ) -> None:
        before = {name: whole.get(name) for name in SETS}
        whole.send("PATCH", path, change, status)
        assert {name: whole.get(name) for name in SETS} == before

    def test_any_path_to_one_entity_will_do(self, whole: Service) -> None:
        whole.send("PATCH", "Observations(1)/Datastream/Thing", {"name": "Found"})
        assert whole.names("Things") == ["Found"]


class TestPatch:
    def test_all_operations(self, whole: Service) -> None:
        operations = [
            {"op": "test", "path": "/properties/floor", "value": 2},
            {"op": "add", "path": "/properties/lanes", "value": 4},
            {"op": "copy", "from": "/properties/lanes", "path": "/properties/ways"},
            {"op": "move", "from": "/properties/floor", "path": "/properties/level"},
            {"op": "replace", "path": "/name", "value": "Patched"},
            {"op": "remove", "path": "/properties/lanes"},
        ]
        whole.send("PATCH", "Things(1)", operations, media=PATCH)
        found = whole.get("Things(1)")
        assert (found["name"], found["properties"]) == ("Patched", {"ways": 4, "level": 2})

    def test_all_or_none(self, whole: Service) -> None:
        operations = [
            {"op": "replace", "path": "/name", "value": "Patched"},
            {"op": "test", "path": "/properties/floor", "value": 99},
        ]
        whole.send("PATCH", "Things(1)", operations, 400, PATCH)
        for wrong in ({"op": "x"}, [{"op": "add"}], [{"op": "remove", "path": "/none"}], 5):
            whole.send("PATCH", "Things(1)", wrong, 400, PATCH)
        assert whole.names("Things") == ["Underpass"]

    def test_observations_too(self, whole: Service) -> None:
        operations = [
            {"op": "replace", "path": "/result", "value": 9},
            {"op": "add", "path": "/parameters", "value": {"by": "hand"}},
        ]
        whole.send("PATCH", "Observations(1)", operations, media=PATCH)
        found = whole.get("Observations(1)")
        assert (found["result"], found["parameters"]) == (9, {"by": "hand"})


class TestPut:
    def test_what_is_not_sent_goes(self, whole: Service) -> None:
        whole.send("PUT", "Things(1)", thing("Replaced"))
        found = whole.get("Things(1)")
        assert found["name"] == "Replaced" and "properties" not in found
        assert whole.names("Things(1)/Locations") == ["Gate"]
        assert whole.send("PUT", "Things(1)", {"name": "x"}, 400)["fields"]["name"] == "description"

    def test_an_observation(self, whole: Service) -> None:
        whole.send("PATCH", "Observations(1)", {"parameters": {"a": 1}})
        whole.send("PUT", "Observations(1)", {"phenomenonTime": AT, "result": 2})
        found = whole.get("Observations(1)")
        assert found["result"] == 2 and "parameters" not in found
        whole.send("PUT", "Observations(1)", {"phenomenonTime": AT}, 400)

    def test_other_contents_are_refused(self, whole: Service) -> None:
        whole.send("PUT", "Things(1)", thing("x"), 415, "text/csv")


class TestDelete:
    @pytest.mark.parametrize(
        ("path", "gone"),
        [
            (
                "Things(1)",
                [
                    "Things",
                    "HistoricalLocations",
                    "Datastreams",
                    "MultiDatastreams",
                    "Observations",
                ],
            ),
            ("Locations(1)", ["Locations", "HistoricalLocations"]),
            ("HistoricalLocations(1)", ["HistoricalLocations"]),
            ("FeaturesOfInterest(1)", ["FeaturesOfInterest", "Observations"]),
        ],
    )
    def test_what_cannot_be_without_it_goes_too(
        self, whole: Service, path: str, gone: list[str]
    ) -> None:
        before = counts(whole)
        whole.send("DELETE", path, None)
        assert counts(whole) == {n: 0 if n in gone else count for n, count in before.items()}
        whole.get(path, 404)
        whole.send("DELETE", path, None, 404)

    @pytest.mark.parametrize(
        ("path", "left"),
        [
            ("Sensors(1)", [2]),
            ("ObservedProperties(1)", [2]),
            ("Datastreams(1)", [2]),
            ("MultiDatastreams(2)", [1]),
            ("Observations(1)", [2]),
            ("Datastreams(1)/Observations(1)", [2]),
            ("Observations(2)/MultiDatastream", [1]),
        ],
    )
    def test_observations_go_with_their_datastream(
        self, whole: Service, path: str, left: list[int]
    ) -> None:
        whole.send("DELETE", path, None)
        assert [item["@iot.id"] for item in whole.get("Observations")["value"]] == left
        assert whole.get("Observations?$count=true&$top=0")["@iot.count"] == len(left)
        number = 3 - left[0]
        whole.get(f"Observations({number})", 404)

    def test_no_id_is_given_twice(self, whole: Service) -> None:
        whole.send("DELETE", "MultiDatastreams(2)", None)
        whole.send("DELETE", "Observations(1)", None)
        assert whole.add("Datastreams", {**datastream(), "Thing": {"@iot.id": 1}}) == 3
        body = {"phenomenonTime": AT, "result": 7}
        assert whole.add("Datastreams(1)/Observations", body) == 3

    def test_a_deleted_datastream_takes_nothing_more(self, whole: Service) -> None:
        whole.send("DELETE", "Datastreams(1)", None)
        whole.post("Datastreams(1)/Observations", {"result": 1}, 404)
        whole.post("Observations", {"result": 1, "Datastream": {"@iot.id": 1}}, 400)

    def test_spans_follow(self, whole: Service) -> None:
        later = AT.replace("10", "11")
        whole.add("Datastreams(1)/Observations", {"phenomenonTime": later, "result": 9})
        assert whole.get("Datastreams(1)")["phenomenonTime"] == f"{AT}/{later}"
        whole.send("DELETE", "Observations(3)", None)
        assert whole.get("Datastreams(1)")["phenomenonTime"] == f"{AT}/{AT}"
        latest = whole.get("Datastreams(1)/Observations?$top=1&$orderby=phenomenonTime desc")
        assert [item["result"] for item in latest["value"]] == [7]

    def test_sets_are_not_deleted(self, whole: Service) -> None:
        whole.send("DELETE", "Things", None, 405)


def test_nobody_changes_without_the_permission(whole: Service) -> None:
    whole.as_anonymous()
    whole.send("PATCH", "Things(1)", {"name": "x"}, 401)
    whole.send("DELETE", "Things(1)", None, 401)


def test_longer_paths_take_observations(whole: Service) -> None:
    whole.add("Things(1)/Datastreams(1)/Observations", {"result": 1})
    whole.add("Observations(1)/Datastream/Observations", {"result": 2})
    whole.add("Observations(1)/FeatureOfInterest/Observations", {"result": 3, "Datastream": ID})
    whole.post("Things(1)/Datastreams(2)/Observations", {"result": 1}, 404)
    found = whole.get("Datastreams(1)/Observations")["value"]
    assert sorted(item["result"] for item in found) == [1, 2, 3, 7], dumps(found)


ID = {"@iot.id": 1}
