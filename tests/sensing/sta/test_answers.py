"""What a SensorThings client is told when a request is refused."""

from __future__ import annotations

import pytest

from tests.sensing.sta.conftest import Service, thing


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
