"""Progress of long work: a moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

EVERY_TERMINAL_S = 0.2
EVERY_PLAIN_S = 10.0


class Progress:
    """Counts what is done; shows rate, what remains (when ``total`` is known) and notes.

    Measures real time, since it tells a person how long to wait; nothing depends on it.
    """

    def __init__(
        self, title: str, unit: str, total: int | None = None, out: TextIO | None = None
    ) -> None:
        self._title = title
        self._unit = unit
        self._total = total
        self._out = out or sys.stderr
        self._terminal = self._out.isatty()
        self._done = 0
        self._note = ""
        self._began = self._shown = time.monotonic()

    def add(self, count: int, note: str = "") -> None:
        self._done += count
        self._note = note or self._note
        now = time.monotonic()
        if now - self._shown >= (EVERY_TERMINAL_S if self._terminal else EVERY_PLAIN_S):
            self._shown = now
            self._show(now)

    def _show(self, now: float) -> None:
        passed = max(now - self._began, 1e-6)
        rate = self._done / passed
        parts = [f"{self._title}: {self._done:,} {self._unit}", f"{rate:,.0f}/s"]
        if self._total and rate:
            left = max(self._total - self._done, 0) / rate
            parts.append(f"{100 * self._done / self._total:.0f} %, {left:,.0f} s left")
        if self._note:
            parts.append(self._note)
        line = " · ".join(parts)
        self._out.write(f"\r\x1b[2K{line}" if self._terminal else f"{line}\n")
        self._out.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._show(time.monotonic())
        if self._terminal:
            self._out.write("\n")
