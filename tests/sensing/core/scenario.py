"""One home's day in small: accepting, folding the ledger, rewriting, merging, dropping files.

Run as a program it forks once for every point at which it should be killed, so that each
child starts with everything imported and nothing used:

    python -m tests.sensing.core.scenario FOLDER N [N …]

Child ``N`` works in a copy of FOLDER/template named FOLDER/N and kills itself at the N-th
call or return inside the package; 0 means that it lives, and prints how many there were.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from tests.sensing.core.conftest import Row, incoming
from yiwang.contracts.observations import Rejected
from yiwang.kernel.clock import MINUTE, ManualClock, parse
from yiwang.sensing.intake import Intake
from yiwang.sensing.ledger import Ledger
from yiwang.sensing.model import Columns, Edits
from yiwang.sensing.observations import Observations
from yiwang.store.database import Database

START = parse("2026-07-01T00:00:00Z")
ROUNDS = 11
SOURCE = "replay:day"


def children(module: str, folder: Path, *points: int) -> str:
    """Run a scenario's module as a program; returns what it prints."""
    command = [sys.executable, "-m", module, str(folder), *map(str, points)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(number: int) -> list[Row]:
    """The rows of one round: good ones, late ones, a repetition and an impossible one."""
    at = START + number * MINUTE
    good = [(stream, at + stream, float(number)) for stream in range(1, 9)]
    late = (1, at - 3 * MINUTE + 7, 50.0 + number)
    repeated = (2, at - MINUTE + 2, float(number - 1))
    return [*good, late, repeated, (3, at, 999.0)]


def edits(number: int) -> Edits:
    """Of the rows of the round before, one is corrected and one deleted."""
    first = (number - 1) * 9 + 1
    at = START + (number - 1) * MINUTE
    version = Columns(np.array([1]), np.array([at + 1]), np.array([77.0]), None, None)
    return Edits({first: version}, {first + 2: 3})


class Home:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(START)
        self.database = Database(f"sqlite:///{folder / 'yiwang.db'}")
        self.observations = Observations(
            folder / "observations", self.clock, hot_rows=1, file_bytes=1500
        )
        self.intake = Intake(self.observations, self.database, self.clock)
        self.ledger = Ledger(self.observations, self.database, ZoneInfo("Asia/Shanghai"))

    def run(self) -> None:
        """Do what is left of the day, from the source's cursor on."""
        for number in range(self.intake.cursor(SOURCE) or 0, ROUNDS):
            self.clock.set(START + number * MINUTE)
            if number:
                self.intake.edit(edits(number), "http")
            lost = [Rejected("sensing.undecodable", b"\xff%d" % number, "topic")]
            self.intake.accept(
                incoming(rows(number), SOURCE, self.clock.now(), cursor=number + 1, rejected=lost)
            )
            self.tend()
        self.tend()

    def tend(self) -> None:
        while self.ledger.fold():
            pass
        self.observations.compact_if_needed(self.ledger.position)
        self.observations.merge()

    def close(self) -> None:
        self.observations.close()
        self.database.close()


class _Killer:
    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0

    def __call__(self, frame: Any, event: str, _: Any) -> None:
        if "yiwang/sensing" in frame.f_code.co_filename:
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


def _child(make: Callable[[Path], Home], folder: Path, at: int) -> None:
    shutil.copytree(folder / "template", folder / str(at))
    killer = _Killer(at)
    sys.setprofile(killer)
    home = make(folder / str(at))
    home.run()
    sys.setprofile(None)
    home.close()
    print(killer.count, flush=True)
    os._exit(0)


def main(make: Callable[[Path], Home]) -> None:
    folder = Path(sys.argv[1])
    for at in map(int, sys.argv[2:]):
        child = os.fork()
        if child == 0:
            _child(make, folder, at)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if (at and not killed) or (not at and status != 0):
            sys.exit(f"child {at} ended with {status}")


if __name__ == "__main__":
    main(Home)
