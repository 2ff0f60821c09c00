"""The platform's worker of libraries: feeds that are due, matching anew, and the tables."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Row

from yiwang.contracts.events import DataMoved, DatasetChanged
from yiwang.kernel.clock import HOUR, SECOND
from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Caller, Context, action
from yiwang.sharing.libraries import pairs, store
from yiwang.sharing.libraries.errors import Changed, TooManyGone
from yiwang.sharing.libraries.importing import Run, Watch, nothing
from yiwang.sharing.libraries.publishing import publish
from yiwang.sharing.libraries.rebuilding import rebuild
from yiwang.store import outbox
from yiwang.store.outbox import Delivery

TOPICS = (DatasetChanged.topic,)
_LOOKS = 5 * SECOND
_PAUSE = 60 * SECOND
_log = logging.getLogger(__name__)


@action("sharing.hear_of_feeds", permission="sharing.operate", audit_verb="library_feeds_due")
def hear(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Rows of a table have changed: the libraries that are fed from it read them soon."""
    for name in {one.body["dataset"] for one in deliveries}:
        for feed in store.feeds_of_dataset(ctx.connection, name):
            store.change_feed(ctx.connection, feed, {"due_at": ctx.now})


class Librarian:
    """Does what is to be done for libraries, one thing after the other, in a thread of its own."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._next = 0
        self._failed = False
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Asked every second; looks every five for what is to be done, or a minute after work that
        failed."""
        now = self._caller.clock.now()
        busy = self._thread is not None and self._thread.is_alive()
        if busy or now < self._next:
            return
        self._next = now + (_PAUSE if self._failed else _LOOKS)
        if waiting(self._caller):
            self._thread = threading.Thread(target=self.work, name="libraries", daemon=True)
            self._thread.start()

    def work(self) -> None:
        self._failed = True
        try:
            work(self._caller)
            self._failed = False
        except YiwangError as error:
            _log.warning("libraries: %s", error.message("en"))
        except Exception:
            _log.exception("libraries: the work failed; it is begun anew")


def waiting(caller: Caller) -> bool:
    """Whether anything is to be done."""
    with caller.database.read() as connection:
        if store.due_feed(connection, caller.clock.now()) is not None:
            return True
        rows = store.libraries(connection)
        return any(row.phase or pairs.stale(connection, row.id, 1) for row in rows)


def work(caller: Caller, watch: Watch = nothing) -> None:
    """Do all that is to be done now."""
    touched: set[str] = set()
    with caller.database.read() as connection:
        codes = [row.code for row in store.libraries(connection)]
    touched |= {code for code in codes if rebuild(caller, code, watch)}
    while (code := import_due(caller, watch)) is not None:
        touched.add(code)
    for code in codes:
        if publish(caller, code, watch) or code in touched:
            _count(caller, code)


def import_due(caller: Caller, watch: Watch = nothing) -> str | None:
    """Run the feed that has waited longest; the code of its library."""
    with caller.database.read() as connection:
        due = store.due_feed(connection, caller.clock.now())
    if due is None:
        return None
    _run(caller, due, watch)
    code: str = due.library_code
    return code


def _run(caller: Caller, due: Row[Any], watch: Watch) -> None:
    """One run of a feed, and what became of it. One that is overtaken by another declaration stays
    due."""
    run = Run(caller, due.library_code, due, watch)
    later: dict[str, Any] = {"due_at": caller.clock.now() + HOUR}
    try:
        run.all()
        values: dict[str, Any] = {"state": "done", "error": None, "due_at": None, "forced": False}
    except Changed:
        return
    except TooManyGone as error:
        values = {"state": "held", "error": error.kept(), "due_at": None}
    except YiwangError as error:
        _log.warning("%s/%s: %s", due.library_code, due.code, error.message("en"))
        values = {"state": "failed", "error": error.kept(), **later}
    except Exception:
        _log.exception("%s/%s: the run failed; again in an hour", due.library_code, due.code)
        values = {"state": "failed", "error": YiwangError(due.code).kept(), **later}
    known = {"state", "error"}
    always: dict[str, Any] = {name: values[name] for name in known}
    always |= {"ran_at": caller.clock.now(), "tally": run.tally.values()}
    with caller.database.write() as connection:
        store.change_feed(connection, due.id, always)
        rest = {name: value for name, value in values.items() if name not in known}
        store.change_feed(connection, due.id, rest, due.due_at)
        if values["state"] == "done" and run.moved:
            outbox.put(connection, [_moved(run, caller.clock.now())], caller.clock.now())


def _moved(run: Run, now: int) -> DataMoved:
    """For lineage: from which table a library was fed, column by column."""
    job = f"library/{run.code}/{run.feed.code}"
    id = str(uuid5(NAMESPACE_URL, f"yiwang:{job}/{now}"))
    ends = [f"dataset:{run.dataset}"], [f"dataset:{run.desk.library.dataset}"]
    return DataMoved("COMPLETE", now, id, job, *ends, run.moved, dict(run.feed.columns))


def _count(caller: Caller, code: str) -> None:
    with caller.database.read() as connection:
        row = store.library(connection, code)
        tally = pairs.counted(connection, row.id)
    with caller.database.write() as connection:
        store.change_library(connection, row.id, {"tally": tally})
