"""The simulated district: the same for the same seed, complete, and labelled as simulated."""

import struct
import zlib
from collections import Counter

import pytest

from yiwang.demo import photo
from yiwang.demo.city import build
from yiwang.demo.messages import Speech, body
from yiwang.demo.people import MENDING
from yiwang.demo.plan import SIMULATED
from yiwang.demo.prepare import START
from yiwang.demo.world import World
from yiwang.kernel import clock
from yiwang.registry.areas import check_shape
from yiwang.registry.nouns import NOUNS

KINDS = [
    {
        "kind": "underpass_flooding.water_level",
        "mqtt": {"topic": "underpass/{device}/level", "values": {"depth_cm": "depth"}, "time": "t"},
    }
]


def said(city, seed, minutes):
    world = World(city, seed)
    return [list(world.minute(minute)) for minute in range(minutes)]


def test_the_same_seed_gives_the_same_day():
    first, second = build(7), build(7)
    assert (first.records, first.devices) == (second.records, second.devices)
    assert said(first, 7, 90) == said(second, 7, 90)
    assert build(8).records != first.records
    assert said(first, 8, 30) != said(first, 7, 30)


def test_the_district_is_what_the_issue_asks_for():
    city = build()
    kinds = Counter(place["kind"] for place in city.records["places"])
    assert kinds["underpass"] == 93
    assert kinds["car_park"] == 20
    assert sum(place["attributes"]["capacity"] for place in city.places("car_park")) == 7000
    assert 4900 <= len(city.devices) <= 5100
    assert len({(device.kind, device.code) for device in city.devices}) == len(city.devices)
    assert set(kinds) == set(MENDING)


def test_every_record_is_one_that_the_registry_takes():
    for noun, records in build().records.items():
        for record in records:
            NOUNS[noun].read(record, noun)
            if "geometry" in record:
                check_shape(record["geometry"], ("Polygon",), noun)


def test_everything_says_that_it_is_simulated():
    city = build()
    for place in city.records["places"]:
        assert SIMULATED in place["name_zh"]
        assert "simulated" in place["name_en"]
        assert place["attributes"]["simulated"] is True
    assert all(SIMULATED in device.name for device in city.devices)
    assert all(SIMULATED in account.display for account in city.accounts)


@pytest.mark.slow
def test_the_large_district():
    assert 236_000 <= len(build(1, "district").devices) <= 238_000


def test_it_rains_some_underpasses_flood_and_drain_again():
    city = build()
    world = World(city, 1)
    flooded = []
    for minute in range(400):
        list(world.minute(minute))
        flooded.append(int((world.depth > 25).sum()))
    assert flooded[10] == 0
    assert 3 <= max(flooded) <= 30
    assert flooded[-1] < max(flooded) / 2


def test_a_mobile_pump_and_a_repair_help():
    city = build()
    left, helped = World(city, 1), World(city, 1)
    for minute in range(120):
        list(left.minute(minute))
        list(helped.minute(minute))
        if minute == 60:
            for site in range(93):
                helped.drain(site, minute)
                helped.scenario.repair(("pump",), site, minute)
    assert helped.depth.max() < left.depth.max()


def test_silent_frozen_and_impossible_devices_lie_until_they_are_mended():
    city = build()
    world = World(city, 1)
    troubles = [t for t in world.scenario.at(60) if t.kind == "water_level"]
    silent = next(t for t in troubles if t.what == "silent")
    negative = next(t for t in troubles if t.what == "negative")

    def levels(minute):
        batch = next(b for b in world.minute(minute) if b.kind.endswith("water_level"))
        sites = [city.devices[index].site for index in batch.devices]
        return dict(zip(sites, batch.columns["depth_cm"], strict=True))

    found = levels(61)
    assert silent.site not in found
    assert found[negative.site] == -40.0
    for trouble in (silent, negative):
        assert world.scenario.repair(("water_level",), trouble.site, 62) >= 1
    found = levels(62)
    assert found[silent.site] >= 0
    assert found[negative.site] >= 0


def test_a_fire_heats_and_smokes():
    world = World(build(), 1)
    fire = next(t for t in world.scenario.at(70) if t.what == "fire")
    heats, smokes = [], []
    for minute in range(66, 84):
        for batch in world.minute(minute):
            for row, index in enumerate(batch.devices):
                if world.city.devices[index].site != fire.site:
                    continue
                if batch.kind.endswith("heat_detector"):
                    heats.append(batch.columns["temperature"][row])
                if batch.kind.endswith("smoke_detector"):
                    smokes.append(batch.columns["smoke"][row])
    assert max(heats) > 150
    assert 1 in smokes


def test_messages_follow_the_declared_form():
    city = build()
    batches = said(city, 1, 1)[0]
    found = Speech(city, KINDS, {}, START).messages(batches)
    assert len(found) == 93
    assert [message.at for message in found] == sorted(message.at for message in found)
    assert found[0].topic.startswith("underpass/WL-")
    assert b'"depth":' in found[0].payload
    assert clock.render(found[0].at).encode() in found[0].payload


def test_rows_for_http():
    city = build()
    streams = {("smart_parking.counter", "PC-01", "free"): 9}
    arrays = Speech(city, KINDS, streams, START).arrays(said(city, 1, 1)[0])
    assert list(arrays) == [9]
    assert b'"dataArray"' in body(arrays)


def test_pictures_are_png_and_differ():
    first, second = photo.take(1, 5, 0), photo.take(1, 5, 1)
    assert first == photo.take(1, 5, 0)
    assert first != second
    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", first[16:24]) == (photo.WIDTH, photo.HEIGHT)
    size = struct.unpack(">I", first[33:37])[0]
    assert len(zlib.decompress(first[41 : 41 + size])) == photo.HEIGHT * (1 + 3 * photo.WIDTH)
