"""Clients as they are: a connection that breaks, curl that goes on, over a real server."""

from __future__ import annotations

import hashlib
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from tests.sharing.files.conftest import Desk

CONTENT = hashlib.shake_256(b"a file").digest(3 * 1024 * 1024 + 7)


@contextmanager
def _served(desk: Desk) -> Iterator[str]:
    """The city's routes behind a server, asked as the parking office's steward."""
    desk.ask.always(desk.city.user)
    config = uvicorn.Config(desk.ask.app, host="127.0.0.1", port=0, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_curl_goes_on_where_a_download_broke_off(desk: Desk, tmp_path: Path) -> None:
    desk.grant()
    version = desk.upload("水位.bin", CONTENT)
    with _served(desk) as address:
        _download(f"{address}/api/sharing/files/versions/{version}", tmp_path)


def _download(url: str, tmp_path: Path) -> None:
    file = tmp_path / "part.bin"
    with httpx.stream("GET", url) as broken, file.open("wb") as out:
        for data in broken.iter_bytes(64 * 1024):
            out.write(data)
            if out.tell() > 1024 * 1024:
                break
    had = file.stat().st_size
    assert 0 < had < len(CONTENT)
    command = ["curl", "--silent", "--fail", "--show-error", "-C", "-", "-o", str(file), url]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    assert file.read_bytes() == CONTENT, made.stderr
    command = ["curl", "--silent", "--fail", "-OJ", url]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert (tmp_path / "__.bin").read_bytes() == CONTENT
