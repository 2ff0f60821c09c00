"""The judge: reads the observation log, runs the engine, records what it finds.

Findings, their events and the position in the log are one transaction. The engine's state is
saved now and then with the position it belongs to; after a crash the frames from there on are
judged again, and what was recorded already stays as it is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from yiwang.contracts.events import FindingCleared
from yiwang.contracts.observations import Incoming, ObservationBatch, ObservationSink
from yiwang.contracts.ports import ChannelDirectory, PositionedLog
from yiwang.kernel.clock import Clock, SystemClock
from yiwang.kernel.errors import YiwangError
from yiwang.rules import store
from yiwang.rules.checkpoint import Checkpoints
from yiwang.rules.engine import Emitted, Engine, Judgement
from yiwang.rules.recorder import Recorder
from yiwang.rules.sites import Sites
from yiwang.rules.state import NEVER
from yiwang.rules.store import RuleBody
from yiwang.store import outbox
from yiwang.store.database import Database

_log = logging.getLogger(__name__)

READ_ROWS = 100_000
SAVE_ROWS = 5_000_000
SAVE_S = 60.0
RETRY_S = 1.0
FEW_ROWS = 1000
PAUSE_S = 0.01
"""After fewer rows than FEW_ROWS the next ones may gather for so long: judged one by one they
would take the processor from the intake."""
NOTE_S = 1.0
"""How long what was judged without finding anything may go unrecorded: a commit for every
observation would take the disk from the intake. After a crash it is judged again, as before."""


@dataclass(frozen=True)
class Progress:
    """How far the judge is. ``behind``: bytes of log that wait."""

    position: int
    behind: int
    watermark: int | None
    judged: int
    too_late: int


class Judge:
    """One judge works on one home. All methods may be called from any thread.

    ``pace`` only measures how long ago the state was saved; ``clock`` says when things happen.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        log: PositionedLog,
        directory: ChannelDirectory,
        sink: ObservationSink,
        sites: Sites,
        folder: Path,
        pace: Clock | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._reading = log
        self._directory = directory
        self._sink = sink
        self._sites = sites
        self._checkpoints = Checkpoints(folder)
        self._pace = pace or SystemClock()
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._recorder: Recorder | None = None
        self._position = 0
        self._saved = 0
        self._saved_at = 0.0
        self._noted = 0
        """The position that the database knows."""
        self._noted_at = 0.0
        self._unsaved_rows = 0
        self._width = 0
        self._stale = False
        self._judged = 0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # working

    def step(self) -> int:
        """Judge what the log has next, at most about 100,000 rows; how many it were."""
        with self._lock:
            self._ready()
            batches = self._reading.read(self._position, READ_ROWS)
            rows = sum(len(batch) for batch in batches)
            if batches:
                self._take(batches, again=False)
                self._unsaved_rows += rows
                self._judged += rows
                self._save_if_due()
            return rows

    def drain(self) -> int:
        """Judge until the log is read to its end; how many rows it were."""
        total = 0
        while True:
            before = self._position
            total += self.step()
            if self._position == before:
                with self._lock:
                    self._note()
                return total

    def advance_to(self, now: int) -> None:
        """Event time is ``now``: silences that have become due are raised."""
        with self._lock:
            self._ready()
            assert self._engine is not None
            judgement = self._engine.advance(now)
            if judgement.changes:
                self._commit([judgement], self._position, again=False)

    def changed(self) -> None:
        """Datastreams, places, packs or parameters changed: wire anew before the next step."""
        self._stale = True
        self._wake.set()

    def rebuild(self) -> None:
        """Wire anew now. Rules and subjects that are what they were keep their state; open
        findings of rules that are gone or have changed are cleared."""
        with self._lock:
            if self._engine is None:
                self._open()
                return
            self._stale = False
            state = self._engine.save()
            engine, versions = self._built()
            kept = engine.load(state)
            self._install(engine, versions)
            self._clear_orphans(kept)
            self._save()

    def progress(self) -> Progress:
        """For health pages and reports."""
        engine = self._engine
        watermark = engine.watermark if engine is not None else NEVER
        return Progress(
            self._position,
            max(0, self._reading.end() - self._position),
            None if watermark == NEVER else watermark,
            self._judged,
            engine.too_late if engine is not None else 0,
        )

    def keep_from(self) -> int:
        """The log position from which frames may be judged again and must be kept."""
        if not self._saved and self._engine is None:
            known = self._checkpoints.load()
            self._saved = known[0] if known else 0
        return self._saved

    # a thread of its own

    def start(self) -> None:
        """Judge in the background until closed."""
        self._thread = threading.Thread(target=self._run, name="judge", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was stored: look now."""
        self._wake.set()

    def close(self) -> None:
        """Stop the thread and save the state."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            if self._engine is not None:
                self._save()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                before = self._position
                rows = self.step()
                if self._position != before:
                    if rows < FEW_ROWS:
                        self._stop.wait(PAUSE_S)
                elif not self._stop.is_set():
                    if self._noting_is_due():
                        with self._lock:
                            self._note()
                    self._wake.wait(0.05)
            except Exception:
                _log.exception("judging failed; it is tried again")
                self._stop.wait(RETRY_S)

    # opening and rebuilding

    def _ready(self) -> None:
        if self._engine is None:
            self._open()
        elif self._stale:
            self.rebuild()

    def _open(self) -> None:
        """Build the engine, load its saved state, and judge again what came after it."""
        self._stale = False
        engine, versions = self._built()
        with self._database.read() as connection:
            recorded = store.position(connection)
        saved = self._checkpoints.load()
        reached = self._noted = recorded[0] if recorded else 0
        kept: set[str] = set()
        self._position = 0
        if saved is not None and saved[0] <= reached:
            self._position = saved[0]
            kept = engine.load(saved[1])
        elif reached and saved is not None:
            self._position = reached
        self._install(engine, versions)
        self._saved, self._saved_at = self._position, self._pace.monotonic()
        if self._position or kept:
            self._clear_orphans(kept)
        self._catch_up(reached)
        if recorded is not None and recorded[1] != NEVER:
            self._commit([engine.advance(recorded[1])], self._position, again=True)

    def _catch_up(self, reached: int) -> None:
        while self._position < reached:
            try:
                batches = self._reading.read(self._position, READ_ROWS, reached)
            except YiwangError as error:
                _log.error("the log from %d on is not there: %s", self._position, error)
                self._position = reached
                return
            if not batches:
                return
            self._take(batches, again=True)

    def _built(self) -> tuple[Engine, dict[str, tuple[int, RuleBody]]]:
        with self._database.read() as connection:
            loaded = store.loaded(connection)
            versions = store.versions(connection)
        kinds = sorted({kind for pack in loaded for kind in pack.spec.place_kinds})
        places: dict[int, Mapping[str, Any]] = {}
        for kind in kinds:
            places.update(self._sites.attributes(kind))
        channels = self._directory.channels()
        self._width = max((channel.datastream for channel in channels), default=0)
        return Engine(loaded, channels, places), versions

    def _install(self, engine: Engine, versions: dict[str, tuple[int, RuleBody]]) -> None:
        with self._database.read() as connection:
            last = store.last_finding(connection)
        self._engine = engine
        self._recorder = Recorder(engine, versions, last)

    def _clear_orphans(self, kept: set[str]) -> None:
        """Clear open findings of rules whose state could not be carried on."""
        with self._database.read() as connection:
            left = [
                row
                for row in store.open_findings(connection)
                if f"{row.pack}/{row.rule}" not in kept
            ]
        if not left:
            return
        now = self._clock.now()
        with self._database.write() as connection:
            rows, events = [], []
            for row in left:
                at = max(now, row.raised_at)
                events.append(FindingCleared(row.id, row.key, at, row.seen))
                rows.append(
                    {
                        "number": row.id,
                        "new_state": "cleared",
                        "cleared": at,
                        "withdrawn": None,
                        "seen": row.seen,
                    }
                )
            store.update_findings(connection, rows)
            outbox.put(connection, events, now)

    # judging

    def _take(self, batches: Sequence[ObservationBatch], again: bool) -> None:
        judgements: list[Judgement] = []
        try:
            for batch in batches:
                newest = int(batch.datastream.max()) if len(batch) else 0
                if newest > self._width:
                    self._commit(judgements, self._position, again)
                    judgements = []
                    self.rebuild()
                    self._width = max(self._width, newest)
                assert self._engine is not None
                judgement = self._engine.judge(batch)
                self._emit(judgement.computed)
                judgements.append(judgement)
                self._position = batch.position
            self._commit(judgements, self._position, again)
        except BaseException:
            self._engine = None
            raise

    def _commit(self, judgements: Sequence[Judgement], position: int, again: bool) -> None:
        assert self._engine is not None and self._recorder is not None
        changes = [change for judgement in judgements for change in judgement.changes]
        if not changes and (again or not self._noting_is_due()):
            return
        now = self._clock.now()
        with self._database.write() as connection:
            self._recorder.record(connection, changes, now, again)
            if not again:
                store.put_position(connection, position, self._engine.watermark)
        if not again:
            self._noted, self._noted_at = position, self._pace.monotonic()

    def _noting_is_due(self) -> bool:
        return self._pace.monotonic() >= self._noted_at + NOTE_S

    def _note(self) -> None:
        """Record how far was judged, where the database does not know it."""
        if self._engine is not None and self._position > self._noted:
            with self._database.write() as connection:
                store.put_position(connection, self._position, self._engine.watermark)
            self._noted, self._noted_at = self._position, self._pace.monotonic()

    def _emit(self, computed: Emitted) -> None:
        """Hand computed properties to the entrance, one source a pack."""
        if not len(computed):
            return
        packs = np.array(computed.pack)
        for pack in dict.fromkeys(computed.pack):
            rows = np.flatnonzero(packs == pack)
            self._sink.accept(
                Incoming(
                    source=f"computed:{pack}",
                    datastream=computed.datastream[rows],
                    time=computed.time[rows],
                    result=computed.value[rows],
                    received=self._clock.now(),
                )
            )

    def _save_if_due(self) -> None:
        waited = self._pace.monotonic() - self._saved_at
        if self._unsaved_rows >= SAVE_ROWS or (self._unsaved_rows and waited >= SAVE_S):
            self._save()

    def _save(self) -> None:
        """Save the state; never ahead of the position that the database knows."""
        assert self._engine is not None
        self._note()
        self._checkpoints.save(self._position, self._engine.save())
        self._saved, self._saved_at = self._position, self._pace.monotonic()
        self._unsaved_rows = 0
