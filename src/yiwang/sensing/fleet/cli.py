"""``yiwang devices``: works on the database alone, also while the platform runs."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from yiwang.kernel import settings as settings_of
from yiwang.kernel import text
from yiwang.kernel.clock import SystemClock
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sensing.fleet import importing
from yiwang.sensing.fleet.errors import ListRefused
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
_KIND = click.option("--kind", required=True, help="The kind of device, as PACK.KIND.")


@click.group()
def commands() -> None:
    """Devices of the city: lists to fill in, and many devices at once."""


@commands.command("template")
@_HOME
@_KIND
def print_template(home: Path, kind: str) -> None:
    """Print an empty list for devices of a kind, as CSV."""
    with _caller(home) as caller:
        lang = text.of_terminal(os.environ)
        click.echo(importing.device_template(caller, kind, lang), nl=False)


@commands.command("import")
@_HOME
@_KIND
@click.option("--dry-run", is_flag=True, help="Only look the list over; write nothing.")
@click.option(
    "--credentials",
    "keep",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Give each device a secret and write them into this new CSV file, once.",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def import_file(home: Path, kind: str, dry_run: bool, keep: Path | None, file: Path) -> None:
    """Register all devices of a list (CSV), or none: on any error all errors are shown with row
    and column, and nothing is written."""
    if keep is not None and keep.exists():
        raise click.UsageError(f"{keep} is there already; secrets go into a new file.")
    content = file.read_bytes()
    with _caller(home) as caller:
        if dry_run:
            outlook = importing.check_device_list(caller, kind, content)
            if outlook.errors:
                raise ListRefused(outlook.errors, outlook.wrong)
            click.echo(f"{outlook.rows} devices can be registered; nothing was written.")
            return
        if keep is None:
            made = importing.import_devices(caller, kind, content)
        else:
            keep.touch(mode=0o600, exist_ok=False)
            made = _with_secrets(caller, kind, content, keep)
    click.echo(f"registered: {made.registered}")


def _with_secrets(caller: Caller, kind: str, content: bytes, keep: Path) -> importing.Imported:
    """The file is made before anything is written: secrets that cannot be kept are not made."""
    try:
        made = importing.import_devices(caller, kind, content, True)
    except BaseException:
        keep.unlink()
        raise
    with keep.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("code", "name", "secret"))
        writer.writerows(made.credentials)
    return made


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
