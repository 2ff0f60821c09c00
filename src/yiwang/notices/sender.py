"""The sender: carries what waits to where it goes, and writes down what came of it.

An attempt is written down before it is made and its answer after it; a crash between the two
leaves an attempt that is lost, and the message is tried again under the same id. Nothing that was
committed is ever forgotten, and at most the last attempt of each message is repeated.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from yiwang.kernel.clock import Clock
from yiwang.notices import queue
from yiwang.notices.channels.port import AGAIN, Answer, Channel
from yiwang.notices.policy import Policy
from yiwang.notices.queue import Taken
from yiwang.store.database import Database

_log = logging.getLogger(__name__)

PAUSE_S = 1.0
AT_ONCE = 8
"""Endpoints spoken to at the same time; each gets its messages one after another."""


class Sender:
    """``draw`` gives the random share (0 to 1) of a wait."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        policy: Policy,
        channels: Mapping[str, Channel],
        draw: Callable[[], float],
    ) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._channels = channels
        self._draw = draw
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Take up what a crash left, and begin."""
        with self._database.write() as connection:
            queue.recover(connection, self._clock.now())
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notice")
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something is to be sent: look now."""
        self._wake.set()

    def stop(self) -> None:
        """Ends after the attempts that are being made."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def drain(self) -> int:
        """Send everything that is due, one after another; returns how many attempts were made."""
        made = 0
        while groups := self._take():
            for group, taken in groups.items():
                made += self._carry(group, taken)
        return made

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                groups = self._take()
                for group, taken in groups.items():
                    assert self._pool is not None
                    self._pool.submit(self._carry, group, taken)
                self._wake.wait(0 if groups else PAUSE_S)
            except Exception:
                _log.exception("sending failed; it is tried again")
                self._stop.wait(PAUSE_S)
            self._wake.clear()

    def _take(self) -> dict[str, list[Taken]]:
        """What is to be sent now, by endpoint; these are busy until they were carried."""
        now = self._clock.now()
        with self._database.read() as connection:
            if not queue.waits(connection, now):
                return {}
        with self._lock:
            busy = set(self._busy)
        with self._database.write() as connection:
            groups = queue.take(connection, now, self._policy, busy)
        with self._lock:
            self._busy |= set(groups)
        return groups

    def _carry(self, group: str, taken: Sequence[Taken]) -> int:
        """Send one endpoint's messages until one is not taken; the rest go back."""
        made = 0
        try:
            for place, one in enumerate(taken):
                if self._stop.is_set():
                    self._give_back(taken[place:])
                    break
                answer = self._send(one)
                made += 1
                down = (answer.outcome == AGAIN and answer.down) or answer.gone
                if down:
                    self._give_back(taken[place + 1 :])
                now = self._clock.now()
                with self._database.write() as connection:
                    queue.ended(connection, one, answer, now, self._draw())
                if down:
                    break
        except Exception:
            _log.exception("sending to %s failed; it is tried again", group)
        finally:
            with self._lock:
                self._busy.discard(group)
            self._wake.set()
        return made

    def _send(self, one: Taken) -> Answer:
        channel = self._channels[one.channel]
        try:
            return channel.send(one.outgoing(self._clock.now(), self._policy))
        except Exception as error:
            _log.exception("the channel %s failed", one.channel)
            return Answer(AGAIN, type(error).__name__)

    def _give_back(self, rest: Sequence[Taken]) -> None:
        """Not attempted: an endpoint that just failed is not asked again at once."""
        with self._database.write() as connection:
            queue.give_back(connection, rest)
