"""What keeps rows out of the target of a job: its own checks, and rules of quality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.exchange import mapping
from yiwang.sharing.exchange.errors import BadJob
from yiwang.sharing.exchange.mapping import Checker
from yiwang.sharing.exchange.model import Rule, Spec
from yiwang.sharing.quality import gate
from yiwang.sharing.quality.gate import Gate
from yiwang.sharing.sources import arrays
from yiwang.sharing.sources.merging import Target
from yiwang.sharing.sources.model import Refusal
from yiwang.store.database import Database

RULE = "rule:"
"""Before the name of a rule of quality, as the reason of a refusal."""


def named(connection: Connection, spec: Spec) -> Gate | None:
    """The rules of quality that a job names. Raises BadJob for those that do not judge its target
    row by row."""
    if not spec.rules:
        return None
    resource = catalogue.of_dataset(connection, spec.to.dataset) if spec.to.dataset else None
    if resource is None:
        value = spec.to.shown
        raise BadJob("rules", field="rules", value=value[:80], wanted="rules_of_resource")
    found = gate.of(connection, resource, spec.rules)
    if isinstance(found, str):
        raise BadJob("rules", field="rules", value=found[:80], wanted="rules_by_row")
    return found


def checkers(
    database: Database, spec: Spec, target: Target, rules: Sequence[Rule]
) -> list[Checker]:
    """All that rows must pass. Raises BadJob where a rule is gone, or needs a column that the job
    does not fill."""
    found = [mapping.checker(spec.checks, target.columns)] if spec.checks else []
    with database.read() as connection:
        held = named(connection, spec)
    if held is not None:
        filled = {one.to for one in rules}
        columns = [one for one in target.columns if one.name in filled]
        if broken := held.broken(arrays.schema_of(columns)):
            raise BadJob("rules", field="rules", value=broken[:80], wanted="filled")
        found.append(_checker(held))
    return found


def _checker(held: Gate) -> Checker:
    """Of each row the first rule that refuses it; of several columns no value is told, for one may
    be to be sealed."""

    def found(batch: Any) -> list[Refusal]:
        told: dict[int, Refusal] = {}
        for name, issue in held.found(batch):
            row = (issue.row or 1) - 1
            value = "" if ", " in issue.column else issue.value[:200]
            told.setdefault(row, Refusal(row, issue.column, value, f"{RULE}{name}"))
        return [told[row] for row in sorted(told)]

    return found
