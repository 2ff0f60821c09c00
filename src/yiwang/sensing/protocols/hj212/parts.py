"""Messages that come in several packets (PNUM, PNO).

Each part that names its DataTime stands for itself: it is stored and answered at once, because
a device sends the next one only then. A part without DataTime takes that of the part before
it, and waits where it came first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from yiwang.sensing.protocols.hj212.errors import BadParts
from yiwang.sensing.protocols.hj212.model.packet import Packet
from yiwang.sensing.protocols.hj212.model.region import Record

MOST_MESSAGES = 16
MOST_PARTS = 64


@dataclass
class _Message:
    pnum: int
    data_time: str = ""
    waiting: dict[int, tuple[Packet, list[Record], bytes]] = field(default_factory=dict)


Ready = list[tuple[Packet, list[Record], bytes]]


class Parts:
    """The messages of one client that are under way. Bounded: the oldest is forgotten."""

    def __init__(self) -> None:
        self._messages: OrderedDict[tuple[str, str, str], _Message] = OrderedDict()

    def take(self, packet: Packet, found: list[Record], raw: bytes) -> Ready:
        """What can be stored now. Raises BadParts."""
        if not packet.pnum:
            return [(packet, found, raw)]
        if not packet.pno or packet.pnum > MOST_PARTS:
            problem = f"packet {packet.pno} of {packet.pnum}; at most {MOST_PARTS} are taken"
            raise BadParts(problem=problem)
        message = self._message(packet)
        if found[0].data_time:
            message.data_time = found[-1].data_time
            ready: Ready = [(packet, found, raw)]
        else:
            message.waiting[packet.pno] = (packet, found, raw)
            ready = []
        if message.data_time:
            waiting, message.waiting = message.waiting, {}
            for _, (part, records, frame) in sorted(waiting.items()):
                first = replace(records[0], data_time=message.data_time)
                ready.append((part, [first, *records[1:]], frame))
        if packet.pno == packet.pnum and not message.waiting:
            self._messages.pop(_key(packet), None)
        return ready

    def _message(self, packet: Packet) -> _Message:
        key = _key(packet)
        message = self._messages.get(key)
        if message is None:
            message = self._messages[key] = _Message(packet.pnum)
            if len(self._messages) > MOST_MESSAGES:
                self._messages.popitem(last=False)
        if message.pnum != packet.pnum:
            problem = f"one packet says {message.pnum} in all, another {packet.pnum}"
            raise BadParts(problem=problem)
        return message


def _key(packet: Packet) -> tuple[str, str, str]:
    return packet.mn, packet.cn, packet.qn
