"""``yiwang export``."""

from __future__ import annotations

from pathlib import Path

import click

from yiwang.commands.options import HOME, opened
from yiwang.kernel.clock import SystemClock
from yiwang.reading import reading
from yiwang.sensing.sta import export as exports
from yiwang.sensing.sta.export import FORMATS, Export


@click.group()
def export() -> None:
    """Write what is there to files that other programs read."""


@export.command()
@HOME
@click.option("--filter", "condition", default="", help="A $filter of SensorThings.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="parquet", show_default=True)
@click.option("--bom", is_flag=True, help="CSV that Excel knows to be UTF-8.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write.",
)
def observations(home: Path, condition: str, form: str, bom: bool, out: Path) -> None:
    """Write observations as Parquet or CSV; the platform may be running.

    The audit log keeps who took what, and how many rows.
    """
    settings, _ = opened(home)
    wanted = Export(condition, form, settings.time_zone, bom)
    with reading(settings, SystemClock()) as caller:
        rows = exports.write(caller, wanted, out)
        exports.record(caller, wanted, rows)
    click.echo(f"{out}: {rows:,} observations")
