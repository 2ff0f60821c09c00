"""Where figures come from: each source is a select with a row a thing (its ``id``), whose provider
and whose user it has, and as of the end of the days that are asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    func,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from yiwang.sharing.catalogue.scores import CYCLE
from yiwang.sharing.catalogue.tables import share_renewals, share_resources, share_scores
from yiwang.sharing.evaluation.model import Terms
from yiwang.sharing.exchange.tables import share_exchange_jobs, share_exchange_runs
from yiwang.sharing.files.tables import share_file_deliveries, share_file_versions
from yiwang.sharing.gateway.tables import share_uses
from yiwang.sharing.grants.tables import share_complaints, share_grants, share_requests
from yiwang.sharing.ledger.tables import share_demands, share_duties
from yiwang.sharing.opening.tables import share_open_uses, share_openings
from yiwang.sharing.quality.tables import share_quality_issues, share_quality_runs
from yiwang.store.database import Key

_r = share_resources.c
_TALLIED = ("read", "written", "rejected")


@dataclass(frozen=True)
class Asked:
    """The days from ``first`` to before ``until``, their instants (``end`` is not behind now),
    how words are meant, and of which department alone is asked."""

    first: str
    until: str
    start: int
    end: int
    terms: Terms
    only: int | None = None


class _Tallied(FunctionElement[int]):
    """A number of a tally that is kept as JSON."""

    type = BigInteger()
    inherit_cache = True
    name = "tallied"


@compiles(_Tallied, "sqlite")
def _tallied_sqlite(element: Any, compiler: Any, **kwargs: Any) -> str:
    tally, key = (compiler.process(one, **kwargs) for one in element.clauses)
    return f"CAST(json_extract({tally}, '$.' || {key}) AS INTEGER)"


@compiles(_Tallied)
def _tallied(element: Any, compiler: Any, **kwargs: Any) -> str:
    tally, key = (compiler.process(one, **kwargs) for one in element.clauses)
    return f"CAST(CAST({tally} AS json) ->> {key} AS BIGINT)"


def _own(asked: Asked) -> ColumnElement[bool]:
    """The resources of the department that is asked about."""
    return true() if asked.only is None else _r.organisation == asked.only


def _of_own(asked: Asked, resource: ColumnElement[Any]) -> ColumnElement[bool]:
    """As ``_own``, where there is but the number of a resource."""
    if asked.only is None:
        return true()
    return resource.in_(select(_r.id).where(_own(asked)))


def _either(asked: Asked, held: Any) -> ColumnElement[bool]:
    """What the department that is asked about provides or uses."""
    if asked.only is None:
        return true()
    return or_(held.provider == asked.only, held.organisation == asked.only)


def in_force(asked: Asked) -> ColumnElement[bool]:
    """The resources that were published and not retired at the end."""
    gone = and_(_r.state == "retired", _r.retired_at < asked.end)
    return and_(_r.published_at < asked.end, ~gone)


def _resources(asked: Asked) -> Select[Any]:
    """``renewed_at`` is the last renewal before the end; before days were kept only the last of
    all is known."""
    renewals = _renewals(asked)
    scores = share_scores.c
    known = case((scores.updated_at < asked.end, scores.updated_at))
    renewed = func.coalesce(renewals.c.at, known)
    known_to_us = or_(_r.dataset.is_not(None), renewed.is_not(None))
    fresh = or_(
        *(
            and_(_r.update_cycle == name, renewed >= asked.end - cycle)
            for name, cycle in CYCLE.items()
        )
    )
    return (
        select(
            _r.id,
            _r.organisation.label("provider"),
            null().cast(Key).label("organisation"),
            _r.name,
            _r.code,
            _r.share_type,
            _r.update_cycle,
            _r.made_at,
            _r.published_at,
            case((and_(_r.state == "retired", _r.retired_at < asked.end), _r.retired_at)).label(
                "retired_at"
            ),
            in_force(asked).label("in_force"),
            or_(_r.dataset.is_not(None), _r.source.is_not(None)).label("with_data"),
            and_(known_to_us, _r.update_cycle.in_(list(CYCLE))).label("has_cycle"),
            renewed.label("renewed_at"),
            fresh.label("fresh"),
            renewals.c.days.label("renewals"),
            func.coalesce(scores.completeness, 0).label("completeness"),
        )
        .join(renewals, renewals.c.resource == _r.id)
        .outerjoin(share_scores, scores.resource == _r.id)
        .where(_own(asked))
    )


def _renewals(asked: Asked) -> CTE:
    """Of each resource the last renewal before the end and the days of those inside, looked up by
    its number: years of days lie there."""
    held = share_renewals.c
    of_it = (held.resource == _r.id, held.day < asked.until)
    last = select(held.at).where(*of_it, held.at < asked.end).order_by(held.day.desc()).limit(1)
    inside = select(func.count()).where(*of_it, held.day >= asked.first)
    found = select(
        _r.id.label("resource"),
        last.scalar_subquery().label("at"),
        inside.scalar_subquery().label("days"),
    )
    return found.where(_own(asked)).cte("renewals").prefix_with("MATERIALIZED")


def _duties(asked: Asked) -> Select[Any]:
    held = share_duties.c
    return (
        select(
            held.id,
            held.organisation.label("provider"),
            null().cast(Key).label("organisation"),
            held.element.label("name"),
            held.resource.label("code"),
            and_(_r.id.is_not(None), in_force(asked)).label("met"),
        )
        .outerjoin(share_resources, and_(_r.code == held.resource, held.resource != ""))
        .where(
            or_(held.removed_at.is_(None), held.removed_at >= asked.end),
            true() if asked.only is None else held.organisation == asked.only,
        )
    )


def _requests(asked: Asked) -> Select[Any]:
    held = share_requests.c
    columns = ("state", "asked_at", "answer_by", "answered_at")
    return (
        select(
            held.id,
            held.provider,
            held.organisation,
            _r.name,
            *(held[name] for name in columns),
        )
        .join(share_resources, _r.id == held.resource)
        .where(_either(asked, held))
    )


def _demands(asked: Asked) -> Select[Any]:
    held = share_demands.c
    columns = ("state", "made_at", "answered_at")
    return select(
        held.id,
        held.provider,
        held.organisation,
        held.element.label("name"),
        *(held[name] for name in columns),
    ).where(_either(asked, held))


def _grants(asked: Asked) -> Select[Any]:
    """Grants with how much was used under them on the days."""
    used, held = share_uses.c, share_grants.c
    mine = select(held.id).where(_either(asked, held))
    own = true() if asked.only is None else used.grant.in_(mine)
    sums = (
        select(
            used.grant,
            func.sum(used.calls).label("calls"),
            func.sum(used["rows"]).label("rows"),
            func.sum(used.checks).label("checks"),
        )
        .where(used.day >= asked.first, used.day < asked.until, own)
        .group_by(used.grant)
        .subquery()
    )
    return (
        select(
            held.id,
            held.provider,
            held.organisation,
            _r.name,
            held.granted_at,
            held.expires_at,
            held.ended_at,
            *(func.coalesce(sums.c[name], 0).label(name) for name in ("calls", "rows", "checks")),
        )
        .join(share_resources, _r.id == held.resource)
        .outerjoin(sums, sums.c.grant == held.id)
        .where(_either(asked, held))
    )


def _runs(asked: Asked) -> Select[Any]:
    held, job = share_exchange_runs.c, share_exchange_jobs.c
    return (
        select(
            held.id,
            job.organisation.label("provider"),
            null().cast(Key).label("organisation"),
            job.name,
            held.state,
            held.ended_at,
            *(_Tallied(held.tally, name).label(name) for name in _TALLIED),
        )
        .join(share_exchange_jobs, job.id == held.job)
        .where(
            held.ended_at >= asked.start,
            held.ended_at < asked.end,
            true() if asked.only is None else job.organisation == asked.only,
        )
    )


def _checks(asked: Asked) -> Select[Any]:
    """The last run with a score, before the end, of each resource in force."""
    held = share_quality_runs.c
    last = (
        select(func.max(held.id).label("id"))
        .where(held.at < asked.end, held.score.is_not(None), _of_own(asked, held.resource))
        .group_by(held.resource)
        .subquery()
    )
    return (
        select(
            held.id,
            _r.organisation.label("provider"),
            null().cast(Key).label("organisation"),
            _r.name,
            held.at.label("checked_at"),
            held.score,
            held["rows"],
        )
        .join(last, last.c.id == held.id)
        .join(share_resources, _r.id == held.resource)
        .where(in_force(asked), _own(asked))
    )


def _issues(asked: Asked) -> Select[Any]:
    held = share_quality_issues.c
    columns = ("rule", "severity", "opened_at", "closed_at")
    return (
        select(
            held.id,
            held.organisation.label("provider"),
            null().cast(Key).label("organisation"),
            _r.name,
            *(held[name] for name in columns),
        )
        .join(share_resources, _r.id == held.resource)
        .where(true() if asked.only is None else held.organisation == asked.only)
    )


def _complaints(asked: Asked) -> Select[Any]:
    held = share_complaints.c
    columns = ("kind", "state", "filed_at", "answer_by", "answered_at", "corrected_at", "stars")
    return (
        select(
            held.id,
            held.provider,
            held.organisation,
            _r.name,
            *(held[name] for name in columns),
        )
        .join(share_resources, _r.id == held.resource)
        .where(_either(asked, held))
    )


def _openings(asked: Asked) -> Select[Any]:
    """Resources with their newest release before the end, and how everybody used them."""
    held, used = share_openings.c, share_open_uses.c
    gone = case((held.withdrawn_at < asked.end, held.withdrawn_at))
    last = (
        select(func.max(held.id).label("id"))
        .where(held.released_at < asked.end, _of_own(asked, held.resource))
        .group_by(held.resource)
        .subquery()
    )
    sums = (
        select(
            used.resource,
            *(func.sum(used[name]).label(name) for name in ("views", "downloads", "calls")),
        )
        .where(used.day >= asked.first, used.day < asked.until, _of_own(asked, used.resource))
        .group_by(used.resource)
        .subquery()
    )
    return (
        select(
            held.id,
            _r.organisation.label("provider"),
            null().cast(Key).label("organisation"),
            _r.name,
            held.released_at,
            gone.label("withdrawn_at"),
            *(
                func.coalesce(sums.c[name], 0).label(name)
                for name in ("views", "downloads", "calls")
            ),
        )
        .join(last, last.c.id == held.id)
        .join(share_resources, _r.id == held.resource)
        .outerjoin(sums, sums.c.resource == held.resource)
    )


def _files(asked: Asked) -> Select[Any]:
    held = share_file_versions.c
    return select(
        held.id,
        _r.organisation.label("provider"),
        null().cast(Key).label("organisation"),
        held.name,
        held.at.label("put_at"),
        held.size,
    ).join(share_resources, and_(_r.id == held.resource, _own(asked)))


def _deliveries(asked: Asked) -> Select[Any]:
    held = share_file_deliveries.c
    ours = or_(_own(asked), held.organisation == asked.only)
    return select(
        held.id,
        _r.organisation.label("provider"),
        held.organisation,
        held.name,
        held.made_at,
        held.size,
        held["rows"],
    ).join(share_resources, and_(_r.id == held.resource, ours))


SOURCES: Mapping[str, Callable[[Asked], Select[Any]]] = {
    "resources": _resources,
    "duties": _duties,
    "requests": _requests,
    "demands": _demands,
    "grants": _grants,
    "files": _files,
    "deliveries": _deliveries,
    "runs": _runs,
    "checks": _checks,
    "issues": _issues,
    "complaints": _complaints,
    "openings": _openings,
}
