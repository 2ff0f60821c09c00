"""Small tables to judge, and rules written in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from yiwang.kernel import documents
from yiwang.sharing.quality import spec
from yiwang.sharing.quality.model import About, Verdict
from yiwang.sharing.quality.workbench import Workbench

Given = Mapping[str, tuple[About, pa.Table]]


def table(code: str = "t", about: Mapping[str, Any] | None = None, **columns: Any) -> Given:
    """One table; ``about`` has what is known of it besides its rows."""
    return {code: (About(code, **(about or {})), pa.table(columns))}


def judged(given: Given, text: str, now: int = 0) -> list[Verdict]:
    rules = spec.read(documents.parse(text, "rules.yaml"))
    with Workbench(given.get) as bench:
        return spec.judge(bench, rules, now)


def found(given: Given, check: str, now: int = 0) -> tuple[int, list[tuple[int | None, str]]]:
    """How many were checked, and row and column of what a one-line check found in ``t``."""
    [verdict] = judged(given, "rules: {r: {table: t, " + check + "}}", now)
    assert not verdict.broken, verdict.broken
    assert verdict.failed == len(verdict.issues)
    return verdict.checked, [(issue.row, issue.column) for issue in verdict.issues]


def rows(issues: Sequence[tuple[int | None, str]]) -> list[int | None]:
    return [row for row, _ in issues]
