"""The conversation of the system on one screen: who listens to what, and who offers what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.routing import BaseRoute

from yiwang.cases import http as cases_http
from yiwang.cases import service as cases
from yiwang.contracts.observations import ObservationReader, ObservationSink
from yiwang.contracts.ports import CaseDirectory, EvidenceReader
from yiwang.registry import http as registry_http
from yiwang.security.actions import Context
from yiwang.security.relay import Consumer
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.mqtt.client import Client, broker
from yiwang.sensing.mqtt.directory import Devices
from yiwang.sensing.mqtt.gate import Gate
from yiwang.sensing.mqtt.inlet import Inlet
from yiwang.sensing.mqtt.listener import Listener
from yiwang.sensing.mqtt.topics import Router
from yiwang.sensing.runtime import Sensing
from yiwang.store.blobs import Blobs
from yiwang.store.outbox import Delivery
from yiwang.web.live import Hub

if TYPE_CHECKING:
    from yiwang.app import Platform


class Domains:
    """The domains' running parts, built with what they need of one another."""

    def __init__(self, platform: Platform) -> None:
        self.cases = cases.Cases(platform.database)


def ports(platform: Platform) -> dict[type, Any]:
    """What the domains offer one another, by Protocol."""
    sensing = platform.sensing
    return {
        Blobs: platform.blobs,
        Hub: platform.hub,
        Sensing: sensing,
        ObservationReader: sensing.observations,
        EvidenceReader: sensing.observations,
        ObservationSink: sensing.intake,
        CaseDirectory: platform.domains.cases,
    }


def consumers(platform: Platform) -> list[Consumer]:
    """Who hears of what has happened, in this order."""

    def sensing_changed(ctx: Context, deliveries: list[Delivery]) -> None:
        platform.sensing.intake.reload()

    return [
        Consumer("cases.findings", cases.TOPICS, cases.consume),
        Consumer("sensing.limits", ("datastreams.changed",), sensing_changed),
    ]


def routes() -> list[BaseRoute]:
    return [*registry_http.routes(), *cases_http.routes()]


def maintain(platform: Platform) -> None:
    cases.sweep(platform.caller("deadlines"))


class Mqtt:
    """The embedded listener and the client of an external broker, as the settings say."""

    def __init__(self, platform: Platform, buffer: Buffer) -> None:
        settings = platform.settings
        devices = Devices(platform.database, ZoneInfo(settings.time_zone))
        self._router = Router(devices)
        self._settings = settings
        self._inlets = [Inlet("mqtt", buffer, self._router, platform.clock)]
        self._gate = Gate(platform.database, platform.clock)
        self._listener = Listener(self._gate, self._inlets[0])
        self._client: Client | None = None
        if settings.mqtt_broker:
            name = broker(settings.mqtt_broker, settings.mqtt_share)
            inlet = Inlet(f"broker:{name.label}", buffer, self._router, platform.clock)
            self._inlets.append(inlet)
            self._client = Client(name, inlet, self._router.filters())

    async def open(self) -> None:
        for inlet in self._inlets:
            inlet.start()
        if self._settings.mqtt_port:
            await self._listener.start(self._settings.host, self._settings.mqtt_port)
        if self._client is not None:
            self._client.start()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
        await self._listener.close()
        for inlet in self._inlets:
            await inlet.close()
        self._gate.close()
