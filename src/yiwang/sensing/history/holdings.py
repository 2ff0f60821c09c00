"""What a home holds of history, read from its files beside a platform that may be running."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from yiwang.kernel.clock import from_datetime


@dataclass(frozen=True)
class Holding:
    """Files of a table: ``oldest`` and ``newest`` are instants, None where there are no rows."""

    files: int = 0
    size: int = 0
    rows: int = 0
    oldest: int | None = None
    newest: int | None = None


def observations(folder: Path) -> Holding:
    """The closed observations of a home's folder of observations."""
    return _holding(_added(folder / "table"), "time")


def rollups(folder: Path) -> dict[str, Holding]:
    """The roll-ups by width (``PT1H``)."""
    by_width: dict[str, list[dict[str, Any]]] = {}
    for added in _added(folder / "rollups"):
        width = Path(added["path"]).name.partition("_")[0]
        by_width.setdefault(width, []).append(added)
    return {width: _holding(files, "start") for width, files in sorted(by_width.items())}


def log_size(folder: Path) -> int:
    """Bytes of the log, in which the newest observations are."""
    return sum(path.stat().st_size for path in (folder / "log").glob("*.log"))


def _added(table: Path) -> list[dict[str, Any]]:
    if not DeltaTable.is_deltatable(str(table)):
        return []
    listed: list[dict[str, Any]]
    listed = pa.table(DeltaTable(str(table)).get_add_actions(flatten=True)).to_pylist()
    return listed


def _holding(added: list[dict[str, Any]], column: str) -> Holding:
    if not added:
        return Holding()
    return Holding(
        len(added),
        sum(one["size_bytes"] for one in added),
        sum(one["num_records"] for one in added),
        from_datetime(min(one[f"min.{column}"] for one in added)),
        from_datetime(max(one[f"max.{column}"] for one in added)),
    )
