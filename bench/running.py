"""A running platform for the benchmarks: ``yiwang up`` as a child process on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

LONGEST_START_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    """``started_s``: seconds from the start of the process to the first answer;
    ``started_cpu_s``: processor seconds that it had used by then, in all threads."""

    process: subprocess.Popen[bytes]
    url: str
    home: Path
    started_s: float
    started_cpu_s: float

    def resident_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def clock(self) -> datetime:
        """What the platform's clock shows."""
        with urllib.request.urlopen(f"{self.url}/api/health", timeout=10) as answer:
            return datetime.fromisoformat(json.load(answer)["clock"])

    def password(self) -> str:
        return (self.home / "keys" / "first-password.txt").read_text().split()[1]


@contextlib.contextmanager
def up(home: Path, *options: str) -> Iterator[Running]:
    """Start the platform, wait for its first answer, stop it at the end."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "yiwang", "up", "--home", str(home), "--port", str(port), *options],
        stdout=subprocess.DEVNULL,
    )
    try:
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}/api/health", timeout=1).close()
                break
            if time.perf_counter() - began > LONGEST_START_S or process.poll() is not None:
                raise RuntimeError("the platform did not start")
            time.sleep(0.01)
        taken = time.perf_counter() - began
        yield Running(process, url, home, taken, processor_s(process.pid))
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


def processor_s(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def call(running: Running, path: str, token: str, body: Any = None) -> Any:
    """One call of the HTTP API with a bearer token."""
    request = urllib.request.Request(f"{running.url}{path}")
    request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def token(home: Path, name: str = "admin") -> str:
    """An API token of an account, made on the database beside the running platform."""
    command = [sys.executable, "-m", "yiwang", "user", "token", name]
    command += ["--label", "bench", "--home", str(home)]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    return made.stdout.strip()
