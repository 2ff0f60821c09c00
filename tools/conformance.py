"""Runs the OGC's executable test suite for SensorThings against a fresh, empty platform.

    make conformance SUITE=ets-sta10-…-aio.jar
    .venv/bin/python tools/conformance.py SUITE.jar [--version v1.1] [--out FOLDER]

SUITE.jar is the suite with everything it needs (``org.opengis.cite:ets-sta10``, the artifact
``aio``). The suite signs in nowhere, so every one of its requests is given an administrator's
token on the way. What it deletes is a home made for the run.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from yiwang.app import Entrances, Platform
from yiwang.kernel.clock import SystemClock
from yiwang.kernel.settings import Settings
from yiwang.packs.library import Library
from yiwang.security import accounts

LONGEST_S = 900.0
LEVELS = "3"
"""The suite's classes: core, create-update-delete and filtering."""


class SignedIn:
    """Gives every request a bearer token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._header = (b"authorization", f"Bearer {token}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["headers"] = [*scope["headers"], self._header]
        await self._app(scope, receive, send)


@contextmanager
def serving(home: Path) -> Iterator[int]:
    """A platform on a fresh home without packs; yields its port on loopback."""
    settings = Settings(home=home, mqtt_port=0)
    no_packs = home / "no-packs"
    no_packs.mkdir(parents=True)
    with Platform(settings, SystemClock(), library=Library(home, no_packs)) as platform:
        platform.first_administrator()
        token = accounts.add_token(platform.caller("conformance"), "admin", "conformance")
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        server = Server(platform, token, listening)
        thread = threading.Thread(target=lambda: asyncio.run(server.run()))
        thread.start()
        server.started.wait(60)
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.stop()
            thread.join()


class Server:
    def __init__(self, platform: Platform, token: str, listening: socket.socket) -> None:
        self._platform = platform
        self._token = token
        self._listening = listening
        self._server: uvicorn.Server | None = None
        self.started = threading.Event()

    async def run(self) -> None:
        entrances = Entrances(self._platform)
        await entrances.open()
        app = SignedIn(entrances.asgi, self._token)
        config = uvicorn.Config(app, log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self.started.set()
        await self._server.serve(sockets=[self._listening])
        await entrances.close()

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True


THING = {
    "name": "A room",
    "description": "What the suite finds",
    "Locations": [
        {
            "name": "Where it is",
            "description": "A point",
            "encodingType": "application/geo+json",
            "location": {"type": "Point", "coordinates": [121.47, 31.23]},
        }
    ],
    "Datastreams": [
        {
            "name": "Its temperature",
            "description": "Every minute",
            "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            "unitOfMeasurement": {"name": "degree Celsius", "symbol": "°C", "definition": "Cel"},
            "Sensor": {
                "name": "A thermometer",
                "description": "Made for the suite",
                "encodingType": "application/pdf",
                "metadata": "none",
            },
            "ObservedProperty": {
                "name": "Temperature",
                "definition": "http://qudt.org/vocab/quantitykind/Temperature",
                "description": "Of the air",
            },
            "Observations": [
                {
                    "phenomenonTime": "2026-01-01T00:00:00Z",
                    "resultTime": "2026-01-01T00:00:01Z",
                    "result": 21.5,
                }
            ],
        }
    ],
}
"""One of every entity: the suite's core class reads what is there before it makes its own."""


@dataclass(frozen=True)
class Result:
    """What became of one test method."""

    test: str
    status: str
    reason: str = ""


def run(suite: Path, root: str, folder: Path) -> list[Result]:
    """Run the suite against a service root; its own reports go to ``folder``."""
    arguments = folder / "test-run-props.xml"
    arguments.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<properties version="1.0"><entry key="iut">{root}</entry>'
        f'<entry key="ics">{LEVELS}</entry></properties>\n',
        encoding="utf-8",
    )
    java = ["java", f"-Duser.home={folder}", "-jar", str(suite), str(arguments)]
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        subprocess.run(java, stdout=output, stderr=output, timeout=LONGEST_S, check=False)
    reports = sorted(folder.rglob("testng-results.xml"))
    if not reports:
        said = (folder / "output.txt").read_text(encoding="utf-8")
        sys.exit(f"The suite reported nothing. It said:\n{said[-3000:]}")
    return list(_results(ElementTree.parse(reports[-1])))


def _results(report: ElementTree.ElementTree) -> Iterator[Result]:
    for group in report.iter("class"):
        for method in group.iter("test-method"):
            message = method.findtext("exception/message") or ""
            reason = re.sub(r"\s+", " ", message).strip()
            name = f"{group.get('name', '').rpartition('.')[2]}.{method.get('name')}"
            if method.get("is-config") != "true" or method.get("status") != "PASS":
                yield Result(name, method.get("status", ""), reason)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", type=Path)
    parser.add_argument("--version", default="v1.1", choices=("v1.1", "v1.0"))
    parser.add_argument("--out", type=Path, help="where the suite's own reports are kept")
    given = parser.parse_args()
    if shutil.which("java") is None:
        parser.error("the suite needs Java 17: apt-get install openjdk-17-jre-headless")
    with tempfile.TemporaryDirectory() as name:
        folder = (given.out or Path(name) / "report").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        with serving(Path(name) / "home") as port:
            root = f"http://127.0.0.1:{port}/{given.version}"
            httpx.post(f"{root}/Things", json=THING).raise_for_status()
            results = run(given.suite.resolve(), root, folder)
    for one in results:
        print(f"{one.status:5} {one.test} {one.reason}".rstrip())
    passed = sum(one.status == "PASS" for one in results)
    print(f"{passed} passed, {len(results) - passed} failed")
    return 0 if results and passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
