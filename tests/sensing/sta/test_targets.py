"""Where and when an observation may be of, by the kind of its datastream."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tests.sensing.sta.conftest import Service, datastream, location, thing
from tests.sensing.sta.test_observations import ledger
from tests.sensing.sta.test_observations import raw as post
from yiwang.security.actions import ACTIONS, Caller
from yiwang.sensing import tables
from yiwang.sensing.sta import features


def test_only_devices_of_a_kind_have_a_bound_in_the_past(service: Service, stream: int) -> None:
    old = '{"phenomenonTime":"2015-03-01T00:00:00Z","result":1}'
    post(service, stream, old)
    declared = update(tables.datastreams).where(tables.datastreams.c.id == stream)
    with service.database.write() as connection:
        connection.execute(declared.values(property="depth"))
    service.intake.reload()
    assert post(service, stream, old.replace("03-01", "03-02"), 400)["type"] == ("sensing.too_old")


def test_who_observes_says_where(service: Service) -> None:
    """Without a feature of interest and a location of the thing there is none to make."""
    service.add("Things", thing(Datastreams=[datastream()]))
    answer = post(service, 1, '{"result":1}', 400)
    assert answer["fields"]["name"] == "FeatureOfInterest"
    array = {"Datastream": {"@iot.id": 1}, "components": ["result"], "dataArray": [[1]]}
    assert service.post("CreateObservations", [array]) == ["error"]
    assert ledger(service)["sensing.undecodable"] == 2
    service.add("Things(1)/Locations", location())
    post(service, 1, '{"result":1}')


def test_neighbours_are_learned_together_and_what_moved_is_learned_anew(service: Service) -> None:
    """Only the first of three datastreams is asked of the database; each says what is right."""
    place = location()
    streams = [datastream(f"stream {number}") for number in range(3)]
    service.add("Things", thing(Locations=[place], Datastreams=streams))
    for number in (1, 2, 3):
        post(service, number, f'{{"result":{number}}}')
    first = service.get("Datastreams(2)/Observations?$expand=FeatureOfInterest")["value"][0]
    service.add("Things(1)/Locations", location(117.0, name="Elsewhere"))
    post(service, 2, '{"result":5}')
    moved = service.get("Observations?$filter=result eq 5&$expand=FeatureOfInterest")["value"][0]
    assert first["FeatureOfInterest"]["name"] == "Gate"
    assert moved["FeatureOfInterest"]["name"] == "Elsewhere"


def test_neighbours_and_the_datastreams_themselves_say_the_same(service: Service) -> None:
    streams = [datastream(f"stream {number}") for number in range(3)]
    service.add("Things", thing(Locations=[location()], Datastreams=streams))
    service.add("Things", thing("Bare", Datastreams=[datastream("nowhere")]))
    post(service, 1, '{"result":1}')
    caller = Caller(service.identity, service.database, service.clock, service.ports)
    around = features.find_neighbours(caller, 2)
    assert around == features.find_targets(caller, [1, 2, 3, 4, 5])
    assert set(around) == {1, 2, 3, 4}
    assert [around[number].feature for number in (1, 2, 4)] == [0, None, 0]
    assert [around[number].placed for number in (1, 2, 4)] == [True, True, False]


@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63) - 1])
def test_a_number_that_no_datastream_can_have_is_refused_and_counted(
    service: Service, number: int
) -> None:
    one = f'{{"result":1,"Datastream":{{"@iot.id":{number}}}}}'
    for names, row in (
        ('"phenomenonTime","result"', '"2026-06-30T00:00:00Z",1'),
        ('"result"', "1"),
    ):
        stream = f'"Datastream":{{"@iot.id":{number}}}'
        array = f'[{{{stream},"components":[{names}],"dataArray":[[{row}]]}}]'
        answer = service.client.post("/v1.1/CreateObservations", content=array.encode())
        assert (answer.status_code, answer.json()["type"]) == (400, "sensing.sta_bad_value")
    answer = service.client.post("/v1.1/Observations", content=one.encode())
    assert answer.status_code == 400 and "@iot.id" in answer.text
    assert ledger(service)["sensing.undecodable"] == 3


def test_each_action_asks_for_its_permission() -> None:
    assert {
        name: entry.permission
        for name, entry in ACTIONS.items()
        if entry.function.__module__.startswith("yiwang.sensing.sta")
        and not entry.function.__module__.endswith(".export")
    } == {
        "sensing.read_entities": "sensing.read_opened",
        "sensing.create_entity": "sensing.write",
        "sensing.write_observations": "sensing.write",
        "sensing.write_own_observations": "sensing.write_own",
        "sensing.own_datastreams": "sensing.write_own",
        "sensing.unknown_features": "sensing.write_own",
        "sensing.find_repeated": "sensing.write_own",
        "sensing.find_targets": "sensing.read",
        "sensing.find_neighbours": "sensing.read",
        "sensing.make_features": "sensing.write",
        "sensing.settle_observation": "sensing.write",
        "sensing.change_entity": "sensing.write",
        "sensing.delete_entity": "sensing.write",
        "sensing.change_together": "sensing.write",
        "sensing.locate_entity": "sensing.write_own",
        "sensing.link_entities": "sensing.write",
        "sensing.unlink_entities": "sensing.write",
    }
