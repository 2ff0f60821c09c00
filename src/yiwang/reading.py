"""Reading a home from a command, also beside the server that works in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yiwang.app import caller, database_only
from yiwang.cases.service import Cases
from yiwang.contracts.observations import ObservationReader
from yiwang.contracts.ports import (
    CaseDirectory,
    ChannelDirectory,
    EvidenceReader,
    FindingExplainer,
)
from yiwang.kernel.clock import Clock
from yiwang.kernel.settings import Settings
from yiwang.rules.explain import Explainer
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sensing.devices import Channels
from yiwang.sensing.observations import Observations
from yiwang.store.errors import HomeInUse
from yiwang.store.home import Home


@contextmanager
def reading(settings: Settings, clock: Clock) -> Iterator[Caller]:
    """A caller with everything that explanations read: cases, findings, observations."""
    with database_only(settings) as database, _observations(settings, clock) as observations:
        ports = {
            Observations: observations,
            ObservationReader: observations,
            EvidenceReader: observations,
            ChannelDirectory: Channels(database),
            CaseDirectory: Cases(database),
        }
        made = caller(system("cli"), database, clock, ports, "cli")
        ports[FindingExplainer] = Explainer(made)
        yield made


@contextmanager
def _observations(settings: Settings, clock: Clock) -> Iterator[Observations]:
    """The home's observations; from a copy of what is on disk while a server holds the home,
    because opening them repairs what a crash left, which is the server's business."""
    source = settings.home / "observations"
    try:
        home = Home(settings.home)
    except HomeInUse:
        with tempfile.TemporaryDirectory(prefix="yiwang-read-") as folder:
            copy = Path(folder) / "observations"
            _copy(source, copy)
            opened = Observations(copy, clock)
            try:
                yield opened
            finally:
                opened.close()
        return
    try:
        opened = Observations(source, clock)
        try:
            yield opened
        finally:
            opened.close()
    finally:
        home.close()


def _copy(source: Path, target: Path) -> None:
    """The log first: rows that move into segments meanwhile are then in both, and counted once.
    Segments never change, so a link is enough where the file system allows one."""
    shutil.copytree(source / "log", target / "log")
    (target / "table").mkdir()
    shutil.copytree(source / "table" / "_delta_log", target / "table" / "_delta_log")
    for segment in (source / "table").glob("*.parquet"):
        try:
            os.link(segment, target / "table" / segment.name)
        except FileNotFoundError:
            continue
        except OSError:
            shutil.copy(segment, target / "table" / segment.name)
