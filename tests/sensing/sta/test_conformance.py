"""18-088, 9.2.1: the service root names what is served, by the names of the standard."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.sensing.sta.conftest import Service, thing
from yiwang.sensing.sta import conformance

SENSING = "http://www.opengis.net/spec/iot_sensing/1.1/req/"

STANDARD = {
    "datamodel",
    "resource-path/resource-path-to-entities",
    "request-data",
    "create-update-delete",
    "create-update-delete/create-entity",
    "create-update-delete/link-to-existing-entities",
    "create-update-delete/deep-insert",
    "create-update-delete/deep-insert-status-code",
    "create-update-delete/update-entity",
    "create-update-delete/update-entity-put",
    "create-update-delete/update-entity-jsonpatch",
    "create-update-delete/delete-entity",
    "create-update-delete/historical-location-auto-creation",
    "create-update-delete/historical-location-manual-creation",
    "batch-request/batch-request",
    "multi-datastream",
    "data-array/data-array",
    "create-observations-via-mqtt/observations-creation",
    "receive-updates-via-mqtt/receive-updates",
}
"""Requirements and classes of requirements as clause 7 to 14 name them."""


def test_what_is_claimed_is_named_as_in_the_standard(service: Service) -> None:
    claimed = service.get("")["serverSettings"]["conformance"]
    assert len(set(claimed)) == len(claimed)
    names = {name.removeprefix(SENSING) for name in claimed if name.startswith(SENSING)}
    over_mqtt = {name.removeprefix(SENSING) for name in conformance.OVER_MQTT}
    assert names == STANDARD - over_mqtt - {"batch-request/batch-request"}
    assert set(claimed) - {SENSING + name for name in names} == set(conformance.EXTENSIONS)


def test_batches_of_several_mime_parts_are_not_served_and_not_claimed(service: Service) -> None:
    headers = {"content-type": "multipart/mixed;boundary=x"}
    answer = service.client.post("/v1.1/$batch", content=b"--x--", headers=headers)
    assert answer.status_code == 415
    assert not any("batch-request/" in name for name in conformance.SERVED)


MEDIA: list[tuple[str | None, int]] = [
    (None, 201),
    ("application/json", 201),
    ("Application/JSON; charset=UTF-8", 201),
    ("application/json;odata.metadata=none", 201),
    ("text/plain", 415),
    ("application/xml", 415),
    ("application/x-www-form-urlencoded", 415),
    ("application/json-patch+json", 415),
]


@pytest.mark.parametrize(("media", "status"), MEDIA)
def test_a_body_is_json(service: Service, media: str | None, status: int) -> None:
    headers = {} if media is None else {"content-type": media}
    content = msgspec.json.encode(thing())
    answer = service.client.post("/v1.1/Things", content=content, headers=headers)
    assert answer.status_code == status
    assert len(service.get("Things")["value"]) == (status == 201)
    if status == 415:
        told: dict[str, Any] = answer.json()
        assert told["type"] == "sensing.sta_wrong_media" and told["code"] == 415
        assert "application/json" in told["message"]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_change_is_json_too(service: Service, method: str) -> None:
    id_ = service.add("Things", thing())
    told = service.send(method, f"Things({id_})", {"name": "x"}, 415, "text/plain")
    assert told["type"] == "sensing.sta_wrong_media"
    assert service.names("Things") == ["Underpass"]


@pytest.mark.parametrize("path", ["Datastreams(1)/Observations", "CreateObservations"])
def test_observations_are_json_too(service: Service, stream: int, path: str) -> None:
    headers = {"content-type": "text/csv"}
    answer = service.client.post(f"/v1.1/{path}", content=b"1,2", headers=headers)
    assert answer.status_code == 415
    assert service.get("Observations")["value"] == []
