"""CoAP without sockets: what a client sends goes through the codec and the conversation, and what
would be answered is looked at."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from yiwang.kernel.clock import ManualClock, parse
from yiwang.sensing.errors import Refused
from yiwang.sensing.mqtt import payload as said
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.protocols.coap.conversation import Conversation
from yiwang.sensing.protocols.coap.model import cbor
from yiwang.sensing.protocols.coap.model.block import MOST_BYTES, Room
from yiwang.sensing.protocols.coap.model.message import decode
from yiwang.sensing.protocols.report import Reports


class _Station:
    """Everybody is admitted."""

    clock = ManualClock(parse("2026-07-01T08:00:00+08:00"))
    rows = rejected = 0

    async def sender(self, device: str, secret: str) -> Sender:
        return Sender(device)

    async def reject(self, error: Refused, raw: bytes, where: str = "") -> None:
        decode(raw)


class _Reports:
    def __init__(self, read: Any) -> None:
        self._read = read

    async def take(self, sender: Sender, kind: str, code: str, payload: bytes) -> None:
        assert len(payload) <= MOST_BYTES
        self._read(payload)


class Datagrams:
    """Implements what ``World`` does, for CoAP."""

    peer = "192.0.2.1:4711"
    session = None

    def __init__(self) -> None:
        self.station = _Station()
        self._loop = asyncio.new_event_loop()
        plain, packed = _Reports(said.document), _Reports(cbor.decode)
        formats = {None: plain, 0: plain, 50: plain, 60: packed}
        self._room = Room()
        self._conversation = Conversation(
            cast(Any, self), cast(dict[Any, Reports], formats), self._room
        )

    def close(self) -> None:
        self._loop.close()

    def send(self, data: bytes) -> bool:
        decode(data)
        return True

    def take(self, data: bytes, cut: int) -> None:
        """The whole as one datagram, and then in datagrams of ``cut`` bytes."""
        parts = (
            [data]
            if cut == 0
            else [data, *(data[at : at + cut] for at in range(0, len(data), cut))]
        )
        for part in parts[:50]:
            try:
                self._loop.run_until_complete(self._conversation.handle(part))
            except Refused as refused:
                assert refused.what("zh-CN")
        assert 0 <= self._room.taken <= 4 * MOST_BYTES
