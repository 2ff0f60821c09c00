"""Between a listener and an adapter: pieces of a stream, and what an adapter may do with the
connection that they came by."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from yiwang.contracts.observations import Receipt
from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.adapter import Talk
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.station import Session, Station


class Piece(NamedTuple):
    """A whole frame, or, with a ``fault``, bytes that are none."""

    raw: bytes
    fault: Refused | None = None


class Splitter(Protocol):
    """Cuts a stream of bytes into frames. Pure, and linear in what it is fed; what it was fed
    and did not give back is an unfinished frame of ``waiting`` bytes."""

    @property
    def waiting(self) -> int: ...

    def feed(self, data: bytes) -> list[Piece]: ...


Answer = Callable[[Receipt], bytes]
"""What is sent once a reading is durable; empty for nothing."""


class Link(Protocol):
    """One client, as its conversation sees it."""

    station: Station
    peer: str
    session: Session | None
    """Of the device that was joined last."""

    def send(self, data: bytes) -> bool:
        """Write to the client; False when it is gone, or does not read."""
        ...

    def store(self, reading: Reading, answer: Answer | bytes = b"") -> None:
        """Hand a reading in and return at once; the answer is sent when it is durable, and not
        at all when it cannot be stored."""
        ...

    def refuse(self, error: Refused, raw: bytes, answer: bytes = b"") -> None:
        """The same for a frame that is not stored."""
        ...

    def join(self, device: Device, talk: Talk) -> Session:
        """The client proved which device it speaks for; it may speak for several. ``talk`` is
        where commands to the device go."""
        ...

    def end(self) -> None:
        """Answer what is under way, then hang up."""
        ...


class Conversation(Protocol):
    """What an adapter does with the frames of one client, one after another."""

    async def handle(self, raw: bytes) -> None:
        """One frame. A Refused that is raised is recorded with the frame."""
        ...

    def lost(self) -> None:
        """The client is gone: nothing it still owes will come."""
        ...


Start = Callable[[Link], Conversation]
