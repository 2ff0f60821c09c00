"""Consumers fed in a process of their own, so that what is told behind the steps of cases keeps
nobody waiting who asks for a page or a change: the side that asks, which is the relay's thread.
``yiwang/feeder.py`` is the other one.
"""

from __future__ import annotations

import logging
import math
import select
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from yiwang.kernel.clock import Clock
from yiwang.security.apart import AGAIN_S, LONGEST_S
from yiwang.security.errors import Unanswered
from yiwang.security.line import Line
from yiwang.security.relay import Fed, Feed, Feeds
from yiwang.store import sessions
from yiwang.store.database import Database

_log = logging.getLogger(__name__)


class Feeder:
    """``start`` begins the process with its end of a socket, over which it is sent ``greeting``
    first. There is one writer at a time (decision 3): the process writes while this one has the
    turn for it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        start: Callable[[int], subprocess.Popen[bytes]],
        greeting: Any,
    ) -> None:
        self._database = database
        self._clock = clock
        self._start = start
        self._greeting = greeting
        self.process: subprocess.Popen[bytes] | None = None
        self._line: Line | None = None
        self._ready = False
        self._since, self._not_before = 0.0, -math.inf

    def feeds(self) -> Feeds | None:
        """What feeds consumers there; None until the process, which is begun then, works."""
        try:
            if self._line is None and self._clock.monotonic() >= self._not_before:
                self._begin()
            return self._feed if self._works() else None
        except (OSError, EOFError):
            _log.exception("the process that feeds consumers did not start; it is tried again")
            self.stop()
            return None

    def _begin(self) -> None:
        own, its = socket.socketpair()
        with its:
            self.process = self._start(its.fileno())
        own.settimeout(LONGEST_S)
        self._line = Line(own)
        self._since = self._clock.monotonic()
        self._line.send(self._greeting)

    def _works(self) -> bool:
        """Whether it has said that it is ready."""
        if self._line is None or self._ready:
            return self._ready
        if select.select([self._line.end], [], [], 0)[0]:
            self._ready = bool(self._line.receive())
        elif self._clock.monotonic() - self._since > LONGEST_S:
            raise TimeoutError
        return self._ready

    def _feed(self, asked: Feed) -> Fed:
        """Raises what a consumer raises, and Unanswered where the process is gone: what it was
        feeding is done or not, and its places say which."""
        self._asked(asked)
        with self._database.turns:
            found: Fed = self._asked(None)
        return found

    def _asked(self, what: Feed | None) -> Any:
        assert self._line is not None
        try:
            self._line.send(what)
            value, error = self._line.receive()
        except (OSError, EOFError) as why:
            _log.error("the process that feeds consumers does not answer: %r", why)
            self.stop()
            raise Unanswered from None
        if error is not None:
            raise error
        return value

    def stop(self) -> None:
        """Whatever it is doing: a transaction that is not committed leaves nothing."""
        if self._line is not None:
            self._line.end.close()
        if self.process is not None:
            self.process.kill()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(LONGEST_S)
            sessions.wait_until_gone(self._database, "feeder")
        self.process, self._line, self._ready = None, None, False
        self._not_before = self._clock.monotonic() + AGAIN_S
