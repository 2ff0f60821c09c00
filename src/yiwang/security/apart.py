"""Changes made in a process of their own, whose interpreter has nothing else to do: the side that
asks. ``yiwang/writer.py`` is the other one.

There is still one writer at a time (decision 3): while anything is under way there, this process
has the turn of its own writers. Calls go over a socket as they come, so that the process finds the
next ones there when it is done; what each gave or raised comes back in their order.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from yiwang.kernel.clock import Clock
from yiwang.security.actions import Call, Outcome
from yiwang.security.errors import Unanswered
from yiwang.security.line import Unpacking, packed
from yiwang.security.telling import settle
from yiwang.store import sessions
from yiwang.store.database import Database

_log = logging.getLogger(__name__)

BUSY, BUSY_S = 60, 5.0
"""So many changes within so many seconds are worth a process."""
LONGEST_S = 90.0
"""What is not answered by then never will be: the database itself waits for 30 s at most."""
AGAIN_S = 10.0
"""How long after one has failed the next is started at the earliest."""
MOST_UNDER_WAY = 64

Start = Callable[[int], "subprocess.Popen[bytes]"]
Future = asyncio.Future[Any]


class Apart:
    """Makes calls in a process of its own once there are many. ``start`` begins it with its end
    of the socket, over which it is sent ``greeting`` first. Used from within one loop."""

    def __init__(self, database: Database, clock: Clock, start: Start, greeting: Any) -> None:
        self._database = database
        self._clock = clock
        self._start = start
        self._greeting = greeting
        self.here: Callable[[Call, Future], None] = _nowhere
        """Where calls are made instead that were taken and could not be sent."""
        self.process: subprocess.Popen[bytes] | None = None
        self._line: _Line | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting = self._stopped = False
        self._not_before = 0.0
        self._since, self._count = 0.0, 0
        self._waiting: deque[tuple[Call, Future]] = deque()
        self._under_way: deque[Future] = deque()
        self._asked = self._made = 0
        """How many calls were sent to the process, and how many are made as far as is known."""
        self._has_turn = self._asks = self._goes = self._watched = False
        self._moved = 0.0

    def put(self, call: Call, future: Future) -> bool:
        """Whether the call is taken. It is not before the process works and when it is gone."""
        if self._line is None:
            self._consider()
            return False
        self._waiting.append((call, future))
        if not self._goes:
            self._goes = True
            asyncio.get_running_loop().call_soon(self._gathered)
        return True

    @property
    def works(self) -> bool:
        return self._line is not None

    def _gathered(self) -> None:
        self._goes = False
        self._go()

    def _go(self) -> None:
        """Send what waits, as long as nobody else wants the turn."""
        turns = self._database.turns
        if self._has_turn:
            if not turns.wanted:
                self._send()
            if self._made == self._asked:
                self._has_turn = False
                turns.leave(self)
        if self._waiting and not self._has_turn and not self._asks:
            self._asks = True
            loop = asyncio.get_running_loop()
            turns.ask(self, lambda: loop.call_soon_threadsafe(self._come))

    def _come(self) -> None:
        """It is our turn."""
        self._asks, self._has_turn = False, True
        self._send()
        self._go()

    def _send(self) -> None:
        if self._line is None:
            return
        count = min(len(self._waiting), MOST_UNDER_WAY - len(self._under_way))
        if count <= 0:
            return
        part = [self._waiting.popleft() for _ in range(count)]
        try:
            sent = packed(
                [
                    (one.function, one.caller.identity, one.caller.origin, one.args, one.then)
                    for one, _ in part
                ]
            )
        except Exception as error:
            for _, future in part:
                settle(future, (None, error))
            return
        self._watch()
        self._under_way += [future for _, future in part]
        self._asked += count
        self._line.transport.write(sent)

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._under_way:
            self._moved = loop.time()
        if not self._watched:
            self._watched = True
            loop.call_later(LONGEST_S, self._look)

    def _look(self) -> None:
        self._watched = False
        if self._line is None or not self._under_way:
            return
        loop = asyncio.get_running_loop()
        left = self._moved + LONGEST_S - loop.time()
        if left > 0:
            self._watched = True
            loop.call_later(left, self._look)
        else:
            self._line.lost(TimeoutError(f"no answer within {LONGEST_S:.0f} s"))

    def heard(self, said: list[Outcome] | int) -> None:
        """Outcomes of calls, or how many are made in all: others may write from then on, while
        the disk is waited for."""
        self._moved = asyncio.get_running_loop().time()
        if isinstance(said, int):
            self._made = max(self._made, said)
        else:
            for outcome in said:
                settle(self._under_way.popleft(), outcome)
            self._made = max(self._made, self._asked - len(self._under_way))
        self._go()

    def lost(self, why: Exception | None) -> None:
        """The process is gone: what was under way may have been made or not, as when any
        connection breaks. What waits is made here."""
        self._line = None
        if self._stopped:
            self._give_up()
        else:
            _log.error("the process that makes changes does not answer: %r", why)
            self._begin(self._mourn())

    async def _mourn(self) -> None:
        await asyncio.to_thread(self._end)
        self._give_up()

    def _give_up(self) -> None:
        self._asked = self._made = 0
        while self._under_way:
            settle(self._under_way.popleft(), (None, Unanswered()))
        if self._has_turn:
            self._has_turn = False
            self._database.turns.leave(self)
        while self._waiting:
            self.here(*self._waiting.popleft())

    def _consider(self) -> None:
        """Begin where there is much to do."""
        now = self._clock.monotonic()
        if now - self._since > BUSY_S:
            self._since, self._count = now, 0
        self._count += 1
        may = self.process is None and not self._starting and not self._stopped
        if may and self._count >= BUSY and now >= self._not_before:
            self._starting = True
            self._begin(self.begin())

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def begin(self) -> None:
        """Start the process, and wait until it can work or has failed."""
        self._starting = True
        try:
            line = await asyncio.wait_for(self._greeted(), LONGEST_S)
        except (OSError, TimeoutError):
            if not self._stopped:
                _log.exception("the process that makes changes did not start; it is tried again")
            await asyncio.to_thread(self._end)
        except asyncio.CancelledError:
            self._end()
            raise
        else:
            self._line = line
        finally:
            self._starting = False

    async def _greeted(self) -> _Line:
        own, its = socket.socketpair()
        with its:
            self.process = self._start(its.fileno())
        line = _Line(self)
        await asyncio.get_running_loop().create_unix_connection(lambda: line, sock=own)
        line.transport.write(packed(self._greeting))
        try:
            await line.ready
        except BaseException:
            line.transport.abort()
            raise
        return line

    def _end(self) -> None:
        """Whatever it is doing: a transaction that is not committed leaves nothing."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            sessions.wait_until_gone(self._database, "writer")
        self._not_before = self._clock.monotonic() + AGAIN_S
        self.process = None

    async def settle(self) -> None:
        """Wait until what has begun has ended: a start, or what follows an end."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self) -> None:
        """Let it finish what it does, and end it."""
        self._stopped = True
        if self._starting:
            for task in set(self._tasks):
                task.cancel()
        elif self._line is not None and self.process is not None:
            self._line.transport.write_eof()
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self.process.wait, LONGEST_S)
        await self.settle()
        await asyncio.to_thread(self._end)
        while self._asks:  # who gives the turn on calls us in this loop
            await asyncio.sleep(0.01)


class _Line(asyncio.Protocol):
    """Our end of the socket. ``ready`` is done with what the process says first."""

    transport: asyncio.Transport

    def __init__(self, apart: Apart) -> None:
        self._apart = apart
        self._unpacking = Unpacking()
        self._over = False
        self.ready: Future = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio's, and not their classes
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for found in self._unpacking.add(data):
            if self.ready.done():
                self._apart.heard(found)
            else:
                self.ready.set_result(found)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost(error)

    def lost(self, why: Exception | None) -> None:
        if self._over:
            return
        self._over = True
        self.transport.abort()
        if self.ready.done():
            self._apart.lost(why)
        else:
            self.ready.set_exception(why or ConnectionError("it has ended"))


def _nowhere(_: Call, future: Future) -> None:
    settle(future, (None, Unanswered()))
