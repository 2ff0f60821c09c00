"""Messages of devices that nobody knows, among others of devices that are known."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from tests.sensing.mqtt.running import Store
from yiwang.kernel.clock import SystemClock
from yiwang.sensing.errors import UnknownDevice
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.inlet import Columns, Inlet
from yiwang.sensing.mqtt.packets import Publish

ANYONE = Sender("anyone")


class Register:
    """Reads topics that are registered; ``later`` are registered when it is looked for them."""

    def __init__(self, known: Sequence[str], later: Sequence[str] = ()) -> None:
        self.known, self.later = {*known}, {*later}
        self.read_of: Counter[str] = Counter()

    def read(self, sender: Sender, topic: str, payload: bytes, now: int, into: Columns) -> None:
        self.read_of[topic] += 1
        if topic not in self.known:
            raise UnknownDevice(topic, code=topic, kind="kind")
        into.add(1, now, 0.0, payload)

    def look(self) -> bool:
        self.known |= self.later
        return bool(self.later)


class Heard:
    def __init__(self) -> None:
        self.reasons: list[str] = []

    def settled(self, messages: Sequence[Publish], reasons: Sequence[str]) -> None:
        self.reasons += reasons

    def failed(self, messages: Sequence[Publish]) -> None:
        raise AssertionError(messages)


def taken(register: Register, topics: Sequence[str]) -> list[str]:
    """The reason for which each message was refused, all of one batch."""

    async def run() -> list[str]:
        heard = Heard()
        inlet = Inlet("mqtt", Store(), register, SystemClock())
        inlet.take(ANYONE, heard, [Publish(topic, b"1") for topic in topics])
        inlet.start()
        await inlet.close()
        return heard.reasons

    return asyncio.run(run())


def test_a_stranger_does_not_make_the_messages_of_others_be_read_twice() -> None:
    register = Register(["a", "b"])
    assert taken(register, ["a", "stranger", "b"]) == ["", "sensing.unknown_device", ""]
    assert register.read_of["a"] == register.read_of["b"] == 1


def test_who_became_known_meanwhile_is_read_with_the_others_in_their_order() -> None:
    register = Register(["a"], later=["new"])
    assert taken(register, ["a", "stranger", "new"]) == ["", "sensing.unknown_device", ""]
