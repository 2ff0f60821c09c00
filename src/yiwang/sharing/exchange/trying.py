"""What would become of the first rows of a job, with nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from yiwang.sharing.exchange import feeds
from yiwang.sharing.exchange.feeds import Reading
from yiwang.sharing.exchange.mapping import Checker
from yiwang.sharing.exchange.model import Rule, Spec
from yiwang.sharing.exchange.writing import prepared
from yiwang.sharing.sources import model
from yiwang.sharing.sources.merging import Target
from yiwang.sharing.sources.model import Shape
from yiwang.sharing.sources.reading import Reader


def tried(
    reader: Reader,
    table: str,
    shape: Shape,
    spec: Spec,
    target: Target,
    rules: Sequence[Rule],
    checks: Sequence[Checker],
    zone: ZoneInfo,
    rows: int,
) -> dict[str, Any]:
    """The columns of the target, its first rows as they would be, and what would be refused."""
    small = _small(spec, rows)
    job = Reading(reader, table, shape, small, feeds.needed(shape, spec, rules))
    items: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for part in islice(feeds.parts(job, None), 1):
        if part.batch is None:
            continue
        batch = part.batch.slice(0, rows)
        good, bad = prepared(batch, rules, target, checks, zone)
        items = [_shown(row) for row in good.select(target.names).to_pylist()]
        refused = [
            {"row": one.row, "column": one.column, "value": one.value, "reason": one.reason}
            for one in bad
        ]
    columns = [{"name": one.name, "type": one.type} for one in target.columns]
    return {"columns": columns, "key": list(target.key), "items": items, "refused": refused}


def _small(spec: Spec, rows: int) -> Spec:
    return msgspec.structs.replace(spec, batch=rows)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: None if one is None else model.shown(one) for name, one in row.items()}
