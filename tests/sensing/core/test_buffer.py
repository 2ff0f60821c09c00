"""Many producers, one worker: batches, waiting, back-pressure, a disk that is full for a while."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import numpy as np
import pytest

from tests.sensing.core.conftest import Bench, incoming
from yiwang.contracts.observations import Incoming, Receipt
from yiwang.kernel.clock import ManualClock
from yiwang.sensing.buffer import Buffer, Outcome
from yiwang.store.errors import DiskFull

Test = Callable[[Buffer], Coroutine[Any, Any, None]]


def run(test: Test, intake: Any, clock: ManualClock, **options: Any) -> None:
    async def whole() -> None:
        buffer = Buffer(intake, clock, **options)
        buffer.start()
        await asyncio.wait_for(test(buffer), 20)
        await buffer.close()
        assert buffer.waiting() == {}

    asyncio.run(whole())


class Held:
    """An entrance that accepts only while it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.calls: list[int] = []
        self.error: Exception | None = None

    def accept_all(self, incoming: Sequence[Incoming]) -> list[Receipt]:
        assert self.open.wait(20)
        if self.error is not None:
            raise self.error
        sizes = [len(item.datastream) for item in incoming]
        self.calls.append(sum(sizes))
        return [Receipt(size, size, 0, (), 0, np.ones(size, np.int64)) for size in sizes]


def test_each_row_learns_what_became_of_it(bench: Bench) -> None:
    now = bench.clock.now()

    async def test(buffer: Buffer) -> None:
        futures = [
            await buffer.put("mqtt", 1, now, 1.0),
            await buffer.put("mqtt", 1, now, 1.0),
            await buffer.put("mqtt", 77, now, 1.0, raw=b"raw"),
            await buffer.put("http", 1, now, 500.0),
            await buffer.put("mqtt", 2, now, float("nan"), exact='"text"'),
            await buffer.reject("mqtt", "sensing.undecodable", b"{", "level/1"),
        ]
        outcomes = await asyncio.gather(*futures)
        assert outcomes == [
            Outcome(1),
            Outcome(0),
            Outcome(-1, "sensing.unknown_datastream"),
            Outcome(-1, "sensing.out_of_range"),
            Outcome(-1, "sensing.not_a_number"),
            Outcome(-1, "sensing.undecodable"),
        ]
        whole = await buffer.put_batch(incoming([(3, now, 3.0), (3, now, 3.0)], received=now))
        assert (await whole).numbers.tolist() == [2, 0]

    run(test, bench.intake, bench.clock)
    bench.reopen()
    assert bench.stored() == [(1, now, 1.0), (3, now, 3.0)]


def test_rows_collect_while_a_batch_is_being_stored(clock: ManualClock) -> None:
    held = Held()

    async def test(buffer: Buffer) -> None:
        futures = [await buffer.put("mqtt", 1, time, 1.0) for time in range(1)]
        await asyncio.sleep(0.05)
        futures += [await buffer.put("mqtt", 1, time, 1.0) for time in range(500)]
        assert buffer.waiting() == {"mqtt": 501}
        held.open.set()
        await asyncio.gather(*futures)

    run(test, held, clock)
    assert held.calls == [1, 500]


def test_a_full_buffer_makes_producers_wait_and_drops_nothing(clock: ManualClock) -> None:
    held = Held()

    async def test(buffer: Buffer) -> None:
        taken = 0

        async def produce() -> None:
            nonlocal taken
            futures = []
            for time in range(300):
                futures.append(await buffer.put("mqtt", 1, time, 1.0))
                taken += 1
            await asyncio.gather(*futures)

        task = asyncio.ensure_future(produce())
        await asyncio.sleep(0.05)
        assert taken == 100
        held.open.set()
        await task

    run(test, held, clock, capacity=100)
    assert sum(held.calls) == 300


def test_while_the_disk_is_full_everything_waits_and_then_goes_on(clock: ManualClock) -> None:
    held = Held()
    held.open.set()
    held.error = DiskFull()

    async def test(buffer: Buffer) -> None:
        future = await buffer.put("mqtt", 1, 1, 1.0)
        await asyncio.sleep(0.1)
        assert isinstance(buffer.stalled, DiskFull)
        assert not future.done()
        held.error = None
        assert (await future).stored
        assert buffer.stalled is None

    run(test, held, clock, retry_s=0.01)


def test_an_unexpected_failure_reaches_the_producers(clock: ManualClock) -> None:
    held = Held()
    held.open.set()
    held.error = RuntimeError("broken")

    async def test(buffer: Buffer) -> None:
        future = await buffer.put("mqtt", 1, 1, 1.0)
        with pytest.raises(RuntimeError, match="broken"):
            await future
        held.error = None
        assert (await (await buffer.put("mqtt", 1, 1, 1.0))).stored

    run(test, held, clock)


def test_closing_stores_what_is_held(bench: Bench) -> None:
    now = bench.clock.now()

    async def test(buffer: Buffer) -> None:
        for step in range(1000):
            await buffer.put("mqtt", 1, now + step, 1.0)

    run(test, bench.intake, bench.clock)
    assert len(bench.stored()) == 1000


def test_a_batch_larger_than_the_buffer_is_taken_when_it_is_empty(bench: Bench) -> None:
    now = bench.clock.now()
    rows = [(1, now + step, 1.0) for step in range(500)]

    async def test(buffer: Buffer) -> None:
        first = await buffer.put_batch(incoming(rows, received=now))
        second = await buffer.put_batch(incoming(rows, received=now))
        assert ((await first).stored, (await second).duplicate) == (500, 500)

    run(test, bench.intake, bench.clock, capacity=50)
