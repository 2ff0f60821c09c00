"""``yiwang pack``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yiwang import app, wiring
from yiwang.commands.options import opened
from yiwang.kernel.clock import SystemClock
from yiwang.packs.cli import Tools, commands
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.stage import PlatformStage


@contextmanager
def _database(home: Path) -> Iterator[Caller]:
    settings, _ = opened(home)
    with app.database_only(settings) as database:
        yield app.caller(system("cli"), database, SystemClock(), origin="cli")


pack = commands(Tools(_database, wiring.pack_domains, PlatformStage, SystemClock()))
