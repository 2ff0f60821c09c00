"""18-088, 8.2.12: datastreams whose results are arrays, from creation to filters."""

from __future__ import annotations

from json import dumps
from typing import Any

import pytest

from tests.sensing.sta.conftest import (
    Service,
    datastream,
    location,
    observed_property,
    sensor,
    thing,
)
from yiwang.kernel.clock import DAY
from yiwang.sensing.devices import Channels

OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
UNIT = {"name": "Degree", "symbol": "°", "definition": "https://example.org/degree"}
AT = "2026-06-30T10:{:02}:00Z"


def multi(**more: Any) -> dict[str, Any]:
    """Direction and speed of the wind, and whether it gusts."""
    return {
        "name": "Wind",
        "description": "Wind above the bridge",
        "observationType": f"{OM}OM_ComplexObservation",
        "multiObservationDataTypes": [
            f"{OM}OM_CountObservation",
            f"{OM}OM_Measurement",
            f"{OM}OM_TruthObservation",
        ],
        "unitOfMeasurements": [UNIT, {**UNIT, "symbol": "m/s"}, {**UNIT, "symbol": ""}],
        "Sensor": sensor("Anemometer"),
        "ObservedProperties": [observed_property(name) for name in ("Way", "Speed", "Gust")],
    } | more


@pytest.fixture
def wind(service: Service) -> int:
    """A thing with a datastream and a multi-datastream; the id of the latter."""
    body = thing(
        Locations=[location()], Datastreams=[datastream()], MultiDatastreams=[multi(name="Wind")]
    )
    service.add("Things", body)
    found = service.get("MultiDatastreams")["value"]
    return int(found[0]["@iot.id"])


def observe(service: Service, wind: int, minute: int, result: Any) -> int:
    body = {"phenomenonTime": AT.format(minute), "result": result}
    return service.add(f"MultiDatastreams({wind})/Observations", body)


def test_it_is_no_datastream_but_has_its_number_among_theirs(service: Service, wind: int) -> None:
    assert wind == 2
    assert service.names("Datastreams") == ["Depth of water"]
    service.get(f"Datastreams({wind})", 404)
    service.get(f"Datastreams({wind})/Observations", 404)
    service.get("MultiDatastreams(1)", 404)
    assert service.add("Datastreams", {**datastream("Third"), "Thing": {"@iot.id": 1}}) == 3
    assert service.names("Things(1)/MultiDatastreams") == ["Wind"]
    assert service.names("Sensors(2)/MultiDatastreams") == ["Wind"]
    assert service.names("ObservedProperties(3)/MultiDatastreams") == ["Wind"]
    assert service.get(f"MultiDatastreams({wind})/Thing")["name"] == "Underpass"
    channels = Channels(service.database).channels()
    assert [channel.datastream for channel in channels] == [1, 3]


def test_its_properties_come_in_their_order(service: Service, wind: int) -> None:
    found = service.get(f"MultiDatastreams({wind})?$expand=ObservedProperties,Sensor")
    names = [item["name"] for item in found["ObservedProperties"]]
    assert names == ["Way", "Speed", "Gust"]
    assert [unit["symbol"] for unit in found["unitOfMeasurements"]] == ["°", "m/s", ""]
    assert found["observationType"] == f"{OM}OM_ComplexObservation"
    ids = [item["@iot.id"] for item in found["ObservedProperties"]][::-1]
    turned = multi(
        Thing={"@iot.id": 1},
        Sensor={"@iot.id": 1},
        ObservedProperties=[{"@iot.id": id_} for id_ in ids],
    )
    del turned["observationType"]
    other = service.add("MultiDatastreams", turned)
    assert service.names(f"MultiDatastreams({other})/ObservedProperties") == [
        "Gust",
        "Speed",
        "Way",
    ]
    pages = service.get(f"MultiDatastreams({other})/ObservedProperties?$top=2")
    assert [item["name"] for item in pages["value"]] == ["Gust", "Speed"]
    rest = service.client.get(pages["@iot.nextLink"]).json()
    assert [item["name"] for item in rest["value"]] == ["Way"]
    both = service.get("MultiDatastreams?$expand=ObservedProperties($top=1)")["value"]
    assert [item["ObservedProperties"][0]["name"] for item in both] == ["Way", "Gust"]


def test_one_property_may_be_observed_twice(service: Service, wind: int) -> None:
    body = multi(
        Thing={"@iot.id": 1},
        Sensor={"@iot.id": 1},
        ObservedProperties=[{"@iot.id": 2}, {"@iot.id": 2}, {"@iot.id": 3}],
    )
    other = service.add("MultiDatastreams", body)
    assert service.names(f"MultiDatastreams({other})/ObservedProperties") == ["Way", "Way", "Speed"]
    assert service.names("ObservedProperties(2)/MultiDatastreams") == ["Wind", "Wind"]


@pytest.mark.parametrize("result", [[270, 3.5, True], [270, 3, None], [0.0, 2.50, False]])
def test_an_observation_keeps_its_array(service: Service, wind: int, result: Any) -> None:
    id_ = observe(service, wind, 1, result)
    found = service.get(f"Observations({id_})?$expand=MultiDatastream($select=name)")
    assert found["result"] == result
    assert found["MultiDatastream"] == {"name": "Wind"}
    assert "Datastream@iot.navigationLink" not in found
    plain = service.get(f"MultiDatastreams({wind})/Observations({id_})")
    assert plain["MultiDatastream@iot.navigationLink"].endswith("/MultiDatastream")
    service.get(f"Observations({id_})/Datastream", 404)
    assert service.get(f"Observations({id_})/MultiDatastream/Thing")["@iot.id"] == 1
    assert service.get(f"Observations({id_})/FeatureOfInterest")["name"] == "Gate"
    assert service.get(f"MultiDatastreams({wind})")["phenomenonTime"] == (
        f"{AT.format(1)}/{AT.format(1)}"
    )


@pytest.mark.parametrize(
    "result",
    [
        1,
        "[]",
        {},
        [],
        [270, 3.5],
        [270, 3.5, True, 1],
        [270.5, 3, True],
        [270, "3", True],
        [1, 2, 3],
    ],
)
def test_a_result_that_does_not_fit_is_refused(service: Service, wind: int, result: Any) -> None:
    body = {"result": result}
    answer = service.post(f"MultiDatastreams({wind})/Observations", body, 400)
    assert answer["type"] == "sensing.wrong_values"
    answer = service.post("Observations", {**body, "MultiDatastream": {"@iot.id": wind}}, 400)
    assert answer["type"] == "sensing.wrong_values"
    assert service.get("Observations")["value"] == []


def test_an_observation_belongs_to_one_of_both(service: Service, wind: int) -> None:
    body = {"result": [1, 2, True], "MultiDatastream": {"@iot.id": wind}}
    service.add("Observations", body)
    service.post("Observations", {**body, "Datastream": {"@iot.id": 1}}, 400)
    service.post("Observations", {"result": 1, "MultiDatastream": {"@iot.id": 1}}, 400)
    service.post("Observations", {"result": [1, 2, True], "Datastream": {"@iot.id": wind}}, 400)
    service.post(f"Datastreams({wind})/Observations", {"result": [1, 2, True]}, 404)


def test_old_results_are_taken_and_repeated_ones_known(service: Service, wind: int) -> None:
    service.clock.advance(4000 * DAY)
    assert observe(service, wind, 1, [1, 2, True]) == observe(service, wind, 1, [1, 2, True])


def test_data_arrays(service: Service, wind: int) -> None:
    array = {
        "MultiDatastream": {"@iot.id": wind},
        "components": ["phenomenonTime", "result"],
        "dataArray@iot.count": 3,
        "dataArray": [[AT.format(1), [1, 2.5, True]], [AT.format(2), [1]], [AT.format(3), None]],
    }
    mixed = {
        "Datastream": {"@iot.id": 1},
        "components": ["phenomenonTime", "result"],
        "dataArray": [[AT.format(1), 7]],
    }
    answers = service.post("CreateObservations", [array, mixed])
    assert answers[1:3] == ["error", "error"]
    assert answers[0].endswith("/Observations(1)") and answers[3].endswith("/Observations(2)")
    wrong = {**mixed, "Datastream": {"@iot.id": wind}}
    assert service.post("CreateObservations", [wrong]) == ["error"]
    service.post("CreateObservations", [{**array, "Datastream": {"@iot.id": 1}}], 400)
    found = service.get("Observations?$resultFormat=dataArray&$select=result")["value"]
    links = [key for item in found for key in item if key.endswith("navigationLink")]
    assert links == ["MultiDatastream@iot.navigationLink", "Datastream@iot.navigationLink"]


def test_filters_reach_it(service: Service, wind: int) -> None:
    observe(service, wind, 1, [270, 3.5, True])
    service.add("Datastreams(1)/Observations", {"phenomenonTime": AT.format(2), "result": 7})
    for condition, expected in {
        f"MultiDatastream/id eq {wind}": [1],
        "MultiDatastream/id eq 1": [],
        f"Datastream/id eq {wind}": [],
        "Datastream/id eq 1": [2],
        f"MultiDatastream/id eq {wind} or result eq 7": [1, 2],
        f"Datastream/id eq {wind} or result eq 7": [2],
        "MultiDatastream/name eq 'Wind'": [1],
        "MultiDatastream/Thing/name eq 'Underpass' and Datastream/id eq 1": [],
        "MultiDatastream/Thing/name eq 'Underpass' or Datastream/Thing/id eq 1": [1, 2],
        "result/0 eq 270": [1],
    }.items():
        found = service.get(f"Observations?$filter={condition}")["value"]
        assert [item["@iot.id"] for item in found] == expected, condition
    assert service.names("Things?$filter=MultiDatastreams/ObservedProperties/name eq 'Gust'") == [
        "Underpass"
    ]
    assert service.names("Things?$filter=MultiDatastreams/name eq 'Depth of water'") == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unitOfMeasurements": [UNIT]}, "3 units"),
        ({"unitOfMeasurements": UNIT}, "a list"),
        ({"multiObservationDataTypes": [f"{OM}OM_Measurement"]}, "1 units"),
        ({"multiObservationDataTypes": [1, 2, 3]}, "a list"),
        ({"ObservedProperties": [observed_property()]}, "3 observed properties"),
        ({"ObservedProperties": []}, "ObservedProperties"),
        ({"observationType": f"{OM}OM_Measurement"}, "OM_ComplexObservation"),
        ({"Sensor": None}, "Sensor"),
    ],
)
def test_what_does_not_agree_is_refused(
    service: Service, change: dict[str, Any], words: str
) -> None:
    body, headers = thing(MultiDatastreams=[multi(**change)]), {"accept-language": "en"}
    answer = service.client.post("/v1.1/Things", json=body, headers=headers)
    assert answer.status_code == 400
    assert words in dumps(answer.json(), ensure_ascii=False)
    assert service.get("Things")["value"] == []


def test_memory_of_observations_does_not_make_a_datastream(service: Service, wind: int) -> None:
    """Who has observations is known without asking the database, but not of what type it is
    where they are arrays, and not once it is deleted."""
    observe(service, wind, 1, [90, 1.5, True])
    service.get(f"Datastreams({wind})/Observations", 404)
    assert len(service.get(f"MultiDatastreams({wind})/Observations")["value"]) == 1
    body = {"phenomenonTime": AT.format(2), "result": 3}
    service.post("Datastreams(1)/Observations", body)
    service.get("MultiDatastreams(1)/Observations", 404)
    newest = "Observations?$orderby=phenomenonTime desc&$top=1"
    (found,) = service.get(f"Datastreams(1)/{newest}")["value"]
    assert found["result"] == 3 and "MultiDatastream@iot.navigationLink" not in found
    (found,) = service.get(f"MultiDatastreams({wind})/{newest}")["value"]
    assert found["result"] == [90, 1.5, True] and "Datastream@iot.navigationLink" not in found
    for path in ("Datastreams(1)", f"MultiDatastreams({wind})"):
        service.send("DELETE", path, None)
        service.get(f"{path}/Observations", 404)
        service.get(f"{path}/{newest}", 404)
