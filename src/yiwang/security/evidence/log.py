"""The log of uses of a running platform: appended, signed, proved.

Entries are rows of the database, the signing key and the newest head are files of the home: who
changes rows cannot sign, and what was signed before can be held against what is there now.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection

from yiwang.kernel.clock import Clock
from yiwang.kernel.settings import BadSetting, Settings
from yiwang.security.evidence import model, notes, store
from yiwang.security.evidence.errors import EvidenceBroken, NoEvidence, TooMuchEvidence
from yiwang.security.evidence.keys import Signing
from yiwang.security.evidence.model import Hashing, Range
from yiwang.security.evidence.notes import BadNote, Head, Verifier
from yiwang.security.evidence.store import Tree
from yiwang.store.database import Database

_log = logging.getLogger(__name__)

MOST_WAITING = 50_000
MOST_TOGETHER = 1000
"""Entries that share a transaction."""
LONGEST = 16 * 1024
"""Bytes of an entry."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def line(at: int, who: str, verb: str, about: str, details: Mapping[str, Any]) -> str:
    """An entry as it is hashed: one line of JSON with sorted keys. ``details`` name what was
    used and how much; values of people do not belong there, for an entry stays for ever."""
    entry = {"at": at, "who": who, "verb": verb, "about": about, **details}
    text: str = _encode(entry).decode()
    if len(text) > LONGEST:
        raise ValueError(f"an entry of {len(text)} bytes; the most are {LONGEST}")
    return text


class Log:
    """The log of one home. ``append`` joins a transaction; ``use`` shares one with everybody
    who waits; ``seal`` signs what has come since the last head."""

    def __init__(
        self, database: Database, clock: Clock, home: Path, name: str, algorithm: str = "sha256"
    ) -> None:
        self._database, self._clock = database, clock
        self.signing = Signing(home)
        self._name, self._algorithm = name, algorithm
        self._waiting: list[tuple[str, asyncio.Future[int]]] = []
        self._working: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="evidence")
        self._sealing = Lock()
        self._range: Range | None = None
        self._origin = ""
        self._told = ""

    @classmethod
    def of(cls, settings: Settings, database: Database, clock: Clock) -> Log:
        """The log of a home. Raises BadSetting for no such way of hashing."""
        algorithm = settings.evidence_hash
        if algorithm not in model.ALGORITHMS:
            wanted = " | ".join(model.ALGORITHMS)
            raise BadSetting(name="evidence_hash", value=algorithm, type=wanted)
        name = urlsplit(settings.public_url).netloc
        return cls(database, clock, settings.home, name, algorithm)

    def append(self, connection: Connection, texts: Sequence[str]) -> int:
        """Write entries (made by ``line``) in the caller's transaction; the first number."""
        return store.append(connection, texts, self._beginning)

    async def use(self, text: str) -> int:
        """Write an entry and give its number when it is durable: not before may what it tells
        of be handed out. Raises TooMuchEvidence."""
        if len(self._waiting) >= MOST_WAITING:
            raise TooMuchEvidence(waiting=len(self._waiting))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        self._waiting.append((text, future))
        if self._working is None:
            self._working = loop.create_task(self._work(loop))
        return await future

    async def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            await self._write_waiting(loop)
        finally:
            self._working = None

    async def _write_waiting(self, loop: asyncio.AbstractEventLoop) -> None:
        while part := self._waiting[:MOST_TOGETHER]:
            del self._waiting[: len(part)]
            texts = [text for text, _ in part]
            try:
                first = await loop.run_in_executor(self._thread, self._stored, texts)
            except Exception as error:
                for _, future in part:
                    if not future.done():
                        future.set_exception(error)
                continue
            for place, (_, future) in enumerate(part):
                if not future.done():
                    future.set_result(first + place)

    def _stored(self, texts: list[str]) -> int:
        with self._database.write() as connection:
            return self.append(connection, texts)

    def _beginning(self) -> dict[str, object]:
        """Of a log that is not there yet: no two ever have one origin."""
        origin = f"{self._name or 'yiwang'}/uses-{token_hex(4)}"
        now = self._clock.now()
        return {"origin": origin, "algorithm": self._algorithm, "created_at": now}

    def verifier(self) -> Verifier:
        """The public key. Raises NoEvidence before the first entry."""
        if not self.signing.exists():
            self.seal()
        with self._database.read() as connection:
            origin, _, _ = _begun(connection)
        return Verifier(origin, self.signing.key().public_key().public_bytes_raw())

    def seal(self) -> str | None:
        """Sign the log as it is, where it has grown; the newest head. Raises EvidenceBroken
        where it is not what was signed before: then nothing is signed."""
        with self._sealing, self._database.read() as connection:
            about = store.about(connection)
            if about is None and self.signing.last() is None:
                return None
            try:
                return self._sealed(connection)
            except LookupError as missing:
                raise EvidenceBroken(why="missing", entry=missing.args[0]) from missing

    def signed(self) -> int:
        """How many entries the newest head is over, which they are held against; nothing is
        written. Raises EvidenceBroken."""
        if self.signing.last() is None and not self.signing.exists():
            return 0
        with self._database.read() as connection:
            about = store.about(connection)
            if about is None:
                raise EvidenceBroken(why="missing", entry=0)
            try:
                return self._restored(connection, about[0], about[1]).size
            except LookupError as missing:
                raise EvidenceBroken(why="missing", entry=missing.args[0]) from missing

    def round(self) -> None:
        """``seal`` as a round of maintenance: trouble is told once, not every second."""
        try:
            self.seal()
        except EvidenceBroken as broken:
            if self._told != str(broken):
                self._told = str(broken)
                _log.error("%s: %s", broken.code, broken)

    def _sealed(self, connection: Connection) -> str:
        origin, algorithm, size = _begun(connection)
        if self._range is None:
            self._range = self._restored(connection, origin, algorithm)
            self._origin = origin
        if (origin, algorithm) != (self._origin, self._range.hashing.algorithm):
            raise EvidenceBroken(why="changed", entry=0)
        held, last = self._range, self.signing.last()
        if size < held.size:
            raise EvidenceBroken(why="cut", entry=size)
        if size == held.size and last is not None:
            return last
        grown = Range(held.hashing, held.size, list(held.peaks))
        completed = []
        for number, text in store.read(connection, held.size, size):
            if number != grown.size:
                raise LookupError(grown.size)
            completed += grown.push(held.hashing.leaf(text.encode()))
        if grown.size != size:
            raise LookupError(grown.size)
        if completed:
            with self._database.write() as writing:
                store.keep(writing, completed)
        now = self._clock.now()
        head = Head(origin, size, grown.root(), now, algorithm)
        note = notes.sign(head.text(), origin, self.signing.key())
        self.signing.put(note, now)
        self._range = grown
        return note

    def _restored(self, connection: Connection, origin: str, algorithm: str) -> Range:
        """The tree at the newest head, held against it."""
        last = self.signing.last()
        if last is None:
            if self.signing.exists():
                raise EvidenceBroken(why="no_head", entry=0)
            return Range(Hashing(algorithm))
        if not self.signing.exists():
            raise EvidenceBroken(why="no_key", entry=0)
        own = Verifier(origin, self.signing.key().public_key().public_bytes_raw())
        try:
            head = notes.head(notes.opened(last, [own]))
        except BadNote as error:
            raise EvidenceBroken(why="forged_head", entry=0) from error
        if head.algorithm != algorithm:
            raise EvidenceBroken(why="changed", entry=0)
        found = Tree(connection, Hashing(algorithm)).range(head.size)
        if found.root() != head.root:
            raise EvidenceBroken(why="changed", entry=head.size)
        return found

    def inclusion(self, connection: Connection, index: int, size: int) -> list[bytes]:
        """The path from an entry to the root of ``size`` entries. Raises NoEvidence."""
        _, algorithm, most = _begun(connection)
        if not index < size <= most:
            raise NoEvidence(number=index if size <= most else size, size=most)
        tree = Tree(connection, Hashing(algorithm))
        return model.inclusion(index, size, _tree(tree))

    def consistency(self, connection: Connection, old: int, new: int) -> list[bytes]:
        """That the log of ``old`` entries is the beginning of that of ``new``."""
        _, algorithm, most = _begun(connection)
        if not 0 < old <= new <= most:
            raise NoEvidence(number=old if new <= most else new, size=most)
        tree = Tree(connection, Hashing(algorithm))
        return model.consistency(old, new, _tree(tree))

    def close(self) -> None:
        """Seal what is there and end; entries that wait are written first."""
        self._thread.shutdown(wait=True)
        self.round()


def _tree(tree: Tree) -> model.Subtree:
    def subtree(start: int, end: int) -> bytes:
        try:
            return tree.subtree(start, end)
        except LookupError as missing:
            raise EvidenceBroken(why="missing", entry=missing.args[0]) from missing

    return subtree


def _begun(connection: Connection) -> tuple[str, str, int]:
    about = store.about(connection)
    if about is None:
        raise NoEvidence(number=0, size=0)
    return about
