"""18-088, clause 11: batch requests, alone and in atomicity groups."""

from __future__ import annotations

from typing import Any

from tests.sensing.sta.conftest import Service, datastream, location, thing

AT = "2026-06-30T10:00:00Z"


def batch(service: Service, *requests: dict[str, Any], status: int = 200) -> Any:
    numbered = [{"id": str(place + 1), **request} for place, request in enumerate(requests)]
    answer = service.post("$batch", {"requests": numbered}, status)
    return answer.get("responses", answer)


def post(url: str, body: Any, **more: Any) -> dict[str, Any]:
    return {"method": "post", "url": url, "body": body, **more}


def test_requests_are_answered_in_order_and_know_what_came_before(service: Service) -> None:
    made = batch(
        service,
        post("Things", thing(Locations=[location()])),
        post("$1/Datastreams", datastream()),
        post("Observations", {"result": 7, "Datastream": {"@iot.id": "$2"}}),
        {"method": "GET", "url": "Datastreams(1)/Observations?$select=result&$count=true"},
        {"method": "GET", "url": "/v1.1/Things(99)"},
        {"method": "PATCH", "url": "$1", "body": {"name": "Changed"}},
        {"method": "DELETE", "url": "$3"},
        {"method": "GET", "url": "Things(1)/name/$value", "dependsOn": ["5"]},
    )
    assert [item["id"] for item in made] == [str(number) for number in range(1, 9)]
    assert [item["status"] for item in made] == [201, 201, 201, 200, 404, 200, 200, 424]
    assert made[0]["headers"]["location"].endswith("/Things(1)")
    assert made[3]["body"] == {"@iot.count": 1, "value": [{"result": 7}]}
    assert made[4]["body"]["type"] == "sensing.sta_no_such_entity"
    assert service.names("Things") == ["Changed"]
    assert service.get("Observations")["value"] == []


def test_a_group_is_done_whole(service: Service) -> None:
    made = batch(
        service,
        post("Things", thing(Locations=[location()]), atomicityGroup="g"),
        post("$1/Datastreams", datastream(), atomicityGroup="g"),
        post("$2/Observations", {"phenomenonTime": AT, "result": 7}, atomicityGroup="g"),
        {"method": "PATCH", "url": "$1", "body": {"name": "Changed"}, "atomicityGroup": "g"},
        {"method": "GET", "url": "Observations(1)/FeatureOfInterest?$select=name"},
    )
    assert [item["status"] for item in made] == [201, 201, 201, 200, 200]
    assert made[2]["body"]["@iot.id"] == 1
    assert made[4]["body"] == {"name": "Gate"}
    assert service.names("Things") == ["Changed"]


def test_or_not_at_all(service: Service, stream: int) -> None:
    service.add(f"Datastreams({stream})/Observations", {"phenomenonTime": AT, "result": 7})
    group = {"atomicityGroup": "g"}
    for wrong in (
        post("Things", {"name": "x"}),
        post("Datastreams(1)/Observations", {"result": "high"}),
        post("Datastreams(99)/Observations", {"result": 1}),
        {"method": "PATCH", "url": "Observations(1)", "body": {"result": "high"}},
        {"method": "DELETE", "url": "Things(99)"},
        {"method": "GET", "url": "Things"},
    ):
        made = batch(
            service,
            post("Things", thing("Second"), **group),
            {"method": "DELETE", "url": "Observations(1)", **group},
            post("Datastreams(1)/Observations", {"phenomenonTime": AT, "result": 8}, **group),
            {**wrong, **group},
            {"method": "GET", "url": "Things", "dependsOn": ["g"]},
        )
        assert [item["status"] for item in made[:3]] == [424, 424, 424]
        assert made[3]["status"] in (400, 404) and made[4]["status"] == 424
        assert service.names("Things") == ["Underpass"]
        assert [item["result"] for item in service.get("Observations")["value"]] == [7]


def test_what_is_no_batch_is_refused(service: Service) -> None:
    for wrong in ({}, {"requests": 1}, {"requests": [{"id": 1}]}):
        service.post("$batch", wrong, 400)
    get = {"method": "GET", "url": "Things"}
    batch(service, get, {**get, "id": "1"}, status=400)
    batch(service, {**get, "method": "TRACE"}, status=400)
    batch(service, {**get, "dependsOn": ["7"]}, status=400)
    batch(service, *[get] * 1001, status=400)
    first, other = {**get, "atomicityGroup": "a"}, {**get, "atomicityGroup": "b"}
    batch(service, first, other, first, status=400)
    batch(service, post("$batch", {"requests": [get]}), status=400)
