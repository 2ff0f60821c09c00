"""What browsers hear: findings, cases and latest values, at most every quarter second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from yiwang.cases import service as cases
from yiwang.console.atlas import Atlas
from yiwang.console.marks import Marks
from yiwang.contracts.observations import ObservationBatch
from yiwang.kernel import clock
from yiwang.rules import service as rules
from yiwang.security.actions import Caller, Context
from yiwang.security.model import allowed
from yiwang.security.relay import GATHERED, GATHERS_S, Consumer
from yiwang.sensing import health
from yiwang.sensing import sight as sights
from yiwang.sensing.runtime import Sensing
from yiwang.sensing.sight import Mask, Sight
from yiwang.store.outbox import Delivery
from yiwang.web.live import Hub, Narrow

_log = logging.getLogger(__name__)

PAUSE_S = 0.25
MOST_VALUES = 2000
"""Changed values in one event; browsers ask for the map again when there were more."""
MOST_TOLD = 100
"""Findings or cases told one by one in one batch; were there more, browsers ask for lists."""
HEALTH_EVERY = 20
"""Rounds between two counts of the devices that report."""

TOPICS = (
    "finding.raised",
    "finding.cleared",
    "finding.withdrawn",
    "case.opened",
    "case.changed",
    "registry.changed",
    "datastreams.changed",
    "packs.changed",
)

_WORDS = (
    "title",
    "place_name",
    "class_title",
    "state_title",
    "grid_name",
    "organisation_name",
)
"""What is sent in English too."""


class Live:
    """Turns what happens into events of the hub: ``consumer`` for the relay, and a thread of
    its own for values. Does nothing but keep its marks while nobody watches."""

    def __init__(self, caller: Caller, hub: Hub, sensing: Sensing) -> None:
        self.marks = Marks()
        self.atlas = Atlas()
        self._caller = caller
        self._hub = hub
        self._latest = sensing.observations.latest
        self._stored = 0
        self._told = np.zeros(0, np.int64)
        self._visibility = sensing.visibility
        self._masks: dict[Sight, Mask] = {}
        """What those see who do not see everything and watch, or have watched."""
        hub.narrowing = self._narrowing
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        sensing.intake.listen(self._count)

    def ports(self) -> dict[type, Any]:
        return {Marks: self.marks, Atlas: self.atlas}

    def consumer(self) -> Consumer:
        return Consumer("console.live", TOPICS, self.handle, GATHERS_S, GATHERED, reads=True)

    # Events

    def handle(self, ctx: Context, deliveries: list[Delivery]) -> None:
        """Tell what was delivered, in order; each case once, as it is now."""
        findings: list[int] = []
        numbers: list[int] = []
        for one in deliveries:
            if one.topic.startswith("case."):
                numbers.append(int(one.body["case"]))
            elif one.topic.startswith("finding."):
                mark = self.marks.raised if one.topic == "finding.raised" else self.marks.ended
                mark(one.body)
                findings.append(int(one.body["finding"]))
            else:
                self.atlas.forget()
                self._hub.publish("changed", {"topic": one.topic})
        if not self._hub.listeners:
            return
        if findings:
            self._tell_findings(ctx, list(dict.fromkeys(findings)))
        if numbers:
            self._tell_cases(ctx, list(dict.fromkeys(numbers)))

    def _tell_findings(self, ctx: Context, numbers: list[int]) -> None:
        chosen = numbers[-MOST_TOLD:]
        english = {one["id"]: one for one in rules.findings_by_number(ctx, chosen, "en")}
        for one in rules.findings_by_number(ctx, chosen, "zh-CN"):
            same = english[one["id"]]
            self._hub.publish("finding", one | {"en": {name: same[name] for name in _WORDS[:2]}})
        if len(numbers) > MOST_TOLD:
            self._hub.publish("changed", {"topic": "findings"})

    def _tell_cases(self, ctx: Context, numbers: list[int]) -> None:
        chosen = numbers[-MOST_TOLD:]
        english = {one["no"]: one for one in cases.summary_of(ctx, chosen, "en")}
        for one in cases.summary_of(ctx, chosen, "zh-CN"):
            same = english[one["no"]]
            self._hub.publish("case", one | {"en": {name: same[name] for name in _WORDS}})
        if len(numbers) > MOST_TOLD:
            self._hub.publish("changed", {"topic": "cases"})

    # Values

    def start(self) -> None:
        """Take in what is open already, and begin to tell values."""
        self.marks.load(_open(self._caller))
        self._told = self._latest.number.copy()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _count(self, batch: ObservationBatch) -> None:
        self._stored += len(batch)

    def _run(self) -> None:
        rounds, before = 0, self._stored
        while not self._stop.wait(PAUSE_S):
            try:
                if self._hub.listeners:
                    self._tell_values()
                else:
                    self._told = self._latest.number.copy()
                rounds += 1
                if rounds % 4 == 0 and self._hub.listeners:
                    self._tell_counts((self._stored - before) / 1.0, rounds % HEALTH_EVERY == 0)
                if rounds % 4 == 0:
                    before = self._stored
            except Exception:
                _log.exception("The live stream failed once; it goes on")

    def _narrowing(self, ctx: Context) -> Narrow | None:
        """What of the stream one watcher may have; None: all of it."""
        sight = sights.mine(ctx)
        operates = allowed(ctx.identity, "cases.hotline")
        if sight.everything and operates:
            return None
        if not sight.everything:
            self._masks[sight] = self._visibility.mask(ctx.connection, sight)

        def narrow(kind: str, text: bytes) -> bytes | None:
            if kind == "call":
                return text if operates else None
            if sight.everything:
                return text
            if kind == "latest":
                return _seen(text, self._masks[sight])
            return None if kind == "ledger" else text

        return narrow

    def _look_again(self) -> None:
        """Owners and openings may have changed since."""
        if self._masks:
            with self._caller.database.read() as connection:
                for sight in list(self._masks):
                    self._masks[sight] = self._visibility.mask(connection, sight)

    def _tell_values(self) -> None:
        self._look_again()
        latest = self._latest
        number = latest.number.copy()
        size = min(len(number), len(self._told))
        fresh = np.flatnonzero(number[:size] != self._told[:size])
        if len(number) > size:
            fresh = np.concatenate((fresh, size + np.flatnonzero(number[size:])))
        self._told = number
        if not len(fresh):
            return
        chosen = fresh[-MOST_VALUES:]
        values = latest.result[chosen].tolist()
        times = latest.time[chosen].tolist()
        rows = [
            [stream, time, value if value == value else None]
            for stream, time, value in zip(chosen.tolist(), times, values, strict=True)
        ]
        self._hub.publish("latest", {"t": rows, "more": len(fresh) - len(chosen)})

    def _tell_counts(self, per_s: float, with_health: bool) -> None:
        shown: dict[str, Any] = {"per_s": per_s, "at": clock.render(self._caller.clock.now())}
        if with_health:
            lines = health.summary(self._caller)
            shown |= {
                name: sum(line[name] for line in lines)
                for name in ("total", "online", "silent", "never", "skewed")
            }
        self._hub.publish("ledger", shown)


def _seen(text: bytes, mask: Mask) -> bytes | None:
    """Of an event ``latest`` the values of the datastreams that are seen."""
    told = msgspec.json.decode(text)
    rows = [row for row in told["t"] if row[0] < len(mask) and mask[row[0]]]
    return msgspec.json.encode(told | {"t": rows}) if rows or told["more"] else None


def _open(caller: Caller) -> Iterator[tuple[int, int, int | None, str]]:
    """Every open finding with its thing, place and severity."""
    after: tuple[int, int] | None = None
    while True:
        items, keys = rules.findings(caller, rules.Filter("open"), 1000, after, "zh-CN")
        for one in items:
            yield one["id"], one["thing"], one["place"], one["severity"]
        if keys is None or len(items) < 1000:
            return
        after = (keys[0], keys[1])
