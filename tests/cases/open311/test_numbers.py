"""Reports that are joined have a number of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cases.conftest import City
from tests.cases.open311.conftest import OFFERED, POTHOLE, Client
from tests.cases.open311.test_http import refused
from yiwang.cases import service
from yiwang.cases.lists import Filter
from yiwang.cases.model.guards import Given
from yiwang.cases.spec import parse
from yiwang.kernel import documents


@pytest.fixture
def merging(city: City, client: Client) -> None:
    """Reports of holes near one another are of one case."""
    merging = OFFERED.replace("    form:", "    merge: {radius: 200 m, within: 2 h}\n    form:", 1)
    batch = "    reports: batch"
    merging = merging.replace(batch, "    merge: {radius: 200 m, within: 2 h}\n" + batch)
    spec = parse(documents.parse(merging, "cases.yaml"), "city", {})
    service.install_classes(city.platform, "city", spec.classes)


def listing(client: Client) -> Callable[..., list[tuple[str, str]]]:
    def listed(**query: str) -> list[tuple[str, str]]:
        found = client.get("requests.json", **query).json()
        return [(one["service_request_id"], one["status"]) for one in found]

    return listed


def joined(client: Client) -> tuple[str, str]:
    """A report, and one of somebody else that joined its case."""
    first = client.report()
    own = client.post("requests.json", "other", data=POTHOLE).json()[0]["service_request_id"]
    assert own.startswith(f"{first}-") and own != first
    return first, own


@pytest.mark.usefixtures("merging")
def test_a_joined_report_keeps_its_own_number_wherever_its_case_goes(
    city: City, client: Client
) -> None:
    listed, (first, own) = listing(client), joined(client)

    def shown(ids: str) -> list[tuple[str, str]]:
        return listed(service_request_id=ids)

    assert shown(f"{first},{own}") == [(first, "open"), (own, "open")]
    assert listed() == [(own, "open"), (first, "open")], "each number that was given, once"
    assert client.get(f"requests/{own}.json").json()[0]["service_request_id"] == own
    far = client.report(long="116.4")
    service.take(city.centre, int(first), "merge", Given(to={"case": int(far)}, reason="one hole"))
    assert shown(f"{first},{own}") == [(first, "open"), (own, "open")]
    three = [(own, "open"), (far, "open"), (first, "open")]
    assert listed() == listed(status="open") == three and listed(status="closed") == []
    update = {"service_request_id": own, "description": "Mine too", "update_id": "u1"}
    said = client.post("servicerequestupdates.json", "other", data=update)
    assert said.status_code == 201
    again = client.post("servicerequestupdates.json", "other", data=update)
    assert again.json() == said.json()
    back = client.get("servicerequestupdates.json", api_key=client.keys["other"]).json()
    mine = {one["update_id"] for one in back if one["service_request_id"] == own}
    assert said.json()[0]["update_id"] in mine, "known again under its number"
    assert city.show(int(far))["timeline"][-1]["text"] == "Mine too"
    told = client.get("servicerequestupdates.json").json()
    ids = {one["service_request_id"] for one in told}
    assert ids == {first, far, own} and len({one["update_id"] for one in told}) == len(told)
    service.take(city.centre, int(far), "decline", Given(reason="no hole"))
    assert shown(f"{far},{own}") == [(far, "closed"), (own, "closed")]
    assert listed(status="open") == [] and len(listed(status="closed")) == 3
    for unknown in (f"{first}-999", f"999-{own.partition('-')[2]}"):
        refused(client.get(f"requests/{unknown}.json"), 404, "no case")


@pytest.mark.usefixtures("merging")
def test_every_number_that_was_given_is_listed_once(city: City, client: Client) -> None:
    listed, (first, own) = listing(client), joined(client)
    far = client.report(long="116.4")
    service.take(city.centre, int(first), "merge", Given(to={"case": int(far)}, reason="one hole"))
    three = [(own, "open"), (far, "open"), (first, "open")]
    assert listed() == three
    pages = [listed(page=str(page), page_size="1") for page in (1, 2, 3, 4)]
    assert [one for page in pages for one in page] == three and pages[3] == []
    refused(client.get("requests.json", page="2", page_size="20001"), 400, "page_size")
    refused(client.get("requests.json", page="22", page_size="1000"), 400, "page")
    assert listed(bbox="116.3,39.0,116.5,39.2") == three[:2], "where its case is now"


@pytest.mark.usefixtures("merging")
def test_numbers_that_come_later_are_listed_when_they_have_come(city: City, client: Client) -> None:
    later = POTHOLE | {"service_code": "city.later"}
    tokens = [client.post("requests.json", data=later).json()[0]["token"] for _ in range(2)]
    city_case = client.get(f"tokens/{tokens[0]}.json").json()[0]
    assert city_case["service_request_id"] is None
    number = max(one["no"] for one in service.listing(city.centre, Filter(), 10, None, "en")[0])
    service.take(city.centre, number, "accept", Given())
    numbers = [client.get(f"tokens/{one}.json").json()[0]["service_request_id"] for one in tokens]
    assert numbers[0] == str(number) and numbers[1].startswith(f"{number}-")
    hidden = client.get("requests.json", service_code="city.later").json()
    own = client.get("requests.json", service_code="city.later", api_key=client.keys["app"]).json()
    assert hidden == [] and [one["service_request_id"] for one in own] == numbers[::-1]
