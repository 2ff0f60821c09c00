"""When resources are checked: after their data or their entry changed, and every day."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from yiwang.contracts.events import DatasetChanged, ResourceChanged
from yiwang.kernel.clock import HOUR, SECOND
from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Caller, Context, action, query
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.quality import checking, service, store
from yiwang.sharing.quality.errors import NothingToCheck
from yiwang.store.outbox import Delivery

TOPICS = (DatasetChanged.topic, ResourceChanged.topic)
_LOOKS = 10 * SECOND
_log = logging.getLogger(__name__)


@action("sharing.hear_of_data", permission="sharing.operate", audit_verb="quality_due")
def hear(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Data or an entry of the catalogue has changed: what rules judge there is checked soon."""
    judged = store.judged(ctx.connection)
    for delivery in deliveries:
        body = delivery.body
        if delivery.topic == DatasetChanged.topic:
            held = catalogue.of_dataset(ctx.connection, body["dataset"])
            _due(ctx, held, judged, {"data_at": body["at"]})
        elif body["change"] == "retired":
            checking.forget(ctx, body["resource"])
        else:
            _due(ctx, catalogue.find(ctx.connection, body["resource"]), judged, {})


def _due(ctx: Context, held: Resource | None, judged: set[str], values: dict[str, int]) -> None:
    if held is None:
        return
    due = {"due_at": ctx.now} if held.code in judged else {}
    if values or due:
        store.watch(ctx.connection, service.named(held) | values | due)


@query("sharing.quality_due", permission="sharing.operate")
def due(ctx: Context) -> int | None:
    """The resource that has waited longest for a run that is due."""
    return store.due(ctx.connection, ctx.now)


@action("sharing.put_off_quality_run", permission="sharing.operate", audit_verb="quality_put_off")
def put_off(ctx: Context, resource: int, until: int | None) -> None:
    """Look at a resource again later. None: there is nothing to check before something changes;
    its issues end, and it counts in no score."""
    if until is None:
        checking.rest(ctx, resource)
    else:
        store.put_off(ctx.connection, resource, until)
    ctx.note(f"resource:{resource}")


class Inspector:
    """Checks what is due, one resource after the other, in a thread of its own."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._next = 0
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Asked every second; looks every ten for what is due."""
        now = self._caller.clock.now()
        busy = self._thread is not None and self._thread.is_alive()
        if busy or now < self._next:
            return
        self._next = now + _LOOKS
        if due(self._caller) is not None:
            self._thread = threading.Thread(target=self.work, name="quality", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Until what is being checked is done; for tests."""
        if self._thread is not None:
            self._thread.join()

    def work(self) -> int:
        """Check everything that is due; how many runs there were."""
        count = 0
        while (resource := due(self._caller)) is not None:
            count += self._check(resource)
        return count

    def _check(self, resource: int) -> int:
        caller = self._caller
        try:
            checking.check(caller, resource, "schedule")
        except NothingToCheck:
            put_off(caller, resource, None)
            return 0
        except YiwangError as error:
            _log.warning("quality of resource %s: %s", resource, error.message("en"))
            put_off(caller, resource, caller.clock.now() + HOUR)
            return 0
        except Exception:
            _log.exception("quality of resource %s: the run failed; again in an hour", resource)
            put_off(caller, resource, caller.clock.now() + HOUR)
            return 0
        return 1
