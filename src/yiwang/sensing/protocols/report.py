"""JSON that a light device reports over HTTP or CoAP, read as its kind's mapping says.

The mapping is ``protocols: {http_json: …}`` of the kind, or, where there is none, its ``mqtt``
in JSON; both are read by the code that reads MQTT messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from yiwang.kernel.clock import Clock
from yiwang.sensing.errors import REASONS, Refused
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.inlet import Columns, Inlet, Reader, Store
from yiwang.sensing.mqtt.packets import Publish
from yiwang.sensing.protocols.errors import NotStored

MOST_BYTES = 64 * 1024
MOST_WAITING = 20_000
"""Reports not yet durable at which more are turned away."""


class Language(Reader, Protocol):
    """What reports mean: ``mqtt.topics.Router``, or one that turns its own form into JSON."""

    def report_topic(self, kind: str, code: str) -> str: ...


class _Waiting:
    """Implements ``inlet.Origin`` for one report."""

    def __init__(self) -> None:
        self.outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def settled(self, messages: Sequence[Publish], reasons: Sequence[str]) -> None:
        if not self.outcome.done():
            self.outcome.set_result(reasons[0])

    def failed(self, messages: Sequence[Publish]) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(NotStored(messages[0].topic))


class Reports:
    """One entrance for reports, under its own name in the ledger."""

    def __init__(self, source: str, store: Store, router: Language, clock: Clock) -> None:
        self._router = router
        self._clock = clock
        self._inlet = Inlet(source, store, router, clock)

    def start(self) -> None:
        self._inlet.start()

    async def close(self) -> None:
        await self._inlet.close()

    async def take(self, sender: Sender, kind: str, code: str, payload: bytes) -> None:
        """Store what a device reports; returns when that is durable. Raises a Refused when it
        was rejected, which is on record then, and NotStored when it must be sent again."""
        topic = self._router.report_topic(kind, code) or f"report/{kind}/{code}"
        if self._inlet.waiting >= MOST_WAITING:
            raise NotStored(topic)
        waiting = _Waiting()
        self._inlet.take(sender, waiting, [Publish(topic, payload)])
        reason = await waiting.outcome
        if reason:
            self._router.read(sender, topic, payload, self._clock.now(), Columns())
            raise REASONS.get(reason, Refused)(topic)
