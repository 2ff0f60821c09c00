"""Rule sets: who may write them, about what."""

from __future__ import annotations

import re
from typing import Any

from yiwang.kernel import documents
from yiwang.kernel.clock import render
from yiwang.security.actions import Context, action, query
from yiwang.security.model import allowed
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.quality import spec, store
from yiwang.sharing.quality.errors import (
    BadValue,
    NoSuchRuleSet,
    NotYours,
    RulesChanged,
    UnknownTable,
)

_NAME = r"[a-z][a-z0-9_]{0,63}"


@action("sharing.put_quality_rules", permission="sharing.provide", audit_verb="quality_rules_put")
def put_rules(ctx: Context, name: str, text: str, version: int | None = None) -> list[str]:
    """Write a rule set, or its next version; the names of its rules. What its rules judge is
    checked soon. A steward's rules look into resources of the own organisation alone.
    ``version``: the one that was read, 0 where there must be none.

    Raises DocumentError and QualityError with line, UnknownTable, NotYours, RulesChanged.
    """
    if not re.fullmatch(_NAME, name):
        raise BadValue(key="name", value=name, wanted=_NAME)
    there = store.rule_set(ctx.connection, name)
    if there is not None and not _bureau(ctx) and there.organisation != ctx.identity.organisation:
        raise NotYours(name)
    if version is not None and version != (0 if there is None else there.version):
        raise RulesChanged(name, name=name)
    rules = spec.read(documents.parse(text, name))
    judged = list(dict.fromkeys(table for rule in rules for table in rule.tables))
    others = [table for rule in rules for table in rule.others()]
    found = {code: resource_of(ctx, code) for code in dict.fromkeys([*judged, *others])}
    store.put_rule_set(
        ctx.connection,
        {
            "name": name,
            "organisation": None if _bureau(ctx) else ctx.identity.organisation,
            "text": text,
            "tables": judged,
            "rules": [_short(rule) for rule in rules],
            "made_at": ctx.now,
            "made_by": ctx.identity.label,
        },
    )
    for code in judged:
        store.watch(ctx.connection, named(found[code]) | {"due_at": ctx.now})
    ctx.note(f"quality_rules:{name}", rules=len(rules))
    return [rule.name for rule in rules]


@action(
    "sharing.remove_quality_rules", permission="sharing.provide", audit_verb="quality_rules_removed"
)
def remove_rules(ctx: Context, name: str) -> None:
    """Let a rule set hold no more; what was written stays. Its issues end with the next run.
    Raises NoSuchRuleSet, NotYours."""
    there = store.rule_set(ctx.connection, name)
    if there is None:
        raise NoSuchRuleSet(name, name=name)
    if not _bureau(ctx) and there.organisation != ctx.identity.organisation:
        raise NotYours(name)
    store.end_rule_set(ctx.connection, name)
    for code in there.tables:
        resource = catalogue.find(ctx.connection, code)
        if resource is not None:
            store.watch(ctx.connection, named(resource) | {"due_at": ctx.now})
    ctx.note(f"quality_rules:{name}")


@query("sharing.list_quality_rules", permission="sharing.read")
def list_rules(ctx: Context) -> list[dict[str, Any]]:
    """The rule sets that hold, with what their rules are called and judge."""
    return [
        {
            "name": row.name,
            "version": row.version,
            "organisation": row.organisation,
            "tables": row.tables,
            "rules": row.rules,
            "made_at": render(row.made_at),
            "made_by": row.made_by,
            "mine": _bureau(ctx) or _writes(ctx, row.organisation),
        }
        for row in store.rule_sets(ctx.connection)
    ]


@query("sharing.show_quality_rules", permission="sharing.read")
def show_rules(ctx: Context, name: str) -> dict[str, Any]:
    """A rule set as it was written. Raises NoSuchRuleSet."""
    row = store.rule_set(ctx.connection, name)
    if row is None:
        raise NoSuchRuleSet(name, name=name)
    return {"name": name, "version": row.version, "text": row.text, "rules": row.rules}


def own(ctx: Context, resource: Resource) -> None:
    """Raises NotYours for who neither provides the resource nor runs sharing for everybody."""
    if not _bureau(ctx) and ctx.identity.organisation != resource.organisation:
        raise NotYours(resource.code)


def named(resource: Resource) -> dict[str, Any]:
    """A resource as it is watched."""
    found = {"resource": resource.id, "organisation": resource.organisation}
    return found | {"code": resource.code, "name": resource.name}


def _bureau(ctx: Context) -> bool:
    return allowed(ctx.identity, "sharing.operate")


def _writes(ctx: Context, organisation: int | None) -> bool:
    mine = allowed(ctx.identity, "sharing.provide")
    return mine and organisation is not None and organisation == ctx.identity.organisation


def resource_of(ctx: Context, code: str) -> Resource:
    """A resource that the caller's rules may look into. Raises UnknownTable, NotYours."""
    found = catalogue.find(ctx.connection, code)
    if found is None:
        raise UnknownTable(code, table=code)
    own(ctx, found)
    return found


def _short(rule: spec.Rule) -> dict[str, Any]:
    short = {"name": rule.name, "kind": rule.kind, "title": dict(rule.title)}
    return short | {"tables": list(rule.tables), "severity": rule.severity}
