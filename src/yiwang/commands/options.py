"""What every command shares: the home, and its settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from yiwang.kernel import settings as settings_of
from yiwang.kernel.settings import Settings

HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("yiwang-home"),
    show_default=True,
    envvar="YIWANG_HOME",
    help="The folder that holds everything: database, observations, photos, keys.",
)


def opened(home: Path, **given: Any) -> tuple[Settings, dict[str, str]]:
    return settings_of.load(home, given, os.environ)
