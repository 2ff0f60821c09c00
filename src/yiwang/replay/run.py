"""``yiwang replay``: the whole main line, driven by a recording, in event time.

The clock is the recording's: it stands at the newest time handed in. Batches are the same at
every run, and how far the file is read is stored with the observations, so a replay that was
killed goes on where it stopped and ends as if it had not been.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, TypeVar

import numpy as np

from yiwang.app import Platform
from yiwang.contracts.observations import Incoming, Ints
from yiwang.kernel.clock import SECOND, ManualClock
from yiwang.kernel.settings import Settings
from yiwang.packs import service as packs
from yiwang.registry import editing
from yiwang.registry import service as registry
from yiwang.registry.model import Place
from yiwang.replay import report, source
from yiwang.replay.errors import NoSuchKind, NoSuchPack, NoSuchProperty
from yiwang.replay.mapping import Recording
from yiwang.replay.rows import incoming
from yiwang.rules import store as rules
from yiwang.sensing import service as sensing
from yiwang.sensing.devices import NewDevice

T = TypeVar("T")
Progress = Callable[[int, str], None]

BATCH = 50_000
PACED_S = 0.5
"""Longest real time that one batch of a paced replay covers."""


@dataclass(frozen=True)
class Wanted:
    """What to replay. ``speed`` is event seconds a second, None as fast as possible; ``batch``
    how many observations are handed in at once."""

    file: Path
    recording: Recording
    pack: str
    speed: float | None = None
    batch: int = BATCH


def replay(settings: Settings, wanted: Wanted, progress: Progress) -> dict[str, Any]:
    """Replay a recording into a home and return the report."""
    began = time.perf_counter()
    reader = source.Reader(wanted.file, wanted.recording)
    clock = ManualClock(reader.first_time() or 0)
    name = f"replay:{wanted.recording.source or wanted.file.stem}:{reader.identity}"
    with Platform(settings, clock) as platform:
        run = _Run(platform, clock, reader, wanted, name, progress)
        run.prepare()
        run.stream()
        run.finish()
        run.measured.wall_s = time.perf_counter() - began
        with platform.database.read() as connection:
            return report.build(connection, name, run.measured)


class _Run:
    def __init__(
        self,
        platform: Platform,
        clock: ManualClock,
        reader: source.Reader,
        wanted: Wanted,
        name: str,
        progress: Progress,
    ) -> None:
        self._platform = platform
        self._clock = clock
        self._reader = reader
        self._wanted = wanted
        self._name = name
        self._progress = progress
        self._things: dict[str, int] = {}
        self._streams: Ints = np.empty((0, 0), np.int64)
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="replay-tending")
        self._tending: Future[None] | None = None
        self.measured = report.Measured(rows=reader.rows)

    def prepare(self) -> None:
        """Pack, places, devices; then whatever a killed run left unfinished."""
        self._require_pack()
        places = self._places()
        self._devices(places)
        self._streams = self._datastreams()
        newest = int(self._platform.sensing.observations.latest.time.max(initial=0))
        self._clock.set(max(self._clock.now(), newest))
        self._settle()

    def _require_pack(self) -> None:
        """Raises NoSuchPack when the pack is not there, is switched off or has errors."""
        found = packs.statuses(self._platform.caller("replay"), self._platform.library)
        states = {status.name: status for status in found}
        wanted = states.get(self._wanted.pack)
        if wanted is not None and wanted.state == "running":
            return
        problem = "-" if wanted is None else wanted.state
        if wanted is not None and wanted.errors:
            problem = wanted.errors[0]["en"]
        raise NoSuchPack(pack=self._wanted.pack, problem=problem, known=", ".join(states))

    def stream(self) -> None:
        cursor = self._platform.sensing.intake.cursor(self._name) or 0
        began = time.perf_counter()
        start = self._clock.now()
        try:
            for batch, empty in _ahead(self._incoming(cursor)):
                self._pace(batch.received, start, began)
                self._take(batch, empty)
        finally:
            self._tend(wait=True)
            self._beside.shutdown()
        self.measured.streaming_s = time.perf_counter() - began

    def finish(self) -> None:
        """The recording is over: judge what silence alone decides up to its last moment."""
        self._settle()
        self._platform.sensing.settle()

    def _take(self, batch: Incoming, empty: int) -> None:
        began = time.perf_counter()
        self._clock.set(max(self._clock.now(), batch.received))
        receipt = self._platform.sensing.intake.accept(batch)
        before = self._findings()
        self._platform.domains.judge.drain()
        found = self._findings() - before
        if found:
            self.measured.latency.append((time.perf_counter() - began, found))
        self._settle()
        self._tend()
        self.measured.accepted += receipt.stored
        self.measured.empty += empty
        refused = receipt.received - receipt.stored
        self._progress(receipt.received, f"rejected or repeated: {refused}" if refused else "")

    def _tend(self, wait: bool = False) -> None:
        """The ledger and the rewriting of closed observations, beside the next batches."""
        if self._tending is not None and (wait or self._tending.done()):
            self._tending.result()
            self._tending = None
        if self._tending is None and not wait:
            self._tending = self._beside.submit(self._platform.sensing.tend)

    def _findings(self) -> int:
        with self._platform.database.read() as connection:
            return rules.last_finding(connection)

    def _settle(self) -> None:
        self._platform.settle()
        self._platform.maintain()
        self._platform.settle()

    def _incoming(self, cursor: int) -> Iterator[tuple[Incoming, int]]:
        size = max(1, self._wanted.batch // len(self._wanted.recording.values))
        if self._wanted.speed is not None:
            size = min(size, self._paced_rows(self._wanted.speed))
        for rows in self._reader.batches(cursor, size):
            yield incoming(
                self._name, rows, self._streams, self._reader.codes, self._wanted.recording
            )

    def _paced_rows(self, speed: float) -> int:
        """Rows that pass in PACED_S at this speed, from the recording's average rate."""
        span = max(self._reader.last_time() - (self._reader.first_time() or 0), SECOND) / SECOND
        return max(1, int(self._reader.rows / span * speed * PACED_S))

    def _pace(self, event: int, start: int, began: float) -> None:
        if self._wanted.speed is None:
            return
        due = began + (event - start) / SECOND / self._wanted.speed
        time.sleep(max(0.0, due - time.perf_counter()))

    def _places(self) -> dict[str, Place]:
        """Places of the mapping's places file by code, made where they are not there yet."""
        wanted = self._wanted.recording.places
        if wanted is None:
            return {}
        file = self._wanted.file.parent / wanted.file if wanted.file else None
        rows = [
            {
                "kind": wanted.kind,
                "code": _code(row.code),
                "name_zh": row.name,
                "name_en": row.name,
                "lon": row.lon if row.lat is not None else None,
                "lat": row.lat if row.lon is not None else None,
                "attributes": row.attributes,
            }
            for row in source.places(file, wanted, self._reader.codes)
        ]
        caller = self._platform.caller("replay")
        editing.put(caller, "places", rows, str(file or self._wanted.file))
        return {place.code: place for place in registry.places(caller, wanted.kind)}

    def _devices(self, places: dict[str, Place]) -> None:
        """One device for each code of the recording. Raises NoSuchKind."""
        devices = [_device(code, places.get(_code(code))) for code in self._reader.codes]
        caller = self._platform.caller("replay")
        known = {kind["kind"] for kind in sensing.kinds(caller)}
        if self._kind not in known:
            pack = self._wanted.pack
            kinds = sorted(name for name in known if name.startswith(f"{pack}."))
            raise NoSuchKind(pack=pack, kind=self._wanted.recording.kind, known=", ".join(kinds))
        self._things = sensing.register_devices(caller, self._kind, devices)

    @property
    def _kind(self) -> str:
        return f"{self._wanted.pack}.{self._wanted.recording.kind}"

    def _datastreams(self) -> Ints:
        """The datastream of each code and mapped property, shape (codes, properties)."""
        channels = sensing.channels(self._platform.caller("replay"), [self._kind])
        number = {(item.thing, item.property): item.datastream for item in channels}
        known = ", ".join(sorted({item.property for item in channels}))
        streams = np.zeros((len(self._reader.codes), len(self._wanted.recording.values)), np.int64)
        for row, code in enumerate(self._reader.codes):
            for column, value in enumerate(self._wanted.recording.values):
                found = number.get((self._things[_code(code)], value.property))
                if found is None:
                    raise NoSuchProperty(kind=self._kind, property=value.property, known=known)
                streams[row, column] = found
        return streams


def _device(code: str, place: Place | None) -> NewDevice:
    """The device of a code, standing where its place is."""
    if place is None:
        return NewDevice(_code(code), code)
    return NewDevice(_code(code), code, place.lon, place.lat, place.id)


def _code(text: str) -> str:
    """A code as the registry takes it: without spaces."""
    return "_".join(text.split())


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, the next one made in another thread meanwhile."""
    ready: Queue[Any] = Queue(2)
    end = object()

    def fill() -> None:
        try:
            for item in items:
                ready.put(item)
            ready.put(end)
        except BaseException as error:
            ready.put(error)

    Thread(target=fill, name="replay-reader", daemon=True).start()
    while (item := ready.get()) is not end:
        if isinstance(item, BaseException):
            raise item
        yield item
