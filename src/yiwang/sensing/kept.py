"""What was read last, kept in memory up to a number of bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


T = TypeVar("T", bound=Sized)


class Kept(Generic[T]):
    """Thread-safe. What was asked for longest ago is let go first; the newest always stays."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held: dict[Hashable, T] = {}
        self._lock = threading.Lock()
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """What is kept under the key, else what ``read`` gives; it is read outside the lock."""
        with self._lock:
            found = self._held.pop(key, None)
            if found is not None:
                self._held[key] = found
                return found
        made = read()
        with self._lock:
            before = self._held.pop(key, None)
            self._held[key] = made
            self.nbytes += made.nbytes - (0 if before is None else before.nbytes)
            while self.nbytes > self._most and len(self._held) > 1:
                self.nbytes -= self._held.pop(next(iter(self._held))).nbytes
        return made
