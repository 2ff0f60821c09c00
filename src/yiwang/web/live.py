"""Live updates by server-sent events, to many browsers, none of which can hold the others up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from yiwang.security.actions import Context

_BACKLOG = 2000
"""Events kept for browsers that reconnect with Last-Event-ID."""
_QUEUE = 1000
"""Events a slow browser may lag behind before it is told to reload."""
HEARTBEAT_S = 15.0


Narrow = Callable[[str, bytes], bytes | None]
"""What of an event (its kind and JSON) one subscriber gets; None: nothing."""


class Hub:
    """Publishes from any thread; every subscriber gets every event after it came.

    A subscriber that lags too far, or whose Last-Event-ID is gone, gets ``reset``: it should
    fetch its lists again.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._recent: deque[_Event] = deque(maxlen=_BACKLOG)
        self._subscribers: set[asyncio.Queue[_Event | None]] = set()
        self._last = 0
        self.narrowing: Callable[[Context], Narrow | None] = lambda ctx: None
        """Says what the caller of a context gets; None: everything."""

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop of the server; before that, publishing goes nowhere."""
        self._loop = loop

    @property
    def listeners(self) -> int:
        return len(self._subscribers)

    def publish(self, kind: str, data: Any) -> None:
        """Send one event. Callable from any thread."""
        if self._loop is None or self._loop.is_closed():
            return
        text = msgspec.json.encode(data)
        self._loop.call_soon_threadsafe(self._deliver, kind, text)

    def _deliver(self, kind: str, text: bytes) -> None:
        self._last += 1
        event = _Event(self._last, kind, text)
        self._recent.append(event)
        for queue in list(self._subscribers):
            if queue.qsize() >= _QUEUE:
                self._drop(queue)
            else:
                queue.put_nowait(event)

    def _drop(self, queue: asyncio.Queue[_Event | None]) -> None:
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(_reset(self._last))

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for queue in self._subscribers:
            queue.put_nowait(None)

    async def stream(
        self, last_id: int | None = None, narrow: Narrow | None = None
    ) -> AsyncIterator[bytes]:
        """The frames for one subscriber, with a comment line now and then to keep it open."""
        queue: asyncio.Queue[_Event | None] = asyncio.Queue()
        self._subscribers.add(queue)
        try:
            yield b": yiwang live\nretry: 1000\n\n"
            for event in self._missed(last_id):
                yield event.frame(narrow)
            while True:
                try:
                    item = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
                except TimeoutError:
                    yield b": beat\n\n"
                    continue
                if item is None:
                    return
                yield item.frame(narrow)
        finally:
            self._subscribers.discard(queue)

    def _missed(self, last_id: int | None) -> list[_Event]:
        if last_id is None or last_id == self._last:
            return []
        known = bool(self._recent) and self._recent[0].number <= last_id + 1 <= self._last + 1
        if not known:
            return [_reset(self._last)]
        return [event for event in self._recent if event.number > last_id]


@dataclass(frozen=True)
class _Event:
    number: int
    kind: str
    text: bytes

    def frame(self, narrow: Narrow | None) -> bytes:
        """As it is sent; of what a subscriber does not get only the number."""
        text: bytes | None = self.text
        if narrow is not None and self.kind != "reset":
            text = narrow(self.kind, self.text)
        if text is None:
            return b"id: %d\n\n" % self.number
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self.number, self.kind.encode(), text)


def _reset(last: int) -> _Event:
    return _Event(last, "reset", b"{}")
