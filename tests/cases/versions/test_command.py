"""The command that moves cases, on a home's database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.cases.conftest import City
from tests.cases.versions.conftest import Versions
from yiwang.cases import service as cases
from yiwang.cases.model.guards import Given
from yiwang.cases.versions import cli
from yiwang.cases.versions.errors import NoVersionToFollow
from yiwang.commands.options import HOME
from yiwang.security.actions import Caller


def test_a_move_by_command(
    city: City,
    versions: Versions,
    open_case: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("YIWANG_LANGUAGE", "en")

    @contextmanager
    def opened(home: Path, database: str | None) -> Iterator[Caller]:
        yield city.platform

    def run(*asked: str, answer: str = "") -> Result:
        return CliRunner().invoke(cli.group(HOME, opened), asked, input=answer)

    no = open_case()
    cases.take(city.handler, no, "start", Given())
    to = versions.install()
    shown = run("show").output
    assert f"version {to} (for new cases): 0 running" in shown
    seen = run("preview", "demo.flooded")
    assert seen.exit_code == 0, seen.output
    assert "0 move, 1 need a choice" in seen.output
    assert 'no state "Pumping"' in seen.output
    nothing = run("apply", "demo.flooded", "--reason", "new")
    assert nothing.exit_code == 0 and "Nothing moves." in nothing.output
    chosen = ("demo.flooded", "--state", "pumping=draining")
    seen = run("preview", *chosen)
    assert "1 move," in seen.output and "→ Draining" in seen.output
    assert versions.rows()[no]["state"] == "pumping"
    refused = run("apply", *chosen, "--reason", "new", answer="n\n")
    assert refused.exit_code == 1 and versions.rows()[no]["state"] == "pumping"
    digest = seen.output.rpartition("digest ")[2].strip()
    done = run("apply", *chosen, "--reason", "new", "--digest", digest)
    assert "(moved): 1 moved" in done.output
    assert versions.rows()[no]["state"] == "draining"
    number = done.output.split()[1]
    assert "1 moved" in run("show", number).output
    back = run("back", number, "--reason", "too short")
    assert "(undone): 0 moved, 0 stayed, 1 put back" in back.output
    assert versions.rows()[no]["state"] == "pumping"
    lost = run("preview", "demo.nothing")
    assert isinstance(lost.exception, NoVersionToFollow)
    assert run("preview", "demo.flooded", "--state", "pumping").exit_code == 2
