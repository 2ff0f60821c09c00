"""What a channel is to the sender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

TAKEN, REFUSED, AGAIN = "taken", "refused", "failed"


@dataclass(frozen=True)
class Answer:
    """What came back. ``outcome``: ``taken`` (the other end has it), ``refused`` (it never will)
    or ``failed`` (try again, after ``wait_s`` seconds at least). ``text`` is kept with the
    attempt and holds no secret. ``down``: the endpoint itself does not work, its other messages
    need not be tried. ``gone``: it wants nothing any more."""

    outcome: str
    text: str
    wait_s: int = 0
    down: bool = False
    gone: bool = False


@dataclass(frozen=True)
class Outgoing:
    """A message on its way. ``id`` is the same at every attempt, so that a receiver can know a
    repetition."""

    id: str
    address: str
    subject: str
    text: str
    at: int
    """The instant of this attempt."""
    language: str = ""
    secrets: tuple[str, ...] = ()
    unsubscribe: str = ""
    """The link by which its reader wants nothing more (e-mail)."""


class Channel(Protocol):
    """Carries one message outside. Returns within a bounded time, and raises nothing that it can
    put into an Answer."""

    def send(self, message: Outgoing) -> Answer: ...


class SmsGateway(Protocol):
    """What an installed package gives under the entry-point group ``yiwang.sms``: a function
    that takes the Settings and returns one of these."""

    def send(self, phone: str, text: str, id: str) -> Answer: ...
