"""The requirements of GeoReport v2, one by one, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from tests.cases.conftest import PNG, City
from tests.cases.open311.conftest import POTHOLE, Client
from tests.cases.pictures import samples
from yiwang.cases import service
from yiwang.cases.errors import NoSuchPicture
from yiwang.cases.model.guards import Given
from yiwang.cases.open311 import service as open311
from yiwang.cases.open311.errors import NoSuchToken
from yiwang.cases.open311.model import Submission, Update, Wanted
from yiwang.cases.open311.views import Asked
from yiwang.kernel import clock
from yiwang.kernel.clock import DAY, HOUR
from yiwang.security.errors import Denied, SignInNeeded

PERSON = {
    "email": "someone@example.org",
    "phone": "13800000000",
    "first_name": "Mei",
    "last_name": "Zhang",
    "device_id": "device-7",
    "account_id": "account-9",
}


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [int(one["service_request_id"]) for one in answer.json()]


def refused(answer: Any, status: int, words: str) -> None:
    """Errors are a list of code and description in either format."""
    assert answer.status_code == status, answer.text
    if "json" in answer.headers["content-type"]:
        found = [(one["code"], one["description"]) for one in answer.json()]
    else:
        root = ElementTree.fromstring(answer.content)
        assert root.tag == "errors"
        found = [(int(one.findtext("code", "")), one.findtext("description")) for one in root]
    assert len(found) == 1 and found[0][0] == status and words in found[0][1]


def test_discovery_names_the_endpoint_in_both_formats(client: Client) -> None:
    found = client._client.get("/open311/discovery.json").json()
    assert set(found) == {"changeset", "contact", "key_service", "endpoints"}
    endpoint = found["endpoints"][0]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"] == "http://testserver/open311/v2"
    assert endpoint["type"] == "production"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    answer = client._client.get("/open311/discovery.xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.text.startswith('<?xml version="1.0" encoding="utf-8"?>')
    root = ElementTree.fromstring(answer.content)
    assert root.findtext("endpoints/endpoint/formats/format") == "text/xml"
    assert root.findtext("changeset") == found["changeset"] == endpoint["changeset"]


def test_services_are_those_that_the_city_offers(client: Client) -> None:
    found = {one["service_code"]: one for one in client.get("services.json").json()}
    assert "city.inner" not in found and "demo.flooded" in found
    pothole = found["city.pothole"]
    assert pothole["service_name"] == "Pothole" and pothole["keywords"] == "路面坑洞"
    assert pothole["metadata"] is True and pothole["type"] == "realtime"
    assert found["city.graffiti"]["metadata"] is False
    assert found["city.later"]["type"] == "batch" and found["city.never"]["type"] == "blackbox"
    assert client.get("services.json", "zh-CN").json()[-1]["service_name"]
    root = ElementTree.fromstring(client.get("services.xml").content)
    assert root.tag == "services" and {one.tag for one in root} == {"service"}
    assert {one.findtext("metadata") for one in root} == {"true", "false"}


def test_a_definition_has_its_attributes_in_order(client: Client) -> None:
    found = client.get("services/city.pothole.json").json()
    assert found["service_code"] == "city.pothole"
    depth, lane, seen, note = found["attributes"]
    assert depth == {
        "variable": True,
        "code": "DEPTH",
        "datatype": "number",
        "required": True,
        "datatype_description": None,
        "order": 1,
        "description": "Depth in cm",
    }
    assert lane["values"][0] == {"key": "car", "name": "Carriageway"} and lane["order"] == 2
    assert seen["datatype"] == "multivaluelist"
    assert note["variable"] is False and note["required"] is False
    root = ElementTree.fromstring(client.get("services/city.pothole.xml").content)
    assert root.tag == "service_definition"
    assert root.findtext("attributes/attribute[2]/values/value/key") == "car"
    for unknown in ("city.nothing", "city.inner"):
        refused(client.get(f"services/{unknown}.json"), 404, "There is no case class")


def test_a_report_is_a_case_and_its_reporter_stays_unknown_to_everybody(
    city: City, client: Client
) -> None:
    data = POTHOLE | PERSON | {"description": "Deep hole", "media_url": "https://x.example/1.jpg"}
    made = client.post("requests.json", data=data)
    assert made.status_code == 201
    number = made.json()[0]["service_request_id"]
    assert made.json()[0]["account_id"] == "account-9"
    shown = city.show(int(number))
    due = datetime.fromisoformat(shown["deadline"]["due_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    words = made.json()[0]["service_notice"]
    assert words.rstrip(".").endswith(f"To be handled by {due:%Y-%m-%d %H:%M}")
    assert shown["description"] == "Deep hole"
    assert (
        shown["sources"][0]["values"].items()
        >= {
            "channel": "open311",
            "media_urls": ["https://x.example/1.jpg"],
            "answers": {"DEPTH": 12},
        }.items()
    )
    assert shown["sources"][0]["answers"][0]["label"] == "Depth in cm"
    everything = client.get("requests.json", extensions="true").text
    everything += client.get(f"requests/{number}.xml", extensions="true").text
    everything += client.get("servicerequestupdates.xml").text
    everything += str(city.show(int(number), city.caller("app", "citizen")))
    for value in PERSON.values():
        assert value not in everything
    client.app.caller = city.centre
    kept = client._client.get(f"/api/cases/{number}/contacts").json()["items"][0]
    assert {name: kept[name] for name in PERSON} == PERSON and kept["reporter"] == "app"
    with pytest.raises(Denied):
        open311.show_contacts(city.citizen, int(number))


def test_everybody_sees_what_the_city_opened_and_reporters_what_is_theirs(client: Client) -> None:
    pothole = client.report(description="My words", address_string="East Road 1")
    secret = client.report(service_code="city.secret", description="My secret")
    assert ids(client.get("requests.json")) == [int(pothole)]
    refused(client.get(f"requests/{secret}.json"), 404, "There is no case")
    public = client.get(f"requests/{pothole}.json").json()[0]
    assert public["description"] is None and public["address"] is None
    assert public["lat"] != 39.1 and abs(public["lat"] - 39.1) < 0.01
    own = client.get("requests.json", api_key=client.keys["app"]).json()
    assert {one["service_request_id"] for one in own} == {pothole, secret}
    mine = {one["service_request_id"]: one for one in own}[pothole]
    assert (mine["lat"], mine["long"], mine["address"]) == (39.1, 116.1, "East Road 1")
    assert mine["description"] == "My words"
    assert ids(client.get("requests.json", api_key=client.keys["other"])) == [int(pothole)]
    refused(client.get("requests.json", api_key="wrong"), 403, "api_key")


def test_a_request_in_xml(client: Client) -> None:
    number = client.report(service_code="city.graffiti", description="a < b & \x01 c")
    root = ElementTree.fromstring(client.get(f"requests/{number}.xml").content)
    assert root.tag == "service_requests" and [one.tag for one in root] == ["request"]
    assert root.findtext("request/service_request_id") == number
    assert root.findtext("request/status") == "open"
    assert root.findtext("request/description") == "a < b & \ufffd c"
    assert root.findtext("request/zipcode") == ""
    assert clock.parse(root.findtext("request/requested_datetime", "")) > 0


def test_posting_needs_a_key_a_service_and_a_place(client: Client) -> None:
    refused(client.post("requests.xml", "", data=POTHOLE), 403, "api_key")
    refused(client.post("requests.json", "auditor", data=POTHOLE), 403, "")
    refused(client.post("requests.json", "", data=POTHOLE | {"api_key": "no"}), 403, "api_key")
    data = {**POTHOLE, "service_code": ""}
    refused(client.post("requests.json", data=data), 400, "service_code")
    refused(client.post("requests.json", data=POTHOLE | {"service_code": "x"}), 404, '"x"')
    other = POTHOLE | {"jurisdiction_id": "elsewhere.example"}
    refused(client.post("requests.json", data=other), 404, "elsewhere.example")
    refused(client.get("services.xml", jurisdiction_id="elsewhere"), 404, "jurisdiction_id")
    assert client.get("services.xml", jurisdiction_id="city.example").status_code == 200
    assert client.get("services.xml", jurisdiction_id="").status_code == 200
    refused(client.post("requests.json", data=POTHOLE | {"lat": ""}), 400, "lat")
    nowhere = {**POTHOLE, "lat": "", "long": ""}
    refused(client.post("requests.json", data=nowhere), 400, "place")
    refused(client.post("requests.json", data=POTHOLE | {"lat": "91"}), 400, "lat")
    refused(client.post("requests.json", data=POTHOLE | {"lat": "nan"}), 400, "lat")
    long = POTHOLE | {"description": "x" * 4001}
    refused(client.post("requests.json", data=long), 400, "description")
    refused(client.post("requests.json", data=POTHOLE | {"media_url": "javascript:1"}), 400, "URL")
    as_json = client._client.post("/open311/v2/requests.json", json=POTHOLE)
    refused(as_json, 400, "Content-Type")
    refused(client.get("services.pdf"), 404, "pdf")
    assert ids(client.get("requests.json")) == []


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"attribute[DEPTH]": ""}, "DEPTH"),
        ({"attribute[DEPTH]": "deep"}, "deep"),
        ({"attribute[LANE]": "roof"}, "car, walk"),
        ({"attribute[SEEN][]": ["day", "dusk"]}, "day, night"),
    ],
)
def test_answers_are_checked(client: Client, sent: dict[str, Any], words: str) -> None:
    refused(client.post("requests.json", data=POTHOLE | sent), 400, words)
    assert ids(client.get("requests.json")) == []


def test_answers_are_kept_and_shown_to_the_reporter(city: City, client: Client) -> None:
    sent = {"attribute[LANE]": "car", "attribute[SEEN][]": ["day", "night"], "attribute[fms]": "7"}
    number = client.report(**sent)
    key = client.keys["app"]
    own = client.get(f"requests/{number}.json", extensions="true", api_key=key).json()[0]
    assert [(one["code"], one["value"], one["name"]) for one in own["attributes"]] == [
        ("DEPTH", 12, "12"),
        ("LANE", "car", "Carriageway"),
        ("SEEN", ["day", "night"], "By day, At night"),
    ]
    assert own["extended_attributes"]["extended_status"] == "open"
    public = client.get(f"requests/{number}.json", extensions="true").json()[0]
    assert public["attributes"] == []
    assert open311.show_contacts(city.centre, int(number))[0]["extra"] == {"fms": "7"}


def test_a_place_by_address_or_address_id(city: City, client: Client) -> None:
    place = {"lat": "", "long": "", "service_code": "city.graffiti"}
    by_id = client.report(**place, address_id=str(city.place))
    by_code = client.report(**place, address_id="U1")
    found = client.get("requests.json", service_request_id=f"{by_id},{by_code},x,99").json()
    assert [one["address_id"] for one in found] == [str(city.place)] * 2
    assert {(one["lat"], one["address"]) for one in found} == {(39.1, "东路1号")}
    words = client.report(**place, address_string="Corner of East Road")
    assert client.get(f"requests/{words}.json").json()[0]["address"] == "Corner of East Road"
    refused(client.post("requests.json", data=POTHOLE | {"address_id": "U9"}), 400, "U9")


def test_tokens_lead_to_the_number_once_the_case_is_accepted(city: City, client: Client) -> None:
    made = client.post("requests.json", data=POTHOLE | {"service_code": "city.later"}).json()[0]
    assert "service_request_id" not in made
    token = made["token"]
    assert client.get(f"tokens/{token}.json").json() == [
        {"service_request_id": None, "token": token}
    ]
    number = 1
    service.take(city.centre, number, "accept", Given())
    root = ElementTree.fromstring(client.get(f"tokens/{token}.xml").content)
    assert root.findtext("request/service_request_id") == "1"
    refused(client.get("tokens/none.json"), 404, "token")
    never = client.post("requests.json", data=POTHOLE | {"service_code": "city.never"}).json()[0]
    assert set(never) == {"service_notice", "account_id"}


def test_lists_are_narrowed(city: City, client: Client) -> None:
    first = int(client.report())
    city.clock.advance(100 * DAY)
    second = int(client.report(lat="39.3"))
    third = int(client.report(service_code="city.graffiti"))
    service.take(city.centre, third, "void", Given(reason="nothing there"))
    get = client.get
    assert ids(get("requests.json")) == [third, second]
    assert ids(get("requests.json", service_code="city.graffiti,city.secret")) == [third]
    assert ids(get("requests.json", status="open")) == [second]
    assert ids(get("requests.json", status="open,closed", page_size=1, page=2)) == [second]
    start = clock.render(city.clock.now() - 150 * DAY)
    end = clock.render(city.clock.now() - 70 * DAY)
    assert ids(get("requests.json", start_date=start, end_date=end)) == [first]
    assert ids(get("requests.json", start_date=start)) == [first]
    assert ids(get("requests.json", start_date=start, service_request_id=str(first))) == [first]
    recent = clock.render(city.clock.now() - HOUR)
    assert ids(get("requests.json", updated_after=recent)) == [third, second]
    assert ids(get("requests.json", updated_before=recent)) == [first]
    assert ids(get("requests.json", bbox="116.0,39.2,116.2,39.4")) == [second]
    assert ids(get("requests.json", bbox="116.0,39.0,116.2,39.4", page_size=1)) == [third]
    closed = get(f"requests/{third}.json").json()[0]
    assert closed["status"] == "closed" and closed["status_notes"] == "Voided"
    now = clock.render(city.clock.now())
    refused(get("requests.json", start_date=start, end_date=now), 400, "90 days")
    bad = {"start_date": "yesterday", "status": "new", "page_size": "1001", "bbox": "1,2,3"}
    for name, value in bad.items():
        refused(get("requests.json", **{name: value}), 400, name)
    refused(get("requests.json", start_date="2026-07-01T00:00:00"), 400, "zone")


def test_a_box_does_not_tell_where_a_rounded_place_really_is(client: Client) -> None:
    number = int(client.report())
    shown = client.get(f"requests/{number}.json").json()[0]
    lon, lat = shown["long"], shown["lat"]
    around = f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}"
    assert ids(client.get("requests.json", bbox=around)) == [number]
    assert ids(client.get("requests.json", bbox="116.0999,39.0999,116.1001,39.1001")) == []


def test_updates_are_read_and_sent(city: City, client: Client) -> None:
    number = client.report()
    service.take(city.centre, int(number), "accept", Given(text="inner words"))
    sent = {"service_request_id": number, "description": "Still there", "update_id": "77"}
    made = client.post("servicerequestupdates.xml", data=sent)
    assert made.status_code == 201, made.text
    line = ElementTree.fromstring(made.content).findtext("request_update/update_id")
    again = client.post("servicerequestupdates.json", data=sent)
    assert again.json() == [{"update_id": line}]
    lines = city.show(int(number))["timeline"]
    assert [one["text"] for one in lines if one["step"] == "comment"] == ["Still there"]
    public = client.get("servicerequestupdates.json").json()
    assert [one["description"] for one in public] == ["Opened", "Accept"]
    assert {one["service_request_id"] for one in public} == {number}
    own = client.get("servicerequestupdates.json", api_key=client.keys["app"]).json()
    assert own[-1]["description"] == "Comment: Still there"
    assert client.get("servicerequestupdates.json", end_date="2000-01-01T00:00:00Z").json() == []
    refused(client.post("servicerequestupdates.json", "other", data=sent), 404, "no case")
    refused(client.post("servicerequestupdates.json", "", data=sent), 403, "api_key")
    refused(client.post("servicerequestupdates.json", data=sent | {"description": ""}), 400, "desc")


def test_photos_travel_with_a_report(city: City, client: Client) -> None:
    def send(code: str, content: bytes) -> Any:
        files = {"media": ("p.png", content, "image/png")}
        return client.post("requests.json", data=POTHOLE | {"service_code": code}, files=files)

    refused(send("city.graffiti", b"<svg/>"), 400, "picture")
    assert ids(client.get("requests.json")) == []
    number = send("city.graffiti", PNG).json()[0]["service_request_id"]
    url = client.get(f"requests/{number}.json").json()[0]["media_url"]
    assert client._client.get(url).headers["content-type"] == "image/png"
    hidden = send("city.secret", samples.jpeg()).json()[0]["service_request_id"]
    key = client.keys["app"]
    own = client.get(f"requests/{hidden}.json", api_key=key).json()[0]["media_url"]
    assert client._client.get(own).status_code == 404
    assert client._client.get(own, params={"api_key": key}).status_code == 200
    small = client._client.get(url, params={"size": 320})
    assert small.headers["content-type"] == "image/jpeg"
    assert client._client.get(own, params={"size": 320}).status_code == 404
    assert city.show(int(number))["photos"][0]["actor"] == "user:app"


def test_a_report_without_a_place_is_where_its_photo_was_taken(city: City, client: Client) -> None:
    nowhere = {"service_code": "city.graffiti"}
    files = {"media": ("p.jpg", samples.jpeg(6), "image/jpeg")}
    made = client.post("requests.json", data=nowhere, files=files).json()[0]
    found = client.get(f"requests/{made['service_request_id']}.json").json()[0]
    assert (found["lat"], found["long"]) == (39.1, 116.1)
    files = {"media": ("p.png", PNG, "image/png")}
    refused(client.post("requests.json", data=nowhere, files=files), 400, "place")


def test_everybody_may_read_and_nobody_without_an_account_may_write(
    city: City, client: Client
) -> None:
    number = int(client.report(service_code="city.graffiti"))
    somebody, asked = client.app.caller, Asked()
    assert open311.show_services(somebody, "en") and open311.show_changeset(somebody) > 0
    assert open311.show_definition(somebody, "city.graffiti", "en")["attributes"] == []
    assert len(open311.show_requests(somebody, Wanted(), asked)) == 1
    assert open311.show_request(somebody, number, asked)[0]["lat"] == 39.1
    assert open311.show_updates(somebody, 0, city.clock.now(), asked)[0]["status"] == "open"
    with pytest.raises(NoSuchToken):
        open311.show_token(somebody, "x")
    with pytest.raises(NoSuchPicture):
        open311.show_opened_photo(somebody, "0" * 64)
    with pytest.raises(SignInNeeded):
        open311.submit(somebody, Submission("city.graffiti", lon=1.0, lat=1.0))
    with pytest.raises(SignInNeeded):
        open311.add_update(somebody, Update(number, "words"))
    assert ids(client.get("requests.json")) == [number]
