"""All records of a library matched anew, after its declaration or the ranks of its sources changed:
part by part, and after a crash from where it stopped.

First records get their keys and links by the new declaration (``keys``), then they are grouped by
these (``groups``). Until then entities stay as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yiwang.security.actions import Caller
from yiwang.sharing.libraries import matching, pairs, store
from yiwang.sharing.libraries.desk import Desk, declared
from yiwang.sharing.libraries.importing import Watch, nothing
from yiwang.sharing.libraries.vault import RECORDS, VERSIONS, Vault

PART = 250
PHASES = ("keys", "groups")


def rebuild(caller: Caller, code: str, watch: Watch = nothing) -> bool:
    """Do what is to be done anew; whether there was anything."""
    vault, done = Vault.of(caller), False
    while True:
        with caller.database.write() as connection:
            row = store.library(connection, code, lock=True)
            if not row.phase:
                return done
            done = True
            ids = store.following(connection, row.id, row.after, PART)
            if ids:
                desk = Desk(connection, row, vault, caller.clock.now())
                _STEPS[row.phase](desk, ids)
                values: dict[str, Any] = {"after": ids[-1]}
            elif row.phase == "keys":
                values = {"phase": "groups", "after": 0, "former": None}
            else:
                values = {"phase": "", "after": 0}
            store.change_library(connection, row.id, values)
        watch("part")


def _keys(desk: Desk, ids: Sequence[int]) -> None:
    former = declared(desk.row.former) if desk.row.former else desk.library
    records = desk.records(ids)
    if former.sealed != desk.library.sealed:
        _lay(desk, ids)
    then = {id: desk.keys_of(former, one.values) for id, one in records.items()}
    matching.link(desk, ids, then)


def _lay(desk: Desk, ids: Sequence[int]) -> None:
    """Seal what is not open now, and nothing else."""
    for row in store.records(desk.connection, ids):
        body = desk.vault.opened(row.body, row.sealed, RECORDS, row.id)
        laid = desk.vault.laid(body, desk.library, RECORDS, row.id)
        store.change_record(desk.connection, row.id, laid)
    for row in store.versions(desk.connection, ids):
        if row.body is not None:
            body = desk.vault.opened(row.body, row.sealed, VERSIONS, row.id)
            laid = desk.vault.laid(body, desk.library, VERSIONS, row.id)
            store.change_version(desk.connection, row.id, laid)


def _groups(desk: Desk, ids: Sequence[int]) -> None:
    matching.regroup(desk, ids)
    pairs.touch(desk.connection, {one.entity for one in desk.records(ids).values()}, desk.now)


_STEPS = {"keys": _keys, "groups": _groups}
