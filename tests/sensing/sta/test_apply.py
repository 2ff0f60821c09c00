"""$apply over HTTP: pages, names, order, CSV, and what is refused with its position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.sensing.sta.conftest import Service, datastream, location, thing
from tests.table import table
from yiwang.sensing.sta.query import parse

Observe = Callable[..., int]
HOURLY = "groupby((hour(phenomenonTime) as h),aggregate(result with average as mean,$count as n))"


@pytest.fixture
def filled(service: Service, stream: int, observe: Observe) -> int:
    for hour in range(4):
        for minute in (0, 30):
            observe(stream, f"2026-06-30T{hour:02}:{minute:02}:00Z", hour * 10 + minute)
    return stream


def groups(service: Service, query: str, path: str = "Observations") -> list[dict[str, Any]]:
    return service.get(f"{path}?{query}")["value"]  # type: ignore[no-any-return]


def test_groups_of_all_observations_and_of_one_datastream(service: Service, filled: int) -> None:
    hourly = f"$apply={HOURLY}"
    expected = [{"h": hour, "mean": hour * 10 + 15, "n": 2} for hour in range(4)]
    assert groups(service, hourly) == expected
    assert groups(service, hourly, f"Datastreams({filled})/Observations") == expected
    assert groups(service, hourly, "Datastreams(1)/Thing/Datastreams(1)/Observations") == expected
    assert service.client.get(f"/v1.0/Observations?{hourly}").json()["value"] == expected


def test_order_filter_and_pages(service: Service, filled: int) -> None:
    assert [row["h"] for row in groups(service, f"$apply={HOURLY}&$orderby=mean desc")] == [
        3,
        2,
        1,
        0,
    ]
    assert [row["h"] for row in groups(service, f"$apply={HOURLY}&$filter=mean gt 20")] == [1, 2, 3]
    page = service.get(f"Observations?$apply={HOURLY}&$filter=h ge 1&$top=2&$count=true")
    assert [row["h"] for row in page["value"]] == [1, 2]
    assert page["@iot.count"] == 3
    link = urlsplit(page["@iot.nextLink"])
    assert dict(parse_qsl(link.query))["$skip"] == "2"
    rest = service.client.get(f"{link.path}?{link.query}").json()
    assert [row["h"] for row in rest["value"]] == [3]
    assert "@iot.nextLink" not in rest


def test_a_link_asks_the_same_again() -> None:
    text = f"$apply=filter(result gt 1)/{HOURLY}&$filter=n gt 1&$top=5"
    assert parse(parse(text).render()) == parse(text)


def test_groups_by_what_observations_are_related_to(service: Service, observe: Observe) -> None:
    names = {}
    for name, floor in (("Upper", 2), ("Lower", 1)):
        place = location(name=name)
        stream = datastream(name)
        service.add(
            "Things",
            thing(name, properties={"floor": floor}, Locations=[place], Datastreams=[stream]),
        )
        names[name] = service.get("Datastreams?$orderby=id desc&$top=1")["value"][0]["@iot.id"]
    observe(names["Upper"], "2026-06-30T01:00:00Z", 5)
    observe(names["Upper"], "2026-06-30T02:00:00Z", 7, parameters={"by": "hand"})
    observe(names["Lower"], "2026-06-30T02:00:00Z", 1)
    total = "aggregate(result with sum as total)"
    assert groups(service, f"$apply=groupby((Datastream/Thing/name),{total})") == [
        {"Datastream": {"Thing": {"name": "Lower"}}, "total": 1},
        {"Datastream": {"Thing": {"name": "Upper"}}, "total": 12},
    ]
    floors = f"$apply=groupby((Datastream/Thing/properties/floor as floor),{total})"
    assert groups(service, floors) == [{"floor": 1, "total": 1}, {"floor": 2, "total": 12}]
    assert groups(service, f"$apply=groupby((parameters/by),{total})") == [
        {"parameters": {"by": None}, "total": 6},
        {"parameters": {"by": "hand"}, "total": 7},
    ]
    only = f"filter(Datastream/Thing/name eq 'Upper' and result lt 6)/{total}"
    assert groups(service, f"$apply={only}") == [{"total": 5}]
    assert groups(service, "$apply=groupby((Datastream/id))") == [
        {"Datastream": {"@iot.id": names["Upper"]}},
        {"Datastream": {"@iot.id": names["Lower"]}},
    ]


def test_results_that_are_no_numbers_are_counted_apart(service: Service, observe: Observe) -> None:
    body = thing(Locations=[location()], Datastreams=[datastream(kind="OM_Observation")])
    service.add("Things", body)
    for minute, result in enumerate([1, "wet", True, 3]):
        observe(1, f"2026-06-30T01:{minute:02}:00Z", result)
    asked = (
        "$apply=aggregate(result with sum as total,result with numbers as numbers,"
        "result with others as others,result with countdistinct as kinds,$count as n)"
    )
    assert groups(service, asked) == [
        {"total": 4, "numbers": 2, "others": 2, "kinds": 4, "n": 4},
    ]
    ends = "$apply=filter(phenomenonTime lt 2026-06-30T01:03:00Z)/aggregate(result with last as x)"
    assert groups(service, ends) == [{"x": True}]


def test_csv(service: Service, filled: int) -> None:
    asked = "groupby((Datastream/id,date(phenomenonTime)),aggregate(result with max as most))"
    response = service.client.get(f"/v1.1/Observations?$apply={asked}&$resultFormat=CSV")
    assert response.headers["content-type"].startswith("text/csv")
    assert response.text == "Datastream/id,date,most\r\n1,2026-06-30,60\r\n"


WRONG = {
    "$apply=": "$apply, position 1",
    "$apply=group((result))": "$apply, position 1",
    "$apply=filter(result gt 1)": "$apply, position 20",
    "$apply=aggregate(result with mean as x)": "$apply, position 23",
    "$apply=aggregate(result as x)": "$apply, position 18",
    "$apply=aggregate(result with sum)": "$apply, position 26",
    "$apply=aggregate(percentile(result,101) as x)": "$apply, position 29",
    "$apply=aggregate(phenomenonTime with sum as x)": "$apply, position 11",
    "$apply=aggregate(resul with sum as x)": "$apply, position 11",
    "$apply=groupby((bucket(phenomenonTime,duration'P0D')))": "$apply, position 32",
    "$apply=groupby((bucket(phenomenonTime,duration'P1M1D')))": "$apply, position 32",
    "$apply=groupby((date(phenomenonTime,'Beijing')))": "$apply, position 30",
    "$apply=groupby((hour(result)))": "$apply, position 15",
    "$apply=groupby((result,result))": "$apply, position 17",
    "$apply=groupby((result add 1))": "$apply, position 22",
    "$apply=aggregate($count as n)&$filter=mean gt 1": "$filter, position 1",
    "$apply=aggregate($count as n)&$select=n": "$select",
    "$apply=aggregate($count as n)&$resultFormat=dataArray": "$resultFormat",
    "$expand=Datastream($apply=aggregate($count as n))": "$expand, position 12",
}


@table("query", WRONG)
def test_what_is_refused_names_its_place(service: Service, filled: int, query: str) -> None:
    response = service.client.get(f"/v1.1/Observations?{query}", headers={"accept-language": "en"})
    answer = response.json()
    assert (response.status_code, answer["where"]) == (400, WRONG[query]), answer
    assert answer["title"] and answer["detail"]


@table("path", ["Things", "Datastreams", "Observations(1)", "Observations/$count"])
def test_only_collections_of_observations_are_aggregated(
    service: Service, filled: int, path: str
) -> None:
    answer = service.get(f"{path}?$apply=aggregate($count as n)", 400)
    assert answer["type"].endswith("sensing.sta_not_supported")
