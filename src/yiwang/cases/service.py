"""What other packages call: the actions of cases in one place."""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.cases import store
from yiwang.cases.actions.devices import TROUBLE_TOPICS, consume_troubles
from yiwang.cases.actions.findings import TOPICS, consume, release
from yiwang.cases.actions.photos import add as add_photo
from yiwang.cases.actions.photos import show as show_photo
from yiwang.cases.actions.reports import Report, report
from yiwang.cases.actions.steps import possible, take
from yiwang.cases.actions.watch import sweep
from yiwang.cases.catalogue import install_classes, list_classes, remove_classes
from yiwang.cases.explain import explain
from yiwang.cases.importing.service import refused_rows
from yiwang.cases.model.guards import Given
from yiwang.cases.views import counts, listing, show, summary_of
from yiwang.store.database import Database

__all__ = [
    "TOPICS",
    "TROUBLE_TOPICS",
    "Cases",
    "Given",
    "Report",
    "add_photo",
    "consume",
    "consume_troubles",
    "counts",
    "explain",
    "install_classes",
    "list_classes",
    "listing",
    "possible",
    "refused_rows",
    "release",
    "remove_classes",
    "report",
    "show",
    "show_photo",
    "summary_of",
    "sweep",
    "take",
]


class Cases:
    """The port ``CaseDirectory``: which case a finding led to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def case_of(self, findings: Sequence[int]) -> dict[int, int]:
        with self._database.read() as connection:
            found = store.sources_of_findings(connection, findings)
        return {finding: row.case for finding, row in found.items()}
