"""``yiwang user``: accounts of people."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from yiwang import app
from yiwang.commands.options import HOME, opened
from yiwang.kernel.clock import SystemClock
from yiwang.security import accounts
from yiwang.security.model import ROLES, system

_out = Console()


@click.group()
def user() -> None:
    """Accounts of people."""


def _as_administrator(home: Path, act: Callable[[Any], Any]) -> Any:
    """Run on the database alone, so that it also works while the platform runs."""
    settings, _ = opened(home)
    with app.database_only(settings) as database:
        return act(app.caller(system("cli"), database, SystemClock(), origin="cli"))


@user.command("add")
@HOME
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(sorted(set(ROLES) - {"system", "anonymous", "device"})),
    help="What the person is; may be given several times.",
)
@click.option("--display", default="", help="Name as shown.")
@click.option("--organisation", type=int, help="Number of the person's organisation.")
@click.option("--grid", "grids", type=int, multiple=True, help="Number of a worker's grid.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_add(home: Path, name: str, password_stdin: bool, **values: Any) -> None:
    """Add the account NAME; the password is asked for."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    made = _as_administrator(home, lambda by: accounts.add_user(by, name, password, **values))
    click.echo(f"{made.name}: {', '.join(made.roles)}")


@user.command("password")
@HOME
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_password(home: Path, name: str, password_stdin: bool) -> None:
    """Set a new password for NAME and end the person's sessions."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    _as_administrator(home, lambda by: accounts.set_password(by, name, password))
    click.echo(f"{name}: password set")


@user.command("token")
@HOME
@click.argument("name")
@click.option("--label", required=True, help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, help="Narrow it, for example sensing.read.")
def user_token(home: Path, name: str, label: str, scopes: tuple[str, ...]) -> None:
    """Make an API token for NAME; it is shown once."""
    made = _as_administrator(
        home, lambda by: accounts.add_token(by, name, label, list(scopes) or None)
    )
    click.echo(made)


@user.command("list")
@HOME
def user_list(home: Path) -> None:
    """List the accounts."""
    table = Table("name", "shown as", "roles", "organisation", box=None, pad_edge=False)
    for item in _as_administrator(home, accounts.list_users):
        table.add_row(item.name, item.display, ", ".join(item.roles), str(item.organisation or ""))
    _out.print(table)
