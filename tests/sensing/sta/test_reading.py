"""18-088, clause 9: reading entities, one requirement after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sensing.sta.conftest import Service, datastream, location, thing
from tests.table import table

Observe = Callable[..., int]


def test_the_service_root_names_every_entity_set_and_what_it_conforms_to(service: Service) -> None:
    root = service.client.get("/v1.1").json()
    assert {item["name"] for item in root["value"]} == {
        "Datastreams",
        "FeaturesOfInterest",
        "HistoricalLocations",
        "Locations",
        "MultiDatastreams",
        "Observations",
        "ObservedProperties",
        "Sensors",
        "Things",
    }
    assert root["value"][0]["url"] == "http://testserver/v1.1/Datastreams"
    conformance = root["serverSettings"]["conformance"]
    assert "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel" in conformance
    assert service.client.get("/v1.0/").json()["value"][0]["url"].endswith("/v1.0/Datastreams")


def test_an_entity_has_id_links_and_its_properties(service: Service) -> None:
    id_ = service.add("Things", thing(properties={"floor": 2}))
    self_link = f"{service.root}/Things({id_})"
    assert service.get(f"Things({id_})") == {
        "@iot.id": id_,
        "@iot.selfLink": self_link,
        "name": "Underpass",
        "description": "Underpass of the district",
        "properties": {"floor": 2},
        "Locations@iot.navigationLink": f"{self_link}/Locations",
        "HistoricalLocations@iot.navigationLink": f"{self_link}/HistoricalLocations",
        "Datastreams@iot.navigationLink": f"{self_link}/Datastreams",
        "MultiDatastreams@iot.navigationLink": f"{self_link}/MultiDatastreams",
    }


def test_properties_values_and_references_have_addresses(service: Service) -> None:
    id_ = service.add("Things", thing(properties={"floor": 2, "door": {"side": "north"}}))
    assert service.get(f"Things({id_})/name") == {"name": "Underpass"}
    assert service.client.get(f"/v1.1/Things({id_})/name/$value").text == "Underpass"
    assert service.get(f"Things({id_})/properties/door/side") == {"side": "north"}
    assert service.client.get(f"/v1.1/Things({id_})/properties/floor/$value").text == "2"
    assert service.get(f"Things({id_})/id") == {"@iot.id": id_}
    assert service.client.get(f"/v1.1/Things({id_})/@iot.id/$value").text == str(id_)
    side = service.client.get(f"/v1.1/Things({id_})/properties/door/$value")
    assert side.headers["content-type"] == "application/json" and side.json() == {"side": "north"}
    assert "door" in service.get(f"Things({id_})/properties/dor", 404)["message"]
    bare = service.add("Things", thing("bare"))
    assert service.get(f"Things({bare})/properties", 204) is None
    assert service.get(f"Things({bare})/properties/floor/$value", 204) is None
    link = {"@iot.selfLink": f"{service.root}/Things({id_})"}
    assert service.get("Things/$ref?$top=1") == {"value": [link]}
    assert service.get(f"Things({id_})/$ref") == link
    assert service.client.get("/v1.1/Things/$count").text == "2"
    assert service.client.get("/v1.1/Things/$count?$filter=name eq 'bare'").text == "1"


def test_paths_follow_relations_at_any_depth(
    service: Service, stream: int, observe: Observe
) -> None:
    number = observe(stream, "2026-06-30T10:00:00Z", 12)
    assert service.get(f"Observations({number})/Datastream")["@iot.id"] == stream
    assert service.get(f"Observations({number})/Datastream/Thing/name") == {"name": "Underpass"}
    assert service.names(f"Observations({number})/Datastream/Thing/Locations") == ["Gate"]
    assert service.get(f"Datastreams({stream})/Sensor")["name"] == "Gauge"
    assert service.get(f"Datastreams({stream})/Observations({number})")["result"] == 12
    assert service.get(f"Observations({number})/FeatureOfInterest")["name"] == "Gate"
    feature = service.get(f"Observations({number})/FeatureOfInterest")["@iot.id"]
    at = f"Datastreams({stream})/Observations({number})/FeatureOfInterest"
    assert service.get(f"{at}/feature/type") == {"type": "Point"}
    assert service.client.get(f"/v1.1/{at}/feature/coordinates/0/$value").text == "116.4"
    assert service.client.get(f"/v1.1/{at}%2Fname/%24value").text == "Gate"
    link = {"@iot.selfLink": f"{service.root}/FeaturesOfInterest({feature})"}
    assert service.get(f"{at}/$ref") == link
    assert service.client.get(f"/v1.1/Observations%28{number}%29/result/$value").text == "12"
    assert service.get(f"Observations({number})/resultTime", 204) is None
    found = service.get(f"FeaturesOfInterest({feature})/Observations")["value"]
    assert [item["@iot.id"] for item in found] == [number]


@table(
    "path",
    [
        "Things(7)",
        "Things(7)/Datastreams",
        "Observations(7)",
        "Observations(7)/Datastream",
        "Thnigs",
        "Things(1)/Nothing",
        "Things/name",
        "Things(x)",
        "Things()",
        "Datastreams(1)/Thing(1)",
    ],
)
def test_what_is_not_there_is_not_found(service: Service, path: str) -> None:
    problem = service.get(path, 404)
    assert problem["type"].startswith("sensing.sta_no_such_")


def test_a_misspelt_set_is_answered_with_the_nearest(service: Service) -> None:
    assert "Things" in service.get("Thnigs", 404)["detail"]


class TestOptions:
    @pytest.fixture(autouse=True)
    def _things(self, service: Service) -> None:
        for name, floor in (("b", 3), ("a", 1), ("d", 2), ("c", 10)):
            streams = [datastream(f"{name} depth")] if name in "ab" else []
            body = thing(name, properties={"floor": floor, "面": "东" if floor > 2 else "西"})
            service.add("Things", {**body, "Datastreams": streams})
        service.add("Things", thing("e"))

    def test_orderby(self, service: Service) -> None:
        assert service.names("Things") == ["b", "a", "d", "c", "e"]
        assert service.names("Things?$orderby=name") == ["a", "b", "c", "d", "e"]
        assert service.names("Things?$orderby=name desc") == ["e", "d", "c", "b", "a"]
        in_floors = service.names("Things?$orderby=properties/floor desc,name")
        assert in_floors == ["c", "b", "d", "a", "e"]
        streams = service.names("Datastreams?$orderby=Thing/name")
        assert streams == ["a depth", "b depth"]

    def test_top_skip_count_and_next_link(self, service: Service) -> None:
        page = service.get("Things?$top=2&$count=true")
        assert page["@iot.count"] == 5
        names = []
        while True:
            names += [item["name"] for item in page["value"]]
            if "@iot.nextLink" not in page:
                break
            page = service.client.get(page["@iot.nextLink"]).json()
            assert page["@iot.count"] == 5
        assert names == ["b", "a", "d", "c", "e"]
        assert service.names("Things?$skip=3") == ["c", "e"]
        assert service.names("Things?$top=0") == []
        assert "@iot.count" not in service.get("Things")

    def test_next_link_of_a_sorted_collection(self, service: Service) -> None:
        page = service.get("Things?$orderby=name desc&$top=3&$filter=name ne 'c'")
        following = service.client.get(page["@iot.nextLink"]).json()
        assert [item["name"] for item in following["value"]] == ["a"]

    def test_select(self, service: Service) -> None:
        found = service.get("Things?$select=name,properties/floor&$top=1")["value"]
        assert found == [{"name": "b", "properties": {"floor": 3}}]
        found = service.get("Things?$select=id,Datastreams&$top=1")["value"][0]
        assert set(found) == {"@iot.id", "Datastreams@iot.navigationLink"}
        problem = service.get("Things?$select=nmae", 400)
        assert "name" in problem["detail"]

    @table(
        ("condition", "names"),
        [
            ("name eq 'a'", "a"),
            ("name gt 'b'", "dce"),
            ("not (name gt 'b')", "ba"),
            ("name eq 'a' or name eq 'c'", "ac"),
            ("name in ('a','e')", "ae"),
            ("id gt 1 and id le 3", "ad"),
            ("properties/floor ge 3", "bc"),
            ("properties/floor ne 3", "adce"),
            ("properties/面 eq '东'", "bc"),
            ("properties/floor add 1 mul 2 eq 5", "b"),
            ("(properties/floor add 1) mul 2 eq 8", "b"),
            ("properties/floor mod 2 eq 1", "ba"),
            ("properties/floor div 4 eq 2.5", "c"),
            ("properties/floor eq null", "e"),
            ("properties/floor ne null", "badc"),
            ("properties eq null", "e"),
            ("startswith(description,'b')", "b"),
            ("endswith(description,'district')", "badce"),
            ("substringof('c of',description)", "c"),
            ("contains(description,'d of')", "d"),
            ("length(description) eq 17", "badce"),
            ("tolower(toupper(name)) eq 'a'", "a"),
            ("indexof(description,'of') eq 2", "badce"),
            ("substring(description,2,2) eq 'of'", "badce"),
            ("concat(name,name) eq 'bb'", "b"),
            ("Datastreams/name eq 'a depth'", "a"),
            ("startswith(Datastreams/name,'a') and Datastreams/id gt 0", "a"),
            ("not (Datastreams/id gt 0)", "dce"),
            ("Datastreams/unitOfMeasurement/symbol eq 'cm'", "ba"),
            ("Datastreams/Sensor/name eq 'Gauge' and name eq 'b'", "b"),
            ("true", "badce"),
            ("now() gt 2026-01-01T00:00:00Z", "badce"),
            ("round(2.5) eq 3 and floor(-1.5) eq -2 and ceiling(1.2) eq 2", "badce"),
        ],
    )
    def test_filter(self, service: Service, condition: str, names: str) -> None:
        found = service.client.get("/v1.1/Things", params={"$filter": condition})
        assert found.status_code == 200, found.text
        assert "".join(item["name"] for item in found.json()["value"]) == names

    @table(
        ("query", "code", "words"),
        [
            ("$filter=nmae eq 'a'", "sta_unknown_property", "name"),
            ("$filter=name eq", "sta_syntax", "position 8"),
            ("$filter=name = 'a'", "sta_syntax", "position 6"),
            ("$filter=name eq 5", "sta_wrong_operand", "position 6"),
            ("$filter=name", "sta_wrong_operand", "position 1"),
            ("$filter=lenght(name) eq 1", "sta_unknown_function", "length"),
            ("$fliter=name eq 'a'", "sta_unknown_option", "$filter"),
            ("filter=name eq 'a'", "sta_unknown_option", "$filter"),
            ("$top=-1", "sta_syntax", "whole number"),
            ("$expand=Datastream", "sta_unknown_property", "Datastreams"),
            ("$orderby=nmae", "sta_unknown_property", "name"),
            ("$orderby=Datastreams/name", "sta_wrong_operand", "one entity"),
            ("$filter=name eq 'a%00'", "sta_syntax", "position 11"),
            ("$top=1&$top=2", "sta_syntax", "only once"),
        ],
    )
    def test_a_wrong_query_says_what_is_wrong_and_where(
        self, service: Service, query: str, code: str, words: str
    ) -> None:
        problem = service.client.get(f"/v1.1/Things?{query}", headers={"accept-language": "en"})
        assert problem.status_code == 400, problem.text
        assert problem.json()["type"] == f"sensing.{code}"
        assert words in problem.text

    def test_expand_with_options(self, service: Service) -> None:
        query = "$expand=Datastreams($select=name;$expand=Sensor($select=name))&$orderby=name"
        found = service.get(f"Things?{query}")["value"]
        assert found[0]["Datastreams"] == [{"name": "a depth", "Sensor": {"name": "Gauge"}}]
        assert found[3]["Datastreams"] == []
        assert "Datastreams@iot.navigationLink" not in found[0]
        short = service.get("Datastreams?$expand=Thing/Datastreams")["value"]
        assert short[0]["Thing"]["Datastreams"][0]["name"] == "b depth"

    def test_expand_counts_and_pages(self, service: Service) -> None:
        for number in range(3):
            body = {**datastream(f"more {number}"), "Thing": {"@iot.id": 1}}
            service.add("Datastreams", body)
        query = "$expand=Datastreams($top=2;$count=true;$filter=startswith(name,'more'))"
        first, second = service.get(f"Things?$top=2&{query}")["value"]
        assert [item["name"] for item in first["Datastreams"]] == ["more 0", "more 1"]
        assert first["Datastreams@iot.count"] == 3
        following = service.client.get(first["Datastreams@iot.nextLink"]).json()
        assert [item["name"] for item in following["value"]] == ["more 2"]
        assert second["Datastreams@iot.count"] == 0

    def test_expand_skips(self, service: Service) -> None:
        body = {**datastream("more"), "Thing": {"@iot.id": 1}}
        service.add("Datastreams", body)
        found = service.get("Things?$top=2&$expand=Datastreams($skip=1;$count=true)")["value"]
        assert [item["name"] for item in found[0]["Datastreams"]] == ["more"]
        assert found[0]["Datastreams@iot.count"] == 2
        assert found[1]["Datastreams"] == []
        assert found[1]["Datastreams@iot.count"] == 1


def test_many_to_many_relations_read_from_both_sides(service: Service) -> None:
    place = service.add("Locations", location())
    first = service.add("Things", thing("a", Locations=[{"@iot.id": place}]))
    service.add("Things", thing("b", Locations=[{"@iot.id": place}]))
    assert service.names(f"Locations({place})/Things") == ["a", "b"]
    assert service.names(f"Things({first})/Locations") == ["Gate"]
    found = service.get("Locations?$expand=Things,HistoricalLocations")["value"][0]
    assert [item["name"] for item in found["Things"]] == ["a", "b"]
    assert len(found["HistoricalLocations"]) == 2
    assert service.names("Things?$filter=Locations/name eq 'Gate'") == ["a", "b"]


def test_who_is_not_signed_in_sees_nothing_that_is_not_opened(service: Service) -> None:
    service.add("Things", thing())
    service.as_anonymous()
    assert service.get("Things")["value"] == []
    service.get("Things(1)", 404)


def test_errors_are_told_in_the_reader_s_language(service: Service) -> None:
    headers: dict[str, Any] = {"accept-language": "zh-CN"}
    text = service.client.get("/v1.1/Things?$top=x", headers=headers).text
    assert "应为" in text
