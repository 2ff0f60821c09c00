"""What rules say of the data as it is, before they hold: nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from yiwang.kernel import documents
from yiwang.security.actions import Caller, Context, query
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.quality import checking, holdings, service, spec
from yiwang.sharing.quality.errors import BadValue, NothingToCheck
from yiwang.sharing.quality.model import Verdict
from yiwang.sharing.quality.spec import Rule
from yiwang.sharing.quality.workbench import Workbench

MOST_JUDGED = 10
"""Of rules on tables in one trial."""
FINDINGS = 20


@query("sharing.plan_quality_trial", permission="sharing.provide")
def plan(ctx: Context, text: str) -> tuple[list[Rule], dict[str, Resource], set[str]]:
    """The rules of a document, the resources that they judge by code, and the codes of those
    whose values the caller may see. Raises DocumentError and QualityError, UnknownTable, NotYours,
    NothingToCheck."""
    rules = spec.read(documents.parse(text, "trial"))
    judged = [table for rule in rules for table in rule.tables]
    if len(judged) > MOST_JUDGED:
        wanted = f"1 … {MOST_JUDGED}"
        raise BadValue(key="rules", value=str(len(judged)), wanted=wanted)
    others = [table for rule in rules for table in rule.others()]
    found = {code: service.resource_of(ctx, code) for code in dict.fromkeys([*judged, *others])}
    for code in judged:
        if not holdings.has_data(found[code]):
            raise NothingToCheck(code, name=found[code].name)
    own = {code for code, one in found.items() if one.organisation == ctx.identity.organisation}
    return rules, found, own


def tried(caller: Caller, text: str, lang: str) -> list[dict[str, Any]]:
    """What each rule of a document says of each of its tables, with its first findings in words.
    Raises what ``plan`` raises; a rule that cannot be run says so in its verdict."""
    rules, resources, own = plan(caller, text)
    tables = holdings.tables(caller, None, None)
    with TemporaryDirectory(prefix="quality-") as folder, Workbench(tables, Path(folder)) as bench:
        verdicts = spec.judge(bench, rules, caller.clock.now())
    titles = {rule.name: rule.title for rule in rules}
    return [
        _shown(one, titles[one.rule], resources[one.table], one.table in own, lang)
        for one in verdicts
    ]


def _shown(
    one: Verdict, title: Mapping[str, str], resource: Resource, own: bool, lang: str
) -> dict[str, Any]:
    issues = one.issues[:FINDINGS]
    seen = issues if own else [checking.veiled(resource, each) for each in issues]
    return {
        "rule": one.rule,
        "title": title.get(lang) or next(iter(title.values()), one.rule),
        "table": one.table,
        "resource_name": resource.name,
        "dimension": one.dimension,
        "severity": one.severity,
        "checked": one.checked,
        "failed": one.failed,
        "broken": one.broken.get(lang, ""),
        "findings": [checking.located(resource, each, lang) for each in seen],
    }
