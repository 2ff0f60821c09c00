"""``yiwang explain``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from yiwang.cases import cli as cases_cli
from yiwang.commands.options import opened
from yiwang.kernel.clock import SystemClock
from yiwang.reading import reading
from yiwang.security.actions import Caller


@click.group()
def explain() -> None:
    """Ask why something is as it is, down to the raw observations."""


@contextmanager
def _reading(home: str | None) -> Iterator[Caller]:
    """A caller with everything an explanation reads. Beside a running server, whose home is
    locked, the observations are read as they are on disk."""
    settings, _ = opened(Path(home or os.environ.get("YIWANG_HOME", "yiwang-home")))
    with reading(settings, SystemClock()) as caller:
        yield caller


explain.add_command(cases_cli.command(_reading))
