"""The platform's own workers that make files for receivers, some at the same time.

What it writes takes its name only when it is whole and durable, and is sealed as everything is
that lies here. Rows lie unencrypted on the disk only while they are written.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Caller, Context
from yiwang.sharing.files import (
    deliveries,
    encryption,
    extracts,
    order_store,
    orders,
    sealing,
    store,
    uploads,
)
from yiwang.sharing.files.errors import NoSuchFile, NoSuchKey
from yiwang.sharing.files.formats import WRITERS
from yiwang.sharing.files.orders import Delivery, Made
from yiwang.sharing.files.parts import KEPT_FREE, digest, room
from yiwang.sharing.files.shelf import Shelf
from yiwang.sharing.files.versions import check_kept
from yiwang.sharing.gateway import access
from yiwang.sharing.gateway.usage import Usage
from yiwang.store import folders
from yiwang.store.errors import DiskFull

_log = logging.getLogger(__name__)


Source = Callable[[], BinaryIO]


class Stopped(Exception):
    """The platform stops: the file is made anew after its next start."""


class Maker:
    """Makes what is waiting in threads of its own. ``look`` is called every second and never
    waits. What is being made is known here alone: after a crash nothing is, and all of it is
    taken up again."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._busy: dict[int, int] = {}
        """Organisations of the deliveries that are being made, by their numbers."""

    def look(self) -> None:
        """Clear what is over, and begin with something that waits."""
        if self._stop.is_set():
            return
        uploads.sweep(self._caller)
        deliveries.sweep(self._caller)
        self._threads = [one for one in self._threads if one.is_alive()]
        with self._caller.database.read() as connection:
            waiting = order_store.waiting(connection)
        with self._lock:
            idle = orders.chosen(waiting, self._busy, self._most()) is None
        if not idle:
            thread = threading.Thread(target=self.settle, name="files")
            self._threads.append(thread)
            thread.start()

    def settle(self) -> None:
        """Make what waits until nothing is left to begin. Several threads may be at it."""
        while not self._stop.is_set():
            with self._lock:
                found = deliveries.take_up(self._caller, self._busy, self._most())
                if found is None:
                    return
                self._busy[found.id] = found.organisation
            try:
                self._make(found)
            except Stopped:
                return
            finally:
                with self._lock:
                    del self._busy[found.id]

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _most(self) -> int:
        shelf: Shelf = self._caller.ports[Shelf]
        return shelf.makers

    def _make(self, held: Delivery) -> None:
        shelf: Shelf = self._caller.ports[Shelf]
        target = deliveries.path(shelf, held.id)
        work = deliveries.work(shelf, held.id)
        shutil.rmtree(work, ignore_errors=True)
        try:
            work.mkdir(parents=True)
            os.chmod(work, 0o700)
            with room():
                file, made = self._made(held, work)
                with file.open("rb") as source:
                    sealing.seal(source, work / "kept", shelf.keys, deliveries.place(held.id))
                (work / "kept").replace(target)
                folders.settled(target.parent)
            deliveries.keep(self._caller, held, made)
        except Stopped:
            raise
        except YiwangError as error:
            target.unlink(missing_ok=True)
            deliveries.fail(self._caller, held.id, error.code)
        except Exception:
            _log.exception("delivery %s", held.id)
            target.unlink(missing_ok=True)
            deliveries.fail(self._caller, held.id, YiwangError.code)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _made(self, held: Delivery, work: Path) -> tuple[Path, Made]:
        recipients = self._recipients(held)
        file = work / "plain"
        if held.version is not None:
            source, name = self._content(held, held.version)
            plain = Made(name=name + encryption.SUFFIX, size=0, content="")
        else:
            plain = self._extract(held, file, sealed=bool(recipients))
            source = partial(_read, file)
        if recipients:
            file = work / "encrypted"
            with source() as content:
                encryption.encrypt(content, file, recipients)
        with file.open("rb") as content:
            found = digest(content).hex()
        return file, Made(
            name=plain.name,
            size=file.stat().st_size,
            content=found,
            rows=plain.rows,
            fields=plain.fields,
            marked=plain.marked,
        )

    def _recipients(self, held: Delivery) -> Sequence[str]:
        """Raises NoSuchKey for one that ended meanwhile."""
        with self._caller.database.read() as connection:
            found = order_store.keys(connection, held.keys)
        for one in found:
            if one.ended_at is not None:
                raise NoSuchKey(key=one.id)
        return [one.recipient for one in found]

    def _content(self, held: Delivery, version: int) -> tuple[Source, str]:
        """How a version is read, and its name. Raises NoGrant, Withdrawn, NoSuchFile."""
        caller = self._caller
        with caller.database.read() as connection:
            access.under(Context(caller, connection, writes=False), held.grant, "file")
            found = store.version(connection, version)
        check_kept(found)
        if found is None:
            raise NoSuchFile(file=version)
        shelf: Shelf = caller.ports[Shelf]
        return partial(shelf.contents.open, found.content), found.name

    def _extract(self, held: Delivery, file: Path, sealed: bool) -> Made:
        caller = self._caller
        usage: Usage = caller.ports[Usage]
        plan = extracts.planned(caller, held.grant)
        writer = WRITERS[held.format](file, plan.schema, plan.titles)
        rows = 0
        try:
            for table in extracts.pages(caller, plan):
                if self._stop.is_set():
                    raise Stopped
                if shutil.disk_usage(file.parent).free < KEPT_FREE:
                    raise DiskFull()
                writer.write(table)
                rows += table.num_rows
        finally:
            writer.close()
        now = caller.clock.now()
        usage.used(now, plan.held, rows)
        return Made(
            name=orders.name_of(plan.title, usage.day(now), held.format, sealed),
            size=0,
            content="",
            rows=rows,
            fields=tuple(plan.schema.names),
            marked=tuple(mark.column for mark in plan.marks),
        )


def _read(file: Path) -> BinaryIO:
    return file.open("rb")
