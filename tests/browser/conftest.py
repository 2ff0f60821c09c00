"""The real server in a process of its own, a small city in it, and a browser that looks at it."""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)

from yiwang.console import static

SHELLS = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, SHELLS)), None)
"""The first is Chromium without what a window needs: a third of the processor time."""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader-webgl",  # maps alone are drawn so: for all else it costs double
    "--enable-unsafe-swiftshader",
]
PATIENCE_S = 60
START_S = 180
"""Servers and browsers of several processes start at once."""
HANDLER = "handler"
"""Is of the drainage office."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


LOG = "server.log"


@dataclass
class City:
    """A running server with one underpass and its water level meter."""

    base: str
    home: Path
    password: str
    client: httpx.Client
    place: int = 0
    stream: int = 0

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, path, json=body, headers={"X-Yiwang": "1"})
        assert answer.status_code < 300, f"{method} {path}: {answer.text}\n{self._log()}"
        return answer.json() if answer.content else None

    def _log(self) -> str:
        """What the server has said last: the cause of a failure of its own stands there alone."""
        return (self.home.parent / LOG).read_text(encoding="utf-8")[-4000:]

    def observe(self, value: float, ago_s: float = 0.0, stream: int = 0) -> None:
        """What the meter (or another device) saw, through the HTTP entrance that devices use."""
        moment = time.gmtime(time.time() - ago_s)
        instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
        body = {"phenomenonTime": instant, "result": value}
        self.call("POST", f"/v1.1/Datastreams({stream or self.stream})/Observations", body)

    def add_user(self, name: str, role: str, organisation: int | None = None) -> None:
        """An account; everybody's password is the administrator's."""
        body = {"name": name, "password": self.password, "roles": [role]}
        self.call("POST", "/api/users", body | {"organisation": organisation})

    @contextmanager
    def signed_in(self, name: str) -> Iterator[httpx.Client]:
        """Talks to the server as somebody."""
        headers = {"X-Yiwang": "1"}
        with httpx.Client(base_url=self.base, headers=headers, timeout=PATIENCE_S) as client:
            given = {"name": name, "password": self.password}
            client.post("/api/session", json=given).raise_for_status()
            yield client


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands here runs apart: a browser leaves its event loop running in the process."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


LABELS = """
rainfall:
  title: {zh-CN: 雨量, en: Rainfall}
  class: business
  grade: general_1
  mask: {method: plain}
  watermark: {unit: 0.1}
"""
"""Labels of the city's own, which are read when one is first wanted."""


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    if not (static.FOLDER / "index.html").is_file():
        pytest.fail("The web application is not built: npm ci && npm run build in web/")
    home, port = tmp_path_factory.mktemp("browser") / "home", free_port()
    log = home.parent / LOG
    (home / "city").mkdir(parents=True)
    (home / "city" / "labels.yaml").write_text(LABELS, encoding="utf-8")
    command = [sys.executable, "-c", "from yiwang.cli import main; main()", "up"]
    command += ["--home", str(home), "--port", str(port), "--mqtt-port", "0"]
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env=dict(os.environ))
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base, server, log)
        text = (home / "keys" / "first-password.txt").read_text()
        with httpx.Client(base_url=base, timeout=PATIENCE_S) as client:
            made = City(base, home, text.split()[1], client)
            _found(made)
            yield made
    finally:
        server.terminate()
        server.wait(30)


def _wait(base: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            if httpx.get(f"{base}/api/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())


def _square(west: float, south: float, side: float) -> dict[str, Any]:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _found(city: City) -> None:
    """Areas, an organisation that drains, an underpass and its meter."""
    city.call("POST", "/api/session", {"name": "admin", "password": city.password})
    levels = (("district", "D1", "甲区", 0.2), ("street", "S1", "东街道", 0.1))
    parent = None
    for level, code, name, side in (*levels, ("grid", "G1", "第一网格", 0.05)):
        area = {"code": code, "level": level, "name_zh": name, "name_en": f"{level} {code}"}
        area |= {"geometry": _square(116.0, 39.0, side)}
        if parent:
            area["parent"] = parent
        parent = city.call("POST", "/api/registry/areas", area)["code"]
    functions = ["drainage", "traffic_police", "traffic", "maintenance", "flood_control"]
    unit = {"code": "U1", "name_zh": "排水所", "name_en": "Drainage", "functions": functions}
    number = city.call("POST", "/api/registry/organisations", unit)["id"]
    city.add_user(HANDLER, "department_handler", number)
    place = {"kind": "underpass", "code": "P1", "name_zh": "东桥下穿", "name_en": "East underpass"}
    place |= {"lon": 116.02, "lat": 39.02}
    city.place = city.call("POST", "/api/registry/places", place)["id"]
    device = {"kind": "underpass_flooding.water_level", "code": "WL-1", "place": city.place}
    device |= {"lon": 116.02, "lat": 39.02}
    made = city.call("POST", "/api/devices", device)
    city.stream = made["datastreams"]["depth_cm"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: make setup")
    with sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


OPTIONS = ".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option"
"""What the choice offers that is open."""


def pick(field: Locator, text: str) -> None:
    """Seeks an entry of a choice and takes it, once the list is the one that was asked for."""
    field.fill(text)
    offered = field.page.locator(OPTIONS)
    expect(offered.first).to_contain_text(text)
    expect(offered.filter(has_not_text=text)).to_have_count(0)
    offered.first.click()


@dataclass
class Watched:
    """A page, and everything about it that must not happen."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def asked(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.strangers.append(request.url)


Enter = Callable[[str | None], Watched]


def menu(page: Page, name: str | re.Pattern[str]) -> None:
    """Goes where an entry of the menu leads. The page before stays until the new one is loaded,
    and has rows and buttons of its own."""
    entry = page.get_by_role("navigation").get_by_role("link", name=name)
    entry.click()
    expect(entry).to_have_attribute("aria-current", "page")


@pytest.fixture
def enter(city: City, browser: Browser) -> Iterator[Enter]:
    """Signs somebody in, or nobody, on a page of their own on which nothing is open yet. At the
    end nothing must have gone wrong in any page, and none asked for anything outside the
    server."""
    opened: list[Watched] = []

    def sign_in(name: str | None) -> Watched:
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, locale="zh-CN", reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE_S * 1000)
        if name is not None:
            with city.signed_in(name) as client:
                held = client.cookies.items()
                context.add_cookies(
                    [{"name": key, "value": value, "url": city.base} for key, value in held]
                )
            context.add_init_script("localStorage.setItem('yiwang.signed_in', '1')")
        page = context.new_page()
        found = Watched(page, city.base)
        opened.append(found)
        page.on("console", found.heard)
        page.on("pageerror", lambda error: found.errors.append(str(error)))
        page.on("request", found.asked)
        return found

    expect.set_options(timeout=PATIENCE_S * 500)
    yield sign_in
    for one in opened:
        one.page.context.close()
        assert one.errors == []
        assert one.strangers == []


@pytest.fixture
def watched(enter: Enter) -> Watched:
    """The administrator's page."""
    return enter("admin")


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small PNG as a photo of the place."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    rows = b"".join(b"\0" + bytes((90, 140, 180)) * 64 for _ in range(48))
    head = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
    file = tmp_path_factory.mktemp("photo") / "place.png"
    content = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    file.write_bytes(base64.b16decode(b"89504E470D0A1A0A") + content)
    return file
