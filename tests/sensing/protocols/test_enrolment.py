"""The actions by which devices get and lose their hardware."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sensing.protocols.running import Home
from yiwang.security import accounts, audit
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.model import Identity
from yiwang.sensing.errors import NoSuchThing
from yiwang.sensing.protocols.enrolment import enrol_device, release_device
from yiwang.sensing.protocols.errors import TakenByAnother
from yiwang.store.database import Database

KIND = "kinds: {gauge: {properties: {depth_cm: {unit: cm}}}}"


def test_a_device_gets_a_secret_for_one_terminal(tmp_path: Path, database: Database) -> None:
    with Home(tmp_path, database, KIND, adapters={}) as there:
        made = there.register("A-1")
        name = f"{made.kind}/A-1"
        first = enrol_device(there.caller, made.thing, "T-1")
        again = enrol_device(there.caller, made.thing, "T-1")
        assert accounts.device(database, name, first) is None
        known = accounts.device(database, name, again)
        assert known is not None
        assert known.things == {made.thing}
        with pytest.raises(TakenByAnother, match="T-2"):
            enrol_device(there.caller, made.thing, "T-2")
        release_device(there.caller, made.thing)
        assert enrol_device(there.caller, made.thing, "T-2") != again
        with database.read() as connection:
            verbs = [line["verb"] for line in audit.page(connection, 20)]
        assert verbs.count("device_enrolled") == 3
        assert verbs.count("device_released") == 1
        with pytest.raises(NoSuchThing):
            enrol_device(there.caller, 404, "T-1")


def test_nobody_without_the_permission_enrols(tmp_path: Path, database: Database) -> None:
    with Home(tmp_path, database, KIND, adapters={}) as there:
        made = there.register("A-1")
        nobody = Caller(Identity("device", 1, "x", frozenset({"device"})), database, there.clock)
        for act in (
            lambda: enrol_device(nobody, made.thing, "T"),
            lambda: release_device(nobody, 1),
        ):
            with pytest.raises(Denied):
                act()
