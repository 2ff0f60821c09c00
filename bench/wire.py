"""A plain HTTP/1.1 client over kept-alive sockets, light enough to leave the processors to the
servers that are measured."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

LONGEST_S = 120.0


class Wire:
    """One connection."""

    def __init__(self, root: str) -> None:
        where = urlsplit(root)
        assert where.hostname is not None and where.port is not None
        self._socket = socket.create_connection((where.hostname, where.port), LONGEST_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left = b""

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to one request."""
        self._socket.sendall(request)
        head = self._until(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            return status, self._chunks()
        at = lower.find(b"content-length:")
        if at < 0:
            return status, b""
        return status, self._exactly(int(lower[at + 15 : lower.index(b"\r\n", at)]))

    def _until(self, mark: bytes) -> bytes:
        while (at := self._left.find(mark)) < 0:
            self._more()
        found, self._left = self._left[: at + len(mark)], self._left[at + len(mark) :]
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._left) < size:
            self._more()
        found, self._left = self._left[:size], self._left[size:]
        return found

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._until(b"\r\n"), 16):
            parts.append(self._exactly(size + 2)[:-2])
        self._until(b"\r\n")
        return b"".join(parts)

    def _more(self) -> None:
        received = self._socket.recv(1 << 18)
        if not received:
            raise ConnectionError("the server closed the connection")
        self._left += received

    def close(self) -> None:
        self._socket.close()


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


def round_of(
    root: str, requests: Callable[[int], Iterator[bytes]], wires: int, seconds: float
) -> Timings:
    """``wires`` connections ask one request after the other for some seconds; ``requests`` gives
    each connection its own."""
    timings = Timings(seconds)
    lock = threading.Lock()
    began = time.perf_counter()

    def work(index: int) -> None:
        wire = Wire(root)
        taken, failures = [], []
        for one in requests(index):
            before = time.perf_counter()
            if before - began > seconds:
                break
            status, body = wire.ask(one)
            taken.append(time.perf_counter() - before)
            if status >= 400:
                failures.append(f"{status} {body[:200]!r} for {one[:200]!r}")
        wire.close()
        with lock:
            timings.taken_s += taken
            timings.failures += failures

    threads = [threading.Thread(target=work, args=(index,)) for index in range(wires)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timings.seconds = time.perf_counter() - began
    return timings
