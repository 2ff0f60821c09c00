"""``yiwang ledger``: works on the database alone, also while the platform runs."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import SystemClock
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sensing import ledger
from yiwang.sensing.ledger import Line
from yiwang.store.database import Database
from yiwang.store.migrate import migrate


@click.command("ledger")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("yiwang-home"),
    show_default=True,
    envvar="YIWANG_HOME",
    help="The folder that holds everything.",
)
@click.option("--day", metavar="YYYY-MM-DD", help="Only this day of the city's calendar.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def show(home: Path, day: str | None, as_json: bool) -> None:
    """Show what became of everything received: by source and day, stored, duplicate, rejected.

    While the platform runs, its newest second may be missing here; /api/ledger has it, and what
    waits. Ends with status 1 when a line does not add up.
    """
    settings, _ = settings_of.load(home, {}, os.environ)
    database = Database(settings.database_url)
    try:
        migrate(database, str(home))
        clock = SystemClock()
        lines = ledger.lines(Caller(system("cli"), database, clock, origin="cli"), day)
    finally:
        database.close()
    if as_json:
        click.echo(json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=1))
    else:
        _print(lines)
    if not all(line.balanced for line in lines):
        raise click.exceptions.Exit(1)


def _print(lines: list[Line]) -> None:
    if not lines:
        click.echo("Nothing has been received.")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("day")
    table.add_column("source")
    for name in ("received", "stored", "duplicate", "rejected"):
        table.add_column(name, justify="right")
    table.add_column("reasons")
    for line in lines:
        counts = (line.received, line.stored, line.duplicate, line.rejected)
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in line.reasons.items())
        table.add_row(line.day, line.source, *(f"{count:,}" for count in counts), reasons)
    Console().print(table)


commands: list[click.Command] = [show]
