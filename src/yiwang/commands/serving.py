"""``yiwang up``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from yiwang import server
from yiwang.commands.options import HOME, opened
from yiwang.kernel.clock import ScaledClock, SystemClock, parse


@click.command()
@HOME
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port of the pages and the HTTP API.  [default: 8000]")
@click.option("--mqtt-port", type=int, help="Port of the MQTT listener; 0: none.  [default: 1883]")
@click.option("--mqtt-broker", help="Also read from this broker, HOST:PORT.")
@click.option("--database", help="SQLAlchemy URL of a PostgreSQL database instead of SQLite.")
@click.option("--simulated-clock", metavar="START,SPEED", help="For simulations: begin at START.")
def up(home: Path, simulated_clock: str | None, **given: Any) -> None:
    """Run the platform on the folder given with --home, until Ctrl-C.

    The first start makes the folder and prints the administrator's password.
    """
    settings, _ = opened(home, **given)
    clock = _simulated(simulated_clock) if simulated_clock else SystemClock()
    server.run(settings, clock, simulated=simulated_clock is not None, say=click.echo)


def _simulated(text: str) -> ScaledClock:
    start, _, speed = text.partition(",")
    try:
        return ScaledClock(SystemClock(), parse(start), float(speed or 1))
    except ValueError:
        raise click.BadParameter("write it as 2026-07-01T00:00:00+08:00,60") from None
