"""``yiwang registry``: works on the database alone, also while the platform runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import SystemClock
from yiwang.kernel.text import render
from yiwang.registry import editing, responsibility
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
    """Areas, organisations, people, duties, places, event taxonomy and responsibilities."""


@commands.command()
@_HOME
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def load(home: Path, folder: Path) -> None:
    """Read FOLDER into the registry: add what is new, overwrite what has the same code.

    FOLDER may hold areas.geojson, organisations.csv or .yaml, people.csv, rosters.csv,
    places.csv, taxonomy.csv and responsibilities.csv. Everything is checked first; on any
    error all errors are shown with file and line, and nothing is written.
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


@commands.command()
@_HOME
@click.option("--lang", type=click.Choice(["zh-CN", "en"]), default="en", show_default=True)
def check(home: Path, lang: str) -> None:
    """Check the responsibility matrix: entries that contradict each other, classes and areas
    that nobody answers for. Ends with status 1 when there are any."""
    with _caller(home) as caller:
        found = responsibility.check(caller, None, lang)
    for line in _lines(found, lang):
        click.echo(line)
    if found["conflict_count"] or found["nobody_count"] or found["unknown_majors"]:
        raise click.exceptions.Exit(1)


def _lines(found: dict[str, Any], lang: str) -> Iterator[str]:
    def say(name: str, **fields: object) -> str:
        return render(f"registry.check.{name}", lang, fields)

    yield say("summary", **found)
    everywhere = say("everywhere")
    for first, second in found["conflicts"]:
        what = first["class_name"] or first["major"] or say("everything")
        area = first["area_name"] or everywhere
        units = f"{first['organisation_name']} ({first['code']})"
        others = f"{second['organisation_name']} ({second['code']})"
        yield say("conflict", what=what, area=area, first=units, second=others)
    for gap in found["nobody"]:
        yield say("nobody", **(gap | {"area_name": gap["area_name"] or everywhere}))
    for entry in found["unknown_majors"]:
        yield say("unknown_major", **entry)


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
