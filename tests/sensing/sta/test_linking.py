"""Links through $ref (OData 4.01, part 1, 11.4.6): POST, PUT and DELETE."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.sensing.sta.conftest import ADMIN, Service, location, sensor, thing
from tests.sensing.sta.test_changes import SETS, whole
from tests.sensing.sta.test_rights import REFUSED, act, city
from tests.table import table
from yiwang.kernel.clock import HOUR
from yiwang.sensing import tables
from yiwang.sensing.sta import linking

__all__ = ["city", "whole"]

ROOT = "http://testserver/v1.1"


def ids(service: Service, path: str) -> list[int]:
    return [item["@iot.id"] for item in service.get(path)["value"]]


def position(service: Service, thing: int = 1) -> tuple[float | None, float | None]:
    with service.database.read() as connection:
        there = select(tables.things).where(tables.things.c.id == thing)
        row = connection.execute(there).one()
    return row.lon, row.lat


@pytest.mark.parametrize(
    "reference",
    [
        {"@iot.id": 2},
        {"@odata.id": "Locations(2)"},
        {"@odata.id": "/v1.1/Locations(2)"},
        {"@odata.id": f"{ROOT}/Locations(2)"},
        {"@id": f"{ROOT}/Locations(2)"},
        {"@iot.selfLink": f"{ROOT}/Locations(2)"},
    ],
    ids=str,
)
def test_a_thing_is_at_one_more_location(whole: Service, reference: dict[str, Any]) -> None:
    """However the location is referred to; what $ref shows can be sent to $ref."""
    whole.add("Locations", location(116.6, 39.7, "Bridge"))
    whole.clock.advance(HOUR)
    whole.send("POST", "Things(1)/Locations/$ref", reference, 204)
    assert whole.names("Things(1)/Locations") == ["Gate", "Bridge"]
    newest = "Things(1)/HistoricalLocations?$orderby=time desc&$expand=Locations"
    history = whole.get(newest)["value"]
    assert [len(item["Locations"]) for item in history] == [2, 1]
    whole.send("POST", "Things(1)/Locations/$ref", reference, 204)
    assert len(whole.get(newest)["value"]) == 2, "what is linked already has not moved"


def test_from_the_other_side(whole: Service) -> None:
    place = whole.add("Locations", location(116.6, 39.7, "Bridge"))
    whole.send("POST", f"Locations({place})/Things/$ref", {"@iot.id": 1}, 204)
    assert ids(whole, "Things(1)/Locations") == [1, place]
    whole.send("DELETE", f"Locations({place})/Things(1)/$ref", None, 204)
    assert ids(whole, "Things(1)/Locations") == [1]


@pytest.mark.parametrize(
    "path", ["(1)/$ref", "/$ref?$id=Locations(1)", f"/$ref?$id={ROOT}/Locations(1)"]
)
def test_a_thing_is_at_a_location_no_more(whole: Service, path: str) -> None:
    place = whole.add("Locations", location(116.6, 39.7, "Bridge"))
    whole.send("POST", "Things(1)/Locations/$ref", {"@iot.id": place}, 204)
    assert position(whole) == (116.4, 39.9)
    whole.send("DELETE", f"Things(1)/Locations{path}", None, 204)
    assert ids(whole, "Things(1)/Locations") == [place]
    assert position(whole) == (116.6, 39.7)
    assert ids(whole, "Locations") == [1, place], "the location itself is there still"
    whole.send("DELETE", f"Things(1)/Locations{path}", None, 404)
    whole.send("DELETE", f"Things(1)/Locations({place})/$ref", None, 204)
    assert position(whole) == (None, None)
    assert ids(whole, "Things(1)/Locations") == []
    assert len(ids(whole, "Things(1)/HistoricalLocations")) == 2


def test_the_newest_history_and_where_its_thing_is_follow_each_other(whole: Service) -> None:
    place = whole.add("Locations", location(116.6, 39.7, "Bridge"))
    whole.send("POST", "HistoricalLocations(1)/Locations/$ref", {"@iot.id": place}, 204)
    assert ids(whole, "Things(1)/Locations") == [1, place]
    whole.send("DELETE", f"Locations({place})/HistoricalLocations(1)/$ref", None, 204)
    assert ids(whole, "Things(1)/Locations") == [1]
    told = whole.send("DELETE", "HistoricalLocations(1)/Locations(1)/$ref", None, 400)
    assert told["type"] == "sensing.sta_missing_property"
    assert ids(whole, "HistoricalLocations(1)/Locations") == [1]


def test_the_one_that_a_relation_leads_to_is_another(whole: Service) -> None:
    other = whole.add("Sensors", sensor("Radar"))
    whole.send("PUT", "Datastreams(1)/Sensor/$ref", {"@odata.id": f"Sensors({other})"}, 204)
    assert whole.get("Datastreams(1)/Sensor")["name"] == "Radar"
    whole.send("PUT", "Observations(1)/Datastream/Sensor/$ref", {"@iot.id": 1}, 204)
    assert whole.get("Datastreams(1)/Sensor")["name"] == "Gauge"
    told = whole.send("DELETE", "Datastreams(1)/Sensor/$ref", None, 400)
    assert told["fields"]["name"] == "Sensor"


def test_what_belongs_to_one_moves_to_another(whole: Service) -> None:
    other = whole.add("Things", thing("Other"))
    whole.send("POST", f"Things({other})/Datastreams/$ref", {"@iot.id": 1}, 204)
    assert whole.get("Datastreams(1)/Thing")["name"] == "Other"
    told = whole.send("DELETE", f"Things({other})/Datastreams(1)/$ref", None, 400)
    assert (told["fields"]["name"], told["fields"]["entity"]) == ("Thing", "Datastream")


def test_observations_have_another_feature_of_interest(whole: Service) -> None:
    feature = {**location(name="Channel"), "feature": location()["location"]}
    del feature["location"]
    made = whole.add("FeaturesOfInterest", feature)
    whole.send("POST", f"FeaturesOfInterest({made})/Observations/$ref", {"@iot.id": 1}, 204)
    assert whole.get("Observations(1)/FeatureOfInterest")["name"] == "Channel"
    whole.send("PUT", "Observations(1)/FeatureOfInterest/$ref", {"@iot.id": 1}, 204)
    assert whole.get("Observations(1)/FeatureOfInterest")["name"] != "Channel"


@table(
    ("method", "path", "body", "status"),
    [
        ("POST", "Things(1)/Locations/$ref", {}, 400),
        ("POST", "Things(1)/Locations/$ref", [], 400),
        ("POST", "Things(1)/Locations/$ref", {"@iot.id": "one"}, 400),
        ("POST", "Things(1)/Locations/$ref", {"@iot.id": 99}, 400),
        ("POST", "Things(1)/Locations/$ref", {"@odata.id": "Things(1)"}, 400),
        ("POST", "Things(1)/Locations/$ref", {"@odata.id": "Locations"}, 400),
        ("POST", "Things(1)/Locations/$ref", {"@odata.id": "Locations(1)/name"}, 400),
        ("POST", "Things(1)/Locations/$ref", {"@odata.id": "nothing at all"}, 400),
        ("POST", "Things(1)/Locations/$ref?$filter=id eq 1", {"@iot.id": 1}, 400),
        ("POST", "Things(9)/Locations/$ref", {"@iot.id": 1}, 404),
        ("POST", "Things(1)/Locations(1)/$ref", {"@iot.id": 1}, 405),
        ("POST", "Datastreams(1)/Sensor/$ref", {"@iot.id": 1}, 405),
        ("POST", "Things/$ref", {"@iot.id": 1}, 405),
        ("POST", "Datastreams(1)/Observations/$ref", {"@iot.id": 2}, 400),
        ("POST", "FeaturesOfInterest(1)/Observations/$ref", {"@iot.id": 99}, 404),
        ("POST", "MultiDatastreams(2)/ObservedProperties/$ref", {"@iot.id": 1}, 400),
        ("POST", "ObservedProperties(1)/MultiDatastreams/$ref", {"@iot.id": 2}, 400),
        ("PUT", "Things(1)/Locations/$ref", {"@iot.id": 1}, 405),
        ("PUT", "Things(1)/$ref", {"@iot.id": 1}, 405),
        ("PUT", "Datastreams(1)/Sensor/$ref", {"@iot.id": 99}, 400),
        ("PUT", "Observations(1)/Datastream/$ref", {"@iot.id": 2}, 400),
        ("PATCH", "Datastreams(1)/Sensor/$ref", {"@iot.id": 1}, 405),
        ("DELETE", "Things(1)/Locations/$ref", None, 400),
        ("DELETE", "Things(1)/Locations/$ref?$id=Locations(9)", None, 404),
        ("DELETE", "Things(1)/Locations/$ref?$id=Sensors(1)", None, 400),
        ("DELETE", "Things(1)/$ref?$id=Locations(1)", None, 405),
        ("DELETE", "Things(1)/HistoricalLocations(1)/$ref", None, 400),
        ("DELETE", "MultiDatastreams(2)/ObservedProperties(2)/$ref", None, 400),
        ("DELETE", "Observations(1)/FeatureOfInterest/$ref", None, 400),
    ],
)
def test_what_is_wrong_changes_nothing(
    whole: Service, method: str, path: str, body: Any, status: int
) -> None:
    before = {name: whole.get(name) for name in SETS}
    told = whole.send(method, path, body, status)
    assert told["title"] and told["detail"]
    assert {name: whole.get(name) for name in SETS} == before


def test_methods_are_told(whole: Service) -> None:
    for path, methods in {
        "Things(1)/Locations/$ref": "GET, HEAD, POST, DELETE",
        "Things(1)/Locations(1)/$ref": "GET, HEAD, DELETE",
        "Datastreams(1)/Sensor/$ref": "GET, HEAD, PUT, DELETE",
        "Things/$ref": "GET, HEAD",
    }.items():
        answer = whole.client.request("PATCH", f"/v1.1/{path}", json={})
        assert (answer.status_code, answer.headers["allow"]) == (405, methods), path


@pytest.mark.parametrize("role", REFUSED)
def test_links_are_changed_by_those_who_change_entities(city: Service, role: str) -> None:
    other = city.add("Sensors", sensor("Radar"))
    act(city, role)
    status = REFUSED[role]
    city.send("PUT", "Datastreams(1)/Sensor/$ref", {"@iot.id": other}, status)
    city.send("POST", "Things(1)/Locations/$ref", {"@iot.id": 1}, status)
    city.send("DELETE", "Things(1)/Locations(1)/$ref", None, status)
    city.identity = ADMIN
    assert ids(city, "Sensors(1)/Datastreams") == [1]
    assert ids(city, "Things(1)/Locations") == [1]


def test_each_link_has_its_line_in_the_audit_log(whole: Service) -> None:
    whole.send("POST", "Things(1)/Locations/$ref", {"@iot.id": 1}, 204)
    whole.send("DELETE", "Things(1)/Locations(1)/$ref", None, 204)
    with whole.database.read() as connection:
        rows = connection.exec_driver_sql("select verb, subject from audit_log order by id").all()
    assert [tuple(row) for row in rows][-2:] == [
        ("entities_linked", "thing:1"),
        ("entities_unlinked", "thing:1"),
    ]
    assert linking.link.__doc__ and linking.unlink.__doc__


def test_links_change_together_with_the_rest_of_a_group(whole: Service) -> None:
    requests = [
        {"id": "1", "method": "post", "url": "Locations", "body": location(name="Bridge")},
        {
            "id": "2",
            "method": "post",
            "url": "Things(1)/Locations/$ref",
            "body": {"@iot.id": "$1"},
        },
        {"id": "3", "method": "delete", "url": "Things(1)/Locations(1)/$ref"},
    ]
    for request in requests:
        request["atomicityGroup"] = "g"
    told = whole.send("POST", "$batch", {"requests": requests})["responses"]
    assert [item["status"] for item in told] == [201, 204, 204]
    assert whole.names("Things(1)/Locations") == ["Bridge"]
    requests[0]["method"], requests[0]["url"] = "delete", "Locations(9)"
    told = whole.send("POST", "$batch", {"requests": requests[::-1]})["responses"]
    assert {item["status"] for item in told} == {404, 424}
    assert whole.names("Things(1)/Locations") == ["Bridge"]
