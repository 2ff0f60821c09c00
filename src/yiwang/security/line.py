"""What goes between the platform and a process beside it: pickled objects over a socket that only
the two have, each behind its length."""

from __future__ import annotations

import pickle
import socket
from collections import deque
from typing import Any

_MOST_BYTES = 1 << 20
_LENGTH = 4


def packed(what: Any) -> bytes:
    content = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    return len(content).to_bytes(_LENGTH, "big") + content


class Unpacking:
    """Takes bytes as they come."""

    def __init__(self) -> None:
        self._rest = b""

    def add(self, data: bytes) -> list[Any]:
        """The objects that are whole now."""
        data = self._rest + data
        found, place = [], 0
        while len(data) >= (begin := place + _LENGTH):
            end = begin + int.from_bytes(data[place:begin], "big")
            if len(data) < end:
                break
            found.append(pickle.loads(memoryview(data)[begin:end]))
            place = end
        self._rest = data[place:]
        return found


class Line:
    """One end, for a thread that waits for what comes."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self._unpacking = Unpacking()
        self._found: deque[Any] = deque()

    def send(self, what: Any) -> None:
        """Raises OSError where nobody has the other end."""
        self.end.sendall(packed(what))

    def receive(self) -> Any:
        """The next object. Raises EOFError where nobody has the other end any longer, and
        TimeoutError when that of the socket is over."""
        self._wait()
        return self._found.popleft()

    def received(self) -> list[Any]:
        """All objects that are there, at least one; raises as ``receive`` does."""
        self._wait()
        found = list(self._found)
        self._found.clear()
        return found

    def _wait(self) -> None:
        while not self._found:
            data = self.end.recv(_MOST_BYTES)
            if not data:
                raise EOFError
            self._found += self._unpacking.add(data)
