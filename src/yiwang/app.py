"""Where everything meets: the wiring table, the ports, the platform and its entrances."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy.ma  # noqa: F401  np.unique imports it, in a thread if it is late (kernel/arrays.py)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from yiwang import __version__, wiring
from yiwang.kernel import clock as time
from yiwang.kernel.clock import Clock
from yiwang.kernel.ids import secret
from yiwang.kernel.settings import Settings
from yiwang.packs import service as packs
from yiwang.packs.library import Library
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.security.relay import Relay
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.mqtt.entrance import Mqtt
from yiwang.sensing.protocols.entrance import Field
from yiwang.sensing.protocols.report import Reports
from yiwang.sensing.runtime import Sensing
from yiwang.sensing.sta.answers import Direct, StaRoute
from yiwang.store import outbox
from yiwang.store.blobs import Blobs
from yiwang.store.database import Database
from yiwang.store.home import Home
from yiwang.store.log import Log
from yiwang.store.migrate import migrate
from yiwang.store.migrate import opened as migrated
from yiwang.web import admin, render
from yiwang.web import http as web_http
from yiwang.web.auth import Authentication
from yiwang.web.errors import HANDLERS
from yiwang.web.live import Hub
from yiwang.web.quick import Quick

_log = logging.getLogger(__name__)

TICK_S = 1.0
OUTBOX_KEPT = 7 * time.DAY


class Platform:
    """One home with everything that works in it, but for the listeners.

    Opening takes the home's lock, brings the database to this version's schema, catches up
    with whatever a crash interrupted, and starts nothing; ``start`` starts the background
    work. A replay calls ``settle`` instead.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        simulated: bool = False,
        library: Library | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.simulated = simulated
        self.home = Home(settings.home)
        self.database = Database(settings.database_url)
        migrate(self.database, str(settings.home))
        self.library = library or Library(settings.home)
        self.hub = Hub()
        self.mqtt: Mqtt | None = None
        self.field: Field | None = None
        self.blobs = Blobs(settings.home / "blobs")
        self.sensing = Sensing(settings, self.database, clock)
        self.ports: dict[type, Any] = {}
        self.domains = wiring.Domains(self)
        self.ports.update(wiring.ports(self))
        self.relay = Relay(self.caller("relay"), wiring.consumers(self))
        self.refresh_packs()
        self._log = Log(self.database)
        self._stop = threading.Event()
        self._ticker: threading.Thread | None = None

    def caller(self, name: str) -> Caller:
        """The platform itself acting, under a name for the audit."""
        return caller(system(name), self.database, self.clock, self.ports, "platform")

    def refresh_packs(self) -> None:
        """Take up packs that are new, changed or gone since they were last looked at."""
        caller = self.caller("packs")
        packs.refresh(caller, self.library, wiring.pack_domains())

    def first_administrator(self) -> str | None:
        """On a home without accounts: make ``admin`` and return its password."""
        by = self.caller("first start")
        if accounts.list_users(by):
            return None
        password = secret(12)
        accounts.add_user(by, "admin", password, ["administrator"])
        return password

    def start(self) -> None:
        """Start the background work: folding, judging, delivering, watching deadlines."""
        self.sensing.start()
        self.domains.judge.start()
        self.domains.live.start()
        self.domains.watch.start()
        self.domains.notices.start()
        self.relay.start()
        self._log.start()
        self._ticker = threading.Thread(target=self._tick, name="ticker", daemon=True)
        self._ticker.start()

    def settle(self) -> None:
        """Judge and deliver everything that is there; for replays and stories."""
        self.domains.judge.drain()
        self.relay.drain()

    def maintain(self) -> None:
        """What time alone brings about: silence, deadlines, old events."""
        for one in self._rounds():
            one()

    def _rounds(self) -> list[Callable[[], object]]:
        return [*wiring.rounds(self), self._prune]

    def _prune(self) -> None:
        kept = self.clock.now() - OUTBOX_KEPT
        with self.database.read() as connection:
            if not outbox.is_older(connection, kept):
                return
        with self.database.write() as connection:
            outbox.prune(connection, kept)

    def _tick(self) -> None:
        """One round that fails keeps none of the others."""
        while not self._stop.wait(TICK_S):
            for one in self._rounds():
                try:
                    one()
                except Exception:
                    _log.exception("maintenance failed; it is tried again")
            self.relay.wake()

    def close(self) -> None:
        self._stop.set()
        if self._ticker is not None:
            self._ticker.join()
        self.domains.learning_apart.stop()
        self.domains.watch.stop()
        self.domains.live.stop()
        self.domains.judge.close()
        self.relay.stop()
        self.domains.notices.stop()
        self.sensing.close()
        self.domains.evidence.close()
        self.domains.exchanges.stop()
        self.domains.files.stop()
        self.domains.sealer.stop()
        self.domains.datasets.close()
        self._log.stop()
        self.database.close()
        self.home.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Entrances:
    """The platform's doors: HTTP, MQTT and field protocols, in one event loop."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.buffer = Buffer(platform.sensing.intake, platform.clock)
        platform.ports[Buffer] = self.buffer
        platform.sensing.ledger.waiting = self.buffer.waiting
        self.asgi = asgi(platform)
        settings, database, clock = platform.settings, platform.database, platform.clock
        reader = platform.caller("mqtt")
        self._mqtt = platform.mqtt = Mqtt(settings, database, clock, self.buffer, caller=reader)
        platform.ports[Mqtt] = self._mqtt
        if self._mqtt.updates is not None:
            platform.sensing.intake.listen(self._mqtt.updates.stored)
        devices, router = self._mqtt.devices, self._mqtt.router
        self.field = Field(settings, database, clock, self.buffer, devices, self._mqtt.look, router)
        self._reports = Reports("http_json", self.buffer, router, clock)
        platform.field = self.field
        platform.ports |= {Field: self.field, Reports: self._reports}

    async def open(self) -> None:
        """Start the buffer, the background work, and whatever listens."""
        self._platform.hub.attach(asyncio.get_running_loop())
        self.buffer.start()
        self._platform.start()
        self._reports.start()
        await self._mqtt.start()
        await self.field.start()

    async def close(self) -> None:
        """Stop taking messages in, then store what is held."""
        await self.field.close()
        await self._mqtt.close()
        await self._reports.close()
        await self.buffer.close()


def routes() -> list[BaseRoute]:
    """Every page, in the order in which they are tried."""
    return [Route("/api/health", _health), *web_http.routes(), *admin.routes(), *wiring.routes()]


def asgi(platform: Platform) -> ASGIApp:
    """The HTTP application of a platform."""
    found = routes()
    direct = [route for route in found if isinstance(route, StaRoute)]
    others = [route for route in found if not isinstance(route, StaRoute)]
    inner = Starlette(routes=others, exception_handlers=HANDLERS)
    quick = Quick(Direct(inner, direct), wiring.busy_routes())
    outer = Authentication(quick, platform.database, platform.clock, platform.ports)
    inner.state.authentication_forget = outer.forget
    inner.state.session_life = platform.settings.session_hours * time.HOUR
    inner.state.platform = platform
    return outer


async def _health(request: Request) -> Response:
    """Whether it runs. Open to everybody; says nothing that helps an attacker."""
    platform: Platform = request.app.state.platform
    buffer: Buffer | None = platform.ports.get(Buffer)
    stalled = buffer.stalled if buffer is not None else None
    return render.json(
        {
            "status": "ok" if stalled is None else stalled.code,
            "version": __version__,
            "simulated": platform.simulated,
            "clock": time.render(platform.clock.now()),
            "city": platform.settings.city_name,
            "language": platform.settings.language,
            "voice_input": bool(platform.settings.voice_input),
        },
        200 if stalled is None else 503,
    )


def caller(
    identity: Any,
    database: Database,
    clock: Clock,
    ports: dict[type, Any] | None = None,
    origin: str = "",
) -> Caller:
    return Caller(identity, database, clock, ports if ports is not None else {}, origin)


@contextmanager
def database_only(settings: Settings) -> Iterator[Database]:
    """The database of a home without the home's lock: for commands beside a running server."""
    with migrated(settings.database_url, settings.home) as database:
        yield database
