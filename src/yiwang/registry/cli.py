"""``yiwang registry``: works on the database alone, also while the platform runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import SystemClock
from yiwang.registry import editing
from yiwang.registry.files import load_folder
from yiwang.registry.nouns import NOUNS
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

_HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("yiwang-home"),
    show_default=True,
    envvar="YIWANG_HOME",
    help="The folder that holds everything.",
)


@click.group()
def commands() -> None:
    """Areas, organisations, people, duties, places and the event taxonomy of the city."""


@commands.command()
@_HOME
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def load(home: Path, folder: Path) -> None:
    """Read FOLDER into the registry: add what is new, overwrite what has the same code.

    FOLDER may hold areas.geojson, organisations.csv or .yaml, people.csv, rosters.csv,
    places.csv and taxonomy.csv. Everything is checked first; on any error all errors are
    shown with file and line, and nothing is written.
    """
    with _caller(home) as caller:
        for name, count in load_folder(caller, folder).items():
            click.echo(f"{name}: {count}")


@commands.command()
@_HOME
@click.argument("noun", type=click.Choice([*NOUNS]), required=False)
@click.option("--find", default="", help="Only records whose code or name holds this text.")
@click.option("--limit", default=50, show_default=True, help="At most so many records.")
def show(home: Path, noun: str | None, find: str, limit: int) -> None:
    """Show how much the registry holds, or the records of one NOUN."""
    with _caller(home) as caller:
        if noun is None:
            for name, count in editing.counts(caller).items():
                click.echo(f"{name}: {count}")
            return
        for item in editing.page(caller, noun, None, find, 0, limit):
            fields = NOUNS[noun].fields
            names = [getattr(item, name) for name in fields if name.startswith("name")]
            click.echo("\t".join([str(item.id), item.code, *filter(None, names)]))


@contextmanager
def _caller(home: Path) -> Iterator[Caller]:
    settings, _ = settings_of.load(home, {}, os.environ)
    home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    try:
        migrate(database, str(home))
        yield Caller(system("cli"), database, SystemClock(), origin="cli")
    finally:
        database.close()
