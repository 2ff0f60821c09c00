"""Who may connect: credentials are checked in worker threads and remembered shortly."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from yiwang.kernel.clock import Clock
from yiwang.security import accounts
from yiwang.security.model import ANONYMOUS, Identity, allowed
from yiwang.sensing.mqtt.hub import covers, matches
from yiwang.store.database import Database

MOST_REMEMBERED = 50_000


@dataclass(frozen=True)
class Sender:
    """Somebody who proved who they are, or anybody. ``things`` and ``topics`` bound what they
    may write (None: not bounded); ``reads`` allows subscribing to anything, ``writes``
    publishing."""

    label: str
    things: frozenset[int] | None = None
    topics: tuple[str, ...] | None = None
    reads: bool = False
    writes: bool = True
    identity: Identity | None = None

    @property
    def bounded(self) -> bool:
        """Whether there is anything it may not write."""
        return not self.writes or self.things is not None or self.topics is not None

    def may_write(self, thing: int, topic: str) -> bool:
        if not self.writes:
            return False
        if self.things is not None and thing not in self.things:
            return False
        return self.topics is None or any(
            matches(tuple(wanted.split("/")), topic) for wanted in self.topics
        )

    def may_subscribe(self, topic_filter: str) -> bool:
        """Of topics of packs. A device bounded to topics may listen on those; a device bounded
        only to things, and a person who does not see everything, on none."""
        if self.reads or not self.bounded:
            return True
        return any(covers(wide, topic_filter) for wide in self.topics or ())


class Gate:
    """Checks names and secrets against device credentials and API tokens.

    A good answer is remembered for ``remember_s`` seconds and a bad one for two, so that a
    crowd that reconnects at once costs one look-up each and a guesser gains nothing. A person's
    token is remembered by itself: thousands of devices that report with it cost one look-up.
    """

    def __init__(self, database: Database, clock: Clock, remember_s: float = 30.0) -> None:
        self._database = database
        self._clock = clock
        self._remember_s = remember_s
        self._known: dict[tuple[str, bytes], tuple[float, Sender | None]] = {}
        """By name and digest of the secret; a token counts under any name and stands under none."""
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="mqtt-gate")

    async def admit(self, name: str, secret: bytes | None) -> Sender | None:
        """The sender of a name and a secret, or None. Whoever brings no secret is anybody, who
        may listen to what is opened."""
        if secret is None:
            return None if name else Sender("anonymous", writes=False, identity=ANONYMOUS)
        loop = asyncio.get_running_loop()
        digest = hashlib.sha256(secret).digest()
        for held in (("", digest), (name, digest)):
            known = self._known.get(held)
            if known is not None and loop.time() < known[0]:
                return known[1]
        sender = await loop.run_in_executor(self._threads, self._look_up, name, secret)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        lasts = self._remember_s if sender else 2.0
        self._known["" if _person(sender) else name, digest] = (loop.time() + lasts, sender)
        return sender

    def forget(self) -> None:
        """Credentials changed: believe nobody without looking again."""
        self._known.clear()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, name: str, secret: bytes) -> Sender | None:
        try:
            password = secret.decode()
        except UnicodeDecodeError:
            return None
        device = accounts.device(self._database, name, password)
        if device is not None:
            known = device.identity
            return Sender(known.label, device.things, device.topics, identity=known)
        identity = accounts.by_token(self._database, self._clock.now(), password)
        if identity is None or not allowed(identity, "sensing.read_opened"):
            return None
        reads, writes = allowed(identity, "sensing.read"), allowed(identity, "sensing.write")
        return Sender(identity.label, reads=reads, writes=writes, identity=identity)


def _person(sender: Sender | None) -> bool:
    return sender is not None and sender.identity is not None and sender.identity.kind == "user"
