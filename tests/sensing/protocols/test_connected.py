"""Who sees which devices are connected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.sensing.protocols.test_framework import SECRET, home, line
from yiwang.security.errors import Denied
from yiwang.security.model import Identity
from yiwang.sensing import sight as sights
from yiwang.sensing import tables
from yiwang.sensing.protocols import service
from yiwang.store.database import Database


@pytest.mark.parametrize(
    ("role", "organisation", "seen"),
    [
        ("command_centre", None, ["A-1", "A-2"]),
        ("auditor", None, ["A-1", "A-2"]),
        ("department_handler", 7, ["A-1"]),
        ("department_handler", 8, []),
        ("department_handler", None, []),
        ("grid_worker", 7, ["A-1"]),
    ],
)
def test_a_department_sees_its_own_connected_devices(
    tmp_path: Path, sqlite: Database, role: str, organisation: int | None, seen: list[str]
) -> None:
    with home(tmp_path, sqlite) as there:
        mine = there.register("A-1", SECRET).thing
        there.register("A-2", SECRET)
        with sqlite.write() as connection:
            ours = update(tables.things).where(tables.things.c.id == mine)
            connection.execute(ours.values(owner=7))
            sights.changed(connection)
        person = Identity("user", 5, "Li", frozenset({role}), None, organisation)
        who = replace(there.caller, identity=person)
        with there.client("lines") as one, there.client("lines") as other:
            for client, code in ((one, "A-1"), (other, "A-2")):
                client.send(line(code=code, values="L=1 X=3"))
                client.line()
            connected = service.connected_devices(who, "lines")
            assert sorted(item["code"] for item in connected) == seen
            (shown,) = service.protocols(who)
            assert shown["devices"] == shown["connections"] == len(seen)
            counts = (2, {"X": 2}) if role in ("command_centre", "auditor") else (None, {})
            assert (shown["stored"], shown["unmapped"]) == counts


def test_a_citizen_sees_no_protocols(tmp_path: Path, sqlite: Database) -> None:
    with home(tmp_path, sqlite) as there:
        person = Identity("user", 5, "Li", frozenset({"citizen"}))
        with pytest.raises(Denied):
            service.protocols(replace(there.caller, identity=person))
