"""18-088, clause 10: creating entities, with what they bring along or refer to."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.sensing.sta.conftest import (
    Service,
    datastream,
    location,
    observed_property,
    sensor,
    thing,
)
from yiwang.kernel.clock import HOUR
from yiwang.security.model import Identity
from yiwang.security.tables import audit_log
from yiwang.sensing import tables
from yiwang.store.outbox import outbox


def test_every_type_is_created_and_found_at_its_location(service: Service) -> None:
    feature = {key: value for key, value in location().items() if key != "location"}
    bodies: dict[str, Any] = {
        "Things": thing(),
        "Locations": location(),
        "Sensors": sensor(),
        "ObservedProperties": observed_property(),
        "FeaturesOfInterest": {**feature, "feature": {"type": "Point", "coordinates": [1, 2]}},
    }
    for name, body in bodies.items():
        response = service.client.post(f"/v1.1/{name}", json={**body, "properties": {"a": 1.5}})
        assert response.status_code == 201, response.text
        address = response.headers["location"]
        assert address == f"{service.root}/{name}(1)"
        found = service.client.get(address).json()
        assert {**body, "properties": {"a": 1.5}}.items() <= found.items()
    links = {
        "Thing": {"@iot.id": 1},
        "Sensor": {"@iot.id": 1},
        "ObservedProperty": {"@iot.id": 1},
    }
    assert service.add("Datastreams", {**datastream(), **links}) == 1
    assert len(service.get("Sensors")["value"]) == 1
    history = {
        "time": "2026-06-01T00:00:00Z",
        "Thing": links["Thing"],
        "Locations": [links["Thing"]],
    }
    assert service.add("HistoricalLocations", history) == 1
    assert service.get("HistoricalLocations(1)")["time"] == "2026-06-01T00:00:00Z"
    assert service.names("Things(1)/Locations") == ["Gate"]


def test_deep_insert_makes_everything_at_once(service: Service) -> None:
    observations = [
        {"phenomenonTime": "2026-06-30T10:00:00Z", "result": 1},
        {"phenomenonTime": "2026-06-30T11:00:00Z", "result": 2},
    ]
    streams = [{**datastream(), "Observations": observations}, datastream("Second")]
    body = thing(Locations=[location(), location(116.5, name="Door")], Datastreams=streams)
    id_ = service.add("Things", body)
    assert service.names(f"Things({id_})/Datastreams") == ["Depth of water", "Second"]
    assert service.names(f"Things({id_})/Locations") == ["Gate", "Door"]
    assert len(service.get(f"Things({id_})/HistoricalLocations")["value"]) == 1
    found = service.get("Datastreams(1)/Observations")["value"]
    assert [item["result"] for item in found] == [1, 2]
    assert service.get("Observations(1)/FeatureOfInterest")["name"] == "Gate"


def test_an_entity_posted_below_another_belongs_to_it(service: Service) -> None:
    id_ = service.add("Things", thing())
    stream = service.add(f"Things({id_})/Datastreams", datastream())
    assert service.get(f"Datastreams({stream})/Thing")["@iot.id"] == id_
    place = service.add(f"Things({id_})/Locations", location())
    assert service.get(f"Things({id_})/Locations")["value"][0]["@iot.id"] == place
    other = service.add(f"Locations({place})/Things", thing("b"))
    assert service.names(f"Things({other})/Locations") == ["Gate"]
    service.post("Things(99)/Datastreams", datastream(), 404)
    service.post("Things(1)", thing(), 405)


def test_a_move_leaves_a_history(service: Service) -> None:
    id_ = service.add("Things", thing(Locations=[location()]))
    service.clock.advance(HOUR)
    service.add(f"Things({id_})/Locations", location(116.6, 39.7, "Bridge"))
    assert service.names(f"Things({id_})/Locations") == ["Bridge"]
    past = service.get(f"Things({id_})/HistoricalLocations?$expand=Locations($select=name)")
    assert [(item["time"], item["Locations"]) for item in past["value"]] == [
        ("2026-07-01T00:00:00Z", [{"name": "Gate"}]),
        ("2026-07-01T01:00:00Z", [{"name": "Bridge"}]),
    ]
    with service.database.read() as connection:
        row = connection.execute(select(tables.things)).one()
    assert (row.lon, row.lat) == (116.6, 39.7)
    service.add(
        "HistoricalLocations",
        {"time": "2026-06-01T00:00:00Z", "Thing": {"@iot.id": id_}, "Locations": [{"@iot.id": 1}]},
    )
    assert service.names(f"Things({id_})/Locations") == ["Bridge"]
    found = service.names("Things?$filter=HistoricalLocations/Locations/name eq 'Gate'")
    assert found == ["Underpass"]


@pytest.mark.parametrize(
    ("path", "body", "code", "words"),
    [
        ("Things", {"name": "a"}, "sta_missing_property", "description"),
        ("Things", thing(nmae=1), "sta_unknown_property", "name"),
        ("Things", {**thing(), "name": 5}, "sta_bad_value", "a text"),
        ("Things", thing(properties=[1]), "sta_bad_value", "a JSON object"),
        ("Things", [], "sta_bad_value", "a JSON object"),
        ("Things", thing(Locations={}), "sta_bad_value", "a list"),
        ("Things", thing(Locations=[{"@iot.id": 9}]), "sta_bad_reference", "Location 9"),
        ("Things", thing(Locations=[location(400, 1)]), "sta_bad_value", "longitude"),
        ("Things", thing(Datastreams=[{}]), "sta_missing_property", "Datastreams[0]/name"),
        ("Datastreams", datastream(), "sta_missing_property", "Thing"),
        ("Datastreams", {**datastream(), "Thing": {"@iot.id": 9}}, "sta_bad_reference", "Thing 9"),
        ("HistoricalLocations", {"time": "now"}, "sta_bad_value", "a time"),
        (
            "Things",
            thing(Datastreams=[{**datastream(), "Observations": [{"result": 1, "x": 2}]}]),
            "sta_bad_value",
            "result",
        ),
    ],
)
def test_a_wrong_entity_is_told_and_creates_nothing(
    service: Service, path: str, body: Any, code: str, words: str
) -> None:
    response = service.client.post(f"/v1.1/{path}", json=body, headers={"accept-language": "en"})
    assert response.status_code == 400, response.text
    assert response.json()["type"] == f"sensing.{code}"
    assert words in response.text
    for name in ("Things", "Locations", "Datastreams", "Sensors", "ObservedProperties"):
        assert service.get(name)["value"] == []


def test_a_body_that_is_no_json(service: Service) -> None:
    for content in (b"{", b"\xff", b"[" * 5000):
        response = service.client.post("/v1.1/Things", content=content)
        assert response.status_code == 400
        assert response.json()["type"] == "sensing.sta_bad_value"


def test_what_was_read_can_be_posted_again(service: Service, stream: int) -> None:
    sent = service.get(f"Datastreams({stream})")
    sent |= {name: {"@iot.id": 1} for name in ("Thing", "Sensor", "ObservedProperty")}
    again = service.add("Datastreams", sent)
    assert service.get(f"Datastreams({again})")["name"] == sent["name"]


def test_creating_is_permitted_audited_and_announced(service: Service) -> None:
    service.identity = Identity("user", 2, "reader", frozenset({"auditor"}))
    service.post("Things", thing(), 403)
    service.as_anonymous()
    service.post("Things", thing(), 401)
    service.identity = Identity("user", 1, "admin", frozenset({"administrator"}))
    service.add("Things", thing(Datastreams=[datastream()]))
    with service.database.read() as connection:
        lines = connection.execute(select(audit_log.c.outcome, audit_log.c.subject)).all()
        events = connection.execute(select(outbox.c.topic)).scalars().all()
    assert [tuple(line) for line in lines] == [
        ("denied", ""),
        ("denied", ""),
        ("done", "thing:1"),
    ]
    assert events == ["datastreams.changed"]


def test_the_kind_of_observation_decides_what_is_accepted(service: Service) -> None:
    streams = [datastream(kind=kind) for kind in ("OM_Measurement", "OM_CategoryObservation")]
    service.add("Things", thing(Locations=[location()], Datastreams=streams))
    service.post("Datastreams(1)/Observations", {"result": "high"}, 400)
    service.post("Datastreams(2)/Observations", {"result": "high"})
