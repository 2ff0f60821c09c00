"""What people see of quality: scores for everybody who sees the catalogue, findings for who
provides the data and for the data bureau."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from yiwang.kernel.clock import DAY, SECOND, render
from yiwang.kernel.settings import Settings
from yiwang.security.actions import Context, query
from yiwang.security.model import allowed
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue import views as catalogue_views
from yiwang.sharing.catalogue.errors import NoSuchResource
from yiwang.sharing.quality import checking, store
from yiwang.sharing.quality.errors import NoSuchIssue

_DAYS = 90
_RUNS = 60


@query("sharing.quality_scores", permission="sharing.read")
def departments(ctx: Context, lang: str) -> dict[str, Any]:
    """Scores by department, the best first, with how the whole went over the last days."""
    found, named = [], catalogue_views.names(ctx, lang)
    for row in store.departments(ctx.connection):
        found.append(
            {
                "organisation": row.organisation,
                "organisation_name": named.get(row.organisation, ""),
                "score": _rounded(row.score),
                "resources": row.resources,
                "open_issues": int(row.open_issues or 0),
                "checked_at": _at(row.checked_at),
            }
        )
    found.sort(key=lambda one: (-(one["score"] or 0), one["organisation"]))
    return {"departments": found, "trend": _trend(ctx)}


@query("sharing.quality_resources", permission="sharing.read")
def resources(
    ctx: Context, organisation: int | None, after: int, limit: int, lang: str
) -> list[dict[str, Any]]:
    """Resources that were checked, with the scores of their last run."""
    rows = store.resources(ctx.connection, organisation, after, limit)
    named = catalogue_views.names(ctx, lang)
    return [_resource(row, named) for row in rows]


@query("sharing.quality_of_resource", permission="sharing.read")
def resource(ctx: Context, key: int | str, lang: str) -> dict[str, Any]:
    """The last run of a resource, rule by rule, its open issues, and the runs before. Findings
    themselves are for who provides the data. Raises NoSuchResource."""
    held = catalogue.resource(ctx.connection, key)
    if not catalogue_views.visible(ctx.identity, held):
        raise NoSuchResource(key=key)
    row = store.watched(ctx.connection, held.id)
    named = catalogue_views.names(ctx, lang)
    shown: dict[str, Any] = {"resource": held.id, "code": held.code, "name": held.name}
    shown |= {"organisation": held.organisation, "score": None, "dimensions": {}}
    shown |= {"organisation_name": named.get(held.organisation, ""), "rules": [], "runs": []}
    shown |= {"mine": _sees(ctx, held.organisation), "issues": []}
    if row is None or row.run is None:
        return shown
    last = store.run(ctx.connection, row.run)
    runs = store.runs(ctx.connection, held.id, _RUNS)
    issues = store.open_issues(ctx.connection, held.id).values()
    shown |= _resource(row, named)
    shown["rules"] = [_verdict(one, lang) for one in last.verdicts] if last is not None else []
    shown["runs"] = [_run(one) for one in runs]
    shown["issues"] = [_issue(one, named, lang) for one in issues] if shown["mine"] else []
    return shown


@query("sharing.quality_issues", permission="sharing.read")
def issues(
    ctx: Context,
    organisation: int | None,
    open_: bool | None,
    before: int | None,
    limit: int,
    lang: str,
) -> list[dict[str, Any]]:
    """Issues of the caller's department, or for the data bureau those of everybody or of one
    department, the newest first."""
    where: dict[str, Any] = {}
    if not allowed(ctx.identity, "sharing.operate"):
        if ctx.identity.organisation is None:
            return []
        where["organisation"] = ctx.identity.organisation
    if organisation is not None:
        if where.get("organisation", organisation) != organisation:
            return []
        where["organisation"] = organisation
    rows = store.issues(ctx.connection, where, open_, before, limit)
    named = catalogue_views.names(ctx, lang)
    return [
        _issue(row, named, lang) | {"code": row.code, "resource_name": row.name} for row in rows
    ]


@query("sharing.quality_issue", permission="sharing.read")
def issue(ctx: Context, id: int, lang: str) -> dict[str, Any]:
    """An issue with the findings of the last run, in words. The provider alone sees values of
    items that bear a label of protection. Raises NoSuchIssue."""
    row = store.issue(ctx.connection, id)
    if row is None or not _sees(ctx, row.organisation):
        raise NoSuchIssue(str(id), id=id)
    held = catalogue.resource(ctx.connection, row.resource)
    own = ctx.identity.organisation == row.organisation
    issues_ = checking.issues_in(row.shown)
    findings = [
        {
            "row": one.row,
            "key": dict(one.key),
            "column": one.column,
            "value": one.value,
            "expected": one.expected,
            "sure": one.sure,
            "text": checking.located(held, one, lang),
        }
        for one in (issues_ if own else [checking.veiled(held, each) for each in issues_])
    ]
    known = {"code": held.code, "resource_name": held.name, "findings": findings}
    return _issue(row, catalogue_views.names(ctx, lang), lang) | known


def _sees(ctx: Context, organisation: int) -> bool:
    own = allowed(ctx.identity, "sharing.provide") and ctx.identity.organisation == organisation
    return own or allowed(ctx.identity, "sharing.operate")


def _at(value: int | None) -> str | None:
    return None if value is None else render(value)


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(float(score), 1)


def _resource(row: Row[Any], named: dict[int, str]) -> dict[str, Any]:
    return {
        "resource": row.resource,
        "code": row.code,
        "name": row.name,
        "organisation": row.organisation,
        "organisation_name": named.get(row.organisation, ""),
        "score": _rounded(row.score),
        "dimensions": row.dimensions,
        "open_issues": row.open_issues,
        "data_at": _at(row.data_at),
        "checked_at": _at(row.checked_at),
        "due_at": _at(row.due_at),
    }


def _verdict(said: dict[str, Any], lang: str) -> dict[str, Any]:
    title = said["title"].get(lang) or next(iter(said["title"].values()), said["rule"])
    return said | {"title": title, "broken": said["broken"].get(lang, "")}


def _run(row: Row[Any]) -> dict[str, Any]:
    shown = {"run": row.id, "why": row.why, "at": render(row.at), "took_ms": row.took_ms}
    shown |= {"rows": row.rows, "checked": row.checked, "failed": row.failed}
    return shown | {"score": row.score, "dimensions": row.dimensions}


def _issue(row: Row[Any], named: dict[int, str], lang: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "resource": row.resource,
        "organisation": row.organisation,
        "organisation_name": named.get(row.organisation, ""),
        "rule": row.rule,
        "kind": row.kind,
        "severity": row.severity,
        "title": row.title.get(lang) or next(iter(row.title.values()), row.rule),
        "opened_at": render(row.opened_at),
        "seen_at": render(row.seen_at),
        "closed_at": _at(row.closed_at),
        "checked": row.checked,
        "failed": row.failed,
        "broken": row.broken.get(lang, ""),
    }


def _trend(ctx: Context) -> list[dict[str, Any]]:
    zone = ZoneInfo(ctx.caller.ports.get(Settings, Settings()).time_zone)
    ahead = datetime.fromtimestamp(ctx.now / SECOND, zone).utcoffset() or timedelta()
    offset = int(ahead.total_seconds()) * SECOND
    rows = store.daily(ctx.connection, ctx.now - _DAYS * DAY, offset)
    first = date(1970, 1, 1)
    return [
        {"day": (first + timedelta(days=int(row.day))).isoformat(), "score": _rounded(row.score)}
        for row in rows
    ]
