"""``yiwang cases``: cases of another system, imported with their history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from yiwang.app import caller, database_only
from yiwang.cases.importing import mapping as mappings
from yiwang.cases.importing import run as imports
from yiwang.commands.options import HOME, opened
from yiwang.kernel import calendar
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import SystemClock
from yiwang.progress import Progress
from yiwang.security.actions import Caller
from yiwang.security.model import system


@click.group()
def commands() -> None:
    """Import cases of another system."""


@commands.command("import")
@HOME
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--mapping",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="YAML file that says which column is what.",
)
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write JSON here.")
@click.option("--database", help="SQLAlchemy URL of a PostgreSQL database instead of SQLite.")
def import_command(
    home: Path, file: Path, mapping: Path, report: Path | None, database: str | None
) -> None:
    """Import the cases of a file (Parquet or CSV) with their history, in event time.

    Every row is opened, dispatched and closed at its own instants. An import that was killed
    goes on when it is started again; what is in already is not imported twice.
    """
    with _working(home, database) as by, Progress("import", "events") as progress:
        found = imports.run(by, file, mappings.read(mapping), progress.add)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(text + "\n", encoding="utf-8")
    click.echo(text)


@contextmanager
def _working(home: Path, database: str | None) -> Iterator[Caller]:
    """The platform acting on a home's database, also while the platform runs."""
    settings, _ = opened(home, database=database)
    dated = calendar.read(home / "city" / "calendar.yaml", ZoneInfo(settings.time_zone))
    with database_only(settings) as held:
        yield caller(system("cli"), held, SystemClock(), {WorkingCalendar: dated}, "cli")
