"""SensorThings over MQTT with a real client: create observations (18-088, clause 13) and
receive updates (clause 14), with what each subscriber may see."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.sensing.mqtt.test_client import until
from tests.sensing.mqtt.whole import Whole
from tests.sensing.sta.conftest import datastream, location, thing
from yiwang.kernel.clock import SystemClock
from yiwang.registry import editing
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import ANONYMOUS, system
from yiwang.sensing import access
from yiwang.sensing.mqtt.entrance import Mqtt
from yiwang.sensing.mqtt.updates import Changed
from yiwang.sensing.sta import alterations, service
from yiwang.sensing.sta import path as paths
from yiwang.sensing.sta import query as queries
from yiwang.sensing.sta.conformance import OVER_MQTT
from yiwang.sensing.sta.http import routes
from yiwang.sensing.sta.schema import THING
from yiwang.store import outbox
from yiwang.store.database import Database

SECRET = "a-long-secret"
ROOT = "http://127.0.0.1:8000/v1.1"
DAY = "2026-06-30T"


class City:
    """Two things of two datastreams each (1, 2 and 3, 4) behind a running entrance."""

    def __init__(self, server: Whole) -> None:
        self.server = server
        ports = server.sensing.ports()
        self.caller = Caller(system("test"), server.database, SystemClock(), ports)
        for number in (1, 2):
            streams = [datastream(f"stream {number}.{index}") for index in (1, 2)]
            place = location(116 + number / 10, name=f"place {number}")
            self.add("Things", thing(f"thing {number}", Datastreams=streams, Locations=[place]))
        accounts.add_device(self.caller, "gateway", password=SECRET)
        self.writer = Client(server, "gateway", SECRET)
        self.relay()

    def add(self, path: str, body: Any) -> int:
        content = json.dumps(body).encode()
        return service.create(self.caller, paths.parse(path), content).id

    def get(self, path: str) -> Any:
        """What HTTP answers somebody who sees everything."""
        address, _, options = path.partition("?")
        resource, query = paths.parse(address), queries.parse(options)
        return json.loads(service.read(self.caller, resource, query, ROOT, address).content)

    def relay(self) -> None:
        """Deliver what was announced, as the platform's relay does."""
        updates = self.server.mqtt.updates
        assert updates is not None
        with self.server.database.write() as connection:
            waiting = outbox.pending(connection, "test", ("entities.changed",), 100)
            outbox.advance(connection, "test", max((one.id for one in waiting), default=0))
        updates.delivered([one.body for one in waiting])

    def observe(self, stream: int, result: Any, hour: int = 10, **more: Any) -> None:
        body = {"result": result, "phenomenonTime": f"{DAY}{hour:02}:00:00Z", **more}
        self.writer.publish(f"v1.1/Datastreams({stream})/Observations", body)

    def person(self, role: str, organisation: int | None = None) -> Client:
        name = f"{role}{organisation or ''}"
        accounts.add_user(self.caller, name, "a long password", [role], organisation=organisation)
        return Client(self.server, name, accounts.add_token(self.caller, name, "mqtt"))


class Client:
    def __init__(self, server: Whole, name: str = "", secret: str = "") -> None:
        self.heard: list[tuple[str, Any]] = []
        self.granted: list[int] = []
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        if name:
            self._client.username_pw_set(name, secret)
        self._client.on_message = self._take
        self._client.on_subscribe = lambda *args: self.granted.extend(c.value for c in args[3])
        self._client.connect("127.0.0.1", server.port)
        self._client.loop_start()
        until(self._client.is_connected)

    def _take(self, client: Any, userdata: Any, message: Any) -> None:
        self.heard.append((message.topic, json.loads(message.payload)))

    def subscribe(self, topic: str, qos: int = 1) -> int:
        before = len(self.granted)
        self._client.subscribe(topic, qos)
        until(lambda: len(self.granted) > before)
        time.sleep(0.25)  # new entities are those made after the first look
        return self.granted[-1]

    def unsubscribe(self, topic: str) -> None:
        self._client.unsubscribe(topic)
        time.sleep(0.1)

    def publish(self, topic: str, body: Any) -> None:
        self._client.publish(topic, json.dumps(body), 1).wait_for_publish(10)

    def wait(self, count: int = 1) -> list[Any]:
        until(lambda: len(self.heard) >= count)
        return [payload for _, payload in self.heard]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def city(database: Database, tmp_path: Path) -> Iterator[City]:
    with Whole(database, tmp_path) as server:
        made = City(server)
        yield made
        made.writer.close()


@pytest.fixture
def admin(city: City) -> Iterator[Client]:
    made = city.person("administrator")
    yield made
    made.close()


class TestCreate:
    """req/create-observations-via-mqtt/observations-creation"""

    @pytest.mark.parametrize("version", ["v1.0", "v1.1"])
    def test_below_a_datastream_and_naming_one(self, city: City, version: str) -> None:
        body = {"result": 1.5, "phenomenonTime": f"{DAY}10:00:00Z", "parameters": {"a": 1}}
        city.writer.publish(f"{version}/Datastreams(1)/Observations", body)
        city.writer.publish(
            f"{version}/Observations", body | {"Datastream": {"@iot.id": 2}, "result": "x"}
        )
        until(lambda: city.server.stored() >= 1)
        found = city.get("Observations?$expand=Datastream($select=id)")["value"]
        assert [(item["result"], item["Datastream"]["@iot.id"]) for item in found] == [(1.5, 1)]
        assert found[0]["parameters"] == {"a": 1}

    def test_below_a_multi_datastream(self, city: City) -> None:
        body = {
            "name": "wind",
            "description": "Speed and direction",
            "multiObservationDataTypes": [datastream()["observationType"]] * 2,
            "unitOfMeasurements": [datastream()["unitOfMeasurement"]] * 2,
            "Sensor": {"@iot.id": 1},
            "ObservedProperties": [{"@iot.id": 1}, {"@iot.id": 2}],
        }
        multi = city.add("Things(1)/MultiDatastreams", body)
        city.server.mqtt.refresh()
        city.server.sensing.changed()
        city.writer.publish(f"v1.1/MultiDatastreams({multi})/Observations", {"result": [1, 2.5]})
        named = {"result": [3, 4], "MultiDatastream": {"@iot.id": multi}}
        city.writer.publish("v1.1/Observations", named)
        city.writer.publish(f"v1.1/Datastreams({multi})/Observations", {"result": [5, 6]})
        found = city.get(f"MultiDatastreams({multi})/Observations")["value"]
        assert [item["result"] for item in found] == [[1, 2.5], [3, 4]]

    def test_who_does_not_write_does_not_write_here(self, city: City, admin: Client) -> None:
        reader = city.person("auditor")
        anybody = Client(city.server)
        own = accounts.add_device(city.caller, "own", [1], password=SECRET)
        device = Client(city.server, "own", own)
        for client in (reader, anybody, device):
            client.publish("v1.1/Datastreams(3)/Observations", {"result": 1})
            client.publish("v1.1/Observations", {"result": 1, "Datastream": {"@iot.id": 3}})
        assert city.server.stored() == 0
        device.publish("v1.1/Datastreams(1)/Observations", {"result": 1})
        admin.publish("v1.1/Datastreams(3)/Observations", {"result": 1})
        until(lambda: city.server.stored() == 2)
        for client in (reader, anybody, device):
            client.close()


class TestReceive:
    """req/receive-updates-via-mqtt/receive-updates"""

    def test_observations_of_a_datastream_as_http_shows_them(
        self, city: City, admin: Client
    ) -> None:
        topic = "v1.1/Datastreams(1)/Observations"
        assert admin.subscribe(topic) == 1
        city.observe(2, 1)
        city.observe(1, 2.5, resultTime=f"{DAY}10:00:01Z")
        (shown,) = admin.wait()
        assert admin.heard[0][0] == topic
        assert shown == city.get(f"Observations({shown['@iot.id']})")
        assert shown["@iot.selfLink"].startswith(ROOT)

    def test_all_observations_and_those_of_a_feature(self, city: City, admin: Client) -> None:
        shape = {"encodingType": "application/geo+json", "name": "river", "description": "A river"}
        point = {"type": "Point", "coordinates": [116, 40]}
        feature = city.add("FeaturesOfInterest", {**shape, "feature": point})
        admin.subscribe("v1.1/Observations")
        city.observe(1, 1)
        city.observe(3, 2)
        assert [shown["result"] for shown in admin.wait(2)] == [1, 2]
        admin.unsubscribe("v1.1/Observations")
        admin.subscribe(f"v1.1/FeaturesOfInterest({feature})/Observations")
        city.observe(1, 3, hour=11)
        city.observe(3, 4, hour=11, FeatureOfInterest={"@iot.id": feature})
        assert admin.wait(3)[2]["result"] == 4

    def test_version_1_0_has_its_own_links(self, city: City, admin: Client) -> None:
        admin.subscribe("v1.0/Datastreams(1)/Observations")
        city.observe(1, 1)
        assert "/v1.0/Observations(" in admin.wait()[0]["@iot.selfLink"]

    def test_select_expand_and_filter(self, city: City, admin: Client) -> None:
        admin.subscribe("v1.1/Observations?$select=result,phenomenonTime")
        admin.subscribe("v1.1/Datastreams(1)/Observations?$filter=result gt 5&$select=result")
        admin.subscribe("v1.1/Datastreams(3)/Observations?$expand=Datastream/Thing($select=name)")
        city.observe(1, 5)
        city.observe(1, 6)
        city.observe(3, 7)
        admin.wait(5)
        short = [payload for topic, payload in admin.heard if topic.startswith("v1.1/Obs")]
        assert short[0] == {"phenomenonTime": f"{DAY}10:00:00Z", "result": 5}
        assert [p for t, p in admin.heard if "$filter" in t] == [{"result": 6}]
        (whole,) = (payload for topic, payload in admin.heard if "$expand" in topic)
        assert whole["Datastream"]["Thing"] == {"name": "thing 2"}

    def test_new_entities_of_a_set_and_below_another(self, city: City, admin: Client) -> None:
        admin.subscribe("v1.1/Things")
        admin.subscribe("v1.1/Things(1)/Datastreams")
        made = city.add("Things", thing("new"))
        (shown,) = admin.wait()
        assert shown == city.get(f"Things({made})")
        city.add("Things(2)/Datastreams", datastream("elsewhere"))
        mine = city.add("Things(1)/Datastreams", datastream("here"))
        assert admin.wait(2)[1] == city.get(f"Datastreams({mine})")
        assert [topic for topic, _ in admin.heard] == ["v1.1/Things", "v1.1/Things(1)/Datastreams"]

    def test_changed_entities_and_properties(self, city: City, admin: Client) -> None:
        admin.subscribe("v1.1/Things(1)")
        admin.subscribe("v1.1/Things(1)/name")
        admin.subscribe("v1.1/Things(1)/description")
        for number in (1, 2):
            content = json.dumps({"name": f"renamed {number}"}).encode()
            alterations.change(city.caller, paths.parse(f"Things({number})"), content, "merge")
        city.relay()
        admin.wait(2)
        time.sleep(0.3)
        assert sorted(admin.heard, key=lambda item: item[0]) == [
            ("v1.1/Things(1)", city.get("Things(1)")),
            ("v1.1/Things(1)/name", {"name": "renamed 1"}),
        ]

    def test_a_datastream_changes_with_its_observations(self, city: City, admin: Client) -> None:
        admin.subscribe("v1.1/Datastreams(1)/phenomenonTime")
        city.observe(1, 1)
        (shown,) = admin.wait()
        assert shown == {"phenomenonTime": f"{DAY}10:00:00Z/{DAY}10:00:00Z"}

    def test_a_duplicate_is_no_update(self, city: City, admin: Client) -> None:
        admin.subscribe("v1.1/Observations")
        city.observe(1, 1)
        city.observe(1, 1)
        city.observe(1, 2)
        assert [shown["result"] for shown in admin.wait(2)] == [1, 2]

    @pytest.mark.parametrize(
        "topic",
        [
            "v1.1/#",
            "v1.1/+",
            "v1.1/Nothing",
            "v1.1/Observations?$top=5",
            "v1.1/Observations?$filter=result gt",
            "v1.1/Things/$count",
            "v1.1/Observations(1)/Datastream/Observations",
            "v1.1/" + "x" * 3000,
        ],
    )
    def test_what_cannot_be_listened_to_is_refused(
        self, city: City, admin: Client, topic: str
    ) -> None:
        assert admin.subscribe(topic) == 0x8F
        assert city.server.mqtt.updates is not None
        assert city.server.mqtt.updates.watches.idle

    def test_who_leaves_is_forgotten(self, city: City, admin: Client) -> None:
        other = city.person("auditor")
        other.subscribe("v1.1/Datastreams(1)/Observations")
        other.subscribe("v1.1/Things")
        watches = city.server.mqtt.updates.watches  # type: ignore[union-attr]
        assert not watches.idle
        other.close()
        until(lambda: watches.idle)
        assert (watches.numbers, watches.every, watches.entities) == ([], [], [])


def test_the_service_root_names_the_listener(city: City) -> None:
    ports = {**city.server.sensing.ports(), Mqtt: city.server.mqtt}
    caller = replace(city.caller, identity=ANONYMOUS, ports=ports)

    async def as_somebody(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["caller"] = caller
        await app(scope, receive, send)

    app = Starlette(routes=routes())
    settings = TestClient(as_somebody).get("/v1.1").json()["serverSettings"]
    for name in OVER_MQTT:
        assert name in settings["conformance"]
        assert settings[name] == {"endpoints": [f"mqtt://testserver:{city.server.port}"]}


class TestSight:
    """A subscriber hears of what it sees, and of nothing else."""

    def test_each_hears_what_it_sees(self, city: City, admin: Client) -> None:
        names = {"name_zh": "x", "name_en": "x", "kind": "department"}
        editing.put(city.caller, "organisations", [{"code": "water", **names}], "test")
        access.own_thing(city.caller, 2, 1)
        access.open_datastream(city.caller, 2, True)
        accounts.add_device(city.caller, "own", [1], password=SECRET)
        listeners = {
            "all": admin,
            "department": city.person("department_handler", 1),
            "nobody": city.person("department_handler"),
            "device": Client(city.server, "own", SECRET),
            "anybody": Client(city.server),
        }
        for client in listeners.values():
            client.subscribe("v1.1/Observations?$select=result")
            client.subscribe("v1.1/Datastreams(1)/Observations?$select=result")
        for stream in (1, 2, 3, 4):
            city.observe(stream, stream)
        admin.wait(5)
        time.sleep(0.3)
        assert {
            name: sorted(payload["result"] for _, payload in client.heard)
            for name, client in listeners.items()
        } == {
            "all": [1, 1, 2, 3, 4],
            "department": [2, 3, 4],
            "nobody": [2],
            "device": [1, 1, 2],
            "anybody": [2],
        }
        for client in listeners.values():
            client.close()

    def test_entities_are_told_to_those_who_see_them(self, city: City, admin: Client) -> None:
        anybody = Client(city.server)
        for client in (admin, anybody):
            client.subscribe("v1.1/Things(1)")
        updates = city.server.mqtt.updates
        assert updates is not None
        updates.changed([Changed(THING, [1])])
        admin.wait()
        access.open_datastream(city.caller, 1, True)
        updates.changed([Changed(THING, [1])])
        admin.wait(2)
        assert len(anybody.wait()) == 1
        anybody.close()

    def test_topics_of_packs_are_not_for_everybody(self, city: City, admin: Client) -> None:
        anybody = Client(city.server)
        handler = city.person("department_handler")
        assert anybody.subscribe("#") == 0x87
        assert handler.subscribe("level/+") == 0x87
        assert admin.subscribe("level/+") == 1
        anybody.close()
        handler.close()
