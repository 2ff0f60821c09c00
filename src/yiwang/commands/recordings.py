"""``yiwang replay``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from yiwang.commands.options import HOME, opened
from yiwang.progress import Progress
from yiwang.replay import mapping as mappings
from yiwang.replay import run as replays


@click.command("replay")
@HOME
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--mapping",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="YAML file that says which column is what.",
)
@click.option("--pack", required=True, help="The scenario pack whose rules judge the recording.")
@click.option("--speed", default="max", show_default=True, help="Event seconds a second, or max.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write JSON here.")
@click.option(
    "--batch",
    type=click.IntRange(1),
    default=replays.BATCH,
    show_default=True,
    help="Observations handed in at once: more is faster, fewer finds sooner.",
)
@click.option("--database", help="SQLAlchemy URL of a PostgreSQL database instead of SQLite.")
def replay_command(
    home: Path,
    file: Path,
    mapping: Path,
    pack: str,
    speed: str,
    report: Path | None,
    batch: int,
    database: str | None,
) -> None:
    """Drive the whole main line with a recording (Parquet or CSV), in event time.

    Things and places are made from the recording and its places file. A replay that was
    killed goes on where it stopped when it is started again with the same home.
    """
    settings, _ = opened(home, database=database)
    recording = mappings.read(mapping)
    wanted = replays.Wanted(file, recording, pack, _speed(speed), batch)
    with Progress("replay", "observations") as progress:
        found = replays.replay(settings, wanted, progress.add)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(text + "\n", encoding="utf-8")
    click.echo(text)


def _speed(text: str) -> float | None:
    try:
        return None if text == "max" else float(text)
    except ValueError:
        raise click.BadParameter("write a number or max", param_hint="--speed") from None
