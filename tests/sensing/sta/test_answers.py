"""What a SensorThings client is told when a request is refused."""

from __future__ import annotations

import pytest

from tests.sensing.sta.conftest import Service, thing
from yiwang.sensing.sta import cost
from yiwang.sensing.sta import path as paths
from yiwang.sensing.sta import query as queries

_NEWEST = "$orderby=phenomenonTime desc;$top=1"


def test_an_error_has_what_clients_of_the_standard_and_of_yiwang_look_for(
    service: Service,
) -> None:
    answer = service.client.get("/v1.1/Things?$top=x", headers={"accept-language": "en"})
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] == body["status"] == 400
    assert body["type"] == "sensing.sta_syntax"
    assert body["message"] == f"{body['where']} {body['title']} {body['detail']}"
    assert "$top, position 1" in body["message"] and "whole number" in body["message"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "Things(1)", "GET, HEAD, PATCH, PUT, DELETE"),
        ("POST", "Things(1)/name", "GET, HEAD"),
        ("OPTIONS", "Things", "GET, HEAD, POST"),
        ("DELETE", "Things", "GET, HEAD, POST"),
        ("DELETE", "", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    service: Service, method: str, path: str, allow: str
) -> None:
    service.add("Things", thing())
    answer = service.client.request(method, f"/v1.1/{path}", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == allow
    assert answer.json()["code"] == 405 and method in answer.json()["message"]


def test_a_quoted_id_is_refused_with_the_way_to_write_it(service: Service) -> None:
    service.add("Things", thing())
    assert "Things(1)" in service.get("Things('1')", 404)["message"]


def test_the_largest_id_there_can_be_is_merely_not_found(service: Service) -> None:
    for name in ("Things", "Observations", "Datastreams", "FeaturesOfInterest"):
        assert service.get(f"{name}(9223372036854775807)", 404)["code"] == 404
        assert service.get(f"{name}(-9999999999999999999)", 404)["code"] == 404


def test_what_breaks_inside_is_told_without_its_traceback(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("yiwang.sensing.sta.service.read", broken)
    answer = service.get("Things", 500)
    assert "defect" not in str(answer)
    assert "a defect" in caplog.text


@pytest.mark.parametrize(
    ("path", "small"),
    [
        ("Things(1)", True),
        ("Things(1)/Datastreams(2)/ObservedProperty", True),
        ("Things(1)?$expand=Locations,Datastreams($expand=Sensor)", True),
        (f"Things(1)?$expand=Datastreams($expand=Observations({_NEWEST}))", True),
        (f"Datastreams(1)/Observations?{_NEWEST.replace(';', '&')}", True),
        ("Things", False),
        ("Observations(1)", False),
        ("Datastreams(1)/Observations", False),
        ("Datastreams(1)/Observations?$top=1", False),
        ("Datastreams(1)/Observations?$orderby=phenomenonTime desc&$top=1&$filter=result gt 1", 0),
        ("Things(1)?$expand=Datastreams($expand=Observations)", False),
        ("Things(1)?$expand=Datastreams($filter=contains(name,'a'))", False),
        ("Things(1)?$expand=HistoricalLocations", False),
        ("Things(1)/Datastreams", False),
        ("Sensors(1)/Datastreams", False),
    ],
)
def test_only_some_lookups_by_key_are_answered_at_once(path: str, small: bool) -> None:
    resource, _, query = path.partition("?")
    assert cost.is_small(paths.parse(resource), queries.parse(query)) is bool(small)
