"""Who may connect, and how often the database is asked."""

from __future__ import annotations

import asyncio

from sqlalchemy import event

from tests.sensing.mqtt.whole import caller, credential
from yiwang.kernel.clock import SystemClock
from yiwang.security import accounts
from yiwang.sensing.mqtt.gate import Gate, Sender
from yiwang.store.database import Database


def admitted(
    gate: Gate, asked: list[tuple[str, str]], database: Database
) -> tuple[list[Sender | None], int]:
    """Who each name and secret is, and how many queries the database had."""
    count = 0

    def counted(connection: object, cursor: object, statement: str, *_: object) -> None:
        nonlocal count
        count += statement.startswith("SELECT")

    async def run() -> list[Sender | None]:
        return [await gate.admit(name, secret.encode()) for name, secret in asked]

    event.listen(database.engine, "before_cursor_execute", counted)
    try:
        return asyncio.run(run()), count
    finally:
        event.remove(database.engine, "before_cursor_execute", counted)
        gate.close()


def test_a_token_is_looked_up_once_for_all_devices_that_report_with_it(database: Database) -> None:
    by = caller(database)
    accounts.add_user(by, "operator", "a-long-password", ["command_centre"])
    token = accounts.add_token(by, "operator", "field")
    gate = Gate(database, SystemClock())
    senders, asked = admitted(gate, [(f"kind/{n}", token) for n in range(50)], database)
    assert {sender.label for sender in senders if sender} == {"user:operator"}
    assert None not in senders
    assert asked == 2


def test_the_secret_of_one_device_is_not_that_of_another(database: Database) -> None:
    secret = credential(database, "kind/1")
    gate = Gate(database, SystemClock())
    names = [("kind/1", secret), ("kind/2", secret), ("kind/1", secret), ("", secret)]
    senders, _ = admitted(gate, names, database)
    assert [sender and sender.label for sender in senders] == ["device:kind/1", None] * 2
