"""What helps while a caller still speaks: articles, likely classes, similar open cases near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yiwang.cases import catalogue, choices
from yiwang.cases import views as case_views
from yiwang.cases.hotline import knowledge, model, shelf, views
from yiwang.cases.learning import likely
from yiwang.cases.learning.model import Known
from yiwang.cases.model import merging, words
from yiwang.cases.model.classes import CaseClass
from yiwang.security.actions import Context, query

MOST_TEXT = 2000
_MOST = 6
_LOOKED_AT = 200


@query("cases.suggest", permission="cases.hotline")
def suggest(
    ctx: Context, text: str, lon: float | None, lat: float | None, lang: str
) -> dict[str, Any]:
    """Articles, case classes and open cases near that fit what has been typed so far, each with
    how well (0 to 1), the best first. A class is likely by its title, by the articles that fit,
    by the similar cases, and by what closed cases teach."""
    said = text.strip()[:MOST_TEXT]
    asked = frozenset(words.pieces(words.folded(said)))
    fits = dict(shelf.fitting(ctx.connection, said, knowledge.today(ctx), _MOST))
    rows = sorted(shelf.many(ctx.connection, fits), key=lambda one: (-fits[one.id], one.id))
    articles = [one | {"fit": fits[one["id"]]} for one in views.articles(ctx, rows, lang)]
    near = [] if lon is None or lat is None else _near(ctx, asked, lon, lat, lang)
    told = Known("", said, "hotline", "", lon, lat, ctx.now)
    learnt = {one["code"]: one["confidence"] for one in likely.classes(ctx, told, lang)}
    classes = _classes(asked, catalogue.list_classes(ctx), articles, near, learnt, lang)
    return {"articles": articles, "classes": classes, "near": near}


def _near(
    ctx: Context, asked: frozenset[str], lon: float, lat: float, lang: str
) -> list[dict[str, Any]]:
    """Open cases around, those first whose words are among what is said, then the nearest."""
    found = []
    for record in views.near(ctx, lon, lat, _LOOKED_AT):
        form = words.folded(f"{record.title} {record.description}")
        fit = model.overlap(asked, frozenset(words.pieces(form)[: len(asked) or 1]))
        metres = merging.distance_m(lon, lat, record.lon or 0.0, record.lat or 0.0)
        found.append((-round(fit, 4), round(metres), record))
    found.sort(key=lambda one: (one[0], one[1], one[2].no))
    chosen = found[:_MOST]
    shown = case_views.summaries(ctx, [record for _, _, record in chosen], lang)
    return [
        one | {"fit": -fit, "metres": metres}
        for one, (fit, metres, _) in zip(shown, chosen, strict=True)
    ]


def _classes(
    asked: frozenset[str],
    known: Sequence[CaseClass],
    articles: Sequence[Mapping[str, Any]],
    near: Sequence[Mapping[str, Any]],
    learnt: Mapping[str, float],
    lang: str,
) -> list[dict[str, Any]]:
    titles = {one.code: choices.class_title(one, lang) for one in known}
    headings = {
        one.code: {words.folded(title) for title in (one.title.get("zh-CN", ""), titles[one.code])}
        for one in known
    }
    fits = model.named(asked, headings)
    for article in articles:
        for code in article["classes"]:
            fits[code] = max(fits.get(code, 0.0), article["fit"])
    for case in near:
        code = case["case_class"]
        fits[code] = max(fits.get(code, 0.0), case["fit"] / 2)
    for code, sure in learnt.items():
        fits[code] = max(fits.get(code, 0.0), sure)
    chosen = [(code, fit) for code, fit in fits.items() if fit > 0 and code in titles]
    chosen.sort(key=lambda one: (-one[1], one[0]))
    return [
        {"code": code, "title": titles[code], "fit": round(fit, 4)} for code, fit in chosen[:_MOST]
    ]
