"""The process that feeds consumers of events for a busy platform (``security/feeding.py``): it
prepares what is asked for, and writes when it is told that the turn is its own, until its platform
is gone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from yiwang.beside import begun, ready, told
from yiwang.kernel.clock import SystemClock
from yiwang.security.actions import Caller, Outcome
from yiwang.security.line import Line
from yiwang.security.relay import Feed, Relay


def main() -> None:
    with begun("feeder") as (line, database, ports, (identity, consumers)):
        caller = Caller(identity, database, SystemClock(), ports, "platform")
        serve(line, Relay(caller, consumers))


def serve(line: Line, relay: Relay) -> None:
    relay.begin()
    ready(line)
    try:
        while True:
            asked: Feed = line.receive()
            feed, error = _tried(partial(relay.prepared, asked))
            line.send(told((None, error)))
            if error is None and line.receive() is None:
                line.send(told(_tried(feed)))
    except (ConnectionError, EOFError):
        return


def _tried(work: Callable[[], Any]) -> Outcome:
    try:
        return work(), None
    except Exception as error:
        return None, error


if __name__ == "__main__":
    main()
