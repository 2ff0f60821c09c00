"""The process that makes changes for a busy platform (``security/apart.py``): what has come, some
in one transaction each, until its platform is gone."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from yiwang.beside import begun, ready, told
from yiwang.cases.learning.proposals import Proposer
from yiwang.kernel.clock import Clock, SystemClock
from yiwang.registry import cache
from yiwang.security.actions import MOST_TOGETHER, Call, Caller, Outcome, together
from yiwang.security.line import Line
from yiwang.security.telling import Lasting
from yiwang.store.database import Database

LOOK_S = 1.0
_MOST_SQLITE = 8
"""Calls in one transaction where the disk is waited for beside the next: a small part of what
waits is told soon, so that those who were told ask again while the rest is made."""


def main() -> None:
    with begun("writer") as (line, database, ports, _):
        serve(line, Writer(line, database, SystemClock(), ports))


class Writer:
    """Makes calls as ``Apart`` sends them, with a database and ports of this process."""

    def __init__(
        self, line: Line, database: Database, clock: Clock, ports: dict[type, Any]
    ) -> None:
        self._line = line
        self._sends = Lock()
        self._database = database
        self._clock = clock
        self._ports = ports
        self._lasting = Lasting[None](self._tell)
        self._looks = 0.0
        self._made = 0
        self._most = _MOST_SQLITE if database.is_sqlite else MOST_TOGETHER

    def make(self, asked: Sequence[Any]) -> None:
        for begin in range(0, len(asked), self._most):
            self._make(asked[begin : begin + self._most])
        self._made += len(asked)
        self._send(self._made)

    def _make(self, asked: Sequence[Any]) -> None:
        self._look()
        calls = [
            Call(function, Caller(who, self._database, self._clock, self._ports, origin), *rest)
            for function, who, origin, *rest in asked
        ]
        self._lasting.put(self._database, [(None, told(one)) for one in together(calls)])

    def _tell(self, made: list[tuple[None, Outcome]]) -> None:
        self._send([outcome for _, outcome in made])

    def _send(self, what: Any) -> None:
        with self._sends:
            self._line.send(what)

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


def serve(line: Line, writer: Writer) -> None:
    writer.prepare()
    try:
        ready(line)
        while True:
            writer.make([one for part in line.received() for one in part])
    except EOFError:
        writer.finish()
    except ConnectionError:
        return


if __name__ == "__main__":
    main()
