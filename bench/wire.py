"""A plain HTTP/1.1 client over kept-alive sockets, light enough to leave the processors to the
servers that are measured: one thread for all connections, and the requests made beforehand."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from urllib.parse import urlsplit

import numpy as np

LONGEST_S = 120.0
_PIECE = 1 << 16
"""Bytes taken at once: memory for more is asked of the system anew each time, for 20 µs."""
_BEFOREHAND_PER_S = 6000
"""Requests made before the clock runs, of all connections together."""
_LARGE = 10_000
"""Bytes of a request from which fewer are made beforehand."""


class Wire:
    """One connection: one request after the other."""

    def __init__(self, root: str) -> None:
        where = urlsplit(root)
        assert where.hostname is not None and where.port is not None
        self.socket = socket.create_connection((where.hostname, where.port), LONGEST_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._parts: list[bytes] = []
        self._size = 0
        self._needed = 0
        self._chunked = False

    def send(self, request: bytes) -> None:
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The whole answer, once it is there. Raises ConnectionError."""
        received = self.socket.recv(_PIECE)
        if not received:
            raise ConnectionError("the server closed the connection")
        self._parts.append(received)
        self._size += len(received)
        if not self._needed and not self._chunked:
            self._begin()
        whole = self._is_whole(received)
        if not whole:
            return None
        answer = b"".join(self._parts)
        self._parts, self._size, self._needed, self._chunked = [], 0, 0, False
        return answer

    def _is_whole(self, received: bytes) -> bool:
        if self._chunked:
            return received.endswith(b"0\r\n\r\n")
        return 0 < self._needed <= self._size

    def _begin(self) -> None:
        """Learn from the head how long the answer is."""
        so_far = b"".join(self._parts)
        end = so_far.find(b"\r\n\r\n")
        if end < 0:
            return
        head = so_far[:end].lower() + b"\r\n"
        self._chunked = b"\r\ntransfer-encoding: chunked" in head
        at = head.find(b"\r\ncontent-length:")
        length = int(head[at + 17 : head.index(b"\r\n", at + 2)]) if at >= 0 else 0
        self._needed = end + 4 + length

    def close(self) -> None:
        self.socket.close()


def request(root: str, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    where = urlsplit(root)
    lines = [f"{method} {where.path}/{path} HTTP/1.1", f"Host: {where.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Timings:
    """Of one round: answers a second and the time each took."""

    seconds: float
    taken_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.taken_s) / self.seconds

    def ms(self, percent: float) -> float:
        return float(np.percentile(self.taken_s, percent) * 1000) if self.taken_s else float("nan")


@dataclass
class _Asking:
    """A connection, what it asks, and since when it waits for the answer."""

    wire: Wire
    requests: Iterator[bytes]
    asked: bytes = b""
    since: float = 0.0

    def next(self) -> None:
        self.asked = next(self.requests)
        self.since = time.perf_counter()
        self.wire.send(self.asked)


def round_of(
    root: str, requests: Callable[[int], Iterator[bytes]], wires: int, seconds: float
) -> Timings:
    """``wires`` connections ask one request after the other for some seconds; ``requests`` gives
    each connection its own."""
    timings = Timings(seconds)
    asking = [_Asking(Wire(root), _beforehand(requests(i), wires, seconds)) for i in range(wires)]
    with selectors.DefaultSelector() as selector:
        for one in asking:
            selector.register(one.wire.socket, selectors.EVENT_READ, one)
        began = time.perf_counter()
        for one in asking:
            one.next()
        left = len(asking)
        while left:
            ready = selector.select(LONGEST_S)
            if not ready:
                raise TimeoutError(f"no answer for {LONGEST_S:.0f} s")
            for key, _ in ready:
                one = key.data
                answer = one.wire.receive()
                if answer is None:
                    continue
                now = time.perf_counter()
                timings.taken_s.append(now - one.since)
                if answer[9:10] >= b"4":
                    timings.failures.append(f"{answer[:300]!r} for {one.asked[:200]!r}")
                if now - began < seconds:
                    one.next()
                else:
                    left -= 1
    timings.seconds = time.perf_counter() - began
    for one in asking:
        one.wire.close()
    return timings


def _beforehand(requests: Iterator[bytes], wires: int, seconds: float) -> Iterator[bytes]:
    first = next(requests)
    count = int(_BEFOREHAND_PER_S * seconds / wires)
    if len(first) > _LARGE:
        count //= 100
    return chain([first, *islice(requests, count)], requests)
