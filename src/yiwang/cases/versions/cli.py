"""``yiwang cases move``: running cases brought into another version of their class, and back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from yiwang.cases.versions import preview as previews
from yiwang.cases.versions import service, views, words
from yiwang.cases.versions.errors import NoVersionToFollow
from yiwang.cases.versions.preview import Move
from yiwang.kernel import text
from yiwang.security.actions import Caller

Opener = Callable[[Path, str | None], AbstractContextManager[Caller]]
_SHOWN = 20


def group(home: Callable[[Any], Any], opened: Opener) -> click.Group:
    """The command ``move``. ``home`` is the option of that name, ``opened(home, database)`` a
    context manager that gives a Caller."""

    @click.group("move")
    def move() -> None:
        """Bring running cases into another version of their class: previewed, and back again."""

    @move.command()
    @_on(home)
    @_selection
    def preview(home: Path, database: str | None, **asked: Any) -> None:
        """Say what a move of the running cases of CLASS would do; nothing is written."""
        with opened(home, database) as by:
            wanted = _move(by, asked)
            found = previews.preview(by, wanted, _lang())
        _print(_previewed(found))

    @move.command()
    @_on(home)
    @_selection
    @click.option("--reason", required=True, help="Why; it stands in every case's timeline.")
    @click.option("--digest", help="That of a preview of the same; without it, one is shown.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def apply(
        home: Path,
        database: str | None,
        reason: str,
        digest: str | None,
        yes: bool,
        **asked: Any,
    ) -> None:
        """Move the running cases of CLASS, as a preview shows it."""
        with opened(home, database) as by:
            wanted = _move(by, asked)
            if digest is None:
                found = previews.preview(by, wanted, _lang())
                _print(_previewed(found))
                if not found["outcomes"]["moves"]:
                    click.echo(_line("nothing"))
                    return
                if not yes:
                    click.confirm(_line("ask", **found["outcomes"]), abort=True)
                digest = str(found["digest"])
            _finish(by, service.begin(by, wanted, digest, reason))

    @move.command()
    @_on(home)
    @click.argument("number", type=int)
    @click.option("--reason", required=True, help="Why; it stands in every case's timeline.")
    def back(home: Path, database: str | None, number: int, reason: str) -> None:
        """Put back those cases of move NUMBER that nobody has changed since."""
        with opened(home, database) as by:
            service.begin_undo(by, number, reason)
            _finish(by, number)

    @move.command()
    @_on(home)
    @click.argument("number", type=int, required=False)
    def show(home: Path, database: str | None, number: int | None) -> None:
        """Show move NUMBER; without it, the classes with their versions and the newest moves."""
        with opened(home, database) as by:
            if number is not None:
                _print(_moved(by, number))
                return
            items, _ = words.versions(by, "", "", 1000, _lang())
            moves = views.listing(by, "", 0, _SHOWN, _lang())
        _print(line for one in items for line in _versions(one))
        _print(_counted(one) for one in moves)

    return move


def _on(home: Callable[[Any], Any]) -> Callable[[Any], Any]:
    url = "SQLAlchemy URL of a PostgreSQL database instead of SQLite."
    database = click.option("--database", help=url)
    return lambda command: home(database(command))


def _selection(command: Any) -> Any:
    """Which cases are to move, and where to."""
    options = [
        click.argument("code", metavar="CLASS"),
        click.option("--to", type=int, help="The version to follow, else that of new cases."),
        click.option("--from", "versions", type=int, multiple=True, help="Only of this version."),
        click.option("--in", "states", multiple=True, help="Only in this state."),
        click.option("--area", type=int, help="Only in the area with this number."),
        click.option("--organisation", type=int, help="Only with the organisation so numbered."),
        click.option("--case", "numbers", type=int, multiple=True, help="Only this case."),
        click.option(
            "--state",
            "places",
            multiple=True,
            metavar="OLD=NEW",
            help="Where the cases of a state go; OLD= leaves them where they are.",
        ),
        click.option("--across", is_flag=True, help="Also to a state of another kind."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _move(by: Caller, asked: Mapping[str, Any]) -> Move:
    """Raises NoVersionToFollow."""
    places: dict[str, str | None] = {}
    for one in asked["places"]:
        old, sign, new = one.partition("=")
        if not sign or not old:
            raise click.BadParameter(f'"{one}" is not OLD=NEW.', param_hint="--state")
        places[old] = new or None
    return Move(
        asked["to"] or _newest(by, asked["code"]),
        tuple(sorted(set(asked["versions"]))),
        tuple(sorted(set(asked["states"]))),
        asked["area"],
        asked["organisation"],
        tuple(sorted(set(asked["numbers"]))),
        places,
        asked["across"],
    )


def _newest(by: Caller, code: str) -> int:
    items, _ = words.versions(by, code, "", 1, _lang())
    versions = [each for one in items if one["code"] == code for each in one["versions"]]
    found = next((each["id"] for each in versions if each["active"]), None)
    if found is None:
        raise NoVersionToFollow(code=code)
    return int(found)


def _finish(by: Caller, number: int) -> None:
    """Work off a move that was begun, and say what came of it."""
    while views.show(by, number, "", 0, 1, _lang())["state"] in ("moving", "undoing"):
        service.work(by, number)
    _print(_moved(by, number))


def _previewed(found: Mapping[str, Any]) -> Iterator[str]:
    yield _line("to", to=found["to"], **found["class"])
    yield _line("outcomes", **found["outcomes"])
    for one in found["groups"]:
        arrow = f" → {one['to_title']}" if one["to"] else f"; {one['why']}"
        yield _line("group", **one, arrow=arrow)
    yield _line("deadlines", **found["deadlines"])
    for one in found["lacking"]:
        yield _line("lacking", **one)
    yield _line("digest", digest=found["digest"])


def _moved(by: Caller, number: int) -> Iterator[str]:
    whole = views.show(by, number, "", 0, 1, _lang())
    yield _counted(whole)
    for outcome in ("stayed", "kept"):
        found = views.show(by, number, outcome, 0, _SHOWN, _lang())
        yield from (_line("member", **one) for one in found["items"])
        if found["next"] is not None:
            yield "  …"


def _counted(one: Mapping[str, Any]) -> str:
    return _line("counts", id=one["id"], state=one["state"], **one["counts"])


def _versions(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"{one['code']} {one['title']}"
    for each in one["versions"]:
        active = _line("active") if each["active"] else ""
        yield _line("version", **(each | {"active": active}))


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line.rstrip())


def _line(name: str, **fields: Any) -> str:
    found = text.find(f"cases.move_line.{name}", _lang()) or name
    return found.format_map(fields)


def _lang() -> str:
    return text.of_terminal(os.environ)
