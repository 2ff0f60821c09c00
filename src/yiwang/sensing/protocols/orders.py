"""Commands to devices: what was ordered, by whom, and what became of it."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yiwang.kernel.errors import YiwangError
from yiwang.sensing.protocols.adapter import Adapter
from yiwang.sensing.protocols.errors import BadCommand, CommandsOff, UnknownCommand
from yiwang.sensing.protocols.station import Session

MOST_KEPT = 1000

REHEARSED, SENT, ANSWERED, FAILED = "rehearsed", "sent", "answered", "failed"


@dataclass(eq=False)
class Order:
    """One command. ``state``: rehearsed, sent, answered or failed; then ``error`` says why."""

    number: int
    thing: int
    protocol: str
    command: str
    arguments: Mapping[str, Any]
    at: int
    state: str = SENT
    answer: dict[str, Any] = field(default_factory=dict)
    error: YiwangError | None = None
    done: concurrent.futures.Future[Any] | None = None

    def finished(self, future: concurrent.futures.Future[Any]) -> None:
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or error is not None:
            self.state = FAILED
            self.error = error if isinstance(error, YiwangError) else None
        else:
            self.state, self.answer = ANSWERED, future.result()


class Orders:
    """The last thousand commands. ``outward`` is the platform's setting: ``live`` sends,
    ``rehearse`` writes down only, ``off`` refuses."""

    def __init__(self, outward: str) -> None:
        self._outward = outward
        self._kept: OrderedDict[int, Order] = OrderedDict()
        self._last = 0

    def get(self, number: int) -> Order | None:
        return self._kept.get(number)

    def of(self, thing: int) -> list[Order]:
        return [order for order in self._kept.values() if order.thing == thing]

    def give(
        self,
        adapter: Adapter,
        session: Session,
        command: str,
        arguments: Mapping[str, Any],
        now: int,
        loop: asyncio.AbstractEventLoop,
    ) -> Order:
        """Send a command to a connected device, or write down that it would be sent.

        Raises UnknownCommand, BadCommand, CommandsOff.
        """
        check(adapter, command, arguments)
        if self._outward == "off":
            raise CommandsOff(command=command)
        self._last += 1
        device = session.device
        order = Order(self._last, device.thing, adapter.name, command, dict(arguments), now)
        self._kept[order.number] = order
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        if self._outward != "live":
            order.state = REHEARSED
            return order
        work = session.talk.command(command, arguments)
        order.done = asyncio.run_coroutine_threadsafe(work, loop)
        order.done.add_done_callback(order.finished)
        return order


def check(adapter: Adapter, command: str, arguments: Mapping[str, Any]) -> None:
    """Raises UnknownCommand, BadCommand."""
    wanted = adapter.commands.get(command)
    if wanted is None:
        known = ", ".join(sorted(adapter.commands)) or "none"
        raise UnknownCommand(command=command, protocol=adapter.name, known=known)
    for name in arguments:
        if name not in wanted:
            known = ", ".join(wanted) or "no arguments"
            raise BadCommand(name, command=command, problem=f"it takes {known}")
    for name, needed in wanted.items():
        if needed and arguments.get(name) in (None, ""):
            raise BadCommand(name, command=command, problem="it must be given")
