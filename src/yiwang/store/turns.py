"""A lock that its threads have in the order in which they asked for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType


class Turns:
    """Like ``threading.RLock``, but fair: who lets it go and wants it again stands behind those
    that wait, so that work in the background keeps nobody waiting for more than its turn."""

    def __init__(self) -> None:
        self._own = threading.Lock()
        self._holder: object = None
        self._depth = 0
        self._line: deque[tuple[object, Callable[[], object]]] = deque()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits."""
        return bool(self._line)

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._own:
            if self._holder is None or self._holder == me:
                self._holder = me
                self._depth += 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._line.append((me, turn.release))
        turn.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._own:
            self._depth -= 1
            if not self._depth:
                self._give_on()

    def ask(self, who: object, come: Callable[[], object]) -> None:
        """For somebody without a thread to wait in: ``come`` is called when the turn is theirs,
        at once or by the thread that gives it on, and must return at once."""
        with self._own:
            if self._holder is None:
                self._holder, self._depth = who, 1
            else:
                self._line.append((who, come))
                return
        come()

    def leave(self, who: object) -> None:
        """What follows ``ask``, in whatever thread. Raises RuntimeError if it is not their turn."""
        with self._own:
            if self._holder is not who:
                raise RuntimeError("a turn is left by who has it")
            self._give_on()

    def _give_on(self) -> None:
        self._holder, self._depth = None, 0
        if self._line:
            self._holder, come = self._line.popleft()
            self._depth = 1
            come()
