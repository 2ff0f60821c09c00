"""Observations over HTTP: creation, exact form, order, filters, data arrays, refusals."""

from __future__ import annotations

from collections.abc import Callable
from json import dumps
from typing import Any

import pytest

from tests.sensing.sta.conftest import Service, datastream, location, thing
from tests.table import table
from yiwang.kernel.clock import parse, render
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import Identity, system
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.sta import observed

Observe = Callable[..., int]
DAY = "2026-06-30T"


def raw(service: Service, stream: int, content: str, status: int = 201) -> Any:
    address = f"/v1.1/Datastreams({stream})/Observations"
    response = service.client.post(address, content=content.encode())
    assert response.status_code == status, response.text
    return response.json()


def results(service: Service, path: str) -> list[Any]:
    return [item["result"] for item in service.get(path)["value"]]


def ledger(service: Service) -> dict[str, int]:
    """Reason → count of what was rejected; everything else under ``stored``, ``duplicate``."""
    counts: dict[str, int] = {}
    for frame in service.store.log.frames(0):
        header = frame.header
        assert header.received == header.stored + header.duplicate + sum(header.rejected.values())
        counts["stored"] = counts.get("stored", 0) + header.stored
        counts["duplicate"] = counts.get("duplicate", 0) + header.duplicate
        for reason, count in header.rejected.items():
            counts[reason] = counts.get(reason, 0) + count
    return counts


def test_an_observation_is_created_durably_and_read_back(service: Service, stream: int) -> None:
    body = {"phenomenonTime": f"{DAY}10:00:00+08:00", "result": 12.5}
    response = service.client.post(f"/v1.1/Datastreams({stream})/Observations", json=body)
    assert response.status_code == 201
    self_link = f"{service.root}/Observations(1)"
    assert response.headers["location"] == self_link
    assert service.store.end() > 0
    assert service.get("Observations(1)") == {
        "@iot.id": 1,
        "@iot.selfLink": self_link,
        "phenomenonTime": "2026-06-30T02:00:00Z",
        "resultTime": None,
        "result": 12.5,
        "Datastream@iot.navigationLink": f"{self_link}/Datastream",
        "FeatureOfInterest@iot.navigationLink": f"{self_link}/FeatureOfInterest",
    }


def test_the_datastream_may_stand_in_the_body_and_the_time_may_be_left_out(
    service: Service, stream: int
) -> None:
    service.post("Observations", {"Datastream": {"@iot.id": stream}, "result": 3})
    assert service.get("Observations(1)")["phenomenonTime"] == "2026-07-01T00:00:00Z"


@pytest.mark.parametrize("form", ["12", "12.0", "2.00", "-0", "1e3", "0.1", "12345678901234567890"])
def test_numbers_keep_the_form_in_which_they_were_sent(
    service: Service, stream: int, form: str
) -> None:
    raw(service, stream, f'{{"phenomenonTime":"{DAY}10:00:00Z","result":{form}}}')
    for address in ("Observations(1)", f"Datastreams({stream})/Observations"):
        assert f'"result":{form},' in service.client.get(f"/v1.1/{address}").text
    assert service.client.get("/v1.1/Observations(1)/result").text == f'{{"result":{form}}}'


@pytest.mark.parametrize("form", ['"高"', "true", '{"a":[1,2.50]}', "[1,2]"])
def test_other_results_are_kept_exactly(service: Service, form: str) -> None:
    streams = [datastream(kind="OM_Observation")]
    service.add("Things", thing(Locations=[location()], Datastreams=streams))
    raw(service, 1, f'{{"phenomenonTime":"{DAY}10:00:00Z","result":{form}}}')
    assert f'"result":{form},' in service.client.get("/v1.1/Observations(1)").text


def test_everything_an_observation_carries_is_kept(
    service: Service, stream: int, observe: Observe
) -> None:
    more = {
        "resultTime": "2026-06-30T10:05:00Z",
        "validTime": "2026-06-30T10:00:00Z/2026-06-30T12:00:00Z",
        "resultQuality": {"code": "good"},
        "parameters": {"depth": 3},
    }
    time = "2026-06-30T09:00:00Z/2026-06-30T10:00:00Z"
    observe(stream, time, 7, **more)
    found = service.get("Observations(1)")
    assert {name: found[name] for name in more} == more
    assert found["phenomenonTime"] == time
    latest = f"Datastreams({stream})/Observations?$orderby=phenomenonTime desc&$top=1"
    assert service.get(latest)["value"][0] == found
    expanded = f"Datastreams({stream})?$expand=Observations($orderby=phenomenonTime desc;$top=1)"
    assert service.get(expanded)["Observations"] == [found]


def test_the_same_observation_again_is_the_same_observation(
    service: Service, stream: int, observe: Observe
) -> None:
    first = observe(stream, f"{DAY}10:00:00Z", 1)
    assert observe(stream, f"{DAY}10:00:00Z", 1) == first
    assert observe(stream, f"{DAY}10:00:00Z", 2) != first
    assert ledger(service) == {"stored": 2, "duplicate": 1}


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "status", "code", "reason"),
        [
            ('{"result":', 400, "sensing.sta_bad_value", "sensing.undecodable"),
            ("[]", 400, "sensing.sta_bad_value", "sensing.undecodable"),
            ('{"phenomenonTime":"x","result":1}', 400, "sensing.sta_bad_value", "undecodable"),
            (
                '{"phenomenonTime":"2026-06-30T10:00:00","result":1}',
                400,
                "sensing.sta_bad_value",
                "undecodable",
            ),
            ('{"reslut":1}', 400, "sensing.sta_bad_value", "undecodable"),
            ("{}", 400, "sensing.sta_missing_property", "undecodable"),
            ('{"result":"a lot"}', 400, "sensing.not_a_number", "sensing.not_a_number"),
            (
                '{"phenomenonTime":"2027-06-30T10:00:00Z","result":1}',
                400,
                "sensing.in_future",
                "sensing.in_future",
            ),
            (
                '{"result":1,"FeatureOfInterest":{"@iot.id":99}}',
                400,
                "sensing.sta_bad_reference",
                "undecodable",
            ),
        ],
    )
    def test_wrong_observations_are_told_and_counted(
        self, service: Service, stream: int, content: str, status: int, code: str, reason: str
    ) -> None:
        assert raw(service, stream, content, status)["type"] == code
        assert {key for key, count in ledger(service).items() if count} == {
            reason if "." in reason else f"sensing.{reason}"
        }
        assert results(service, "Observations") == []

    def test_an_unknown_datastream(self, service: Service, stream: int) -> None:
        assert raw(service, 99, '{"result":1}', 404)["type"] == "sensing.sta_no_such_entity"
        body = {"result": 1, "Datastream": {"@iot.id": 99}}
        assert service.post("Observations", body, 400)["type"] == "sensing.unknown_datastream"
        assert service.post("Observations", {"result": 1}, 400)["fields"]["name"] == "Datastream"
        assert ledger(service)["sensing.unknown_datastream"] == 2

    def test_the_nearest_property_is_named(self, service: Service, stream: int) -> None:
        assert "phenomenonTime" in raw(service, stream, '{"phenomenontime":"x"}', 400)["title"]


class TestQueries:
    @pytest.fixture(autouse=True)
    def _rows(self, service: Service, stream: int, observe: Observe) -> None:
        other = service.add("Datastreams", {**datastream("Other"), "Thing": {"@iot.id": 1}})
        for hour, result in ((1, 10), (5, 50), (3, 30), (20, 5), (2, 20.5)):
            observe(stream, f"{DAY}{hour:02}:00:00Z", result, parameters={"hour": hour})
        observe(other, f"{DAY}04:00:00Z", 40, resultTime=f"{DAY}04:30:00Z")
        service.stream, service.other = stream, other  # type: ignore[attr-defined]

    @pytest.fixture(params=["hot", "segments"], autouse=True)
    def _place(self, service: Service, request: Any, _rows: None) -> None:
        if request.param == "segments":
            service.store.compact()

    def test_the_default_order_is_time(self, service: Service, stream: int) -> None:
        mine = f"Datastreams({stream})/Observations"
        assert results(service, mine) == [10, 20.5, 30, 50, 5]
        assert results(service, "Observations") == [10, 20.5, 30, 40, 50, 5]
        assert results(service, f"{mine}?$orderby=phenomenonTime desc&$top=2") == [5, 50]
        assert results(service, f"{mine}?$orderby=result desc") == [50, 30, 20.5, 10, 5]
        assert results(service, f"{mine}?$orderby=id") == [10, 50, 30, 5, 20.5]
        assert results(service, f"{mine}?$orderby=parameters/hour desc&$top=2") == [5, 50]

    @table("order", ["", "&$orderby=phenomenonTime desc", "&$orderby=result"])
    def test_pages_follow_one_another(self, service: Service, order: str) -> None:
        whole = results(service, f"Observations?$top=50{order}")
        page = service.get(f"Observations?$top=2&$count=true{order}")
        found = []
        while True:
            assert page["@iot.count"] == 6
            found += [item["result"] for item in page["value"]]
            if "@iot.nextLink" not in page:
                break
            page = service.client.get(page["@iot.nextLink"]).json()
        assert found == whole
        assert results(service, f"Observations?$skip=2&$top=2{order}") == whole[2:4]

    @table(
        ("condition", "expected"),
        [
            ("result gt 20", [20.5, 30, 40, 50]),
            ("result ge 20.5 and result lt 50", [20.5, 30, 40]),
            ("not (result gt 20)", [10, 5]),
            (f"phenomenonTime ge {DAY}03:00:00Z", [30, 40, 50, 5]),
            (f"phenomenonTime gt {DAY}03:00:00Z and phenomenonTime lt {DAY}06:00:00Z", [40, 50]),
            (f"{DAY}05:00:00Z eq phenomenonTime", [50]),
            ("Datastream/id eq 2", [40]),
            ("Datastream/name eq 'Other'", [40]),
            ("Datastream/name eq 'Other' or result eq 5", [40, 5]),
            ("Datastream/Thing/name eq 'Underpass' and result eq 5", [5]),
            ("Datastream/Thing/name eq 'Nowhere'", []),
            ("FeatureOfInterest/id eq 1", [10, 20.5, 30, 40, 50, 5]),
            ("FeatureOfInterest/name eq 'Gate' and result gt 40", [50]),
            ("id eq 1", [10]),
            ("id in (1,2) and result gt 20", [50]),
            ("resultTime ne null", [40]),
            (f"resultTime ge {DAY}04:00:00Z", [40]),
            ("resultTime eq null and result lt 20", [10, 5]),
            ("parameters/hour gt 4", [50, 5]),
            ("hour(phenomenonTime) eq 20", [5]),
            ("result mod 20 eq 10", [10, 30, 50]),
            ("result add 5 mul 2 eq 20", [10]),
            ("result sub 10 gt Datastream/id mul 20", [50]),
            ("round(result) eq 21", [20.5]),
            ("result eq 10 or result eq 5", [10, 5]),
        ],
    )
    def test_filter(self, service: Service, condition: str, expected: list[float]) -> None:
        found = service.client.get("/v1.1/Observations", params={"$filter": condition})
        assert found.status_code == 200, found.text
        assert [item["result"] for item in found.json()["value"]] == expected

    def test_wrong_filters(self, service: Service) -> None:
        assert "result" in service.get("Observations?$filter=reslut gt 5", 400)["detail"]
        service.get("Observations?$filter=result gt 'a' add 5", 400)
        service.get("Observations?$filter=phenomenonTime gt 5", 400)
        service.get("Observations?$filter=Datastream/nmae eq 'a'", 400)

    def test_expand_of_many_things_with_their_latest(self, service: Service, stream: int) -> None:
        query = (
            "Things?$expand=Datastreams($select=id;"
            "$expand=Observations($select=result;$orderby=phenomenonTime desc;$top=1))"
        )
        streams = service.get(query)["value"][0]["Datastreams"]
        assert [item["Observations"] for item in streams] == [[{"result": 5}], [{"result": 40}]]
        link = streams[0]["Observations@iot.nextLink"]
        assert service.client.get(link).json()["value"] == [{"result": 50}]

    def test_expand_of_observations(self, service: Service, stream: int) -> None:
        query = "Observations?$top=1&$expand=Datastream($select=name),FeatureOfInterest"
        found = service.get(query)["value"][0]
        assert found["Datastream"] == {"name": "Depth of water"}
        assert found["FeatureOfInterest"]["feature"]["type"] == "Point"
        series = service.get(
            "Datastreams(1)?$expand=Observations($filter=result gt 20;$count=true)"
        )
        assert series["Observations@iot.count"] == 3

    def test_a_datastream_tells_the_span_of_its_observations(self, service: Service) -> None:
        time = service.get("Datastreams(1)")["phenomenonTime"]
        assert time == "2026-06-30T01:00:00Z/2026-06-30T20:00:00Z"

    def test_data_arrays_are_read(self, service: Service) -> None:
        query = "Observations?$resultFormat=dataArray&$select=phenomenonTime,result&$top=4"
        first, second = service.get(query)["value"]
        assert first["components"] == ["id", "phenomenonTime", "result"]
        assert first["dataArray@iot.count"] == 3
        assert first["dataArray"][0] == [1, "2026-06-30T01:00:00Z", 10]
        assert second["Datastream@iot.navigationLink"] == f"{service.root}/Datastreams(2)"

    def test_a_value(self, service: Service) -> None:
        assert service.client.get("/v1.1/Observations(1)/result/$value").text == "10"
        assert service.get("Observations(1)/parameters/hour") == {"hour": 1}


def test_results_of_several_types_are_compared_each_by_its_own(service: Service) -> None:
    properties = {"limit": 20, "word": "high"}
    streams = [datastream(kind="OM_Observation")]
    body = thing(properties=properties, Locations=[location()], Datastreams=streams)
    service.add("Things", body)
    sent = [10, "high", True, {"a": 5}, 30, None, "2.00"]
    for minute, value in enumerate(sent):
        raw(service, 1, f'{{"phenomenonTime":"{DAY}10:{minute:02}:00Z","result":{dumps(value)}}}')
    for condition, expected in {
        "result gt 15": [30],
        "result eq 'high'": ["high"],
        "startswith(result,'hi')": ["high"],
        "result": [True],
        "result/a eq 5": [{"a": 5}],
        "result eq null": [None],
        "result ne null": [10, "high", True, {"a": 5}, 30, "2.00"],
        "result gt Datastream/Thing/properties/limit": [30],
        "result eq Datastream/Thing/properties/word": ["high"],
        "result sub Datastream/Thing/properties/limit eq 10": [30],
    }.items():
        found = service.client.get("/v1.1/Observations", params={"$filter": condition})
        assert [item["result"] for item in found.json()["value"]] == expected, condition
    ordered = results(service, "Observations?$filter=result ge 0 or length(result) gt 0")
    assert ordered == [10, "high", 30, "2.00"]
    texts = results(service, "Observations?$orderby=result desc&$top=4")
    assert texts == [30, 10, "high", "2.00"]


@pytest.mark.parametrize("order", ["id", "phenomenonTime", "phenomenonTime desc", "result desc"])
def test_many_windows_answer_as_one(
    service: Service, stream: int, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observed, "_FIRST_WINDOW_OF_ALL", 1_000_000)
    monkeypatch.setattr(observed, "_AT_ONCE", 8)
    rows = [
        [render(parse(f"{DAY}10:00:00Z") + second * second * 1_000_000), second * 37 % 101]
        for second in range(100)
    ]
    body = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"]}
    service.post("CreateObservations", [{**body, "dataArray": rows}])
    column, _, way = order.partition(" ")
    key = {"id": lambda row: row[0], "phenomenonTime": lambda row: row[0]}.get(
        column, lambda row: row[1]
    )
    kept = [row for row in rows if row[1] > 30]
    wanted = [row[1] for row in sorted(kept, key=key, reverse=bool(way))]
    page = service.get(f"Observations?$filter=result gt 30&$orderby={order}&$count=true&$top=30")
    found = []
    while True:
        assert page["@iot.count"] == len(wanted)
        found += [item["result"] for item in page["value"]]
        if "@iot.nextLink" not in page:
            break
        page = service.client.get(page["@iot.nextLink"]).json()
    assert found == wanted
    monkeypatch.setattr(observed, "MOST_READ", 20)
    problem = service.get("Observations?$filter=result gt 1000", 400)
    assert problem["type"] == "sensing.sta_not_supported"


class TestDataArray:
    def test_rows_are_created_and_answered_in_their_order(
        self, service: Service, stream: int
    ) -> None:
        body = [
            {
                "Datastream": {"@iot.id": stream},
                "components": ["phenomenonTime", "result"],
                "dataArray@iot.count": 3,
                "dataArray": [
                    [f"{DAY}10:00:00Z", 1],
                    [f"{DAY}10:01:00Z", "many"],
                    [f"{DAY}10:02:00Z", 3.5],
                ],
            },
            {
                "Datastream": {"@iot.id": 99},
                "components": ["phenomenonTime", "result"],
                "dataArray": [[f"{DAY}10:00:00Z", 1]],
            },
            {
                "Datastream": {"@iot.id": stream},
                "components": ["result", "phenomenonTime", "resultTime", "FeatureOfInterest/id"],
                "dataArray": [
                    [7, f"{DAY}11:00:00Z", f"{DAY}11:01:00Z", None],
                    [8, "yesterday", None, None],
                    [9, f"{DAY}12:00:00Z", None, 99],
                    [1, f"{DAY}10:00:00Z", None, None],
                    [1],
                ],
            },
        ]
        made = service.post("CreateObservations", body)
        link = f"{service.root}/Observations"
        first, last = f"{link}(1)", f"{link}(3)"
        assert made == [
            first,
            "error",
            f"{link}(2)",
            "error",
            last,
            "error",
            "error",
            first,
            "error",
        ]
        assert results(service, "Observations") == [1, 3.5, 7]
        assert service.get("Observations(3)")["resultTime"] == f"{DAY}11:01:00Z"
        assert ledger(service) == {
            "stored": 3,
            "duplicate": 1,
            "sensing.not_a_number": 1,
            "sensing.unknown_datastream": 1,
            "sensing.undecodable": 3,
        }

    @pytest.mark.parametrize(
        "body",
        [
            {},
            [{"Datastream": {"@iot.id": 1}}],
            [{"Datastream": {"@iot.id": 1}, "components": ["resutl"], "dataArray": []}],
            [{"Datastream": {"@iot.id": 1}, "components": ["resultTime"], "dataArray": []}],
        ],
    )
    def test_a_wrong_array_is_refused_whole(self, service: Service, body: Any) -> None:
        service.post("CreateObservations", body, 400)
        assert ledger(service) == {"stored": 0, "duplicate": 0, "sensing.undecodable": 1}


class TestFeatures:
    def test_a_moved_thing_gets_another_feature(
        self, service: Service, stream: int, observe: Observe
    ) -> None:
        first = observe(stream, f"{DAY}10:00:00Z", 1)
        service.add("Things(1)/Locations", location(116.5, 39.8, "Bridge"))
        second = observe(stream, f"{DAY}11:00:00Z", 2)
        assert service.get(f"Observations({first})/FeatureOfInterest")["name"] == "Gate"
        assert service.get(f"Observations({second})/FeatureOfInterest")["name"] == "Bridge"
        assert results(service, "FeaturesOfInterest(1)/Observations") == [1]
        assert results(service, "FeaturesOfInterest(2)/Observations") == [2]
        found = service.get("FeaturesOfInterest?$expand=Observations($select=result)")["value"]
        assert [item["Observations"] for item in found] == [[{"result": 1}], [{"result": 2}]]

    def test_an_observation_may_bring_its_feature(
        self, service: Service, stream: int, observe: Observe
    ) -> None:
        feature = {
            "name": "Pool",
            "description": "A pool",
            "encodingType": "application/geo+json",
            "feature": {"type": "Point", "coordinates": [116.4, 39.9]},
        }
        number = observe(stream, f"{DAY}10:00:00Z", 1, FeatureOfInterest=feature)
        found = service.get(f"Observations({number})/FeatureOfInterest")
        assert found["name"] == "Pool"
        again = {"@iot.id": found["@iot.id"]}
        number = observe(stream, f"{DAY}11:00:00Z", 1, FeatureOfInterest=again)
        assert service.get(f"Observations({number})/FeatureOfInterest") == found

    def test_the_things_of_one_place_share_a_feature(
        self, service: Service, stream: int, observe: Observe
    ) -> None:
        body = thing("b", Locations=[{"@iot.id": 1}], Datastreams=[datastream("b")])
        service.add("Things", body)
        observe(stream, f"{DAY}10:00:00Z", 1)
        observe(stream + 1, f"{DAY}10:00:00Z", 1)
        assert service.names("FeaturesOfInterest") == ["Gate"]


class TestPermissions:
    def test_anonymous_writes_nothing(self, service: Service, stream: int) -> None:
        service.as_anonymous()
        raw(service, stream, '{"result":1}', 401)
        service.post("CreateObservations", [], 401)

    def test_a_reader_writes_nothing(self, service: Service, stream: int) -> None:
        service.identity = Identity("user", 2, "reader", frozenset({"auditor"}))
        raw(service, stream, '{"result":1}', 403)

    def test_a_device_writes_what_is_its_own(self, service: Service, stream: int) -> None:
        other = service.add("Things", thing("b", Datastreams=[datastream("b")]))
        caller = Caller(system("test"), service.database, service.clock)
        accounts.add_device(caller, "gauge", things=[1], password="long enough to be one")
        device = accounts.device(service.database, "gauge", "long enough to be one")
        assert device is not None and other == 2
        service.identity = device.identity
        raw(service, stream, '{"result":1}')
        refused = raw(service, stream + 1, '{"result":1}', 403)
        assert refused["type"] == "sensing.not_allowed_to_write"
        body = [
            {"Datastream": {"@iot.id": s}, "components": ["result"], "dataArray": [[5]]}
            for s in (stream, stream + 1)
        ]
        made = service.post("CreateObservations", body)
        assert made == [f"{service.root}/Observations(2)", "error"]
        assert ledger(service)["sensing.not_allowed_to_write"] == 2
        service.post("Things", thing(), 403)
        assert service.names("Things") == ["Underpass"]


def test_the_ledger_page_counts_what_came_over_http(service: Service, stream: int) -> None:
    raw(service, stream, '{"result":1}')
    raw(service, stream, "{", 400)
    assert service.ports[Buffer].waiting() == {}
    assert ledger(service) == {"stored": 1, "duplicate": 0, "sensing.undecodable": 1}
