"""The platform's own worker that seals what does not lie under the current key."""

from __future__ import annotations

import logging
import threading

from yiwang.kernel.clock import HOUR
from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Caller
from yiwang.sharing.files.shelf import Shelf

_log = logging.getLogger(__name__)


class Sealer:
    """Goes through all contents after a start and when the key has changed, in a thread of its
    own. ``look`` is called every second and never waits."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._done = ""
        self._again_at = 0

    def look(self) -> None:
        """Begin where something may be left to do."""
        if self._thread is not None and self._thread.is_alive():
            return
        shelf: Shelf = self._caller.ports[Shelf]
        current = shelf.contents.current()
        failed = self._caller.clock.now() < self._again_at
        if self._stop.is_set() or current is None or current == self._done or failed:
            return
        self._thread = threading.Thread(target=self.settle, name="sealing")
        self._thread.start()

    def settle(self) -> int:
        """Seal all that is not; how many were. What fails stays as it is, and is tried again in an
        hour."""
        shelf: Shelf = self._caller.ports[Shelf]
        current, done, failed = shelf.contents.current(), 0, False
        if current is None:
            return 0
        for name in shelf.contents.unsettled():
            if self._stop.is_set():
                return done
            try:
                shelf.contents.settle(name, shelf.lock)
                done += 1
            except (YiwangError, OSError) as error:
                failed = True
                _log.error("content %s is not sealed: %s", name, error)
        if failed:
            self._again_at = self._caller.clock.now() + HOUR
        else:
            self._done = current
        if done:
            _log.info("%s contents sealed with the key %s", done, current)
        return done

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
