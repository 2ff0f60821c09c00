"""What a request brings along is looked over before anything of it is done."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.sensing.sta.conftest import Service, datastream, location, thing
from yiwang.sensing import tables as t

AT = "2026-06-30T10:00:00Z"
BAD: list[tuple[dict[str, Any], str]] = [
    ({"phenomenonTime": AT, "result": "wet"}, "sensing.not_a_number"),
    ({"phenomenonTime": "2100-01-01T00:00:00Z", "result": 1}, "sensing.in_future"),
    ({"phenomenonTime": "yesterday", "result": 1}, "sensing.sta_bad_value"),
    ({"phenomenonTime": AT}, "sensing.sta_missing_property"),
    (
        {"phenomenonTime": AT, "result": 1, "FeatureOfInterest": {"@iot.id": 77}},
        "sensing.sta_bad_reference",
    ),
    (
        {"phenomenonTime": AT, "result": 1, "FeatureOfInterest": {"name": "half"}},
        "sensing.sta_missing_property",
    ),
]


def count(service: Service) -> dict[str, int]:
    with service.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (
                t.things,
                t.locations,
                t.datastreams,
                t.sensors,
                t.observed_properties,
                t.features_of_interest,
                t.historical_locations,
            )
        }


@pytest.mark.parametrize(("wrong", "code"), BAD)
def test_a_wrong_observation_refuses_all_it_came_with(
    service: Service, wrong: dict[str, Any], code: str
) -> None:
    good = {"phenomenonTime": AT, "result": 1}
    streams = [{**datastream(), "Observations": [good, wrong]}]
    body = thing(Locations=[location()], Datastreams=streams)
    told = service.post("Things", body, 400)
    assert told["type"] == code
    assert not any(count(service).values())
    assert service.get("Observations")["value"] == []


def test_a_refusal_names_the_observation(service: Service) -> None:
    wrong = {"phenomenonTime": AT, "result": "wet"}
    streams = [datastream(), {**datastream(), "Observations": [wrong]}]
    told = service.post("Things", thing(Datastreams=streams), 400)
    assert told["where"] == "Datastreams[1]/Observations[0]"


def test_what_is_brought_is_stored_with_its_feature(service: Service) -> None:
    feature = {key: value for key, value in location().items() if key != "location"}
    feature |= {"name": "Sump", "feature": {"type": "Point", "coordinates": [1, 2]}}
    brought = [
        {"phenomenonTime": AT, "result": 1, "FeatureOfInterest": feature},
        {"phenomenonTime": "2026-06-30T11:00:00Z", "result": 2},
    ]
    streams = [{**datastream(), "Observations": brought}]
    service.add("Things", thing(Locations=[location()], Datastreams=streams))
    found = service.get("Observations?$expand=FeatureOfInterest&$orderby=result")["value"]
    assert [(item["result"], item["FeatureOfInterest"]["name"]) for item in found] == [
        (1, "Sump"),
        (2, "Gate"),
    ]


@pytest.mark.parametrize(("wrong", "code"), BAD[:4])
def test_a_refused_observation_leaves_no_feature(
    service: Service, stream: int, wrong: dict[str, Any], code: str
) -> None:
    before = count(service)
    feature = {key: value for key, value in location().items() if key != "location"}
    feature |= {"name": "Sump", "feature": {"type": "Point", "coordinates": [1, 2]}}
    path = f"Datastreams({stream})/Observations"
    told = service.post(path, {**wrong, "FeatureOfInterest": feature}, 400)
    assert told["type"] == code
    after = count(service)
    usual = after.pop("features_of_interest") - before.pop("features_of_interest")
    assert before == after and usual <= 1
    assert "Sump" not in service.names("FeaturesOfInterest")
