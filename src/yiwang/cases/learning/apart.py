"""Learning in a process of its own, behind all others: for minutes it would hold up every other
thread of the platform."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from threading import Lock

from yiwang.kernel.settings import Settings


class Apart:
    """Runs ``yiwang cases learn`` on a home; ends it when the platform stops."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self) -> None:
        """Learn and wait for it. Raises CalledProcessError, but not for one that was stopped."""
        settings = self._settings
        behind = [nice, "-n", "10"] if (nice := shutil.which("nice")) else []
        command = [sys.executable, "-m", "yiwang", "cases", "learn", "--home", str(settings.home)]
        given = {"YIWANG_DATABASE": settings.database} if settings.database else {}
        with self._lock:
            if self._stopped:
                return
            self._running = subprocess.Popen(
                [*behind, *command],
                env={**os.environ, **given},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        code = self._running.wait()
        if code and not self._stopped:
            raise subprocess.CalledProcessError(code, command)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._running is not None and self._running.poll() is None:
                self._running.terminate()
                self._running.wait()
