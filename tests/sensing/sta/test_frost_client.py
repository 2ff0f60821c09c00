"""A client written for the reference server works unchanged (frost-sta-client from PyPI)."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
import requests
import uvicorn
from starlette.applications import Starlette

from tests.sensing.sta.conftest import AsSomebody, Service
from yiwang.contracts.observations import ObservationSink
from yiwang.kernel.clock import ManualClock
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.intake import Intake
from yiwang.sensing.observations import Observations
from yiwang.sensing.sta.http import routes
from yiwang.store.database import Database
from yiwang.web.errors import HANDLERS

frost = pytest.importorskip("frost_sta_client")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

POINT = {"type": "Point", "coordinates": [116.4, 39.9]}


@pytest.fixture
def client(sqlite: Database, clock: ManualClock, tmp_path: Path) -> Iterator[Any]:
    store = Observations(tmp_path / "observations", clock)
    intake = Intake(store, sqlite, clock)
    service = Service(sqlite, clock, store, intake, {Observations: store, ObservationSink: intake})

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        buffer = Buffer(intake, clock, pace_s=0.0)
        buffer.start()
        service.ports[Buffer] = buffer
        yield
        await buffer.close()

    app = AsSomebody(
        Starlette(routes=routes(), exception_handlers=HANDLERS, lifespan=life), service
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield frost.SensorThingsService(f"http://127.0.0.1:{listener.getsockname()[1]}/v1.1")
    server.should_exit = True
    thread.join()
    listener.close()
    store.close()


def district(client: Any) -> None:
    """One of each entity type, and thirty observations, created through the client."""
    place = frost.Location(
        name="Gate", description="By the gate", location=POINT, encoding_type="application/geo+json"
    )
    unit = frost.UnitOfMeasurement(name="Centimetre", symbol="cm", definition="https://example.org")
    sensor = frost.Sensor(
        name="Gauge",
        description="A gauge",
        encoding_type="text/plain",
        metadata="https://example.org",
    )
    depth = frost.ObservedProperty(
        name="Depth", definition="https://example.org/depth", description="Depth of water"
    )
    thing = frost.Thing(name="Underpass", description="An underpass", properties={"lanes": 4})
    thing.locations = [place]
    client.create(thing)
    stream = frost.Datastream(
        name="Depth of water",
        description="Above the road",
        observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        unit_of_measurement=unit,
        sensor=sensor,
        observed_property=depth,
        thing=thing,
    )
    client.create(stream)
    feature = frost.FeatureOfInterest(
        name="Pool", description="A pool", encoding_type="application/geo+json", feature=POINT
    )
    client.create(feature)
    for minute in range(30):
        observation = frost.Observation(
            phenomenon_time=f"2026-06-30T10:{minute:02}:00Z",
            result=minute / 2,
            datastream=stream,
            feature_of_interest=feature,
            parameters={"minute": minute},
        )
        client.create(observation)
    assert observation.id == 30


def test_every_entity_type_is_created_and_read(client: Any) -> None:
    district(client)
    assert client.things().find(1).properties == {"lanes": 4}
    assert [item.name for item in client.locations().query().list()] == ["Gate"]
    assert client.datastreams().find(1).unit_of_measurement.symbol == "cm"
    assert client.sensors().query().filter("name eq 'Gauge'").list().entities[0].id == 1
    assert client.observed_properties().find(1).name == "Depth"
    assert client.features_of_interest().find(1).name == "Pool"
    assert len(client.historical_locations().query().list().entities) == 1


def test_pages_filters_and_expands(client: Any) -> None:
    district(client)
    found = client.observations().query().top(7).orderby("phenomenonTime", "asc").list()
    assert [item.result for item in found] == [minute / 2 for minute in range(30)]
    late = client.observations().query().filter("result ge 14").count().list()
    assert [item.result for item in late] == [14.0, 14.5]
    assert late.count == 2
    things = client.things().query().expand("Locations,Datastreams($expand=Sensor)").list()
    thing = things.entities[0]
    assert [item.name for item in thing.locations] == ["Gate"]
    assert thing.datastreams.entities[0].sensor.name == "Gauge"
    assert [item.name for item in thing.get_datastreams().query().list()] == ["Depth of water"]


def test_data_arrays(client: Any) -> None:
    district(client)
    stream = client.datastreams().find(1)
    values = frost.model.ext.data_array_value.DataArrayValue()
    properties = {values.Property.PHENOMENON_TIME, values.Property.RESULT}
    values.components = properties
    values.datastream = stream
    for second in (1, 2):
        observation = frost.Observation(
            phenomenon_time=f"2026-06-30T11:00:0{second}Z", result=second, datastream=stream
        )
        values.add_observation(observation)
    document = frost.model.ext.data_array_document.DataArrayDocument()
    document.add_data_array_value(values)
    made = client.observations().create(document)
    assert "Observations(31)" in made[0].self_link and "Observations(32)" in made[1].self_link


class Units(list[Any]):
    """The client asks a list of units for its state, which a plain list does not have."""

    def __getstate__(self) -> list[Any]:
        return [unit if isinstance(unit, dict) else unit.__getstate__() for unit in self]


def several(client: Any) -> Any:
    """A multi-datastream of speed and direction of the wind, below the first thing."""
    unit = frost.UnitOfMeasurement(name="Metre", symbol="m/s", definition="https://example.org/ms")
    angle = frost.UnitOfMeasurement(name="Degree", symbol="°", definition="https://example.org/deg")
    measured = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
    made = frost.MultiDatastream(
        name="Wind",
        description="Speed and direction",
        observation_type=(
            "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"
        ),
        multi_observation_data_types=[measured, measured],
        unit_of_measurements=Units([unit, angle]),
        thing=client.things().find(1),
        sensor=client.sensors().find(1),
        observed_properties=[
            frost.ObservedProperty(name=name, definition="https://example.org", description=name)
            for name in ("speed", "direction")
        ],
    )
    client.create(made)
    return made


SETS = (
    "things",
    "locations",
    "historical_locations",
    "sensors",
    "observed_properties",
    "datastreams",
    "multi_datastreams",
    "features_of_interest",
    "observations",
)
"""Every entity set, as the client calls it."""


def changeable(client: Any, name: str) -> Any:
    """An entity of a set, read, with everything a PUT has to carry."""
    made = getattr(client, name)().query().orderby("id", "asc").top(1).list().entities[0]
    if name == "multi_datastreams":
        made._unit_of_measurements = Units(made.unit_of_measurements)
    return made


@pytest.mark.parametrize("name", SETS)
def test_every_entity_type_is_updated_patched_and_deleted(client: Any, name: str) -> None:
    district(client)
    wind = several(client)
    assert wind.id
    dao = getattr(client, name)()
    made = changeable(client, name)
    assert dao.find(made.id) == made
    field, path, first, second = {
        "historical_locations": ("time", "time", "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"),
        "observations": ("result", "result", 99, 100),
    }.get(name, ("description", "description", "put", "patched"))
    setattr(made, field, first)
    client.update(made)
    assert shown(getattr(dao.find(made.id), field)) == shown(first)
    client.patch(made, [{"op": "replace", "path": f"/{path}", "value": second}])
    assert shown(getattr(dao.find(made.id), field)) == shown(second)
    patch = jsonpatch.JsonPatch([{"op": "replace", "path": f"/{path}", "value": first}])
    client.patch(made, patch)
    assert shown(getattr(dao.find(made.id), field)) == shown(first)
    client.delete(made)
    with pytest.raises(requests.HTTPError, match="404"):
        dao.find(made.id)


def shown(value: Any) -> Any:
    """A time as the client gives it back: a text in UTC."""
    return value.replace(".000Z", "Z") if isinstance(value, str) else value


@pytest.mark.parametrize("name", SETS)
def test_every_entity_set_is_queried(client: Any, name: str) -> None:
    district(client)
    several(client)
    dao = getattr(client, name)()
    everything = [item.id for item in dao.query().orderby("id", "asc").list()]
    assert everything
    assert [item.id for item in dao.query().orderby("id").list()] == everything[::-1]
    query = dao.query().filter(f"id eq {everything[0]}").count()
    if name not in ("datastreams", "multi_datastreams"):
        query = query.select("id")  # the client cannot read these two without their types
    found = query.list()
    assert found.count == 1 and found.entities[0].id == everything[0]
    assert [item.id for item in dao.query().skip(1).orderby("id", "asc").top(3).list()] == (
        everything[1:]
    )
    assert dao.query().top(0).count().list().count == len(everything)


EXPANDED = {
    "things": "Locations,HistoricalLocations,Datastreams,MultiDatastreams",
    "locations": "Things,HistoricalLocations",
    "historical_locations": "Thing,Locations",
    "sensors": "Datastreams,MultiDatastreams",
    "observed_properties": "Datastreams,MultiDatastreams",
    "datastreams": "Thing,Sensor,ObservedProperty,Observations($top=2)",
    "multi_datastreams": "Thing,Sensor,ObservedProperties,Observations",
    "features_of_interest": "Observations($top=2)",
    "observations": "Datastream,MultiDatastream,FeatureOfInterest",
}


NOWHERE = {
    ("observed_properties", "MultiDatastreams"),
    ("multi_datastreams", "Observations"),
    ("observations", "MultiDatastream"),
}
"""Relations that lead nowhere from the first entity of a set."""


@pytest.mark.parametrize("name", SETS)
def test_every_relation_is_expanded_and_followed(client: Any, name: str) -> None:
    district(client)
    several(client)
    dao = getattr(client, name)()
    item = dao.query().orderby("id", "asc").expand(EXPANDED[name]).top(1).list().entities[0]
    for relation in re.sub(r"\(.*?\)", "", EXPANDED[name]).split(","):
        attribute = re.sub(r"(?<!^)(?=[A-Z])", "_", relation).lower()
        there = getattr(item, attribute)
        if (name, relation) in NOWHERE:
            assert not there or there.entities == []
        elif relation.endswith("s") or relation == "ObservedProperties":
            assert there.entities and all(one.id for one in there.entities)
            follow = getattr(item, f"get_{attribute}", None)
            if follow is not None:
                assert follow().query().top(1).list().entities[0].id
        else:
            assert there.id and there.self_link


def test_observations_of_a_multi_datastream(client: Any) -> None:
    district(client)
    wind = several(client)
    observation = frost.Observation(
        phenomenon_time="2026-06-30T10:00:00Z", result=[3.5, 270], multi_datastream=wind
    )
    client.create(observation)
    assert client.observations().find(observation.id).result == [3.5, 270]
    assert [item.id for item in wind.get_observations().query().list()] == [observation.id]
    names = [item.name for item in wind.get_observed_properties().query().list()]
    assert sorted(names) == ["direction", "speed"]


def test_a_thing_is_created_with_everything_it_brings(client: Any) -> None:
    """One deep insert: a thing, its location, its datastream and an observation."""
    thing = frost.Thing(name="Pump", description="A pump")
    thing.locations = [
        frost.Location(
            name="Yard",
            description="A yard",
            location=POINT,
            encoding_type="application/geo+json",
        )
    ]
    thing.datastreams = [
        frost.Datastream(
            name="Power",
            description="Power drawn",
            observation_type=(
                "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
            ),
            unit_of_measurement=frost.UnitOfMeasurement("Kilowatt", "kW", "https://example.org/kW"),
            sensor=frost.Sensor("Meter", "A meter", "text/plain", {}, "https://example.org"),
            observed_property=frost.ObservedProperty(
                name="Power", definition="https://example.org/power", description="Power"
            ),
            observations=[frost.Observation(phenomenon_time="2026-06-30T10:00:00Z", result=7.5)],
        )
    ]
    client.create(thing)
    stream = thing.get_datastreams().query().list().entities[0]
    assert [item.result for item in stream.get_observations().query().list()] == [7.5]
    assert thing.get_locations().query().list().entities[0].name == "Yard"


def test_what_is_wrong_reaches_the_client_as_an_error(client: Any) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        client.create(frost.Thing(name="Nothing said of it"))
    assert client.things().query().list().entities == []
