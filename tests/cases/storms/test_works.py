"""Work announced on devices is a silence of theirs, which holds their troubles too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.actions.devices import release_held_troubles
from yiwang.cases.storms import announced, silences
from yiwang.cases.storms.silences import Wanted
from yiwang.contracts.events import (
    DeviceRecovered,
    DeviceTroubled,
    MaintenanceAnnounced,
    MaintenanceEnded,
)
from yiwang.kernel.clock import HOUR, MINUTE, render
from yiwang.security.actions import Context
from yiwang.security.errors import Denied
from yiwang.store.outbox import Delivery


def tell(city: City, consumer: Any, *events: Any) -> None:
    deliveries = [Delivery(place, one.topic, vars(one), 0) for place, one in enumerate(events)]
    with city.database.write() as connection:
        consumer(Context(city.platform, connection), deliveries)


def announce(city: City, work: int = 4, **changed: Any) -> None:
    now = city.clock.now()
    values: dict[str, Any] = {
        "things": [7, 8],
        "from_at": now - HOUR,
        "until_at": now + HOUR,
        "what": "pumps are changed",
        "by": "user:li",
    }
    tell(city, announced.consume, MaintenanceAnnounced(work, **(values | changed)))


def troubled(city: City, number: int, thing: int = 7, **changed: Any) -> DeviceTroubled:
    now = city.clock.now()
    values: dict[str, Any] = {
        "sort": "silence",
        "thing": thing,
        "place": None,
        "lon": 116.1,
        "lat": 39.1,
        "since": now - HOUR,
        "raised_at": now,
        "case_classes": ["demo.full_car_park"],
        "one_per": f"device:{thing}",
    }
    return DeviceTroubled(number, **(values | changed))


def cases(city: City) -> int:
    return sum(service.counts(city.centre)["kinds"].values())


def troubles(city: City, *events: Any) -> None:
    tell(city, service.consume_troubles, *events)


def test_announced_work_holds_findings_and_troubles_of_its_devices(city: City) -> None:
    announce(city)
    announce(city)
    city.deliver(city.raised(1, thing=7), city.raised(2, thing=9, one_per="b", lon=116.4))
    troubles(city, troubled(city, 1), troubled(city, 1), troubled(city, 2, 8))
    held = silences.show_silence(city.centre, 1, "en")
    assert (held["work"], held["things"], held["by"]) == (4, [7, 8], "user:li")
    assert held["counts"] == {"waiting": 3}
    assert [one["trouble"] for one in held["troubles"]] == [2, 1]
    assert cases(city) == 1, "the device 9 is not worked on"
    troubles(city, DeviceRecovered(1, city.clock.now() + MINUTE, "heard"))
    assert silences.show_silence(city.centre, 1, "en")["counts"] == {"cleared": 1, "waiting": 2}
    assert service.release(city.platform) == 0
    city.clock.advance(2 * HOUR)
    assert service.release(city.platform) == 2 and service.release(city.platform) == 0
    (source,) = city.show(3)["sources"]
    assert source["kind"] == "trouble" and city.show(3)["opened_at"] == held["until"]
    troubles(city, DeviceRecovered(2, city.clock.now(), "heard"))
    assert city.show(3)["kind"] == "done" and cases(city) == 3


def test_a_recovery_heard_after_the_silence_first_opens_the_case(city: City) -> None:
    announce(city)
    troubles(city, troubled(city, 1))
    city.clock.advance(2 * HOUR)
    troubles(city, DeviceRecovered(1, city.clock.now(), "heard"))
    assert city.show(1)["kind"] == "done"
    assert silences.show_silence(city.centre, 1, "en")["counts"] == {"opened": 1}


def test_a_work_that_ends_early_lets_go(city: City) -> None:
    announce(city)
    troubles(city, troubled(city, 1), troubled(city, 2, case_classes=["gone"]))
    ended = MaintenanceEnded(4, city.clock.now() + MINUTE, "user:li")
    tell(city, announced.consume, ended, ended, MaintenanceEnded(99, 0, ""))
    shown = silences.show_silence(city.centre, 1, "en")
    assert (shown["state"], shown["until"]) == ("over", render(ended.at))
    city.clock.advance(MINUTE)
    assert service.release(city.platform) == 1 and cases(city) == 1


def test_a_silence_that_the_centre_makes_holds_troubles_too(city: City) -> None:
    wanted = Wanted(city.clock.now() + HOUR, "network works", area=city.grid)
    silences.add_silence(city.centre, wanted)
    troubles(city, troubled(city, 1), troubled(city, 2, 9, lon=116.7))
    assert cases(city) == 1
    with pytest.raises(Denied):
        release_held_troubles(city.citizen)
