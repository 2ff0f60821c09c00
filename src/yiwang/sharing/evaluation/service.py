"""What is asked of the evaluation: figures of any days, the rows behind one, what each means."""

from __future__ import annotations

from datetime import date
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.periods import Period
from yiwang.kernel.points import ranked
from yiwang.kernel.text import LANGUAGES, render
from yiwang.security.actions import Context, query
from yiwang.security.model import Identity, allowed
from yiwang.sharing.catalogue import views
from yiwang.sharing.evaluation import model, schemes, tally
from yiwang.sharing.evaluation.figures import FIGURES
from yiwang.sharing.evaluation.layout import PARTS
from yiwang.sharing.evaluation.model import RATES, TIMES, Scheme
from yiwang.sharing.evaluation.sources import SOURCES
from yiwang.sharing.evaluation.tally import Tally


def sees_all(identity: Identity) -> bool:
    """The data bureau and auditors; everybody else sees the own department and the ranking."""
    return allowed(identity, "sharing.review") or allowed(identity, "sharing.audit")


@query("sharing.evaluation", permission="sharing.read")
def figures(ctx: Context, first: date, until: date) -> dict[str, Any]:
    """Figures of the days from ``first`` to before ``until`` as things are known now, of every
    department that the caller may see; scores for who sees all. Raises BadDays."""
    span = tally.days(ctx, first, until)
    found = schemes.valid(ctx, first)
    if sees_all(ctx.identity):
        return shown_period(span) | evaluated(ctx, span, found)
    own = ctx.identity.organisation
    said = tally.asked(ctx, span, schemes.terms(found), own)
    counted = {} if own is None else tally.tallied(ctx, said)
    return shown_period(span) | {
        "terms": schemes.terms_shown(said.terms),
        "city": None,
        "items": items(ctx, {key: one for key, one in counted.items() if key == own}),
        "scores": [],
    }


def evaluated(ctx: Context, span: Period, found: list[Scheme]) -> dict[str, Any]:
    """Figures of all departments and of the city, and the scores by every scheme."""
    said = tally.asked(ctx, span, schemes.terms(found))
    counted = {said.terms: tally.tallied(ctx, said)}
    for one in found:
        if one.terms not in counted:
            counted[one.terms] = tally.tallied(ctx, tally.asked(ctx, span, one.terms))
    return {
        "terms": schemes.terms_shown(said.terms),
        "city": tally.whole(counted[said.terms]).figures(),
        "items": items(ctx, counted[said.terms]),
        "scores": [
            {"scheme": schemes.shown(one), "items": _scores(ctx, one, counted[one.terms])}
            for one in found
        ],
    }


@query("sharing.evaluation_rows", permission="sharing.read")
def rows(
    ctx: Context,
    figure: str,
    first: date,
    until: date,
    organisation: int | None,
    limit: int,
    after: int,
    lang: str,
) -> list[dict[str, Any]]:
    """The rows that one figure counts, by number; of one department, or for who sees all of
    everybody. Raises BadDays, BadQuestion."""
    span = tally.days(ctx, first, until)
    if not sees_all(ctx.identity):
        own = ctx.identity.organisation
        if own is None or organisation not in (None, own):
            return []
        organisation = own
    terms = schemes.terms(schemes.valid(ctx, first))
    said = tally.asked(ctx, span, terms, organisation)
    named = views.names(ctx, lang)
    found = tally.behind(ctx, figure, said, limit, after)
    return [_row(one, named) for one in found]


@query("sharing.evaluation_figures", permission="sharing.read")
def definitions(ctx: Context, lang: str) -> dict[str, Any]:
    """What each figure is called and how it is made, which stand together on pages and in files,
    and what day it is in the city."""
    found: list[dict[str, Any]] = [
        {"figure": name, "sort": "rate", "of": list(RATES[name])} for name in RATES
    ]
    found += [
        {"figure": name, "sort": "count", "of": [], "source": one.source, "side": one.side}
        for name, one in FIGURES.items()
    ]
    found += [
        {"figure": f"{name}_days_{kind}", "sort": "days", "of": [TIMES[name]]}
        for name in TIMES
        for kind in ("average", "median", "longest")
    ]
    return {
        "items": [
            one | {"title": word(one["figure"], lang), "how": how(one, lang)} for one in found
        ],
        "parts": [
            {"part": part, "title": render(f"sharing.evaluation.part.{part}", lang, {})}
            | {"figures": list(names)}
            for part, names in PARTS.items()
        ],
        "sources": {
            name: render(f"sharing.evaluation.source.{name}", lang, {}) for name in SOURCES
        },
        "today": tally.today(ctx).isoformat(),
    }


def word(name: str, lang: str) -> str:
    return render(f"sharing.evaluation.figure.{name}", lang, {})


def how(one: dict[str, Any], lang: str) -> str:
    """The formula of a figure in words."""
    if one["sort"] == "rate":
        above, below = (word(name, lang) for name in one["of"])
        return f"{above} ÷ {below}"
    return render(f"sharing.evaluation.how.{one['figure']}", lang, {})


def items(ctx: Context, found: dict[int, Tally]) -> list[dict[str, Any]]:
    """Departments with their titles, those with most resources first."""
    called = titles(ctx, found)
    made = [{"key": key, "title": called[key]} | one.figures() for key, one in found.items() if key]
    return sorted(made, key=lambda one: (-one["counts"]["resources"], one["key"]))


def titles(ctx: Context, keys: Any) -> dict[int, dict[str, str]]:
    named = {lang: views.names(ctx, lang) for lang in LANGUAGES}
    return {key: {lang: named[lang].get(key, str(key)) for lang in LANGUAGES} for key in keys}


def _scores(ctx: Context, scheme: Scheme, found: dict[int, Tally]) -> list[dict[str, Any]]:
    called = titles(ctx, found)
    return ranked(
        {"key": key, "title": called[key]} | model.score(scheme, one.counts)
        for key, one in found.items()
        if key
    )


def shown_period(span: Period) -> dict[str, Any]:
    return {
        "from": span.first.isoformat(),
        "until": span.until.isoformat(),
        "start": clock.render(span.start),
        "end": clock.render(span.end),
    }


def _row(row: dict[str, Any], named: dict[int, str]) -> dict[str, Any]:
    """Instants as text, departments with their names."""
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if name.endswith(("_at", "answer_by")) and value is not None:
            value = clock.render(value)
        shown[name] = value
    for side in ("provider", "organisation"):
        shown[f"{side}_name"] = named.get(row[side] or 0, "")
    return shown
