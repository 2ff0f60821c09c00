"""Sensing as one running part: opened once by the platform, with its background work."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from yiwang.contracts.observations import ObservationReader, ObservationSink
from yiwang.contracts.ports import ChannelDirectory, EvidenceReader, PositionedLog
from yiwang.kernel import clock as time
from yiwang.kernel.clock import Clock
from yiwang.kernel.settings import Settings
from yiwang.sensing import brought
from yiwang.sensing.devices import Channels
from yiwang.sensing.fleet.roster import Roster
from yiwang.sensing.health import Health
from yiwang.sensing.history import policy
from yiwang.sensing.history.keeping import Keeping
from yiwang.sensing.history.rollups import Rollups
from yiwang.sensing.intake import Intake
from yiwang.sensing.ledger import Ledger
from yiwang.sensing.observations import Observations
from yiwang.sensing.sight import Visibility
from yiwang.store.database import Database
from yiwang.store.errors import DiskFull

_log = logging.getLogger(__name__)

_PAUSE_S = 0.5
_AFTER_FAILURE_S = 10.0
_KEEP_EVERY = 60
"""Rounds of background work between two looks for what is to be rolled up or let go."""
_FORGET_EVERY = 7200
"""Rounds of background work between two looks for rejected messages too old to keep."""


class Sensing:
    """The intake with what belongs to it. ``keep_from`` gives the log position behind which the
    rule engine still needs the log; set it before ``start``."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.observations = Observations(settings.home / "observations", clock, settings.hot_rows)
        self.intake = Intake(
            self.observations,
            database,
            clock,
            settings.future_tolerance_s * time.SECOND,
            settings.past_tolerance_days * time.DAY,
        )
        self.ledger = Ledger(self.observations, database, ZoneInfo(settings.time_zone))
        self.health = Health(database, self.observations.latest)
        self.intake.listen(self.health.delays.update)
        self.channels = Channels(database)
        folder = settings.home / "observations"
        self.keeping = Keeping(
            self.observations,
            Rollups(folder / "rollups", ZoneInfo(settings.time_zone)),
            database,
            policy.read_city(settings.home / "city" / "history.yaml"),
            folder,
        )
        self.roster = Roster()
        self.visibility = Visibility()
        self.keep_from: Callable[[], int] = lambda: 0
        self.generation = 0
        """Grows with every change of things, datastreams or kinds."""
        self._stop = threading.Event()
        self._outdated = threading.Event()
        self._threads: list[threading.Thread] = []
        self._left: list[int] = []

    def ports(self) -> dict[type, Any]:
        """What sensing offers to callers, by type."""
        return {
            Sensing: self,
            Observations: self.observations,
            Ledger: self.ledger,
            Health: self.health,
            Keeping: self.keeping,
            Roster: self.roster,
            ObservationReader: self.observations,
            ObservationSink: self.intake,
            EvidenceReader: self.observations,
            PositionedLog: self.observations,
            ChannelDirectory: self.channels,
            Visibility: self.visibility,
        }

    def changed(self) -> None:
        """Things, datastreams or kinds changed (DatastreamsChanged, PacksChanged).

        New datastreams are known to the intake at once; changed limits after the next round of
        background work, because reading those of a large city takes seconds.
        """
        self.generation += 1
        self.health.forget()
        self.roster.forget()
        if self._threads:
            self._outdated.set()
        else:
            self.intake.reload()

    def tend(self) -> None:
        """One round of the background work, where nothing was started: for replays."""
        self.ledger.fold()
        self.observations.compact_if_needed(min(self.ledger.position, self.keep_from()))
        self.observations.merge()

    def start(self) -> None:
        """Start folding the ledger and rewriting closed observations in the background, and
        store what requests had brought along when the platform ended."""
        self._left = brought.left(self.database)
        for work in (
            self._take_up,
            self._fold,
            self._compact,
            self._merge,
            self._reload,
            self._keep,
        ):
            thread = threading.Thread(target=self._repeat, args=(work,), name=work.__name__)
            thread.daemon = True
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Stop the background work, fold what is left and write the snapshot."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        try:
            self.settle()
            self.observations.tidy()
        finally:
            self.observations.close()

    def settle(self) -> None:
        """Bring the ledger up to the end of the log."""
        while self.ledger.fold():
            pass

    def _repeat(self, work: Callable[[int], None]) -> None:
        rounds = 0
        while not self._stop.wait(_PAUSE_S):
            try:
                work(rounds)
            except DiskFull as error:
                _log.error("%s", error)
                self._stop.wait(_AFTER_FAILURE_S)
            except Exception:
                _log.exception("Background work of sensing failed; it will be tried again")
                self._stop.wait(_AFTER_FAILURE_S)
            rounds += 1

    def _take_up(self, rounds: int) -> None:
        while self._left:
            brought.take_up(self.database, self.intake, self._left[0])
            del self._left[0]

    def _fold(self, rounds: int) -> None:
        self.ledger.fold()
        if rounds % _FORGET_EVERY == 0:
            self.ledger.forget(self.clock.now())

    def _reload(self, rounds: int) -> None:
        if self._outdated.is_set():
            self._outdated.clear()
            self.intake.reload()

    def _compact(self, rounds: int) -> None:
        self.observations.compact_if_needed(min(self.ledger.position, self.keep_from()))

    def _merge(self, rounds: int) -> None:
        self.observations.merge()

    def _keep(self, rounds: int) -> None:
        if rounds % _KEEP_EVERY == 0:
            self.keeping.round(self.clock.now())
