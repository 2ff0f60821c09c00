"""The command ``yiwang``. Every command opens what it needs, calls one action and prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from yiwang import __version__, app, server, wiring
from yiwang.cases import cli as cases_cli
from yiwang.demo import run as demos
from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import ScaledClock, SystemClock, parse
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.settings import Settings
from yiwang.operate import backup as backups
from yiwang.operate import doctor as doctor_of
from yiwang.packs import cli as packs_cli
from yiwang.progress import Progress
from yiwang.reading import reading
from yiwang.registry import cli as registry_cli
from yiwang.replay import mapping as mappings
from yiwang.replay import run as replays
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import ROLES, system
from yiwang.sensing import cli as sensing_cli
from yiwang.stage import PlatformStage

_out = Console()

HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("yiwang-home"),
    show_default=True,
    envvar="YIWANG_HOME",
    help="The folder that holds everything: database, observations, photos, keys.",
)


class Shown(click.Group):
    """A group whose commands end with a readable error and status 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except YiwangError as error:
            click.echo(f"{error.code}\n  {error.message(_language())}", err=True)
            ctx.exit(1)


def _language() -> str:
    """The language of messages: YIWANG_LANGUAGE, else what the terminal is set to."""
    wanted = os.environ.get("YIWANG_LANGUAGE") or os.environ.get("LANG", "")
    return "zh-CN" if wanted.lower().startswith("zh") else "en"


@click.group(cls=Shown, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="yiwang")
def main() -> None:
    """Yiwang (一网): the platform on which a city district runs its day.

    Start it with "yiwang up", or watch a simulated district with "yiwang demo".
    """


def opened(home: Path, **given: Any) -> tuple[Settings, dict[str, str]]:
    return settings_of.load(home, given, os.environ)


@main.command()
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


@main.command()
@HOME
@click.option("--port", type=int)
@click.option("--mqtt-port", type=int)
@click.option("--database")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def doctor(home: Path, as_json: bool, **given: Any) -> None:
    """Look at the home, ports, clock, disk and database, and say what to do.

    Ends with status 1 when something stops the platform from running.
    """
    settings, sources = opened(home, **given)
    checks = list(doctor_of.examine(settings, sources, SystemClock()))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=2))
    else:
        marks = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "fault": "[red]fault[/]"}
        table = Table("check", "state", "found", "what to do", box=None, pad_edge=False)
        for check in checks:
            table.add_row(check.name, marks[check.state], check.found, check.todo)
        _out.print(table)
    sys.exit(any(check.state == "fault" for check in checks))


@main.command()
@HOME
@click.option("--database")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(home: Path, database: str | None, file: Path) -> None:
    """Write everything in the home to FILE (.tar.gz); the platform may be running."""
    settings, _ = opened(home, database=database)
    with Progress("backup", "bytes") as progress:
        size = backups.backup(settings, file, SystemClock(), lambda _, n: progress.add(n))
    click.echo(f"{file}: {size:,} bytes")


@main.command()
@HOME
@click.option("--database", default="", help="URL of an empty PostgreSQL database.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore(home: Path, database: str, file: Path) -> None:
    """Unpack the backup FILE into a new folder given with --home, checking every file."""
    with Progress("restore", "bytes") as progress:
        backups.restore(file, home, database, lambda _, n: progress.add(n))
    click.echo(f"{home}: restored")


@main.group()
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


@main.command("replay")
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


@main.group()
def explain() -> None:
    """Ask why."""


@contextmanager
def _reading(home: str | None) -> Iterator[Caller]:
    """A caller with everything an explanation reads. Beside a running server, whose home is
    locked, the observations are read as they are on disk."""
    settings, _ = opened(Path(home or os.environ.get("YIWANG_HOME", "yiwang-home")))
    with reading(settings, SystemClock()) as caller:
        yield caller


@contextmanager
def _database(home: Path) -> Iterator[Caller]:
    settings, _ = opened(home)
    with app.database_only(settings) as database:
        yield app.caller(system("cli"), database, SystemClock(), origin="cli")


@main.command("demo")
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


main.add_command(
    packs_cli.commands(
        packs_cli.Tools(_database, wiring.pack_domains, PlatformStage, SystemClock())
    )
)
explain.add_command(cases_cli.command(_reading))
main.add_command(registry_cli.commands, "registry")
main.add_command(sensing_cli.show, "ledger")
