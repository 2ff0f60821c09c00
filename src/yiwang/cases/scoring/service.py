"""What is asked of the assessment: rates, the cases behind a figure, scores."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row, and_, select

from yiwang.cases.scoring import rates, schemes
from yiwang.cases.scoring.counts import BY, COUNTS, SUMS, Asked, within
from yiwang.cases.scoring.errors import BadAssessment
from yiwang.cases.scoring.model.figures import RATES
from yiwang.cases.scoring.model.schemes import Scheme, Terms, score
from yiwang.cases.scoring.rates import Wanted
from yiwang.cases.scoring.sight import sees_all, sight
from yiwang.cases.scoring.tables import case_results
from yiwang.cases.scoring.tally import ALL as EVERYTHING
from yiwang.cases.scoring.titles import titles
from yiwang.kernel import clock
from yiwang.kernel.periods import Period
from yiwang.kernel.points import ranked
from yiwang.security.actions import Context, query

ALL = Wanted()
COUNTED = frozenset([*COUNTS, *SUMS])


@query("cases.rates", permission="cases.assess")
def show_rates(
    ctx: Context, by: str, first: date, until: date, wanted: Wanted = ALL
) -> dict[str, Any]:
    """Figures of the days from ``first`` to before ``until``: of each group by ``by`` that the
    caller may see, of all their cases together, and of the whole city. docs/assessment.md says
    what each is. Raises BadDays, BadAssessment."""
    span = rates.days(ctx, first, until)
    terms = schemes.terms(ctx, first)
    said = rates.asked(ctx, terms, span.end)
    own = and_(wanted.condition(), sight(ctx.identity, {by, *wanted.equal}))
    alike = sees_all(ctx.identity) and not wanted.equal
    found = rates.grouped(ctx, by, span.start, said, own=EVERYTHING if alike else own)
    return {
        "by": by,
        **shown_period(span),
        "terms": shown_terms(terms),
        "city": found.all,
        "own": found.own,
        "items": named(ctx, by, found.groups),
    }


def named(ctx: Context, by: str, groups: dict[Any, Any]) -> list[dict[str, Any]]:
    """Groups with their titles, those with most cases first."""
    called = titles(ctx, by, groups)
    items = [{"key": key, "title": called[key]} | found for key, found in groups.items()]
    items.sort(key=lambda one: (-one["counts"]["filed"], str(one["key"])))
    return items


@query("cases.counted", permission="cases.assess")
def counted(
    ctx: Context,
    count: str,
    first: date,
    until: date,
    wanted: Wanted,
    limit: int,
    after: int | None,
    lang: str = "zh-CN",
) -> list[dict[str, Any]]:
    """The cases that one figure counts, by number: a count, a sum (its cases), or a rate (those
    that its denominator counts, each with whether the numerator counts it). Raises BadDays,
    BadAssessment."""
    span = rates.days(ctx, first, until)
    said = rates.asked(ctx, schemes.terms(ctx, first), span.end)
    above, below = _behind(count)
    met = COUNTS[above].condition(said)
    own = and_(wanted.condition(), sight(ctx.identity, set(wanted.equal)))
    behind = case_results.c.case > (after or 0)
    rows = list(
        ctx.connection.execute(
            select(case_results, met.label("met"))
            .where(within(COUNTS[below], said, span.start), own, behind)
            .order_by(case_results.c.case)
            .limit(limit)
        )
    )
    names = {
        by: titles(ctx, by, {getattr(row, BY[by].key) or _none(by) for row in rows}) for by in BY
    }
    return [_counted(row, names, lang) for row in rows]


def _behind(count: str) -> tuple[str, str]:
    if count in RATES:
        return RATES[count]
    name = SUMS[count][0] if count in SUMS else count
    if name not in COUNTS:
        known = ", ".join([*RATES, *COUNTS, *SUMS])
        raise BadAssessment("count", name="count", value=count, known=known)
    return name, name


def _none(by: str) -> Any:
    return "" if by in ("class", "person", "channel") else 0


def _counted(row: Row[Any], names: dict[str, Any], lang: str) -> dict[str, Any]:
    """A result as it is shown; instants as text, times used in minutes."""
    shown: dict[str, Any] = {"no": row.case, "counts": bool(row.met)}
    for by, column in BY.items():
        key = getattr(row, column.key) or _none(by)
        shown[by] = key
        shown[f"{by}_title"] = names[by][key][lang]
    for name, value in row._mapping.items():
        if name.endswith("_at"):
            shown[name] = None if value is None else clock.render(value)
        elif name.endswith(("_clock", "_work")):
            shown[f"{name}_minutes"] = None if value is None else value / clock.MINUTE
    same_names = ("kind", "late", "excused", "reworks", "reopenings", "returns", "urges")
    more = ("supervision", "extensions", "rating", "solved", "resident")
    return shown | {name: getattr(row, name) for name in (*same_names, *more)}


@query("cases.scores", permission="cases.assess")
def show_scores(ctx: Context, code: str, first: date, until: date) -> dict[str, Any]:
    """Scores and ranks by the version of a scheme that is valid on the first day, with every
    summand. The rank is that among all; those are shown whom the caller may see. Raises
    BadDays, NoSuchScheme."""
    scheme = schemes.one(ctx, code, first)
    span = rates.days(ctx, first, until)
    said = rates.asked(ctx, scheme.terms, span.end)
    return {
        **shown_period(span),
        "scheme": shown_scheme(scheme),
        "items": scores(ctx, scheme, span, said),
    }


def scores(ctx: Context, scheme: Scheme, span: Period, said: Asked) -> list[dict[str, Any]]:
    """Ranked scores of everybody whom the caller may see."""
    own = rates.visible(ctx, scheme.of, sight(ctx.identity, {scheme.of}))
    groups = rates.summed(ctx, scheme.of, span.start, said, EVERYTHING, COUNTED)
    called = titles(ctx, scheme.of, groups)
    found = []
    for key, counts in groups.items():
        if key in (0, ""):
            continue
        result = score(scheme, counts)
        found.append({"key": key, "title": called[key], "excused": counts["excused"]} | result)
    return [one for one in ranked(found) if own is None or one["key"] in own]


def shown_period(span: Period) -> dict[str, Any]:
    return {
        "from": span.first.isoformat(),
        "until": span.until.isoformat(),
        "start": clock.render(span.start),
        "end": clock.render(span.end),
    }


def shown_terms(terms: Terms) -> dict[str, Any]:
    return {
        "accept_minutes": terms.accept_minutes,
        "accept_counting": terms.accept_counting,
        "satisfied_from": terms.satisfied_from,
        "resident_channels": list(terms.resident_channels),
    }


def shown_scheme(scheme: Scheme) -> dict[str, Any]:
    """A version of a scheme as it is shown."""
    return {
        "code": scheme.code,
        "from": scheme.valid_from.isoformat(),
        "of": scheme.of,
        "title": dict(scheme.title),
        "example": scheme.example,
        "digest": scheme.digest,
        "least_cases": scheme.least_cases,
        "terms": shown_terms(scheme.terms),
    }
