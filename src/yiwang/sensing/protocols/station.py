"""What an open adapter works with: devices, secrets, the intake, and who is connected."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from yiwang.contracts.observations import Incoming, Receipt
from yiwang.kernel.clock import Clock
from yiwang.kernel.settings import Settings
from yiwang.sensing.errors import Refused
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.topics import Router
from yiwang.sensing.protocols.adapter import Talk
from yiwang.sensing.protocols.directory import Device, Directory
from yiwang.sensing.protocols.enrolment import Enrolment
from yiwang.sensing.protocols.errors import CredentialRevoked, UnknownAddress, WrongSecret
from yiwang.sensing.protocols.keys import Keys
from yiwang.sensing.protocols.moving import Move, Mover, pace_of
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.report import Language, Reports

LOOK_EVERY_S = 1.0
MOST_UNMAPPED = 1000


class Store(Protocol):
    """What readings are handed to: ``sensing.buffer.Buffer``."""

    async def put_batch(self, incoming: Incoming) -> asyncio.Future[Receipt]: ...


class Door(Protocol):
    """Who may write: ``mqtt.gate.Gate``."""

    async def admit(self, name: str, secret: bytes) -> Sender | None: ...


@dataclass(eq=False)
class Session:
    """A device that is connected, or was heard a moment ago."""

    device: Device
    talk: Talk
    peer: str
    since: int
    heard: int
    frames: int = 0
    """The one by which the device is known counted."""
    rejected: int = 0
    said: dict[str, Any] = field(default_factory=dict)
    """What an adapter wants shown of the device: its version, its signal."""


class Station:
    """One protocol's share of the platform. Belongs to the event loop of the buffer."""

    def __init__(
        self,
        name: str,
        store: Store,
        directory: Directory,
        door: Door,
        clock: Clock,
        zone: ZoneInfo,
        settings: Settings,
        router: Router,
        look_again: Callable[[], None] = lambda: None,
        enrolment: Enrolment | None = None,
        mover: Mover | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.router = router
        """What reports in JSON mean."""
        self.clock = clock
        self.zone = zone
        self.frames = 0
        self.rows = 0
        self.rejected = 0
        self.waiting = 0
        """Frames read and not yet durable."""
        self.dropped = 0
        """Connections and datagrams turned away by the limits, unread."""
        self.last_frame: int | None = None
        self.unmapped: Counter[str] = Counter()
        """Codes that arrive and that no kind maps, for whoever writes the mapping."""
        self.sessions: dict[int, Session] = {}
        """Connected devices, by thing."""
        self.relieved: Callable[[], None] = lambda: None
        self.outward = settings.outward
        """Whether something may be sent to devices that is no answer: ``live`` only."""
        self._keys = Keys(settings.home / "keys" / f"{name}.yaml")
        self._store = store
        self._directory = directory
        self._door = door
        self._look_again = look_again
        self._enrolment = enrolment
        self._mover = mover
        self._looked = float("-inf")

    async def device(self, *addresses: str) -> Device:
        """The registered device with this address in the protocol, or with the first of several
        under which it may be registered. One that is not known may have been registered a moment
        ago: it is looked for, once a second at most.

        Raises UnknownAddress.
        """
        found = self._known(addresses)
        loop = asyncio.get_running_loop()
        if found is None and loop.time() >= self._looked + LOOK_EVERY_S:
            self._looked = loop.time()
            await loop.run_in_executor(None, self._look_again)
            found = self._known(addresses)
        if found is None:
            raise UnknownAddress(address=addresses[0][:80], protocol=self.name)
        return found

    def together(self, *addresses: str) -> list[Device]:
        """Devices of several kinds behind one address: a station that measures levels and rain."""
        return self._directory.together(self.name, addresses)

    def _known(self, addresses: Sequence[str]) -> Device | None:
        known = (self._directory.device(self.name, address) for address in addresses)
        return next((device for device in known if device is not None), None)

    def devices(self) -> Iterator[Device]:
        """Every device whose kind speaks the protocol, for those that are polled."""
        return self._directory.devices(self.name)

    async def properties(self) -> Mapping[int, Mapping[str, Any]]:
        """The properties of every thing whose kind speaks the protocol, by thing."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._directory.properties, self.name)

    def reports(self, language: Language) -> Reports:
        """An entrance for reports, which the adapter starts and closes."""
        return Reports(self.name, self._store, language, self.clock)

    async def sender(self, device: str, secret: str) -> Sender:
        """Who reports under a device's name (kind/code): the device, or a person's token that
        may write. Raises WrongSecret."""
        sender = await self._door.admit(device, secret.encode())
        if sender is None:
            raise WrongSecret(device=device[:80])
        return sender

    async def admit(self, device: Device, secret: str) -> None:
        """Check a device's secret. Raises WrongSecret."""
        sender = await self._door.admit(device.credential, secret.encode())
        if sender is None or (sender.things is not None and device.thing not in sender.things):
            raise WrongSecret(device=device.credential)

    def key(self, address: str) -> bytes | None:
        """The key with which a device encrypts, from ``keys/<protocol>.yaml`` in the home."""
        return self._keys.get(address)

    async def enrol(self, device: Device, terminal: str, plate: str = "") -> str:
        """The secret for a device that introduces itself. Raises TakenByAnother, WrongPlate,
        CredentialRevoked."""
        if self._enrolment is None:
            raise CredentialRevoked(device=device.credential)
        given = (device.thing, terminal, plate)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._enrolment.enrol, *given)

    async def release(self, device: Device) -> None:
        """A device says that its hardware leaves."""
        if self._enrolment is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self._enrolment.release, device.thing)

    def moved(self, device: Device, lon: float, lat: float, at: int) -> None:
        """A fix of a thing that moves, WGS 84; its Location follows at the pace of its kind."""
        if self._mover is not None:
            self._mover.note(Move(device.thing, lon, lat, at), pace_of(device.mapped.more))

    async def store(self, reading: Reading) -> Receipt:
        """Store a reading, or record what is rejected of it; returns when that is durable: only
        then may the frame be acknowledged. Raises what the disk raises; then it must not be."""
        now = self.clock.now()
        self.waiting += 1
        try:
            future = await self._store.put_batch(reading.incoming(self.name, now))
            receipt = await future
        finally:
            self.waiting -= 1
            self.relieved()
        self.rows += receipt.stored
        self.rejected += sum(item.count for item in receipt.rejected)
        return receipt

    async def reject(self, error: Refused, raw: bytes, where: str = "") -> None:
        """Record a frame that is not stored; returns when the record is durable."""
        reading = Reading(raw, where)
        reading.refuse(error)
        await self.store(reading)

    def heard(self, session: Session | None = None) -> None:
        """A frame came."""
        now = self.clock.now()
        self.frames += 1
        self.last_frame = now
        if session is not None:
            session.frames += 1
            session.heard = now

    def join(self, device: Device, talk: Talk, peer: str) -> Session:
        """A device said who it is; an older session of the same device is forgotten."""
        now = self.clock.now()
        session = Session(device, talk, peer, now, now)
        self.sessions[device.thing] = session
        return session

    def leave(self, session: Session) -> None:
        if self.sessions.get(session.device.thing) is session:
            del self.sessions[session.device.thing]

    def note_unmapped(self, code: str) -> None:
        if code in self.unmapped or len(self.unmapped) < MOST_UNMAPPED:
            self.unmapped[code] += 1
