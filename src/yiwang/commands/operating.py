"""``yiwang doctor``, ``backup`` and ``restore``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from yiwang.commands.options import HOME, opened
from yiwang.kernel.clock import SystemClock
from yiwang.operate import backup as backups
from yiwang.operate import doctor as doctor_of
from yiwang.progress import Progress

_out = Console()


@click.command()
@HOME
@click.option("--port", type=int)
@click.option("--mqtt-port", type=int)
@click.option("--database")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def doctor(home: Path, as_json: bool, **given: Any) -> None:
    """Look at the home, ports, clock, disk and database, and say what to do.

    Ends with status 1 when something stops the platform from running.
    """
    settings, sources = opened(home, **given)
    checks = list(doctor_of.examine(settings, sources, SystemClock()))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=2))
    else:
        marks = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "fault": "[red]fault[/]"}
        table = Table("check", "state", "found", "what to do", box=None, pad_edge=False)
        for check in checks:
            table.add_row(check.name, marks[check.state], check.found, check.todo)
        _out.print(table)
    sys.exit(any(check.state == "fault" for check in checks))


@click.command()
@HOME
@click.option("--database")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(home: Path, database: str | None, file: Path) -> None:
    """Write everything in the home to FILE (.tar.gz); the platform may be running."""
    settings, _ = opened(home, database=database)
    with Progress("backup", "bytes") as progress:
        size = backups.backup(settings, file, SystemClock(), lambda _, n: progress.add(n))
    click.echo(f"{file}: {size:,} bytes")


@click.command()
@HOME
@click.option("--database", default="", help="URL of an empty PostgreSQL database.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore(home: Path, database: str, file: Path) -> None:
    """Unpack the backup FILE into a new folder given with --home, checking every file."""
    with Progress("restore", "bytes") as progress:
        backups.restore(file, home, database, lambda _, n: progress.add(n))
    click.echo(f"{home}: restored")
