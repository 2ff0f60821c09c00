"""/api/packs and the command ``yiwang pack``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from tests.packs.conftest import NAME, Told
from yiwang.kernel.clock import ManualClock
from yiwang.packs import service
from yiwang.packs.cli import Tools, commands
from yiwang.packs.http import routes
from yiwang.packs.library import Library, builtin_folder
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.stage import PlatformStage
from yiwang.web import errors

Edit = Callable[[Path, str, str], None]


@pytest.fixture
def client(system_caller: Caller, library: Library) -> TestClient:
    caller = replace(system_caller, ports={Library: library})

    async def as_caller(request: Request, call_next: Any) -> Response:
        request.state.caller = caller
        answer: Response = await call_next(request)
        return answer

    application = Starlette(routes=routes(), exception_handlers=errors.HANDLERS)
    application.add_middleware(BaseHTTPMiddleware, dispatch=as_caller)
    return TestClient(application)


def test_packs_over_http(
    client: TestClient, system_caller: Caller, library: Library, told: Told, good: Path, edit: Edit
) -> None:
    assert client.get("/api/packs").json() == {"items": [], "next": None}
    service.install(system_caller, library, told.domains(), good)
    (item,) = client.get("/api/packs").json()["items"]
    assert (item["name"], item["title"], item["state"]) == (NAME, "地下室进水", "running")
    english = {"accept-language": "en"}
    shown = client.get(f"/api/packs/{NAME}", headers=english).json()
    assert shown["title"] == "Water in cellars"
    assert [(one["name"], one["value"]) for one in shown["inputs"]] == [
        ("cellars", "cellar"),
        ("season", "wet"),
    ]
    assert shown["rules"] == ["wet_cellar"]
    assert shown["shares"][0]["open"] is True
    assert "House rules of the city, clause 3" in shown["explanation"]
    assert shown["history"][0]["what"] == "installed"
    edit(library.installed / NAME / "pack.yaml", "1.2.0", "one")
    service.refresh(system_caller, library, told.domains())
    broken = client.get(f"/api/packs/{NAME}", headers=english).json()
    assert broken["state"] == "bad" and "pack.yaml, line 2" in broken["errors"][0]
    assert client.get("/api/packs/other").status_code == 404


@pytest.fixture
def run(sqlite_caller: Caller, told: Told, home: Path, clock: ManualClock) -> Callable[..., Result]:
    @contextmanager
    def opened(_: Path) -> Iterator[Caller]:
        yield sqlite_caller

    group = commands(Tools(opened, told.domains, PlatformStage, clock))

    def invoke(*arguments: str) -> Result:
        place = ["--home", str(home), "--lang", "en"]
        return CliRunner().invoke(group, [*arguments, *place])

    return invoke


@pytest.fixture
def sqlite_caller(sqlite: Any, clock: ManualClock) -> Caller:
    return Caller(system("test"), sqlite, clock)


def test_check_and_explain(run: Callable[..., Result], good: Path, edit: Edit) -> None:
    fine = run("check", str(good))
    assert fine.exit_code == 0
    assert "1 rules, 2 examples, 1 stories" in fine.output
    explained = run("explain", str(good))
    assert "When water_cm >= 4 cm; for 2 min; ends when water_cm < 1" in explained.output
    assert "Since 2026-06-01. Source: House rules of the city, clause 3" in explained.output
    edit(good / "parameters" / "water_most.yaml", '"4 cm"', '"4 kg"')
    wrong = run("check", str(good))
    assert wrong.exit_code == 1
    assert "water_most.yaml, line 5" in wrong.output and "mm, cm or m" in wrong.output


def test_install_and_list(
    run: Callable[..., Result], good: Path, library: Library, edit: Edit
) -> None:
    looked = run("install", str(good), "--dry-run")
    assert looked.exit_code == 0 and not library.installed.exists()
    assert run("install", str(good)).output == f"{NAME} 1.2.0 is installed\n"
    assert f"{NAME}\t1.2.0\tinstalled\trunning\tWater in cellars" in run("list").output
    sharing = library.installed / NAME / "sharing.yaml"
    edit(sharing, "[place, raised_at]", "[place, raised_at, severity]")
    assert "wider sharing waits to be accepted" in run("list").output
    assert "wet_cellars is now shared" in run("install", NAME).output
    assert run("install", NAME, "--accept-sharing").exit_code == 0
    assert "waits to be accepted" not in run("list").output
    edit(library.installed / NAME / "pack.yaml", "1.2.0", "one")
    listed = run("list").output
    assert "switched off: has errors" in listed
    others = len(list(builtin_folder().glob("*/pack.yaml")))
    assert f"{NAME} is switched off until this is fixed; the other {others} packs" in listed


def test_stories_are_played(run: Callable[..., Result], good: Path, edit: Edit) -> None:
    held = run("test", str(good))
    assert (held.exit_code, held.output.splitlines()[-1]) == (0, "1 of 1 stories hold")
    edit(good / "stories" / "one_night.yaml", "severity: warning", "severity: critical")
    failed = run("test", str(good))
    assert failed.exit_code == 1
    assert "At 00:03 the findings should show: rule wet_cellar" in failed.output
    nothing = run("test", str(good), "--story", "another")
    assert nothing.output.splitlines()[-1] == "0 of 0 stories hold"


def test_help_is_there(run: Callable[..., Result]) -> None:
    for words in ([], ["check"], ["test"], ["install"], ["list"], ["explain"]):
        helped = CliRunner().invoke(
            commands(Tools(None, None, None, None)),  # type: ignore[arg-type]
            [*words, "--help"],
        )
        assert helped.exit_code == 0 and len(helped.output) > 200
