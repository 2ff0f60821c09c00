"""``yiwang cases``: cases of another system, imported with their history; learning; moves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec

from yiwang.app import caller, database_only
from yiwang.cases.importing import mapping as mappings
from yiwang.cases.importing import model
from yiwang.cases.importing import run as imports
from yiwang.cases.importing.mapping import ImportMapping
from yiwang.cases.learning import accuracy, examples
from yiwang.cases.learning import service as learning
from yiwang.cases.versions import cli as moves
from yiwang.commands.options import HOME, opened
from yiwang.kernel import calendar
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import SystemClock
from yiwang.progress import Progress
from yiwang.security.actions import Caller, Context
from yiwang.security.model import system


@click.group()
def commands() -> None:
    """Import cases of another system; learn from closed ones; move running ones."""


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
        read = mappings.read(mapping)
        found = imports.run(by, file, read, progress.add, _proposals(read))
    text = json.dumps(found, ensure_ascii=False, indent=1)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(text + "\n", encoding="utf-8")
    click.echo(text)


@commands.command()
@HOME
@click.option("--database", help="SQLAlchemy URL of a PostgreSQL database instead of SQLite.")
def learn(home: Path, database: str | None) -> None:
    """Learn proposals of class and unit from the closed cases of this home.

    A running platform takes the new version up by itself within seconds.
    """
    with _working(home, database) as by:
        made = learning.learn(by, home / "learning")
    click.echo(msgspec.json.format(msgspec.json.encode(made), indent=1).decode())


def _proposals(mapping: ImportMapping) -> Callable[[Context, str], dict[str, Any]] | None:
    """How proposals learnt from an import would have done, where its mapping gives a day."""
    if mapping.learn_until is None:
        return None
    until = model.instant(mapping.learn_until, mapping.zone)
    return lambda ctx, source: accuracy.of(examples.read(ctx, source), until)


@contextmanager
def _working(home: Path, database: str | None) -> Iterator[Caller]:
    """The platform acting on a home's database, also while the platform runs."""
    settings, _ = opened(home, database=database)
    dated = calendar.read(home / "city" / "calendar.yaml", ZoneInfo(settings.time_zone))
    with database_only(settings) as held:
        yield caller(system("cli"), held, SystemClock(), {WorkingCalendar: dated}, "cli")


commands.add_command(moves.group(HOME, _working))
