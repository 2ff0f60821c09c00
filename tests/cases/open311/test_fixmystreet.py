"""What FixMyStreet's client sends, field by field (its Open311 module, as it went over the wire in
July 2026 to this interface), and what it looks for in the answers."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.cases.conftest import PNG, City
from tests.cases.open311.conftest import Client

REPORT = [
    ("service_code", "city.pothole"),
    ("description", "路面坑洞 pothole\r\n\r\nDeep\r\n\r\nhttps://fms.example/report/5\r\n"),
    ("first_name", "Ann"),
    ("last_name", "Smith"),
    ("email", "ann@x.example"),
    ("lat", "39.100000"),
    ("long", "116.100000"),
    ("media_url", "https://fms.example/1.jpeg"),
    ("media_url", "https://fms.example/2.jpeg"),
    ("attribute[DEPTH]", "12"),
    ("attribute[SEEN]", "day"),
    ("attribute[SEEN]", "night"),
    ("attribute[easting]", ""),
    ("attribute[uprn]", "1000"),
    ("jurisdiction_id", "city.example"),
]
UPDATE = [
    ("description", "Still there 还在"),
    ("status", "FIXED"),
    ("update_id", "77"),
    ("updated_datetime", "2026-07-01T06:03:07+00:00"),
    ("first_name", "Ann"),
    ("last_name", "Smith"),
    ("email", "ann@x.example"),
    ("phone", "07700900000"),
    ("title", "MR"),
    ("email_alerts_requested", "TRUE"),
    ("media_url", "https://fms.example/c/1.jpeg"),
    ("jurisdiction_id", "city.example"),
]


def _post(client: Client, path: str, pairs: list[tuple[str, str]], photo: bool = False) -> str:
    """Repeated fields as they are sent; gives the first number in the answer."""
    data: dict[str, list[str]] = {"api_key": [client.keys["app"]]}
    for name, value in pairs:
        data.setdefault(name, []).append(value)
    files = {"photo1": ("5.0.full.png", PNG, "image/png")} if photo else None
    answer = client._client.post(f"/open311/v2/{path}.xml", data=data, files=files)
    assert answer.status_code == 201, answer.text
    first = ElementTree.fromstring(answer.content)[0][0]
    return str(first.text)


def test_a_report_with_pictures_by_link_and_by_upload(city: City, client: Client) -> None:
    number = _post(client, "requests", REPORT)
    case = city.show(int(number))
    links = ["https://fms.example/1.jpeg", "https://fms.example/2.jpeg"]
    assert case["sources"][0]["values"]["media_urls"] == links
    assert [one["value"] for one in case["sources"][0]["answers"]] == [12, ["day", "night"]]
    assert "路面坑洞" in case["description"]
    graffiti = [one for one in REPORT if not one[0].startswith(("media_url", "attribute"))]
    graffiti[0] = ("service_code", "city.graffiti")
    other = _post(client, "requests", graffiti, photo=True)
    (photo,) = city.show(int(other))["photos"]
    listed = client.get("requests.xml", service_request_id=f"{number},{other}")
    media = [str(one.findtext("media_url")) for one in ElementTree.fromstring(listed.content)]
    assert max(media, key=len).endswith(photo["sha"]) and min(media, key=len) == ""


def test_an_update_with_pictures_comes_back_under_its_number(city: City, client: Client) -> None:
    number = _post(client, "requests", REPORT)
    given = [("service_request_id", number), *UPDATE]
    update = _post(client, "servicerequestupdates", given)
    assert update == _post(client, "servicerequestupdates", given), "sent again, it stays one"
    again = [one if one[0] != "update_id" else ("update_id", "78") for one in given]
    _post(client, "servicerequestupdates", again, photo=True)
    case = city.show(int(number))
    lines = [one for one in case["timeline"] if one["step"] == "comment"]
    assert lines[0]["details"]["media_urls"] == ["https://fms.example/c/1.jpeg"]
    assert lines[1]["photos"] == [case["photos"][0]["sha"]]
    assert case["kind"] == "new", "words do not move a case"
    answer = client.get("servicerequestupdates.xml", api_key=client.keys["app"])
    found = ElementTree.fromstring(answer.content)
    told = {one.findtext("update_id"): one.findtext("description") for one in found}
    assert "Still there 还在" in str(told[update])
    assert "Deep" not in str(next(iter(told.values()))), (
        "their own report does not come back to them"
    )
