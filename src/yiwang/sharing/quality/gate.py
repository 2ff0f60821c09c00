"""Rules that judge each row by itself, held to rows before they are written anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from yiwang.kernel import documents
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.quality import holdings, spec, store
from yiwang.sharing.quality.model import About, Issue
from yiwang.sharing.quality.workbench import Workbench


@dataclass(frozen=True)
class Gate:
    """Rules by their names (``set/rule``), of one table."""

    about: About
    rules: tuple[tuple[str, spec.Rule], ...]

    def found(self, batch: Any) -> list[tuple[str, Issue]]:
        """What each rule finds in the rows of a batch; their numbers count from 1."""
        rows = pa.Table.from_batches([batch])
        code = self.about.code

        def only(asked: str) -> tuple[About, Any] | None:
            return (self.about, rows) if asked == code else None

        told = []
        with Workbench(only, shown=max(1, batch.num_rows)) as bench:
            for name, rule in self.rules:
                [verdict] = spec.judge(bench, [rule], 0, only=code)
                told += [(name, one) for one in verdict.issues if one.row is not None]
        return told

    def broken(self, schema: Any) -> str:
        """The first rule that cannot be run on rows of these columns; empty for none."""
        rows = schema.empty_table()
        code = self.about.code
        with Workbench(lambda asked: (self.about, rows) if asked == code else None) as bench:
            for name, rule in self.rules:
                [verdict] = spec.judge(bench, [rule], 0, only=code)
                if verdict.broken:
                    return name
        return ""


def of(connection: Connection, resource: Resource, names: Sequence[str]) -> Gate | str:
    """The rules of these names that hold and judge a resource row by row: a rule (``set/rule``),
    or all such rules of a set. Where a name has none, that name."""
    sets = {row.name: row for row in store.rule_sets(connection)}
    chosen: dict[str, spec.Rule] = {}
    for name in names:
        set_, _, one = name.partition("/")
        row = sets.get(set_)
        rules = spec.read(documents.parse(row.text, row.name)) if row is not None else []
        fit = {
            f"{set_}/{rule.name}": rule
            for rule in rules
            if one in ("", rule.name) and resource.code in rule.tables and rule.check.alone()
        }
        if not fit:
            return name
        chosen |= fit
    return Gate(holdings.about(resource), tuple(chosen.items()))
