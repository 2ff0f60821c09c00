"""Tables as rules see them, what rules find, and how that becomes a score: pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

WEIGHTS: Mapping[str, int] = {"urgent": 5, "warning": 3, "notice": 1}
"""How much a rule of each severity counts in a score."""

DIMENSIONS = ("completeness", "conformity", "accuracy", "consistency", "timeliness")
"""完整性, 规范性, 准确性, 一致性, 时效性: the dimensions of GB/T 36344-2018 that data alone
can show (accessibility is measured where data are called)."""


@dataclass(frozen=True)
class Profile:
    """The shape of a table's content: what drift is measured against."""

    rows: int
    missing: Mapping[str, float] = field(default_factory=dict)
    means: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """What is known of a table besides its rows.

    ``key``: columns that name a row; ``along``: the column of time, where there is one;
    ``units``: by column; ``unit_column``: the column that names each row's unit.
    ``updated_at``: microseconds; ``cycle``: days between updates, None where none is due.
    """

    code: str
    title: str = ""
    key: tuple[str, ...] = ()
    along: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    unit_column: str = ""
    updated_at: int | None = None
    cycle: float | None = None
    before: Profile | None = None

    @property
    def series(self) -> tuple[str, ...]:
        """What names a series: the key without time."""
        return tuple(column for column in self.key if column != self.along)


@dataclass(frozen=True)
class Issue:
    """One finding. ``key`` names the row in the words of the table, ``row`` counts from 1 and is
    None for the table as a whole. ``reason`` and ``fields`` give the words in every language;
    ``beside`` of ``fields`` are further columns of which it shows something.
    ``sure``: False where rounding alone could still explain it."""

    rule: str
    table: str
    reason: str
    row: int | None = None
    key: Mapping[str, str] = field(default_factory=dict)
    column: str = ""
    value: str = ""
    expected: str = ""
    sure: bool = True
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What one rule says of one table: ``failed`` of ``checked`` rows or values, of which
    ``issues`` shows the first. ``broken``: why the rule could not be run, by language."""

    rule: str
    table: str
    dimension: str
    severity: str
    checked: int = 0
    failed: int = 0
    issues: tuple[Issue, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.failed and not self.broken


@dataclass(frozen=True)
class Score:
    """0 to 100; ``dimensions`` has those that a rule looked at. None: nothing was checked."""

    total: float | None
    dimensions: Mapping[str, float]
    checked: int
    failed: int


def score(verdicts: Iterable[Verdict]) -> Score:
    """The mean of the rules' shares of good rows, weighted by severity. A rule that could not be
    run counts as failed; one that had nothing to look at does not count."""
    counted = [each for each in verdicts if each.checked or each.broken]
    dimensions = {}
    for name in DIMENSIONS:
        found = _mean([each for each in counted if each.dimension == name])
        if found is not None:
            dimensions[name] = found
    checked = sum(each.checked for each in counted)
    return Score(_mean(counted), dimensions, checked, sum(each.failed for each in counted))


def _mean(verdicts: Sequence[Verdict]) -> float | None:
    weights = [WEIGHTS[each.severity] for each in verdicts]
    if not weights:
        return None
    good = [0.0 if each.broken else 1 - each.failed / each.checked for each in verdicts]
    found = 100 * sum(w * g for w, g in zip(weights, good, strict=True)) / sum(weights)
    return math.floor(found * 10) / 10 if found < 100 else 100.0


_MULTIPLES = {"万亿": 1e12, "千亿": 1e11, "百亿": 1e10, "十亿": 1e9, "亿": 1e8, "千万": 1e7}
_MULTIPLES |= {"百万": 1e6, "十万": 1e5, "万": 1e4, "千": 1e3, "百": 1e2, "十": 1e1}
_UNIT = re.compile(f"({'|'.join(_MULTIPLES)})(?!分)(.*)")


def unit_of(text: str) -> tuple[float, str]:
    """A unit as its multiple and what is counted: ``亿美元`` is (1e8, 美元)."""
    plain = re.sub(r"\s", "", text)
    found = _UNIT.fullmatch(plain)
    return (_MULTIPLES[found[1]], found[2]) if found else (1.0, plain)


_LABEL = re.compile(r"\s*(.*?)\s*[（(]\s*([^（()）]+?)\s*[)）]\s*", re.DOTALL)


def label_of(text: str) -> tuple[str, str]:
    """A heading as name and unit: ``电信业务总量（亿元）`` is (电信业务总量, 亿元)."""
    found = _LABEL.fullmatch(text)
    return (found[1], found[2]) if found else (text.strip(), "")


_YEARS = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?!\d)(?:\s*年?\s*[—–―~～至-]+\s*((?:19|20)\d\d))?(?!\d)"
)


def years_of(title: str) -> tuple[int, int] | None:
    """The first and the last year that a title names, None where it names none."""
    found = [int(year) for match in _YEARS.finditer(title) for year in match.groups() if year]
    return (min(found), max(found)) if found else None


def shown(value: Any) -> str:
    """A value as a person reads it; a missing one is empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        text = f"{value:.10g}"
        return text if "e" in text else f"{float(text):.10f}".rstrip("0").rstrip(".")
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)
