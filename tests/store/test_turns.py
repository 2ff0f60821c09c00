"""Threads have the writer in the order in which they asked for it."""

from __future__ import annotations

import threading

from yiwang.store.turns import Turns


def test_turns_are_had_in_order_and_by_one_at_a_time() -> None:
    """One that lets go and asks again at once comes behind those that wait."""
    turns, order = Turns(), list[str]()
    asked = [threading.Event() for _ in range(3)]

    def once(number: int) -> None:
        asked[number].set()
        with turns, turns:
            order.append(str(number))

    threads = [threading.Thread(target=once, args=(number,)) for number in range(3)]
    with turns:
        for number, thread in enumerate(threads):
            thread.start()
            asked[number].wait()
            while len(turns._line) <= number:
                pass
        order.append("first")
    with turns:
        order.append("again")
    for thread in threads:
        thread.join()
    assert order == ["first", "0", "1", "2", "again"]


def test_a_failure_gives_the_turn_on() -> None:
    turns = Turns()
    try:
        with turns:
            raise RuntimeError
    except RuntimeError:
        pass
    with turns:
        assert turns._depth == 1
    assert turns._depth == 0
