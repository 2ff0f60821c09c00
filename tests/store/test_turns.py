"""Threads have the writer in the order in which they asked for it."""

from __future__ import annotations

import threading

import pytest

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


def test_one_without_a_thread_is_called_when_it_has_the_turn() -> None:
    turns, order = Turns(), list[str]()
    turns.ask("first", lambda: order.append("first"))
    assert order == ["first"], "at once, where nobody has it"
    turns.ask("second", lambda: order.append("second"))

    def third() -> None:
        with turns:
            order.append("third")

    thread = threading.Thread(target=third)
    thread.start()
    while len(turns._line) < 2:
        pass
    with pytest.raises(RuntimeError):
        turns.leave("second")
    assert turns.wanted and order == ["first"]
    turns.leave("first")
    assert turns.wanted and order == ["first", "second"]
    turns.leave("second")
    thread.join()
    assert not turns.wanted and order == ["first", "second", "third"]
