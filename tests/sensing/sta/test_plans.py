"""Statements that are kept: with other literals, for others who ask, and never too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.sensing.sta.conftest import Service, datastream, location, thing
from yiwang.kernel import clock
from yiwang.security.model import Identity
from yiwang.sensing.sta import entities, plans
from yiwang.sensing.sta.plans import Plans, parts, shape
from yiwang.sensing.sta.query import parse

DEVICE = Identity("device", 7, "device", frozenset({"device"}))


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plans]:
    """Plans of this test alone."""
    made = Plans()
    monkeypatch.setattr(entities, "_PLANS", made)
    yield made


def filter_of(text: str) -> object:
    node = parse("$filter=" + text.replace("+", "%2B")).filter
    assert node is not None
    return node


@pytest.fixture
def things(service: Service) -> Service:
    for number, name in enumerate(("North", "South", "East", "West"), 1):
        body = thing(
            name,
            properties={"floor": number, "height": number + 0.5, "serial": 2**40 + number},
            Locations=[location(116.0 + number / 10, 39.9, f"{name} gate")],
            Datastreams=[datastream(f"{name} {index}") for index in range(number)],
        )
        service.add("Things", body)
    return service


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("name eq '{}'", {"North": ["North"], "East": ["East"], "None": []}),
        (
            "id gt {}",
            {"1": ["South", "East", "West"], "3": ["West"], "1.5": ["South", "East", "West"]},
        ),
        (
            "properties/floor le {}",
            {
                "1": ["North"],
                "2.5": ["North", "South"],
                "1099511627776": ["North", "South", "East", "West"],
            },
        ),
        (
            "properties/serial eq {}",
            {"1099511627777": ["North"], "1": [], "1099511627779": ["East"]},
        ),
        (
            "properties/height lt {} and not (name eq 'South')",
            {"2": ["North"], "3": ["North"], "4": ["North", "East"]},
        ),
        ("name in ('North', {})", {"'East'": ["North", "East"], "'x'": ["North"], "1": None}),
        (
            "properties/missing eq {}",
            {"null": ["North", "South", "East", "West"], "1": [], "'x'": []},
        ),
        ("Datastreams/name eq '{}'", {"East 2": ["East"], "West 3": ["West"], "x": []}),
        (
            "st_within(Locations/location,geography'"
            "POLYGON(({0} 39,{0} 40,116.25 40,116.25 39,{0} 39))')",
            {"116": ["North", "South"], "116.15": ["South"], "116.22": []},
        ),
        (
            "geo.distance(Locations/location,geography'POINT({} 39.9)') lt 0.05",
            {"116.1": ["North"], "116.4": ["West"], "100": []},
        ),
    ],
)
def test_other_literals_are_answered_anew(
    things: Service, kept: Plans, question: str, answers: dict[str, list[str] | None]
) -> None:
    for value, expected in [*answers.items()] * 2:
        asked = f"Things?$filter={question.format(value)}&$orderby=id"
        if expected is None:
            things.get(asked, 400)
        else:
            assert things.names(asked) == expected, value
    assert 0 < len(kept) <= len(answers)


def test_the_shape_leaves_out_the_values_and_nothing_else() -> None:
    same = [
        ("name eq 'a'", "name eq 'b'"),
        ("id gt 1", "id gt 2147483647"),
        ("time gt 2026-07-01T00:00:00Z", "time gt 2026-07-02T00:00:00Z"),
    ]
    for one, other in same:
        assert shape(filter_of(one)) == shape(filter_of(other))  # type: ignore[arg-type]
    shapes = [
        "name eq 'a'", "name ne 'a'", "name eq 1", "name eq 1.5", "name eq 2147483648",
        "name eq true", "name eq null", "'a' eq name", "description eq 'a'", "name in ('a')",
        "name in ('a','a')", "not (name eq 'a')", "name eq 'a' and name eq 'a'",
        "name eq 'a' or name eq 'a'", "length(name) eq 1", "name eq tolower('a')",
        "name add 1 eq 1", "name sub 1 eq 1", "Things/name eq 'a'",
    ]  # fmt: skip
    assert len({shape(filter_of(text)) for text in shapes}) == len(shapes)  # type: ignore[arg-type]


def test_the_parts_of_expressions_of_one_shape_stand_at_the_same_places() -> None:
    one, other = (
        parts(filter_of(f"not (a eq {n}) or (b in ({n}, 'x') and floor(c add {n}) gt {n})"))  # type: ignore[arg-type]
        for n in (1, 2)
    )
    assert [type(node) for node in one] == [type(node) for node in other]
    values = [(x.value, y.value) for x, y in zip(one, other, strict=True) if hasattr(x, "value")]
    assert values == [(1, 2), (1, 2), ("x", "x"), (1, 2), (1, 2)]


def test_somebody_else_is_answered_by_what_they_see(
    things: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, mine = things.identity, {"of": frozenset({2})}
    monkeypatch.setattr("yiwang.security.accounts.things_of", lambda connection, number: mine["of"])
    near = "geo.distance(Locations/location,geography'POINT(116 39.9)') lt 9"
    questions = [
        "Things?$orderby=id&$count=true",
        "Things?$filter=id gt 0&$orderby=id&$count=true",
        "Things?$filter=Datastreams/name ne 'x'&$orderby=id&$count=true",
        f"Things?$filter={near}&$orderby=id&$count=true",
    ]
    for seen in (frozenset({2}), frozenset({3, 4}), frozenset[int]()):
        mine["of"] = seen
        for question in questions:
            things.identity = admin
            assert things.get(question)["@iot.count"] == 4
            things.identity = DEVICE
            found = things.get(question)
            assert {item["@iot.id"] for item in found["value"]} == seen
            assert found["@iot.count"] == len(seen)
        for id_ in (1, 2, 3, 4):
            things.get(f"Things({id_})", 200 if id_ in seen else 404)
            things.get(f"Things({id_})/Datastreams", 200 if id_ in seen else 404)
            things.identity = admin
            things.get(f"Things({id_})")
            things.identity = DEVICE


def test_statements_are_bounded_in_number(
    things: Service, kept: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "MOST_KEPT", 5)
    for number in range(20):
        assert things.names(f"Things?$filter=properties/key{number} eq 1") == []
        assert things.names(f"Things?$orderby=properties/key{number},id desc&$top=1") == ["West"]
        assert len(kept) <= 5


def test_a_filter_of_very_many_parts_is_answered_and_not_kept(things: Service, kept: Plans) -> None:
    many = ",".join(f"'{number}'" for number in range(plans.MOST_NODES))
    assert things.names(f"Things?$filter=name in ({many},'East')") == ["East"]
    assert things.names(f"Things?$filter=name in ({many},'West')") == ["West"]
    order = ",".join(f"properties/k{number}" for number in range(plans.MOST_NODES + 1))
    assert things.names(f"Things?$orderby={order}&$top=1") == ["North"]
    assert len(kept) == 0


def test_now_is_the_moment_of_each_question(service: Service, kept: Plans) -> None:
    service.add("Things", thing(Locations=[location()]))
    later = clock.render(service.clock.now() + clock.HOUR)
    asked = f"HistoricalLocations?$filter={later} lt now()"
    ordered = f"HistoricalLocations?$orderby=({later} lt now())"
    assert service.get(asked)["value"] == []
    service.get(ordered)
    several = len(kept)
    service.clock.advance(2 * clock.HOUR)
    assert len(service.get(asked)["value"]) == 1
    service.get(ordered)
    assert len(kept) == several == 1


def test_a_condition_on_observations_follows_what_is_stored(
    service: Service, stream: int, observe: Callable[..., int]
) -> None:
    asked = "Datastreams?$filter=Observations/result gt 5"
    observe(stream, "2026-06-30T10:00:00Z", 1)
    assert service.get(asked)["value"] == []
    observe(stream, "2026-06-30T10:01:00Z", 9)
    assert len(service.get(asked)["value"]) == 1


@pytest.mark.parametrize(
    "inner",
    ["$top=1", "$skip=1", "$top=2;$count=true", "$top=0;$count=true", "$skip=2;$top=1;$count=true"],
)
def test_few_or_many_below_some_parents_are_paged_alike(
    things: Service, monkeypatch: pytest.MonkeyPatch, inner: str
) -> None:
    asked = f"Things?$expand=Datastreams({inner}),Locations({inner})&$orderby=id"
    few = things.get(asked)
    monkeypatch.setattr(entities, "_FEW", 0)
    monkeypatch.setattr(entities, "_FEW_EACH", 0)
    assert things.get(asked) == few
    assert [len(item["Datastreams"]) for item in few["value"]] != [1, 2, 3, 4]


def test_shapes_and_points_are_found_by_where_they_are(things: Service) -> None:
    shapes = [
        {"type": "Point", "coordinates": [10, 50]},
        {"type": "Point", "coordinates": [10.0, 50.0, 7.5]},
        {"coordinates": [10.0, 50.0], "type": "Point"},
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Point", "coordinates": [10.0, 50.0]},
        },
        {"type": "LineString", "coordinates": [[9.0, 49.0], [11.0, 51.0]]},
        {"type": "Polygon", "coordinates": [[[9, 49], [11, 49], [11, 51], [9, 51], [9, 49]]]},
    ]
    for number, shape_ in zip(count(), shapes):
        things.add("Locations", {**location(name=f"shape {number}"), "location": shape_})
    near = "Locations?$orderby=id&$filter="
    place = "location,geography'POINT(10 50)'"
    everything = [f"shape {number}" for number in range(6)]
    assert things.names(f"{near}st_intersects({place})") == everything
    assert things.names(f"{near}geo.distance({place}) le 0.001") == everything
    assert things.names(f"{near}st_equals({place})") == everything[:4]
    assert things.names(f"{near}st_disjoint({place}) and startswith(name,'shape')") == []


def test_the_order_of_ids_is_followed_by_nothing_but_is_checked_to_its_end(
    things: Service,
) -> None:
    names = ["North", "South", "East", "West"]
    assert things.names("Things?$orderby=id,name") == names
    assert things.names("Things?$orderby=id desc,name") == names[::-1]
    assert things.names("Things?$orderby=properties/none desc,id desc") == names[::-1]
    things.get("Things?$orderby=id,nonsense", 400)
    things.get("Things?$orderby=id,nonsense", 400)
