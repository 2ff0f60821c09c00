"""``yiwang exchange``: jobs that carry rows between departments."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from yiwang.app import caller, database_only
from yiwang.commands.options import HOME, opened
from yiwang.kernel.clock import SystemClock
from yiwang.progress import Progress
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.security.protection.city import Protection
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.exchange import node as nodes
from yiwang.sharing.exchange import service
from yiwang.sharing.exchange.running import Means
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.vault import Vault


@click.group()
def commands() -> None:
    """Run and list the jobs that carry rows between departments."""


@commands.command("list")
@HOME
def list_command(home: Path) -> None:
    """The jobs, each with its last run."""
    with _working(home) as by:
        for one in service.list_exchange_jobs(by):
            last = one["last"]
            told = "-" if last is None else _told(last)
            click.echo(f"{one['code']}  {one['from']} -> {one['to']}  {one['mode']}  {told}")


@commands.command("run")
@HOME
@click.argument("job")
def run_command(home: Path, job: str) -> None:
    """Run a job here until it is over; one that was interrupted goes on where it stopped.

    The status is 0 where all rows are in and source and target are alike.
    """
    with _working(home) as by, Progress("exchange", "batches") as progress:
        run = service.run_here(by, job, lambda step: progress.add(step == "committed"))
    click.echo(json.dumps(service.shown_run(run), ensure_ascii=False, indent=1))
    if run.state != "done":
        raise click.exceptions.Exit(1)


@commands.command("try")
@HOME
@click.argument("job")
def try_command(home: Path, job: str) -> None:
    """Show what would become of a job's first rows; nothing is written."""
    with _working(home) as by:
        found = service.try_job(by, job)
    click.echo(json.dumps(found, ensure_ascii=False, indent=1))


@commands.command("capture")
@HOME
@click.argument("job")
def capture_command(home: Path, job: str) -> None:
    """Print the statements by which a job's source notes its changes, for its administrator."""
    with _working(home) as by:
        for statement in service.capture_statements(by, job):
            click.echo(f"{statement};")


@click.command()
@click.argument("settings", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--every", type=click.IntRange(1), help="Run again after so many seconds, for ever.")
def node(settings: Path, every: int | None) -> None:
    """Push a department's table to the platform over HTTPS (前置机).

    SETTINGS is a YAML file: platform, job, token_file, source. A run that was interrupted goes
    on where the platform is.
    """
    given = nodes.read(settings, dict(os.environ))
    while True:
        with Progress("node", "batches") as progress:
            told = nodes.Node(given, watch=lambda step: progress.add(step == "pushed")).run()
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
        if every is None:
            raise click.exceptions.Exit(0 if told["state"] == "done" else 1)
        time.sleep(every)


def _told(run: dict[str, object]) -> str:
    tally = run["tally"]
    assert isinstance(tally, dict)
    counts = ", ".join(
        f"{tally[name]} {name}" for name in ("read", "written", "unchanged", "rejected")
    )
    return f"{run['state']} {run['started_at']}: {counts}"


@contextmanager
def _working(home: Path) -> Iterator[Caller]:
    """The platform acting on a home's database, also while the platform runs."""
    settings, _ = opened(home)
    zone, clock = ZoneInfo(settings.time_zone), SystemClock()
    vault = Vault(home / "keys" / "sources")
    with database_only(settings) as held:
        sources, datasets = (
            Sources(vault, home, settings.time_zone),
            Datasets(settings.datasets_url, zone, FieldKeys(home)),
        )
        means = Means(held, clock, sources, datasets, zone, Protection(home))
        ports = {Sources: sources, Datasets: datasets, Means: means}
        try:
            yield caller(system("cli"), held, clock, ports, "cli")
        finally:
            datasets.close()
