"""Scores of the catalogue: kept as resources and their data change, told by department."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row, delete, select, update

from yiwang.contracts.events import DatasetChanged, ResourceChanged
from yiwang.kernel import clock
from yiwang.kernel.periods import day_of
from yiwang.security.actions import Context, action, query
from yiwang.sharing.catalogue import differences, scores, store, views
from yiwang.sharing.catalogue.tables import share_renewals, share_resources, share_scores
from yiwang.store.outbox import Delivery
from yiwang.store.upsert import upsert

TOPICS = (ResourceChanged.topic, DatasetChanged.topic)
_held, _kept, _days = share_resources.c, share_scores.c, share_renewals.c


@action("sharing.follow_scores", permission="sharing.operate", audit_verb="scores_followed")
def follow(ctx: Context, deliveries: list[Delivery]) -> None:
    """Score what came into force, and note whose data was brought up to date."""
    for one in deliveries:
        if one.topic == ResourceChanged.topic:
            _score(ctx, one.body["resource"])
        else:
            held = store.of_dataset(ctx.connection, one.body["dataset"])
            if held is not None:
                brought(ctx, held.id, one.body["at"])


def brought(ctx: Context, resource: int, at: int) -> None:
    """The data of a resource was brought up to date at an instant."""
    later = (_kept.updated_at.is_(None)) | (_kept.updated_at < at)
    wanted = update(share_scores).where(_kept.resource == resource, later)
    ctx.connection.execute(wanted.values(updated_at=at))
    zone = ctx.caller.calendar.zone
    day = day_of(at, zone).isoformat()
    chosen = select(_days.at).where(_days.resource == resource, _days.day == day)
    last = ctx.connection.execute(chosen).scalar()
    if last is None or last < at:
        row = {"resource": resource, "day": day, "at": at}
        upsert(ctx.connection, share_renewals, row, ["resource", "day"])


def forget_renewals(ctx: Context, before: date) -> None:
    """Days before one go. What was renewed then and never since is out of date anyway."""
    ctx.connection.execute(delete(share_renewals).where(_days.day < before.isoformat()))


@query("sharing.department_scores", permission="sharing.read")
def departments(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """The scores of each department that has resources in force, the lowest first."""
    rows: dict[int, list[Row[Any]]] = {}
    for row in _rows(ctx):
        rows.setdefault(row.organisation, []).append(row)
    named = views.names(ctx, lang)
    found = [_summed(ctx, id, named.get(id, ""), held) for id, held in rows.items()]
    return sorted(found, key=lambda one: (one["completeness"] or 0, one["organisation"]))


@query("sharing.resource_scores", permission="sharing.read")
def resources(ctx: Context, organisation: int, lang: str) -> list[dict[str, Any]]:
    """The scores of a department's resources in force with what points were lost for, the lowest
    first."""
    found = []
    for row in _rows(ctx, organisation):
        lost = [
            {"field": name, "title": differences.title(name, lang), "points": points}
            for name, points in row.lost or []
        ]
        updated = None if row.updated_at is None else clock.render(row.updated_at)
        found.append(
            {
                "id": row.id,
                "code": row.code,
                "name": row.name,
                "update_cycle": row.update_cycle,
                "completeness": row.completeness,
                "lost": lost,
                "updated_at": updated,
                "freshness": scores.freshness(row.update_cycle, row.updated_at, ctx.now),
            }
        )
    return sorted(found, key=lambda one: (one["completeness"] or 0, one["id"]))


def _rows(ctx: Context, organisation: int | None = None) -> list[Row[Any]]:
    columns = (_held.id, _held.code, _held.name, _held.organisation, _held.update_cycle)
    query = (
        select(*columns, _kept.completeness, _kept.lost, _kept.updated_at)
        .outerjoin(share_scores, _kept.resource == _held.id)
        .where(_held.state == "published")
    )
    if organisation is not None:
        query = query.where(_held.organisation == organisation)
    return list(ctx.connection.execute(query))


def _summed(ctx: Context, id: int, name: str, rows: list[Row[Any]]) -> dict[str, Any]:
    fresh = [scores.freshness(row.update_cycle, row.updated_at, ctx.now) for row in rows]
    return {
        "organisation": id,
        "organisation_name": name,
        "resources": len(rows),
        "completeness": scores.mean(row.completeness for row in rows),
        "freshness": scores.mean(fresh),
        "late": sum(one is not None and one < 100 for one in fresh),
    }


def _score(ctx: Context, resource: int) -> None:
    held = store.find(ctx.connection, resource)
    if held is None:
        return
    found = scores.completeness(held)
    row = {"resource": resource, "completeness": found.points, "lost": found.lost}
    changed = ["completeness", "lost"]
    upsert(ctx.connection, share_scores, row | {"updated_at": None}, ["resource"], changed)
