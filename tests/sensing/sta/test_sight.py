"""Who sees what: every way of asking, for those who see everything, a department, a device,
and anybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.sensing.sta.conftest import Service, datastream, location, thing
from tests.table import table
from yiwang.contracts.events import DatastreamsChanged
from yiwang.registry import editing
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.model import ANONYMOUS, Identity, system
from yiwang.sensing import access
from yiwang.sensing.errors import NoSuchThing, UnknownDatastream
from yiwang.sensing.tables import datastreams, things
from yiwang.store.outbox import outbox

DAY = "2026-06-30T"
SETS = (
    "Things",
    "Locations",
    "HistoricalLocations",
    "Datastreams",
    "Sensors",
    "ObservedProperties",
    "FeaturesOfInterest",
    "Observations",
)


class World:
    """Four things at four places, each with two datastreams of sensors of their own, of which
    each has one observation: thing 1 belongs to the water bureau, 2 to its pump section, 3 to
    the park bureau, 4 to nobody. Ids of everything follow: thing n has datastreams 2n-1, 2n."""

    def __init__(self, service: Service) -> None:
        self.service = service
        caller = Caller(system("test"), service.database, service.clock, service.ports)
        self.caller = caller
        named = {"name_zh": "x", "name_en": "x", "functions": [], "contact": ""}
        records = [
            {"code": "water", "kind": "department", **named},
            {"code": "pumps", "kind": "department", "parent": "water", **named},
            {"code": "parks", "kind": "department", **named},
        ]
        editing.put(caller, "organisations", records, "test")
        self.water, self.pumps, self.parks = 1, 2, 3
        for number in (1, 2, 3, 4):
            streams = []
            for index in (1, 2):
                stream = datastream(f"stream {number}.{index}")
                stream["Sensor"]["name"] = f"sensor {number}.{index}"
                streams.append(stream)
            place = location(116 + number / 10, 40, f"place {number}")
            service.add("Things", thing(f"thing {number}", Locations=[place], Datastreams=streams))
            for index in (1, 2):
                self.observe(2 * number - 2 + index, number)
        for number, owner in ((1, self.water), (2, self.pumps), (3, self.parks)):
            access.own_thing(caller, number, owner)

    def observe(self, stream: int, result: float, hour: int = 10) -> None:
        body = {"phenomenonTime": f"{DAY}{hour:02}:00:00Z", "result": result}
        self.service.add(f"Datastreams({stream})/Observations", body)

    def open(self, stream: int, opened: bool = True) -> None:
        access.open_datastream(self.caller, stream, opened)

    def person(self, role: str, organisation: int | None = None) -> None:
        identity = Identity("user", 7, role, frozenset({role}), None, organisation)
        self.service.identity = identity

    def anybody(self) -> None:
        self.service.identity = ANONYMOUS

    def ids(self, path: str) -> list[int]:
        return [item["@iot.id"] for item in self.service.get(path)["value"]]

    def seen(self) -> dict[str, list[int]]:
        return {name: self.ids(name) for name in SETS}


@pytest.fixture
def world(service: Service) -> World:
    return World(service)


def expected(things: list[int], streams: list[int]) -> dict[str, list[int]]:
    """What is seen where these things and datastreams are: everything else follows, because
    thing n is at place n, whose feature of interest is n, and so on."""
    return {
        "Things": things,
        "Locations": things,
        "HistoricalLocations": things,
        "Datastreams": streams,
        "Sensors": streams,
        "ObservedProperties": streams,
        "FeaturesOfInterest": things,
        "Observations": streams,
    }


ALL = expected([1, 2, 3, 4], list(range(1, 9)))


@table("role", ["administrator", "command_centre", "auditor"])
def test_who_may_read_everything_does(world: World, role: str) -> None:
    world.person(role, world.parks)
    assert world.seen() == ALL


@pytest.mark.parametrize("role", ["anonymous", "citizen"])
def test_anybody_sees_what_is_opened_and_nothing_else(world: World, role: str) -> None:
    world.person(role)
    assert world.seen() == expected([], [])
    world.open(3)
    assert world.seen() == expected([2], [3])
    world.open(8)
    assert world.seen() == expected([2, 4], [3, 8])
    world.open(3, False)
    assert world.seen() == expected([4], [8])


@pytest.mark.parametrize("role", ["department_handler", "grid_worker"])
def test_a_department_sees_its_own_and_that_below_it(world: World, role: str) -> None:
    world.open(8)
    world.person(role, world.water)
    assert world.seen() == expected([1, 2, 4], [1, 2, 3, 4, 8])
    world.person(role, world.pumps)
    assert world.seen() == expected([2, 4], [3, 4, 8])
    world.person(role)
    assert world.seen() == expected([4], [8])


def test_a_thing_that_changes_hands_is_seen_by_the_new_owner(world: World) -> None:
    world.person("department_handler", world.parks)
    assert world.seen() == expected([3], [5, 6])
    access.own_thing(world.caller, 4, world.parks)
    access.own_thing(world.caller, 3, None)
    assert world.seen() == expected([4], [7, 8])


def test_what_is_new_is_seen_at_once(world: World) -> None:
    world.person("department_handler", world.parks)
    assert world.seen() == expected([3], [5, 6])
    mine = world.service.identity
    world.person("administrator", world.parks)
    body = thing("new", Datastreams=[datastream("new")], Locations=[location(name="new")])
    made = world.service.add("Things", body)
    world.observe(9, 1)
    world.service.identity = mine
    assert world.ids("Things") == [3, made]
    assert world.ids("Observations") == [5, 6, 9]


def test_multi_datastreams_are_seen_like_datastreams(world: World) -> None:
    body = {
        "name": "wind",
        "description": "Speed and direction",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
        "OM_ComplexObservation",
        "multiObservationDataTypes": [datastream()["observationType"]] * 2,
        "unitOfMeasurements": [datastream()["unitOfMeasurement"]] * 2,
        "Sensor": {"@iot.id": 1},
        "ObservedProperties": [{"@iot.id": 1}, {"@iot.id": 2}],
    }
    multi = world.service.add("Things(4)/MultiDatastreams", body)
    made = {"result": [1, 2], "phenomenonTime": f"{DAY}10:00:00Z"}
    world.service.add(f"MultiDatastreams({multi})/Observations", made)
    world.anybody()
    assert world.ids("MultiDatastreams") == []
    world.service.get(f"MultiDatastreams({multi})", 404)
    world.open(multi)
    assert world.ids("MultiDatastreams") == [multi]
    assert world.ids("Things") == [4]
    assert world.ids("Sensors") == [1]
    assert world.ids("ObservedProperties") == [1, 2]
    assert world.ids("Datastreams") == []
    assert len(world.ids("Observations")) == 1
    world.person("department_handler", world.parks)
    access.own_thing(world.caller, 4, world.parks)
    assert world.ids("MultiDatastreams") == [multi]
    assert world.ids("Datastreams") == [5, 6, 7, 8]


def test_a_device_sees_the_things_it_writes_for(world: World) -> None:
    accounts.add_device(world.caller, "gauge", things=[2], password="long enough to be one")
    device = accounts.device(world.service.database, "gauge", "long enough to be one")
    assert device is not None
    world.service.identity = device.identity
    assert world.seen() == expected([2], [3, 4])
    accounts.add_device(world.caller, "any", password="long enough to be one")
    unbounded = accounts.device(world.service.database, "any", "long enough to be one")
    assert unbounded is not None
    world.service.identity = unbounded.identity
    assert world.seen() == expected([], [])


def test_a_token_narrows_what_its_owner_sees(world: World) -> None:
    world.open(8)
    handler = Identity("user", 7, "h", frozenset({"department_handler"}), None, world.parks)
    world.service.identity = replace(handler, scopes=frozenset({"sensing.read"}))
    assert world.ids("Things") == [3, 4]
    world.service.identity = replace(handler, scopes=frozenset({"sensing.read_opened"}))
    assert world.ids("Things") == [4]
    world.service.identity = replace(handler, scopes=frozenset({"cases.read"}))
    world.service.get("Things", 403)


class TestNothingLeaks:
    """The park bureau asks of what belongs to others, in every way there is."""

    @pytest.fixture(autouse=True)
    def as_the_parks(self, world: World) -> None:
        world.open(3)
        world.person("department_handler", world.parks)

    @table(
        "path",
        [
            "Things(1)",
            "Things(1)/name/$value",
            "Things(1)/$ref",
            "Things(1)/Datastreams",
            "Things(1)/Datastreams/$count",
            "Things(2)/Datastreams(4)",
            "Datastreams(1)",
            "Datastreams(4)",
            "Datastreams(4)/Observations",
            "Datastreams(4)/Thing",
            "Datastreams(3)/Thing/Datastreams(4)",
            "Datastreams(3)/Observations(4)",
            "Observations(1)",
            "Observations(4)/result",
            "Locations(1)",
            "Locations(1)/Things",
            "HistoricalLocations(1)/Thing",
            "Sensors(1)",
            "ObservedProperties(4)/Datastreams",
            "FeaturesOfInterest(1)/Observations",
        ],
    )
    def test_what_is_not_seen_does_not_exist(self, world: World, path: str) -> None:
        assert world.service.get(path, 404)["type"] == "sensing.sta_no_such_entity"

    @table(
        ("path", "ids"),
        [
            ("Things?$filter=name eq 'thing 1'", []),
            ("Things?$filter=Datastreams/name eq 'stream 2.2'", []),
            ("Things?$filter=Datastreams/name eq 'stream 2.1'", [2]),
            ("Things?$filter=Datastreams/Sensor/name eq 'sensor 2.2'", []),
            ("Things?$filter=Locations/Things/Datastreams/name eq 'stream 2.2'", []),
            ("Locations?$filter=Things/Datastreams/name eq 'stream 2.2'", []),
            ("Datastreams?$filter=Thing/Datastreams/name eq 'stream 2.2'", []),
            ("Datastreams?$filter=id le 4", [3]),
            ("Sensors?$filter=Datastreams/Thing/Datastreams/name eq 'stream 2.2'", []),
            ("Observations?$filter=Datastream/name eq 'stream 2.2'", []),
            ("Observations?$filter=Datastream/Thing/Datastreams/name eq 'stream 2.2'", []),
            ("Observations?$filter=id eq 1", []),
            ("Observations?$filter=id in (1,3,4,5)", [3, 5]),
            ("Observations?$filter=result gt 0&$orderby=result desc,id", [5, 6, 3]),
            ("Observations?$orderby=phenomenonTime desc&$top=1", [6]),
            ("Things(2)/Datastreams", [3]),
            ("Things(2)/Datastreams(3)/Observations", [3]),
            ("FeaturesOfInterest(2)/Observations", [3]),
            ("Locations(2)/Things", [2]),
        ],
    )
    def test_filters_and_relations_see_no_further(
        self, world: World, path: str, ids: list[int]
    ) -> None:
        assert world.ids(path) == ids

    @table(
        ("path", "count"),
        [
            ("Things", 2),
            ("Datastreams", 3),
            ("Observations", 3),
            ("Things(2)/Datastreams", 1),
            ("FeaturesOfInterest(2)/Observations", 1),
        ],
    )
    def test_counts_leave_out_what_is_not_seen(self, world: World, path: str, count: int) -> None:
        assert world.service.get(f"{path}?$count=true&$top=0")["@iot.count"] == count
        assert world.service.get(f"{path}/$count") == count

    def test_expansions_leave_out_what_is_not_seen(self, world: World) -> None:
        options = "$select=id;$count=true;$expand=Observations($select=result;$count=true)"
        found = world.service.get(f"Things(2)?$expand=Datastreams({options})")
        assert found["Datastreams@iot.count"] == 1
        assert found["Datastreams"] == [
            {
                "@iot.id": 3,
                "Observations@iot.count": 1,
                "Observations": [{"result": 2}],
            }
        ]
        found = world.service.get("Locations(2)?$expand=Things/Datastreams")
        assert [item["@iot.id"] for item in found["Things"][0]["Datastreams"]] == [3]
        found = world.service.get("FeaturesOfInterest(2)?$expand=Observations")
        assert [item["@iot.id"] for item in found["Observations"]] == [3]

    def test_the_latest_of_each_is_shown_only_of_what_is_seen(self, world: World) -> None:
        latest = "Observations($orderby=phenomenonTime desc;$top=1;$select=id)"
        found = world.service.get(f"Datastreams?$expand={latest}")["value"]
        assert [item["Observations"][0]["@iot.id"] for item in found] == [3, 5, 6]
        world.service.get("Datastreams(4)/Observations?$orderby=phenomenonTime desc&$top=1", 404)

    def test_pages_go_on_without_gaps(self, world: World) -> None:
        for name in ("Things", "Datastreams", "Observations"):
            found: list[int] = []
            path = f"{name}?$top=1"
            for _ in range(10):
                page = world.service.get(path)
                found += [item["@iot.id"] for item in page["value"]]
                if "@iot.nextLink" not in page:
                    break
                path = page["@iot.nextLink"].rpartition("/v1.1/")[2]
            assert found == world.ids(name)

    def test_nothing_is_ordered_by_entities_of_which_some_are_not_seen(self, world: World) -> None:
        """Ordering by what is not seen would tell it, one comparison after the other."""
        world.open(1)
        refused = world.service.get("Things?$orderby=Datastreams/name desc", 400)
        assert refused["type"] == "sensing.sta_wrong_operand"

    def test_an_area_of_others_cannot_be_written(self, world: World) -> None:
        world.service.post("Things", thing(), 403)
        world.service.post("Datastreams(5)/Observations", {"result": 1}, 403)
        world.anybody()
        world.service.post("Things", thing(), 401)


class TestActions:
    def test_opening_and_owning_ask_for_a_permission(
        self, service: Service, caller_for: Callable[..., Caller]
    ) -> None:
        for caller in (caller_for("command_centre"), caller_for("department_handler")):
            with pytest.raises(Denied):
                access.open_datastream(caller, 1, True)
            with pytest.raises(Denied):
                access.own_thing(caller, 1, None)
            with pytest.raises(Denied):
                access.open_kind(caller, "x", True)
            with pytest.raises(Denied):
                access.own_kind(caller, "x", None)
            with pytest.raises(Denied):
                access.listing(caller)

    def test_what_does_not_exist_cannot_be_opened_or_given(self, world: World) -> None:
        with pytest.raises(UnknownDatastream):
            access.open_datastream(world.caller, 99, True)
        with pytest.raises(NoSuchThing):
            access.own_thing(world.caller, 99, world.water)

    def test_openings_are_announced(self, world: World) -> None:
        world.open(1)
        with world.service.database.read() as connection:
            topics = list(
                connection.execute(select(outbox.c.topic).order_by(outbox.c.id)).scalars()
            )
        assert topics[-1] == DatastreamsChanged.topic


def test_every_combination_of_owner_and_opening(world: World) -> None:
    """The SQL conditions and the mask of observations agree with the rule, however owners and
    openings are spread."""
    service = world.service
    readers: list[tuple[Any, set[int]]] = [
        (ANONYMOUS, set()),
        (Identity("user", 7, "w", frozenset({"grid_worker"}), None, world.water), {1, 2}),
        (Identity("user", 7, "p", frozenset({"grid_worker"}), None, world.parks), {3}),
    ]
    for round_ in range(12):
        owners = [(round_ * 7 + n * 5) % 4 or None for n in range(1, 5)]
        opened = {n for n in range(1, 9) if (round_ * 11 + n * 3) % 5 == 0}
        with service.database.write() as connection:
            for number, owner in enumerate(owners, 1):
                mine = things.c.id == number
                connection.execute(update(things).where(mine).values(owner=owner))
            connection.execute(update(datastreams).values(opened=datastreams.c.id.in_(opened)))
        world.open(1, 1 in opened)
        for identity, mine_ in readers:
            service.identity = identity
            own = {n for n, owner in enumerate(owners, 1) if owner in mine_}
            streams = sorted(opened | {s for n in own for s in (2 * n - 1, 2 * n)})
            seen = sorted(own | {(s + 1) // 2 for s in streams})
            assert world.seen() == expected(seen, streams), (round_, identity.name)
