"""Reports that are joined have a number of their own."""

from __future__ import annotations

from tests.cases.conftest import City
from tests.cases.open311.conftest import OFFERED, POTHOLE, Client
from tests.cases.open311.test_http import refused
from yiwang.cases import service
from yiwang.cases.lists import Filter
from yiwang.cases.model.guards import Given
from yiwang.cases.spec import parse
from yiwang.kernel import documents


def test_a_joined_report_keeps_its_own_number_wherever_its_case_goes(
    city: City, client: Client
) -> None:
    merging = OFFERED.replace("    form:", "    merge: {radius: 200 m, within: 2 h}\n    form:", 1)
    batch = "    reports: batch"
    merging = merging.replace(batch, "    merge: {radius: 200 m, within: 2 h}\n" + batch)
    spec = parse(documents.parse(merging, "cases.yaml"), "city", {})
    service.install_classes(city.platform, "city", spec.classes)
    first = client.report()
    made = client.post("requests.json", "other", data=POTHOLE).json()[0]
    own = made["service_request_id"]
    assert own.startswith(f"{first}-") and own != first

    def shown(id: str) -> list[tuple[str, str]]:
        found = client.get("requests.json", service_request_id=id).json()
        return [(one["service_request_id"], one["status"]) for one in found]

    assert shown(f"{first},{own}") == [(first, "open"), (own, "open")]
    assert client.get(f"requests/{own}.json").json()[0]["service_request_id"] == own
    far = client.report(long="116.4")
    service.take(city.centre, int(first), "merge", Given(to={"case": int(far)}, reason="one hole"))
    assert shown(f"{first},{own}") == [(first, "open"), (own, "open")]
    update = {"service_request_id": own, "description": "Mine too"}
    assert client.post("servicerequestupdates.json", "other", data=update).status_code == 201
    assert city.show(int(far))["timeline"][-1]["text"] == "Mine too"
    told = client.get("servicerequestupdates.json").json()
    ids = {one["service_request_id"] for one in told}
    assert ids == {first, far, own} and len({one["update_id"] for one in told}) == len(told)
    service.take(city.centre, int(far), "decline", Given(reason="no hole"))
    assert shown(f"{far},{own}") == [(far, "closed"), (own, "closed")]
    for unknown in (f"{first}-999", f"999-{own.partition('-')[2]}"):
        refused(client.get(f"requests/{unknown}.json"), 404, "no case")
    later = POTHOLE | {"service_code": "city.later"}
    tokens = [client.post("requests.json", data=later).json()[0]["token"] for _ in range(2)]
    city_case = client.get(f"tokens/{tokens[0]}.json").json()[0]
    assert city_case["service_request_id"] is None
    number = max(one["no"] for one in service.listing(city.centre, Filter(), 10, None, "en")[0])
    service.take(city.centre, number, "accept", Given())
    numbers = [client.get(f"tokens/{one}.json").json()[0]["service_request_id"] for one in tokens]
    assert numbers[0] == str(number) and numbers[1].startswith(f"{number}-")
