"""Runs: a resource's data held to its rules, its scores, and its issues opened and closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from yiwang.contracts.events import QualityFailed, QualityPassed
from yiwang.kernel import documents
from yiwang.kernel.clock import DAY
from yiwang.security.actions import Caller, Context, action, query
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.quality import holdings, model, service, spec, store, words
from yiwang.sharing.quality.errors import NothingToCheck
from yiwang.sharing.quality.model import Issue, Profile, Verdict, label_of
from yiwang.sharing.quality.workbench import Tables, Workbench

EVERY = DAY
"""A resource is checked this long after its last run, whatever happened to it."""
SAMPLES = 3
"""Findings that the text of a case shows; it may be read outside the department."""


@dataclass(frozen=True)
class Plan:
    """What a run is to do. ``before``: the profile of the last one."""

    resource: Resource
    rules: tuple[tuple[str, spec.Rule], ...]
    data_at: int | None
    before: Profile | None


@dataclass(frozen=True)
class Outcome:
    """What a run found, by rule (``set/rule``), and how long it took."""

    plan: Plan
    verdicts: tuple[tuple[str, spec.Rule, Verdict], ...]
    profile: Profile
    took_ms: int


def check(caller: Caller, resource: int | str, why: str = "asked") -> model.Score:
    """Hold a resource's data to all rules that judge it, and record what was found. The data is
    read and judged in no transaction of ours. ``why``: asked, exchange or schedule.

    Raises NoSuchResource, NotYours, NothingToCheck where it has no rules or no data.
    """
    planned = plan(caller, resource)
    found = run(caller, planned, holdings.tables(caller, planned.data_at, planned.before))
    return record(caller, found, why)


def run(caller: Caller, planned: Plan, tables: Tables) -> Outcome:
    """Judge, without recording anything."""
    begun, code = caller.clock.monotonic(), planned.resource.code
    verdicts = []
    with TemporaryDirectory(prefix="quality-") as folder, Workbench(tables, Path(folder)) as bench:
        bench.about(code)
        for name, rule in planned.rules:
            [verdict] = spec.judge(bench, [rule], caller.clock.now(), only=code)
            verdicts.append((name, rule, verdict))
        profile = bench.profile(code)
    took = round((caller.clock.monotonic() - begun) * 1000)
    return Outcome(planned, tuple(verdicts), profile, took)


@query("sharing.plan_quality_run", permission="sharing.provide")
def plan(ctx: Context, resource: int | str) -> Plan:
    """What a run of a resource would do. Only what is in force is checked. Raises NoSuchResource,
    NotYours, NothingToCheck."""
    held = catalogue.resource(ctx.connection, resource)
    service.own(ctx, held)
    rules = []
    for row in store.rule_sets(ctx.connection):
        if held.code in row.tables:
            for rule in spec.read(documents.parse(row.text, row.name)):
                if held.code in rule.tables:
                    rules.append((f"{row.name}/{rule.name}", rule))
    if not rules or not held.in_force or not holdings.has_data(held):
        raise NothingToCheck(held.code, name=held.name)
    watched = store.watched(ctx.connection, held.id)
    before = None
    if watched is not None and watched.run is not None:
        last = store.run(ctx.connection, watched.run)
        before = None if last is None else Profile(**last.profile)
    return Plan(held, tuple(rules), watched.data_at if watched else None, before)


@action("sharing.record_quality_run", permission="sharing.provide", audit_verb="quality_checked")
def record(ctx: Context, found: Outcome, why: str) -> model.Score:
    """Keep what a run found: its scores, and issues opened, seen again and closed. Raises
    NotYours, NothingToCheck where the resource went out of force meanwhile."""
    resource = found.plan.resource
    service.own(ctx, resource)
    if not catalogue.resource(ctx.connection, resource.id).in_force:
        raise NothingToCheck(resource.code, name=resource.name)
    score = model.score([verdict for _, _, verdict in found.verdicts])
    values = {
        "resource": resource.id,
        "organisation": resource.organisation,
        "why": why,
        "at": ctx.now,
        "took_ms": found.took_ms,
        "data_at": found.plan.data_at,
        "rows": found.profile.rows,
        "checked": score.checked,
        "failed": score.failed,
        "score": score.total,
        "dimensions": dict(score.dimensions),
        "verdicts": [_said(name, rule, one) for name, rule, one in found.verdicts],
        "profile": msgspec.to_builtins(found.profile),
    }
    number = store.add_run(ctx.connection, values)
    there = store.open_issues(ctx.connection, resource.id)
    for name, rule, verdict in found.verdicts:
        row = there.pop(name, None)
        if not verdict.passed:
            known = replace(verdict, issues=_covered(ctx, resource, rule, verdict.issues))
            _failing(ctx, resource, name, rule, known, row.id if row else None)
        elif row is not None:
            _close(ctx, row.id)
    for row in there.values():
        _close(ctx, row.id)
    failing = sum(not one.passed for _, _, one in found.verdicts)
    store.watch(
        ctx.connection,
        service.named(resource)
        | {"run": number, "checked_at": ctx.now, "due_at": ctx.now + EVERY, "score": score.total}
        | {"dimensions": dict(score.dimensions), "open_issues": failing},
    )
    ctx.note(f"resource:{resource.id}", run=number, score=score.total, failed=score.failed)
    return score


def _said(name: str, rule: spec.Rule, verdict: Verdict) -> dict[str, Any]:
    said = {"rule": name, "kind": rule.kind, "title": dict(rule.title)}
    said |= {"dimension": verdict.dimension, "severity": verdict.severity}
    return said | {
        "checked": verdict.checked,
        "failed": verdict.failed,
        "broken": dict(verdict.broken),
    }


def _failing(
    ctx: Context, resource: Resource, name: str, rule: spec.Rule, verdict: Verdict, id: int | None
) -> None:
    """Open an issue or see it again; whoever makes cases of issues is told either way, since the
    case may have been closed while the data stayed as it was."""
    values = {
        "seen_at": ctx.now,
        "severity": verdict.severity,
        "title": dict(rule.title),
        "kind": rule.kind,
        "checked": verdict.checked,
        "failed": verdict.failed,
        "shown": [msgspec.to_builtins(one) for one in verdict.issues],
        "broken": dict(verdict.broken),
    }
    if id is None:
        new = {"resource": resource.id, "organisation": resource.organisation, "rule": name}
        id = store.add_issue(ctx.connection, values | new | {"opened_at": ctx.now})
    else:
        store.change_issue(ctx.connection, id, values)
    ctx.emit(
        QualityFailed(
            id,
            resource.id,
            resource.code,
            resource.name,
            resource.organisation,
            name,
            {lang: rule.title.get(lang) or name for lang in ("zh-CN", "en")},
            verdict.severity,
            verdict.checked,
            verdict.failed,
            ctx.now,
            [told(resource, one) for one in verdict.issues[:SAMPLES]]
            or ([dict(verdict.broken)] if verdict.broken else []),
        )
    )


def forget(ctx: Context, resource: int) -> None:
    """A resource is out of force: its issues end, and it counts in no score."""
    _end(ctx, resource)
    store.forget(ctx.connection, resource)


def rest(ctx: Context, resource: int) -> None:
    """No rule judges a resource: as ``forget``, but what is known of its data stays."""
    _end(ctx, resource)
    store.rest(ctx.connection, resource)


def _end(ctx: Context, resource: int) -> None:
    for row in store.open_issues(ctx.connection, resource).values():
        _close(ctx, row.id)


def _close(ctx: Context, id: int) -> None:
    store.change_issue(ctx.connection, id, {"closed_at": ctx.now})
    ctx.emit(QualityPassed(id, ctx.now))


def told(resource: Resource, issue: Issue) -> dict[str, str]:
    """An issue in words for whoever sees a case, veiled."""
    hidden = veiled(resource, issue)
    return {lang: located(resource, hidden, lang) for lang in ("zh-CN", "en")}


def _covered(
    ctx: Context, resource: Resource, rule: spec.Rule, issues: Sequence[Issue]
) -> tuple[Issue, ...]:
    """Findings that show something of labelled items of other tables that the rule looks into:
    of another provider's they show nothing, of the own ones nothing to others (``veiled``)."""
    held = catalogue.with_items(ctx.connection, catalogue.coded(ctx.connection, rule.others()))
    mine, theirs = set[str](), set[str]()
    for one in held:
        own = one.organisation == resource.organisation
        (mine if own else theirs).update(_labelled(one))
    found = []
    for issue in issues:
        beside = set(_listed(issue.fields.get("beside", "")))
        if beside & theirs:
            hidden = {name: _HIDDEN for name in issue.fields if name != "beside"}
            issue = replace(issue, expected=_HIDDEN, fields={**issue.fields, **hidden})
        elif beside & mine:
            issue = replace(issue, fields={**issue.fields, _VEILED: "1"})
        found.append(issue)
    return tuple(found)


def _labelled(resource: Resource) -> set[str]:
    """The columns that bear a label of protection."""
    return {item.column for item in resource.items if item.label or item.grade not in _OPEN}


def _listed(columns: str) -> list[str]:
    return [column.strip() for column in columns.split(",")]


def veiled(resource: Resource, issue: Issue) -> Issue:
    """An issue as others than its provider see it: without values of items that bear a label of
    protection."""
    hidden = _labelled(resource)
    concerned = {*_listed(issue.column), *_listed(issue.fields.get("beside", ""))}
    if not hidden & (concerned | set(issue.key)) and _VEILED not in issue.fields:
        return issue
    key = {name: _HIDDEN if name in hidden else each for name, each in issue.key.items()}
    fields = {name: _HIDDEN for name in issue.fields}
    return replace(issue, key=key, value=_HIDDEN, expected=_HIDDEN, fields=fields)


_OPEN = ("", "general_1", "general_2")
_HIDDEN = "•••"
_VEILED = "veiled"
"""Among the fields of a finding: it shows something of a labelled item of another table."""


def located(resource: Resource, issue: Issue, lang: str) -> str:
    """Where, and what is wrong; columns are called what the catalogue calls them."""
    place = " · ".join(issue.key.values()) or (f"#{issue.row}" if issue.row else "")
    names = {item.column: label_of(item.name)[0] for item in resource.items}
    called = ", ".join(names.get(one, one) for one in issue.column.split(", "))
    said = words.reason(replace(issue, column=called), lang)
    return f"{place}: {said}" if place else said


def issues_in(shown: Sequence[Mapping[str, Any]]) -> list[Issue]:
    """Findings as they were kept."""
    return [Issue(**one) for one in shown]
