"""``yiwang demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from yiwang.demo import run as demos


@click.command("demo")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-home"),
    show_default=True,
    help="The folder of the simulated district; one that is there is continued.",
)
@click.option("--port", type=int, default=8000, show_default=True, help="Port of the pages.")
@click.option("--mqtt-port", type=int, default=1883, show_default=True, help="Port for MQTT.")
@click.option("--speed", type=float, help="Simulated seconds a second.  [default: 60]")
@click.option(
    "--scale",
    type=click.Choice(["normal", "district"]),
    default="normal",
    show_default=True,
    help="About 5,000 devices, or 237,000.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another day.")
@click.option("--duration", type=float, help="Stop after so many seconds.")
def demo(home: Path, **values: Any) -> None:
    """Simulate a district in front of the real platform: a day with a rainstorm, a fire, a
    pollution event, silent and lying sensors, and people who handle the cases.

    Everything shown is made up, and says so. Devices speak MQTT and HTTP; people act through
    the public HTTP API only. Open the printed address in a browser; stop with Ctrl-C.
    """
    demos.run_demo(home, **values, say=click.echo)
