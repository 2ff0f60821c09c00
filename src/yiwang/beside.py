"""What the processes beside the platform have in common (``writer.py``, ``feeder.py``)."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yiwang.cases import ports
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.settings import Settings
from yiwang.notices import policy
from yiwang.notices.policy import Policy
from yiwang.security.actions import Outcome
from yiwang.security.line import Line
from yiwang.store import sessions
from yiwang.store.database import Database

COLLECT_AFTER = (20_000, 20, 50)
"""Objects made between two collections, and how many of these before older ones are looked
through (Python by itself: 700, 10, 10)."""


@contextmanager
def begun(process: str) -> Iterator[tuple[Line, Database, dict[type, Any], Any]]:
    """The line to the platform, whose number is this process's argument, its database, the ports
    of its home, and what else it greets with. A signal to the whole group ends the platform,
    which then ends this."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    logging.basicConfig()
    with socket.socket(fileno=int(sys.argv[1])) as end:
        line = Line(end)
        settings: Settings
        try:
            settings, greeting = line.receive()
        except EOFError:
            sys.exit()
        database = Database(settings.database_url)
        sessions.announce(database, process)
        try:
            found = ports.of_home(settings) | {Policy: policy.read(settings)}
            yield line, database, found, greeting
        finally:
            database.close()


def ready(line: Line) -> None:
    collect_less()
    line.send("ready")


def collect_less() -> None:
    """What was made at the start stays: collections need not look through it again, nor look
    often through what is kept of a large city."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def told(outcome: Outcome) -> Outcome:
    """An error that is nobody's to see goes into the platform's log, with where it came from."""
    value, error = outcome
    if error is None or isinstance(error, YiwangError):
        return outcome
    return value, RuntimeError("".join(traceback.format_exception(error)))
