"""What the documents say exists: commands, options, targets, links, settings, routes."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tools import reference

from yiwang import __version__
from yiwang.cli import main
from yiwang.kernel import text
from yiwang.kernel.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
GUIDES = [ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")]
_FENCE = re.compile(r"^( *)```\w*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:\.venv/bin/)?(?:yiwang|make) [^`]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def _lines(page: Path) -> list[str]:
    """Every shell line of a page, those that go on with a backslash as one."""
    content = page.read_text(encoding="utf-8")
    blocks = "\n".join(body for _, body in _FENCE.findall(content)).replace("\\\n", " ")
    found = [line.strip() for line in blocks.splitlines()] + _INLINE.findall(content)
    return list(dict.fromkeys(line for line in found if _is_command(line)))


def _is_command(line: str) -> bool:
    return line.split(" ")[0] in ("yiwang", ".venv/bin/yiwang", "make")


COMMANDS = [(page, line) for page in GUIDES for line in _lines(page)]


def _targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))


@pytest.mark.parametrize(
    ("page", "line"), COMMANDS, ids=lambda value: str(getattr(value, "name", value))
)
def test_what_a_page_tells_to_type_exists(page: Path, line: str) -> None:
    program, *arguments = shlex.split(line)
    if program == "make":
        assert {word for word in arguments if "=" not in word} <= _targets()
        return
    command: click.Command = main
    while isinstance(command, click.Group) and arguments:
        with click.Context(command) as context:
            names = arguments.pop(0).split("|")
            found = [command.get_command(context, name) for name in names]
        assert all(found), f"no command {names}"
        command = found[0]  # type: ignore[assignment]
    known = {option for one in command.params for option in one.opts}
    options = [word.split("=")[0] for word in arguments if word.startswith("-")]
    assert set(options) <= known | {"--help"}, options


def test_the_guides_show_commands() -> None:
    assert {page.name for page, _ in COMMANDS} == {page.name for page in GUIDES}
    assert len(COMMANDS) > 15


def test_make_knows_its_targets() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    named = set(re.findall(r"^make (\w+)", told.stdout, re.MULTILINE))
    assert {"demo", "test", "setup", "check", "bench"} <= named <= _targets()


@pytest.mark.parametrize("pack", ["underpass_flooding"])
def test_the_tour_explains_a_pack(pack: str) -> None:
    shown = CliRunner().invoke(main, ["pack", "explain", pack, "--lang", "en"])
    assert shown.exit_code == 0 and pack in shown.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    missing = []
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link) or link.startswith("#"):
            continue
        if not (page.parent / link.split("#")[0]).exists():
            missing.append(link)
    assert missing == []


@pytest.mark.parametrize("name", reference.PAGES)
def test_reference_pages_are_as_the_code_is(name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == reference.PAGES[name](), "run: .venv/bin/python tools/reference.py"


def test_every_route_says_what_it_is_about() -> None:
    rows = [line for line in reference.api().splitlines() if re.match(r"\| [A-Z]+ \|", line)]
    assert len(rows) > 40
    assert [row for row in rows if row.rstrip(" |").endswith("`")] == []


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_every_setting_has_a_text(lang: str) -> None:
    texts = text.catalogue("kernel", lang)["kernel.setting"]
    assert set(texts) == set(Settings.__dataclass_fields__)
    assert all(texts.values())


def test_the_changelog_has_this_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(__version__)}\b", changes, re.MULTILINE)
