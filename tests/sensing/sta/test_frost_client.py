"""A client written for the reference server works unchanged (frost-sta-client from PyPI)."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
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
