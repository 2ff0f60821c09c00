"""The process that makes changes for a busy platform (``security/apart.py``): what has come, some
in one transaction each, until its platform is gone."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from yiwang.cases import ports
from yiwang.cases.learning.proposals import Proposer
from yiwang.kernel.clock import Clock, SystemClock
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.settings import Settings
from yiwang.registry import cache
from yiwang.security.actions import MOST_TOGETHER, Call, Caller, Outcome, together
from yiwang.security.line import Unpacking, packed
from yiwang.security.telling import Lasting
from yiwang.store import sessions
from yiwang.store.database import Database

LOOK_S = 1.0
_MOST_BYTES = 1 << 20
_MOST_SQLITE = 8
"""Calls in one transaction where the disk is waited for beside the next: a small part of what
waits is told soon, so that those who were told ask again while the rest is made."""
COLLECT_AFTER = (20_000, 20, 50)


def main() -> None:
    """A signal to the whole group ends the platform, which then ends this."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    logging.basicConfig()
    with socket.socket(fileno=int(sys.argv[1])) as line:
        settings: Settings = _greeting(line)
        database = Database(settings.database_url)
        sessions.announce(database)
        try:
            serve(line, Writer(line, database, SystemClock(), ports.of_home(settings)))
        finally:
            database.close()


class Writer:
    """Makes calls as ``Apart`` sends them, with a database and ports of this process."""

    def __init__(
        self, line: socket.socket, database: Database, clock: Clock, ports: dict[type, Any]
    ) -> None:
        self._line = line
        self._database = database
        self._clock = clock
        self._ports = ports
        self._lasting = Lasting[None](self._tell)
        self._looks = 0.0
        self.most = _MOST_SQLITE if database.is_sqlite else MOST_TOGETHER

    def make(self, asked: Sequence[Any]) -> None:
        self._look()
        calls = [
            Call(function, Caller(who, self._database, self._clock, self._ports, origin), *rest)
            for function, who, origin, *rest in asked
        ]
        self._lasting.put(self._database, [(None, _told(one)) for one in together(calls)])

    def _tell(self, made: list[tuple[None, Outcome]]) -> None:
        self._line.sendall(packed([outcome for _, outcome in made]))

    def finish(self) -> None:
        self._lasting.finish()

    def _look(self) -> None:
        """Take up what was learnt meanwhile."""
        now = self._clock.monotonic()
        if now >= self._looks:
            self._looks = now + LOOK_S
            self._ports[Proposer].look()

    def prepare(self) -> None:
        """Have in memory what else the first batch would make, with everybody waiting for it: the
        areas, people, duties and responsibilities of the city, and what was learnt."""
        with self._database.read() as connection:
            cache.area_index(connection)
            cache.roster(connection)
            cache.matrix(connection)
            cache.by_number(connection, "organisations")
        self._ports[Proposer].load()


def serve(line: socket.socket, writer: Writer) -> None:
    writer.prepare()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    unpacking = Unpacking()
    try:
        line.sendall(packed("ready"))
        while data := line.recv(_MOST_BYTES):
            asked = [one for part in unpacking.add(data) for one in part]
            for begin in range(0, len(asked), writer.most):
                writer.make(asked[begin : begin + writer.most])
        writer.finish()
    except ConnectionError:
        return


def _greeting(line: socket.socket) -> Any:
    unpacking = Unpacking()
    while True:
        data = line.recv(_MOST_BYTES)
        if not data:
            sys.exit()
        for found in unpacking.add(data):
            return found


def _told(outcome: Outcome) -> Outcome:
    """An error that is nobody's to see goes into the platform's log, with where it came from."""
    value, error = outcome
    if error is None or isinstance(error, YiwangError):
        return outcome
    return value, RuntimeError("".join(traceback.format_exception(error)))


if __name__ == "__main__":
    main()
