"""Learning from this installation's closed cases, by command and by schedule."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from sqlalchemy import func, select

from yiwang.cases.learning import artefact, examples
from yiwang.cases.learning.artefact import Card
from yiwang.cases.learning.errors import TooLittle
from yiwang.cases.learning.examples import TARGETS, UNITS, Example
from yiwang.cases.learning.model import NEVER
from yiwang.cases.learning.proposals import Proposer
from yiwang.cases.tables import case_counts
from yiwang.kernel.clock import DAY, HOUR
from yiwang.security.actions import Caller, Context, action, query

_log = logging.getLogger(__name__)

LEAST = 200
"""Closed cases below which nothing is learnt."""
MOST = 200_000
"""Cases that are looked at; a million took 2.7 GB, and older ones tell of another city."""


@query("cases.closed_examples", permission="cases.learn")
def closed_examples(ctx: Context) -> list[Example]:
    """The closed cases to learn from, among the newest ones, in the order of opening."""
    return [one for one in examples.read(ctx, most=MOST) if one.closed_at is not None]


@action("cases.keep_model", permission="cases.learn", audit_verb="proposals_learnt")
def keep_model(ctx: Context, made: Card) -> None:
    """Note in the audit log that a model was learnt, and from what."""
    ctx.note(f"proposals:{made.version}", cases=made.cases, digest=made.digest)


def learn(caller: Caller, folder: Path) -> Card:
    """Learn a model of each target and keep it in the home as the next version. The same
    cases give the same model. Raises TooLittle."""
    found = closed_examples(caller)
    if len(found) < LEAST:
        raise TooLittle(cases=len(found), least=LEAST)
    training = import_module("yiwang.cases.learning.training")
    closed = [one.closed_at or 0 for one in found]
    views = {
        "known": training.Cases([one.known for one in found]),
        "told": training.Cases([examples.as_told(one) for one in found]),
    }
    fitted = {
        name: training.fit(
            views["known" if name in UNITS else "told"],
            [getattr(one, name) for one in found],
            closed,
        )
        for name in TARGETS
    }
    made = Card(
        version=max(artefact.versions(folder), default=0) + 1,
        made_at=caller.clock.now(),
        cases=len(found),
        since=found[0].known.at,
        until=found[-1].known.at,
        digest=examples.digest(found),
        promised={name: int((model.least < NEVER).sum()) for name, model in fitted.items()},
    )
    artefact.save(folder, made, fitted)
    keep_model(caller, made)
    return made


@query("cases.count_closed", permission="cases.learn")
def count_closed(ctx: Context) -> int:
    """How many cases were ended in order, by the counts that are kept."""
    count = case_counts.c
    total = select(func.coalesce(func.sum(count["count"]), 0)).where(count.kind == "done")
    return int(ctx.connection.execute(total).scalar_one())


class Schedule:
    """Learns anew when the newest model is older than so many days. ``days`` 0: never by itself.
    ``run`` learns and keeps the model; a thread of its own waits for it."""

    def __init__(
        self, caller: Caller, proposer: Proposer, days: int, run: Callable[[], object]
    ) -> None:
        self._caller = caller
        self._proposer = proposer
        self._days = days
        self._run = run
        self._next = 0
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Take up what was learnt by command, and start learning where it is time; asked every
        second, it looks for the time every hour."""
        self._proposer.look()
        now = self._caller.clock.now()
        busy = self._thread is not None and self._thread.is_alive()
        if self._days == 0 or busy or now < self._next:
            return
        self._next = now + HOUR
        held = artefact.versions(self._proposer.folder)
        if held:
            made = artefact.card(self._proposer.folder, held[-1])
            if now - made.made_at < self._days * DAY:
                return
        self._thread = threading.Thread(target=self._learn, name="learning", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until what is being learnt is done; for tests."""
        if self._thread is not None:
            self._thread.join()

    def _learn(self) -> None:
        try:
            if count_closed(self._caller) < LEAST:
                return
            self._run()
        except Exception:
            _log.exception("learning failed; it is tried again in an hour")
        else:
            self._proposer.look()
