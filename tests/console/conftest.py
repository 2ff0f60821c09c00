"""A platform with one underpass and its meter, and an administrator who is signed in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from yiwang.app import Platform, asgi
from yiwang.contracts.observations import Incoming
from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import ManualClock, parse
from yiwang.registry import editing
from yiwang.security import accounts
from yiwang.sensing import service as sensing
from yiwang.sensing.devices import NewDevice

NOW = parse("2026-07-01T00:00:00Z")
KIND = "underpass_flooding.water_level"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """The home of a platform with one underpass and its meter, packs installed."""
    home = tmp_path_factory.mktemp("furnished") / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "yiwang.db")
    settings, _ = settings_of.load(home, {}, {})
    with Platform(settings, ManualClock(NOW)) as opened:
        by = opened.caller("test")
        accounts.add_user(by, "ann", PASSWORD, ["administrator"])
        place = {"kind": "underpass", "code": "P1", "name_zh": "东桥", "name_en": "East bridge"}
        place |= {"lon": 116.02, "lat": 39.02, "attributes": {"capacity": 40}}
        site = editing.add(by, "places", place)
        device = NewDevice("WL-1", lon=116.02, lat=39.02, place=site.id)
        sensing.register_device(by, KIND, device)
        opened.settle()
    return home


@pytest.fixture
def platform(furnished: Path, tmp_path: Path) -> Iterator[Platform]:
    """The platform in a home of its own."""
    shutil.copytree(furnished, tmp_path / "home")
    settings, _ = settings_of.load(tmp_path / "home", {}, {})
    with Platform(settings, ManualClock(NOW)) as opened:
        yield opened


@pytest.fixture
def client(platform: Platform) -> TestClient:
    found = TestClient(asgi(platform))
    found.headers["X-Yiwang"] = "1"
    answer = found.post("/api/session", json={"name": "ann", "password": PASSWORD})
    assert answer.status_code == 200
    return found


def observe(platform: Platform, value: float, at: int = NOW) -> None:
    one = np.ones(1, np.int64)
    incoming = Incoming("test", one, np.array([at]), np.array([value]), at)
    assert platform.sensing.intake.accept(incoming).stored == 1
