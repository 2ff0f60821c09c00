"""Who asked for a change is told when the disk has it, and the next are made meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from yiwang.security import accounts
from yiwang.security.actions import Caller, Context
from yiwang.security.errors import NameTaken, Unanswered
from yiwang.store.database import Database
from yiwang.web import calls

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class _Disk:
    """Stands for ``Database.last``: waits until it is let go, or fails."""

    def __init__(self, database: Database) -> None:
        self.reached, self.free = threading.Event(), threading.Event()
        self.error: OSError | None = None
        self.seen: list[list[str]] = []
        self._database, self._last = database, database.last

    def last(self) -> None:
        with self._database.read() as connection:
            self.seen.append(list(connection.execute(text("SELECT name FROM users")).scalars()))
        self.reached.set()
        assert self.free.wait(30)
        if self.error is not None:
            raise self.error
        self._last()


@pytest.fixture
def disk(database: Database, monkeypatch: pytest.MonkeyPatch) -> _Disk:
    made = _Disk(database)
    monkeypatch.setattr(database, "last", made.last)
    return made


def _add(caller: Caller, name: str) -> asyncio.Task[Any]:
    given = (name, "a long password", ["citizen"])
    return asyncio.ensure_future(calls.change(accounts.add_user, caller, *given, then=_name))


def _name(_: Context, user: Any) -> str:
    return str(user.name)


def test_nobody_is_told_before_the_disk_has_it(
    database: Database, caller_for: Callable[..., Caller], disk: _Disk
) -> None:
    admin = caller_for("administrator")

    def there() -> set[str]:
        with database.read() as connection:
            return set(connection.execute(text("SELECT name FROM users")).scalars())

    async def two() -> list[Any]:
        first = _add(admin, "a")
        assert await asyncio.to_thread(disk.reached.wait, 30)
        second, third = _add(admin, "b"), _add(admin, "a")
        while "b" not in await asyncio.to_thread(there):
            await asyncio.sleep(0.01)
        assert not first.done() and not second.done(), "made, and nobody told"
        disk.free.set()
        return await asyncio.gather(first, second, third, return_exceptions=True)

    first, second, third = asyncio.run(two())
    assert (first, second, type(third)) == ("a", "b", NameTaken)
    assert all("a" in names for names in disk.seen), "committed before it is brought to the disk"


def test_who_cannot_know_is_told_so(
    caller_for: Callable[..., Caller], disk: _Disk, caplog: pytest.LogCaptureFixture
) -> None:
    admin = caller_for("administrator")
    disk.error = OSError("the disk is gone")
    disk.free.set()

    async def fails() -> Any:
        return (await asyncio.gather(_add(admin, "a"), return_exceptions=True))[0]

    assert isinstance(asyncio.run(fails()), Unanswered)
    assert "the disk is gone" in caplog.text
