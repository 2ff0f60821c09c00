"""``yiwang keys``: the keys with which chosen fields are encrypted at rest."""

from __future__ import annotations

from pathlib import Path

import click

from yiwang.commands.options import HOME, opened
from yiwang.security.protection.sealing import CIPHERS, FieldKeys


@click.group()
def keys() -> None:
    """Keys that seal chosen fields; they lie in the home, not in the database."""


@keys.command("list")
@HOME
def list_command(home: Path) -> None:
    """Show the names of the keys; the current one has a star."""
    settings, _ = opened(home)
    held = FieldKeys(settings.home)
    current = held.current()
    for name in held.names():
        click.echo(f"{name} *" if name == current else name)


@keys.command()
@HOME
@click.option(
    "--cipher", type=click.Choice(sorted(CIPHERS)), default="aes-256-gcm", show_default=True
)
@click.argument("name")
def rotate(home: Path, cipher: str, name: str) -> None:
    """Make the key NAME, with which everything is sealed from now on.

    A running platform takes it up at once, and puts uploaded files under it. Old keys stay, for
    what they sealed.
    """
    settings, _ = opened(home)
    FieldKeys(settings.home, cipher).rotate(name)
    click.echo(f"{name} *")
