"""18-088, 9.3.3.5: every operator and function, on entities and on observations alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sensing.sta.conftest import Service, datastream, location, thing

Observe = Callable[..., int]

MOMENT = "2026-06-30T10:20:30.5Z"


@pytest.fixture
def moved(service: Service) -> Service:
    """A thing whose HistoricalLocation has the time MOMENT."""
    body = thing("a", properties={"half": -2.5, "text": " Straße ", "since": MOMENT})
    service.add("Things", body)
    at = {"time": MOMENT, "Thing": {"@iot.id": 1}, "Locations": [location()]}
    service.add("HistoricalLocations", at)
    return service


ON_TIMES = [
    "year({t}) eq 2026 and month({t}) eq 6 and day({t}) eq 30",
    "hour({t}) eq 10 and minute({t}) eq 20 and second({t}) eq 30",
    "fractionalseconds({t}) eq 0.5",
    "date({t}) eq 2026-06-30",
    "time({t}) eq 10:20:30.5 and time({t}) gt 10:20",
    "totaloffsetminutes({t}) eq 0",
    "{t} gt mindatetime() and {t} lt maxdatetime() and {t} lt now()",
    "{t} add duration'PT30M' eq 2026-06-30T10:50:30.5Z",
    "{t} sub duration'P1DT0.5S' eq 2026-06-29T10:20:30Z",
    "now() sub {t} gt duration'PT13H' and now() sub {t} lt duration'PT14H'",
    "(now() sub {t}) div duration'PT1H' gt 13.6",
    "(now() sub {t}) mul 2 gt duration'P1D'",
    "date({t}) add duration'P1D' eq date(now())",
    "date(now()) sub date({t}) eq duration'P1D'",
    "{t} eq 2026-06-30T18:20:30.5+08:00",
    "{t} gt 2026-06-30T10:00:00Z/2026-06-30T10:20:00Z",
    "before({t},2026-06-30T11:00:00Z) and after({t},2026-06-30T09:00:00Z)",
    "during({t},2026-06-30T10:00:00Z/2026-06-30T11:00:00Z)",
    "overlaps({t},2026-06-30T10:00:00Z/2026-06-30T11:00:00Z)",
    "not (during({t},2026-06-30T11:00:00Z/2026-06-30T12:00:00Z))",
    "starts({t},2026-06-30T10:20:30.5Z/2026-06-30T11:00:00Z)",
    "finishes({t},2026-06-30T10:00:00Z/2026-06-30T10:20:30.5Z)",
    "meets({t},2026-06-30T10:00:00Z/2026-06-30T10:20:30.5Z)",
]


def holds(service: Service, path: str, condition: str) -> bool:
    found = service.client.get(f"/v1.1/{path}", params={"$filter": condition})
    assert found.status_code == 200, f"{condition}: {found.text}"
    return len(found.json()["value"]) == 1


def test_functions_of_times_hold_for_entities(moved: Service) -> None:
    for condition in ON_TIMES:
        wanted = condition.format(t="time")
        assert holds(moved, "HistoricalLocations", wanted), wanted
        assert not holds(moved, "HistoricalLocations", f"not ({wanted})"), wanted


def test_functions_of_times_hold_for_observations(
    service: Service, stream: int, observe: Observe
) -> None:
    observe(stream, MOMENT, 1, resultTime=MOMENT, validTime=MOMENT, parameters={"t": MOMENT})
    for condition in ON_TIMES:
        for name in ("phenomenonTime", "resultTime", "validTime"):
            wanted = condition.format(t=name)
            assert holds(service, "Observations", wanted), wanted
            assert not holds(service, "Observations", f"not ({wanted})"), wanted
    assert holds(service, "Observations", "parameters/t eq 2026-06-30T10:20:30.5Z")


ON_VALUES = [
    "round({n}) eq -3 and floor({n}) eq -3 and ceiling({n}) eq -2",
    "round({n} add 5) eq 3 and round(0.4) eq 0 and round(-0.4) eq 0",
    "{n} mul -2 eq 5 and {n} div 2 eq -1.25 and {n} mod 2 eq 1.5",
    "length({s}) eq 8 and length(trim({s})) eq 6",
    "toupper({s}) eq ' STRASSE ' and tolower('ÉCOLE') eq 'école'",
    "indexof({s},'Straße') eq 1 and indexof({s},'x') eq -1",
    "substring({s},1,6) eq 'Straße' and substring({s},5) eq 'ße '",
    "substring({s},-3) eq {s} and substring({s},99) eq ''",
    "concat(concat(trim({s}),'n'),'amt') eq 'Straßenamt'",
    "contains({s},'aß') and substringof('aß',{s})",
    "startswith({s},' St') and endswith({s},'e ') and not (endswith({s},'Straße'))",
]


def test_functions_of_numbers_and_texts_hold_for_entities_and_observations(
    moved: Service,
) -> None:
    moved.add("Datastreams", {**datastream(), "Thing": {"@iot.id": 1}})
    body = {"result": -2.5, "phenomenonTime": MOMENT, "parameters": {"text": " Straße "}}
    moved.add("Datastreams(1)/Observations", body)
    for condition in ON_VALUES:
        on_thing = condition.format(n="properties/half", s="properties/text")
        assert holds(moved, "Things", on_thing), on_thing
        on_result = condition.format(n="result", s="parameters/text")
        assert holds(moved, "Observations", on_result), on_result


def test_a_place_in_json_is_read_as_the_time_with_which_it_is_compared(moved: Service) -> None:
    moved.add("Things", thing("b", properties={"since": "long ago"}))
    assert holds(moved, "Things", "properties/since lt 2026-07-01T00:00:00Z")
    assert holds(moved, "Things", "properties/since add duration'PT1H' lt 2026-07-01T00:00:00Z")
    assert not holds(moved, "Things", "properties/since gt 2026-07-01T00:00:00Z")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("time add 5 gt now()", "times"),
        ("time add duration'P1M' gt now()", "duration"),
        ("time(time) eq 25:00:00", "time of day"),
        ("date(time) eq 2026-02-30", "date"),
        ("time gt 2026-07-01", "time"),
        ("st_within(Locations/location,geography'POINT(1)')", "WKT"),
        ("st_within(Locations/location,geography'POINT EMPTY')", "WKT"),
        ("st_relate(Locations/location,geography'POINT(1 2)','x')", "nine signs"),
        ("geo.distance(time,time) lt 1", "geography"),
    ],
)
def test_wrong_operands_are_told(moved: Service, condition: str, words: str) -> None:
    problem = moved.client.get(
        "/v1.1/HistoricalLocations",
        params={"$filter": condition},
        headers={"accept-language": "en"},
    )
    assert problem.status_code == 400, problem.text
    assert words in problem.json()["message"]


class TestPlaces:
    """Things at (0,0) and (10,10), one along a line, one with a square."""

    @pytest.fixture
    def places(self, service: Service) -> Service:
        shapes: dict[str, Any] = {
            "a": {"type": "Point", "coordinates": [0, 0]},
            "b": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [10, 10]}},
            "c": {"type": "LineString", "coordinates": [[20, 0], [20, 3], [24, 3]]},
            "d": {
                "type": "Polygon",
                "coordinates": [[[30, 0], [40, 0], [40, 10], [30, 10], [30, 0]]],
            },
        }
        for name, shape in shapes.items():
            place = {**location(name=name), "location": shape}
            stream = {**datastream(name), "observedArea": shape}
            service.add("Things", thing(name, Locations=[place], Datastreams=[stream]))
        service.add("Things", thing("e"))
        return service

    CASES = (
        ("geo.distance({g},geography'POINT(3 4)') le 5", "a"),
        ("geo.distance({g},geography'POINT(3 4)') lt 5", ""),
        ("10 gt geo.distance({g},geography'POINT(3 4)')", "ab"),
        ("geo.distance({g},geography'POINT(35 5)') eq 0", "d"),
        ("geo.length({g}) eq 7", "c"),
        ("geo.intersects({g},geography'LINESTRING(0 0,35 5)')", "acd"),
        ("st_intersects(geography'POLYGON((-1 -1,21 -1,21 11,-1 11,-1 -1))',{g})", "abc"),
        ("st_within({g},geography'SRID=4326;POLYGON((-1 -1,21 -1,21 11,-1 11,-1 -1))')", "ab"),
        ("st_contains({g},geography'POINT(31 1)')", "d"),
        ("st_equals({g},geography'POINT(10 10)')", "b"),
        ("st_disjoint({g},geography'POINT(0 0)')", "bcd"),
        ("st_touches({g},geography'LINESTRING(25 5,30 5)')", "d"),
        ("st_crosses({g},geography'LINESTRING(19 1,21 1)')", "c"),
        ("st_overlaps({g},geography'POLYGON((35 5,45 5,45 15,35 15,35 5))')", "d"),
        ("st_relate({g},geography'POINT(0 0)','T********')", "a"),
        ("not (st_disjoint({g},geography'POINT(0 0)'))", "a"),
        ("st_within({g},geography'POLYGON((-1 -1,21 -1,21 11,-1 11,-1 -1))') eq false", "cd"),
    )

    def test_on_locations_on_areas_and_over_relations(self, places: Service) -> None:
        for condition, names in self.CASES:
            for path, place in (
                ("Locations", "location"),
                ("Datastreams", "observedArea"),
                ("Things", "Locations/location"),
                ("Datastreams", "Thing/Locations/location"),
            ):
                wanted = condition.format(g=place)
                # A thing without a location is in no place, so not outside of one either.
                bare = "e" if wanted.startswith("not") and path == "Things" else ""
                found = places.client.get(f"/v1.1/{path}", params={"$filter": wanted})
                assert found.status_code == 200, f"{wanted}: {found.text}"
                found_names = "".join(one["name"] for one in found.json()["value"])
                assert found_names == names + bare, (path, wanted)

    def test_order_by_distance(self, places: Service) -> None:
        point = "geography'POINT(11 11)'"
        by = f"geo.distance(location,{point})"
        assert places.names(f"Locations?$orderby={by}") == ["b", "c", "a", "d"]
        page = places.get(f"Locations?$orderby={by} desc&$top=3&$count=true")
        assert [one["name"] for one in page["value"]] == ["d", "a", "c"]
        assert page["@iot.count"] == 4
        following = places.client.get(page["@iot.nextLink"]).json()
        assert [one["name"] for one in following["value"]] == ["b"]

    def test_observations_by_their_feature(self, places: Service) -> None:
        for stream in (1, 4):
            places.add(f"Datastreams({stream})/Observations", {"result": stream})
        for condition, names in self.CASES:
            wanted = condition.format(g="FeatureOfInterest/feature")
            found = places.client.get("/v1.1/Observations", params={"$filter": wanted})
            assert found.status_code == 200, f"{wanted}: {found.text}"
            results = [one["result"] for one in found.json()["value"]]
            assert results == [{"a": 1, "d": 4}[name] for name in names if name in "ad"], wanted


class TestByObservations:
    @pytest.fixture
    def streams(self, service: Service) -> Service:
        for name in "abc":
            body = thing(name, Locations=[location(name=name)], Datastreams=[datastream(name)])
            service.add("Things", body)
        for stream, hour, result in ((1, 8, 3), (1, 9, 7), (2, 8, 7), (2, 9, 3), (2, 10, 4)):
            body = {"phenomenonTime": f"2026-06-30T{hour:02}:00:00Z", "result": result}
            service.add(f"Datastreams({stream})/Observations", body)
        return service

    @pytest.mark.parametrize(
        ("condition", "names"),
        [
            ("Observations/result gt 5", "ab"),
            (
                "Observations/result gt 5 and Observations/phenomenonTime ge 2026-06-30T09:00:00Z",
                "a",
            ),
            ("Observations/result eq 4 or Observations/result eq 7", "ab"),
            ("not (Observations/result eq 4)", "ac"),
            ("Observations/result gt 5 and name ne 'a'", "b"),
            ("Observations/FeatureOfInterest/name eq 'b'", "b"),
            ("Observations/id eq 3", "b"),
        ],
    )
    def test_datastreams(self, streams: Service, condition: str, names: str) -> None:
        assert "".join(streams.names(f"Datastreams?$filter={condition}")) == names
        lifted = condition.replace("Observations", "Datastreams/Observations")
        assert "".join(streams.names(f"Things?$filter={lifted}")) == names

    def test_features_and_one_thing(self, streams: Service) -> None:
        assert streams.names("FeaturesOfInterest?$filter=Observations/result eq 4") == ["b"]
        assert streams.names("Things(1)/Datastreams?$filter=Observations/result eq 4") == []
        assert streams.names("Things(2)/Datastreams?$filter=Observations/result eq 4") == ["b"]
        found = streams.get("Things?$expand=Datastreams($filter=Observations/result eq 7)")
        assert [len(one["Datastreams"]) for one in found["value"]] == [1, 1, 0]

    def test_times_of_datastreams(self, streams: Service) -> None:
        body = {"result": 1, "phenomenonTime": "2026-06-30T11:00:00Z"}
        for time in ("2026-06-30T12:00:00Z", "2026-06-30T13:00:00Z"):
            body |= {"resultTime": time, "result": body["result"] + 1}  # type: ignore[operator]
            streams.add("Datastreams(1)/Observations", body)
        assert streams.get("Datastreams(1)")["resultTime"] == (
            "2026-06-30T12:00:00Z/2026-06-30T13:00:00Z"
        )
        assert "resultTime" not in streams.get("Datastreams(2)")
        for condition, names in (
            ("phenomenonTime gt 2026-06-30T07:00:00Z", "ab"),
            ("phenomenonTime lt 2026-06-30T10:30:00Z", "b"),
            ("overlaps(phenomenonTime,2026-06-30T10:30:00Z/2026-06-30T12:00:00Z)", "a"),
            ("resultTime ge 2026-06-30T12:00:00Z", "a"),
            ("phenomenonTime eq null", "c"),
            ("phenomenonTime sub 2026-06-30T07:00:00Z eq duration'PT1H'", "ab"),
        ):
            assert "".join(streams.names(f"Datastreams?$filter={condition}")) == names, condition
            lifted = condition.replace("phenomenonTime", "Datastreams/phenomenonTime").replace(
                "resultTime", "Datastreams/resultTime"
            )
            assert "".join(streams.names(f"Things?$filter={lifted}")) == names, lifted
        found = streams.get("Observations?$filter=Datastream/resultTime ne null")["value"]
        assert len(found) == 4
        assert streams.names("Datastreams?$orderby=phenomenonTime desc") == ["a", "b", "c"]
        assert streams.names("Datastreams?$orderby=resultTime") == ["b", "c", "a"]


def test_intervals_of_observations(service: Service, stream: int, observe: Observe) -> None:
    observe(stream, "2026-06-30T10:00:00Z/2026-06-30T11:00:00Z", 1)
    observe(stream, "2026-06-30T10:30:00Z", 2)
    for condition, results in (
        ("phenomenonTime lt 2026-06-30T10:45:00Z", [2]),
        ("phenomenonTime le 2026-06-30T11:00:00Z", [1, 2]),
        ("phenomenonTime gt 2026-06-30T10:00:00Z", [2]),
        ("phenomenonTime eq 2026-06-30T10:00:00Z/2026-06-30T11:00:00Z", [1]),
        ("phenomenonTime ne 2026-06-30T10:30:00Z", [1]),
        ("during(2026-06-30T10:45:00Z,phenomenonTime)", [1]),
        ("overlaps(phenomenonTime,2026-06-30T10:40:00Z/2026-06-30T12:00:00Z)", [1]),
        ("phenomenonTime lt 2026-06-30T11:00:00Z/2026-06-30T12:00:00Z", [1, 2]),
    ):
        found = service.get(f"Observations?$filter={condition}")["value"]
        assert [one["result"] for one in found] == results, condition


def test_a_kept_span_of_result_times_survives_a_restart(
    service: Service, stream: int, observe: Observe
) -> None:
    observe(stream, MOMENT, 1, resultTime=MOMENT)
    latest = service.store.latest
    state = latest.state()
    latest.result_spans = {}
    latest.restore(state, latest.exact, latest.extra)
    assert service.get(f"Datastreams({stream})")["resultTime"] == "/".join(
        2 * [MOMENT.replace(".5Z", ".500Z")]
    )


def test_a_result_compared_with_a_text_is_compared_as_text(
    service: Service, stream: int, observe: Observe
) -> None:
    other = service.add(
        "Datastreams", {**datastream("any", "OM_Observation"), "Thing": {"@iot.id": 1}}
    )
    for hour, result in enumerate((2, 10, "3", "x", True, None), 1):
        time = f"2026-06-30T{hour:02}:00:00Z"
        observe(stream if isinstance(result, int) and result is not True else other, time, result)
    for condition, results in (
        ("result gt '3'", ["x", True]),
        ("result eq '2'", [2]),
        ("result ne '2'", [10, "3", "x", True, None]),
        ("'10' eq result", [10]),
        ("result gt 3", [10]),
    ):
        found = service.get(f"Observations?$filter={condition}")["value"]
        assert [one["result"] for one in found] == results, condition


def test_objects_are_ordered_by_their_text(service: Service) -> None:
    for lon in (3, 1, 2):
        service.add("Locations", location(lon=lon, name=f"{lon}"))
    assert service.names("Locations?$orderby=location") == ["1", "2", "3"]
    assert service.names("Locations?$orderby=location desc") == ["3", "2", "1"]


def test_a_time_that_is_missing_is_not_unequal_to_one(
    service: Service, stream: int, observe: Observe
) -> None:
    observe(stream, "2026-06-30T01:00:00Z", 1)
    observe(stream, "2026-06-30T02:00:00Z", 2, resultTime="2026-06-30T02:00:00Z")
    condition = "resultTime ne 2026-06-30T03:00:00Z"
    found = service.get(f"Observations?$filter={condition}")["value"]
    assert [one["result"] for one in found] == [2]
