"""Changes made in a process of their own, whose interpreter has nothing else to do: the side that
asks. ``yiwang/writer.py`` is the other one.

There is still one writer at a time (decision 3): who waits for an answer has the turn of this
process's writers. Batches of calls go over a socket that nobody else has, pickled, and what each
gave or raised comes back.
"""

from __future__ import annotations

import logging
import pickle
import subprocess
import threading
from collections.abc import Callable, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from yiwang.kernel.clock import Clock
from yiwang.security import actions
from yiwang.security.actions import Call, Outcome
from yiwang.security.errors import Unanswered
from yiwang.store import sessions
from yiwang.store.database import Database

_log = logging.getLogger(__name__)

BUSY, BUSY_S = 60, 5.0
"""So many changes within so many seconds are worth a process."""
LONGEST_S = 90.0
"""What is not answered by then never will be: the database itself waits for 30 s at most."""
AGAIN_S = 10.0
"""How long after one has failed the next is started at the earliest."""

Start = Callable[[int], "subprocess.Popen[bytes]"]


class Apart:
    """Makes calls in a process of its own once there are many, and in this one before and
    whenever that is not there. ``start`` begins it with its end of the socket, over which it is
    sent ``greeting`` first."""

    def __init__(self, database: Database, clock: Clock, start: Start, greeting: Any) -> None:
        self._database = database
        self._clock = clock
        self._start = start
        self._greeting = greeting
        self._own = threading.RLock()
        self._line: Connection | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._starting: threading.Thread | None = None
        self._not_before = 0.0
        self._since, self._count = 0.0, 0
        self._stopped = False

    def together(self, calls: Sequence[Call]) -> list[Outcome]:
        """As ``actions.together``. Where the process ends before it answers, every call has
        raised Unanswered: it may have been made or not, as when any connection breaks."""
        with self._own:
            if self._line is not None:
                with self._database.turn():
                    return self._asked(self._line, calls)
            self._consider(len(calls))
        return actions.together(calls)

    def _asked(self, line: Connection, calls: Sequence[Call]) -> list[Outcome]:
        asked = [
            (one.function, one.caller.identity, one.caller.origin, one.args, one.then)
            for one in calls
        ]
        sent = pickle.dumps(asked, pickle.HIGHEST_PROTOCOL)
        try:
            line.send_bytes(sent)
            outcomes: list[Outcome] = pickle.loads(_heard(line))
        except (OSError, EOFError) as error:
            _log.error("the process that makes changes does not answer: %r", error)
            self._end()
            sessions.wait_until_gone(self._database)
            return [(None, Unanswered()) for _ in calls]
        return outcomes

    def _consider(self, count: int) -> None:
        """Begin where there is much to do."""
        now = self._clock.monotonic()
        if now - self._since > BUSY_S:
            self._since, self._count = now, 0
        self._count += count
        busy = self._count >= BUSY and now >= self._not_before
        if busy and self._starting is None and not self._stopped:
            self._starting = threading.Thread(target=self.begin, name="apart", daemon=True)
            self._starting.start()

    def begin(self) -> None:
        """Start the process, and wait until it can work or has failed."""
        line, its = Pipe()
        works = False
        try:
            with self._own:
                if self._stopped:
                    return
                self.process = self._start(its.fileno())
            its.close()
            line.send(self._greeting)
            _heard(line)
            works = True
        except (OSError, EOFError):
            if not self._stopped:
                _log.exception("the process that makes changes did not start; it is tried again")
        finally:
            its.close()
            with self._own:
                if works and not self._stopped:
                    self._line = line
                else:
                    line.close()
                    self._end()
                self._starting = None

    def _end(self) -> None:
        """Whatever it is doing: a transaction that is not committed leaves nothing."""
        if self._line is not None:
            self._line.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self._line = self.process = None
        self._not_before = self._clock.monotonic() + AGAIN_S

    def settle(self) -> None:
        """Wait until what is being started works or has failed."""
        starting = self._starting
        if starting is not None:
            starting.join()

    def stop(self) -> None:
        """Let it finish what it does, and end it."""
        with self._own:
            self._stopped = True
            self._end()
        self.settle()


def _heard(line: Connection) -> bytes:
    """Raises EOFError, TimeoutError and other OSErrors."""
    if not line.poll(LONGEST_S):
        raise TimeoutError(f"no answer within {LONGEST_S:.0f} s")
    return line.recv_bytes()
