"""``yiwang pack``: check, test, install, list and explain scenario packs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from yiwang.kernel import text
from yiwang.kernel.clock import Clock
from yiwang.packs import city as cities
from yiwang.packs import examples, service
from yiwang.packs.check import Checked, check
from yiwang.packs.errors import BadPack
from yiwang.packs.explain import explain
from yiwang.packs.library import Library
from yiwang.packs.problems import Problems
from yiwang.packs.service import Domain
from yiwang.packs.stories import StageFactory, play
from yiwang.security.actions import Caller


@dataclass(frozen=True)
class Tools:
    """What the commands need of the whole platform; filled in ``cli.py``.

    ``open`` gives a caller on the database of a home, also while the platform runs there.
    """

    open: Callable[[Path], AbstractContextManager[Caller]]
    domains: Callable[[], Sequence[Domain]]
    stage: StageFactory
    clock: Clock


_HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("yiwang-home"),
    show_default=True,
    envvar="YIWANG_HOME",
    help="The folder that holds everything.",
)
_LANG = click.option(
    "--lang",
    type=click.Choice(text.LANGUAGES),
    help="Language of the answer.  [default: that of the terminal]",
)


def language(given: str | None = None) -> str:
    """The language asked for, else that of the terminal."""
    return given or text.of_terminal(os.environ)


def commands(tools: Tools) -> click.Group:
    """The group ``pack``."""
    group = click.Group("pack", help=_HELP, context_settings={"obj": tools})
    for command in (check_command, test_command, install_command, list_command, explain_command):
        group.add_command(command)
    return group


_HELP = """Scenario packs: what the city watches, and what it does about it.

A PACK is a folder with a pack.yaml, or the name of a pack that comes with Yiwang or is
installed in the home. docs/packs.md says how to write one.
"""


@click.command("check", short_help="Show everything that is wrong with packs.")
@click.argument("packs", nargs=-1, required=True)
@_HOME
@_LANG
def check_command(packs: tuple[str, ...], home: Path, lang: str | None) -> None:
    """Check each PACK and show everything that is wrong, with file and line.

    Needs no running system. Also runs the examples that the rules carry. Ends with status 1
    when anything is wrong.
    """
    words = language(lang)
    wrong = False
    for name in packs:
        checked = _checked(name, home)
        wrong = wrong or bool(checked.errors)
        _show_checked(checked, words)
    raise SystemExit(1 if wrong else 0)


@click.command("test", short_help="Check packs and play their stories.")
@click.argument("packs", nargs=-1, required=True)
@click.option("--story", help="Only the story of this name.")
@_HOME
@_LANG
@click.pass_obj
def test_command(
    tools: Tools, packs: tuple[str, ...], story: str | None, home: Path, lang: str | None
) -> None:
    """Check each PACK and play its stories through the real platform, in a temporary home.

    Ends with status 1 when the check or a story fails.
    """
    words = language(lang)
    held, all_ = 0, 0
    for name in packs:
        checked = _checked(name, home)
        if checked.errors or checked.pack is None:
            _show_checked(checked, words)
            raise SystemExit(1)
        chosen = [one for one in checked.pack.stories if story in (None, one.name)]
        if not chosen:
            _say("no_stories", words, name=checked.name)
        for one in chosen:
            outcome = play(checked.pack, one, tools.stage)
            all_, held = all_ + 1, held + (not outcome.errors)
            key = "story_fails" if outcome.errors else "story_holds"
            _say(key, words, name=checked.name, story=one.name)
            for error in outcome.errors:
                click.echo(error.message(words))
    _say("tested", words, held=held, all=all_)
    raise SystemExit(0 if held == all_ else 1)


@click.command("install", short_help="Install a pack or upgrade it.")
@click.argument("folder")
@click.option(
    "--accept-sharing",
    is_flag=True,
    help="Agree to what the new version shares or asks for beyond the old one.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@_HOME
@_LANG
@click.pass_obj
def install_command(
    tools: Tools, folder: str, accept_sharing: bool, dry_run: bool, home: Path, lang: str | None
) -> None:
    """Check FOLDER, show what changes, copy it into the home and switch it on.

    An upgrade that shares more, or asks for more, needs --accept-sharing. The platform may be
    running; it takes the pack up at once. The name of a pack that is there already, instead of
    FOLDER, agrees with --accept-sharing to what it shares now.
    """
    words = language(lang)
    library = Library(home)
    with tools.open(home) as caller:
        if not Path(folder).is_dir():
            _accept(caller, library, folder, accept_sharing, words)
            return
        source = Path(folder).resolve()
        new = check(source, str(source), None, examples.run).use()
        for line in service.preview(caller, library, new).lines(words):
            click.echo(f"  {line}")
        if dry_run:
            return
        service.install(caller, library, tools.domains(), source, accept_sharing=accept_sharing)
        _say("installed", words, name=new.name, version=new.version)


def _accept(caller: Caller, library: Library, name: str, agreed: bool, lang: str) -> None:
    """Agree to what an installed pack shares, or only show what waits."""
    for line in service.status(caller, library, name).widens:
        click.echo(f"  {line[lang]}")
    if agreed:
        service.accept(caller, library, name)
        _say("accepted", lang, name=name)


@click.command("list", short_help="List the packs and how they are.")
@_HOME
@_LANG
@click.pass_obj
def list_command(tools: Tools, home: Path, lang: str | None) -> None:
    """List the packs: name, version, whether it runs, and what is wrong where it does not."""
    words = language(lang)
    library = Library(home)
    with tools.open(home) as caller:
        service.refresh(caller, library, tools.domains())
        found = service.statuses(caller, library)
    good = sum(one.state == "running" for one in found)
    for one in found:
        origin = _ui("builtin" if one.builtin else "own", words)
        state = _ui(one.state, words)
        title = one.title.get(words, "")
        click.echo(f"{one.name}\t{one.version}\t{origin}\t{state}\t{title}")
        if one.widens:
            click.echo(f"  {_ui('waiting', words)}")
        for line in one.widens:
            click.echo(f"  {line[words]}")
    for one in found:
        if one.state == "bad":
            for message in one.errors:
                click.echo(f"\n{message[words]}")
            click.echo(f"  {_ui('switched_off', words, name=one.name, count=good)}")


@click.command("explain", short_help="Say in words what a pack does.")
@click.argument("pack")
@_HOME
@_LANG
@click.pass_obj
def explain_command(tools: Tools, pack: str, home: Path, lang: str | None) -> None:
    """Say in words what PACK watches, its rules with the figures now in force and their
    sources, its cases and deadlines, and what it shares."""
    found = _checked(pack, home).use()
    city = cities.read(home, found, Problems())
    click.echo(explain(found, city, tools.clock.now(), language(lang)))


def _checked(name: str, home: Path) -> Checked:
    """A folder, or a pack of the library by name. Raises UnknownPack."""
    if Path(name, "pack.yaml").is_file() or "/" in name or Path(name).is_dir():
        folder = Path(name)
        return check(folder.resolve(), str(folder), None, examples.run)
    one = Library(home).find(name)
    return check(one.folder, one.shown, None, examples.run)


def _show_checked(checked: Checked, lang: str) -> None:
    pack = checked.pack
    if checked.errors or pack is None:
        click.echo(BadPack("", checked.name, list(checked.errors)).message(lang))
        return
    count = sum(len(rule.examples) for rule in pack.rules.rules)
    fields = {"rules": len(pack.rules.rules), "examples": count, "stories": len(pack.stories)}
    _say("fine", lang, name=pack.name, version=pack.version, **fields)


def _say(key: str, lang: str, **fields: Any) -> None:
    click.echo(_ui(key, lang, **fields))


def _ui(key: str, lang: str, **fields: Any) -> str:
    return text.render(f"packs.ui.{key}", lang, fields)
