"""Rule documents: YAML or JSON, one mapping of rules by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yiwang.kernel.documents import Section
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.text import LANGUAGES
from yiwang.sharing.quality import reading, sql
from yiwang.sharing.quality.errors import OneKind
from yiwang.sharing.quality.kinds import KINDS, Check
from yiwang.sharing.quality.model import WEIGHTS, Verdict
from yiwang.sharing.quality.workbench import Subject, Workbench


@dataclass(frozen=True)
class Rule:
    """A check of one kind on each of ``tables``, on the rows that ``where`` lets through."""

    name: str
    kind: str
    title: Mapping[str, str]
    tables: tuple[str, ...]
    severity: str
    where: sql.Filter
    check: Check

    def others(self) -> list[str]:
        """The tables that it looks into besides those that it judges."""
        return [table for table in self.check.others() if table]


def read(document: Section) -> list[Rule]:
    """The rules of a document. Raises DocumentError or QualityError with file and line."""
    rules = [_rule(name, section) for name, section in document.section("rules").sections()]
    document.finish()
    return rules


def _rule(name: str, section: Section) -> Rule:
    kinds = [key for key in KINDS if section.has(key)]
    if len(kinds) != 1:
        section.has("title")
        for key in ("table", "tables", "severity", "where", "except"):
            section.has(key)
        section.finish()
        raise OneKind(section.where, rule=name, known=", ".join(KINDS))
    titles = section.section("title")
    title = {lang: titles.text(lang) for lang in LANGUAGES if titles.has(lang)}
    titles.finish()
    tables = reading.names(section, "tables" if section.has("tables") else "table")
    rule = Rule(
        name,
        kinds[0],
        title,
        tables,
        section.choice("severity", tuple(WEIGHTS), "warning"),
        reading.filtered(section),
        KINDS[kinds[0]].read(section, kinds[0]),
    )
    section.finish()
    return rule


def judge(
    bench: Workbench, rules: Sequence[Rule], now: int, only: str | None = None
) -> list[Verdict]:
    """What every rule says of each of its tables, or of ``only`` one. A rule that cannot be run
    (a column is gone, say) is a broken verdict, and the others go on."""
    return [
        _verdict(bench, rule, table, now)
        for rule in rules
        for table in rule.tables
        if only in (None, table)
    ]


def _verdict(bench: Workbench, rule: Rule, table: str, now: int) -> Verdict:
    shared = (rule.name, table, rule.check.dimension, rule.severity)
    try:
        tallies = list(rule.check.judge(bench, Subject(rule.name, table, rule.where, now)))
    except YiwangError as error:
        return Verdict(*shared, broken={lang: error.message(lang) for lang in LANGUAGES})
    issues = tuple(issue for each in tallies for issue in each.issues)
    checked, failed = sum(each.checked for each in tallies), sum(each.failed for each in tallies)
    return Verdict(*shared, checked, failed, issues)
