"""The command ``yiwang``: which commands there are, and how errors look."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from yiwang import __version__
from yiwang.kernel import text
from yiwang.kernel.errors import YiwangError

COMMANDS = {
    "backup": "yiwang.commands.operating:backup",
    "cases": "yiwang.commands.cases:commands",
    "demo": "yiwang.commands.showing:demo",
    "devices": "yiwang.sensing.fleet.cli:commands",
    "doctor": "yiwang.commands.operating:doctor",
    "evidence": "yiwang.commands.proving:evidence",
    "exchange": "yiwang.commands.exchanging:commands",
    "explain": "yiwang.commands.asking:explain",
    "export": "yiwang.commands.exporting:export",
    "keys": "yiwang.commands.keeping:keys",
    "ledger": "yiwang.sensing.cli:show",
    "node": "yiwang.commands.exchanging:node",
    "pack": "yiwang.commands.packing:pack",
    "registry": "yiwang.registry.cli:commands",
    "replay": "yiwang.commands.recordings:replay_command",
    "restore": "yiwang.commands.operating:restore",
    "up": "yiwang.commands.serving:up",
    "user": "yiwang.commands.people:user",
    "watermark": "yiwang.commands.proving:watermark",
}


class Commands(click.Group):
    """Reads a command when it is called, and ends it with a readable error and status 1, never
    a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except YiwangError as error:
            click.echo(f"{error.code}\n  {error.message(text.of_terminal(os.environ))}", err=True)
            ctx.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="yiwang")
def main() -> None:
    """Yiwang (一网): the platform on which a city district runs its day.

    Start it with "yiwang up", or watch a simulated district with "yiwang demo".
    """
