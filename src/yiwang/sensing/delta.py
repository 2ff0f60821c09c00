"""A Delta table whose files we write ourselves: what is listed exists, nothing else does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.transaction import CommitProperties, Transaction

from yiwang.sensing.log import sync_file
from yiwang.store import folders

CONFIGURATION = {
    "delta.checkpointInterval": "100",
    "delta.enableExpiredLogCleanup": "true",
    "delta.logRetentionDuration": "interval 7 days",
}
"""A reader begins at a checkpoint, of which there is one every 100 commits; entries of the log
that a checkpoint has made needless stay for a week."""


class DeltaLog:
    """The log of the table in ``folder``, made if missing; durable when ``commit`` returns."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder = folder
        self._committing = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        if not DeltaTable.is_deltatable(str(folder)):
            made = Schema.from_arrow(schema)
            DeltaTable.create(str(folder), made, mode="ignore", configuration=CONFIGURATION)
            self._sync()
        self._table = DeltaTable(str(folder))

    @property
    def version(self) -> int:
        return int(self._table.version())

    def number(self, app: str) -> int | None:
        """The number that was recorded last under a name."""
        found = self._table.transaction_version(app)
        return None if found is None else int(found)

    def added(self) -> list[dict[str, Any]]:
        """The files listed, with their statistics: path, num_records, min.COLUMN, max.COLUMN."""
        listed: list[dict[str, Any]] = pa.table(
            self._table.get_add_actions(flatten=True)
        ).to_pylist()
        return listed

    def commit(self, actions: Sequence[Any], numbers: dict[str, int]) -> None:
        """List and unlist files and record numbers, all of it or nothing."""
        transactions = [Transaction(app, number) for app, number in numbers.items()]
        with self._committing:
            self._table.create_write_transaction(
                list(actions),
                "append",
                self._table.schema(),
                commit_properties=CommitProperties(app_transactions=transactions),
            )
            self._table.update_incremental()
            self._sync()

    def _sync(self) -> None:
        log = self._folder / "_delta_log"
        for path in sorted(log.glob("*.json"))[-1:]:
            sync_file(path)
        folders.settled(log)
        folders.settled(self._folder)
