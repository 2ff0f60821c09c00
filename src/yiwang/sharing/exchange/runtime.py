"""The platform's own worker: takes up what comes due, and what was left behind."""

from __future__ import annotations

import logging
import secrets
import threading

from sqlalchemy import Connection

from yiwang.kernel.clock import SECOND
from yiwang.sharing.exchange import cron, store
from yiwang.sharing.exchange.running import Means, perform
from yiwang.sharing.exchange.service import LOST_S
from yiwang.sharing.exchange.store import Job, Run

_log = logging.getLogger(__name__)

AT_ONCE = 2
"""Runs at the same time; the others wait their turn."""


class Exchanges:
    """Runs jobs in threads of its own. ``look`` is called every second and never waits."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self._worker = f"platform:{secrets.token_hex(8)}"
        self._threads: dict[int, threading.Thread] = {}
        self._stop = threading.Event()

    def look(self) -> None:
        """Start what is due, as far as there is room."""
        if self._stop.is_set():
            return
        self._threads = {id: one for id, one in self._threads.items() if one.is_alive()}
        for job, run in self._found(AT_ONCE - len(self._threads)):
            args = (self.means, job, run)
            kwargs = {"stop": self._stop.is_set}
            name = f"exchange-{job.code}"
            thread = threading.Thread(target=perform, args=args, kwargs=kwargs, name=name)
            self._threads[run.id] = thread
            thread.start()

    def settle(self) -> None:
        """Do what is due now, and come back when it is done."""
        while found := self._found(1):
            for job, run in found:
                perform(self.means, job, run, stop=self._stop.is_set)

    def stop(self) -> None:
        """Leave runs behind the batch that they are in, for the next start."""
        self._stop.set()
        for thread in list(self._threads.values()):
            thread.join()

    def _found(self, room: int) -> list[tuple[Job, Run]]:
        """Runs that are ours from now on."""
        if room <= 0:
            return []
        now = self.means.clock.now()
        with self.means.database.read() as connection:
            waiting = self._waiting(connection, now)
            due = store.due(connection, now)
        if not waiting and not due:
            return []
        with self.means.database.write() as connection:
            for job in due:
                schedule = cron.parse(job.spec.schedule)
                store.set_next(connection, job.id, schedule.next(now, self.means.zone))
                if store.open_run(connection, job.id) is None:
                    run = store.begin(connection, job.id, "schedule", "", now)
                    store.note(connection, run, state="waiting", next_at=now)
            found: list[tuple[Job, Run]] = []
            for job, old in self._waiting(connection, now):
                if len(found) < room and store.claim(connection, old, self._worker, now):
                    taken = store.run(connection, old.id)
                    assert taken is not None
                    found.append((job, taken))
        return found

    def _waiting(self, connection: Connection, now: int) -> list[tuple[Job, Run]]:
        """Runs to go on with: not those that a node pushes, nor one that a thread of ours is still
        at, however long its last step takes."""
        runs = store.forsaken(connection, now, now - LOST_S * SECOND)
        pairs = [
            (store.job_of(connection, one.job), one) for one in runs if one.id not in self._threads
        ]
        return [(job, run) for job, run in pairs if not job.spec.from_.node]
