"""A lock that its threads have in the order in which they asked for it."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class Turns:
    """Like ``threading.RLock``, but fair: who lets it go and wants it again stands behind those
    that wait, so that work in the background keeps nobody waiting for more than its turn."""

    def __init__(self) -> None:
        self._own = threading.Lock()
        self._holder = 0
        self._depth = 0
        self._line: deque[tuple[int, threading.Lock]] = deque()

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._own:
            if self._holder in (0, me):
                self._holder = me
                self._depth += 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._line.append((me, turn))
        turn.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._own:
            self._depth -= 1
            if self._depth:
                return
            self._holder = 0
            if self._line:
                self._holder, turn = self._line.popleft()
                self._depth = 1
                turn.release()
