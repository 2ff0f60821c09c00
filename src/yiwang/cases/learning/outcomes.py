"""What became of the proposals: whether people took them, and whether they were right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Label, and_, func, select

from yiwang.cases import city
from yiwang.cases.learning import classes
from yiwang.cases.learning.proposals import Proposer
from yiwang.cases.learning.tables import case_class_proposals, case_proposals
from yiwang.cases.tables import cases
from yiwang.security.actions import Context, query

TOOK = ("first", "listed", "other")
MOST_CLASSES = 500
MOST_INSTEAD = 3
_mine = case_proposals.c


@query("cases.proposals", permission="cases.read")
def accuracy(ctx: Context, lang: str = "zh-CN") -> dict[str, Any]:
    """What became of the proposals made so far, by version of the model, by class of the case
    and by the unit that was proposed.

    ``accepted``, ``changed`` (sent elsewhere) and ``refused`` count the answers of people,
    ``acceptance`` is the share of the first; ``right`` counts, of the cases ``closed`` since,
    those that had been with the unit that was proposed in the end.

    ``classes``: the classes that were proposed to those who reported, by the one shown first:
    how often they took it (``first``), another one that was shown (``listed``) or none of them
    (``other``), what they chose instead the most often (``instead``), how often the centre
    changed those to it after all (``corrected``), and of the cases closed since how many ended
    in that class.
    """
    proposer: Proposer | None = ctx.caller.ports.get(Proposer)
    by_class = _counted(ctx, cases.c.class_code.label("case_class"))
    by_unit = _counted(ctx, _mine.organisation)
    names = city.organisation_names(ctx, {one["organisation"] for one in by_unit}, lang)
    titles = classes.titles(ctx, {one["case_class"] for one in by_class}, lang)
    return {
        "version": proposer.version if proposer else None,
        "send_from": proposer.send_from if proposer else None,
        "items": _counted(ctx, _mine.version),
        "by_class": [one | {"title": titles[one["case_class"]]} for one in by_class],
        "by_organisation": [
            one | {"organisation_name": names.get(one["organisation"], "")} for one in by_unit
        ],
        "classes": _of_classes(ctx, lang),
    }


def _of_classes(ctx: Context, lang: str) -> list[dict[str, Any]]:
    own = case_class_proposals.c
    done = cases.c.kind == "done"
    query = (
        select(
            own.first.label("case_class"),
            func.count().label("made"),
            *(func.count().filter(own.took == how).label(how) for how in TOOK),
            func.count().filter(own.answer == "accepted").label("corrected"),
            func.count().filter(done).label("closed"),
            func.count().filter(and_(done, cases.c.class_code == own.first)).label("right"),
        )
        .join(cases, cases.c.no == own.case)
        .group_by(own.first)
        .order_by(func.count().desc(), own.first)
        .limit(MOST_CLASSES)
    )
    rows = [dict(row._mapping) for row in ctx.connection.execute(query)]
    instead = _instead(ctx)
    codes = {one["case_class"] for one in rows} | {
        code for each in instead.values() for code in each
    }
    titles = classes.titles(ctx, codes, lang)
    return [
        one
        | {
            "title": titles[one["case_class"]],
            "acceptance": _share(one["first"], one["made"]),
            "accuracy": _share(one["right"], one["closed"]),
            "instead": [
                {"code": code, "title": titles[code], "count": count}
                for code, count in instead.get(one["case_class"], {}).items()
            ],
        }
        for one in rows
    ]


def _instead(ctx: Context) -> dict[str, dict[str, int]]:
    """What was chosen instead of each class that was shown first, the most frequent first."""
    own = case_class_proposals.c
    count = func.count().label("count")
    query = (
        select(own.first, own.chosen, count)
        .where(own.took != "first")
        .group_by(own.first, own.chosen)
        .order_by(count.desc(), own.first, own.chosen)
    )
    found: dict[str, dict[str, int]] = {}
    for first, chosen, number in ctx.connection.execute(query):
        mine = found.setdefault(first, {})
        if len(mine) < MOST_INSTEAD:
            mine[chosen] = number
    return found


def _counted(ctx: Context, by: ColumnElement[Any] | Label[Any]) -> list[dict[str, Any]]:
    newest = select(func.max(_mine.id)).group_by(_mine.case)
    done = cases.c.kind == "done"
    right = and_(done, cases.c.organisation == _mine.organisation)
    found = select(
        by,
        func.count().label("made"),
        func.count().filter(_mine.sent).label("sent"),
        func.count().filter(_mine.answer == "accepted").label("accepted"),
        func.count().filter(_mine.answer == "other").label("changed"),
        func.count().filter(_mine.answer == "refused").label("refused"),
        func.count().filter(done).label("closed"),
        func.count().filter(right).label("right"),
        func.count().filter(and_(_mine.sent, done)).label("sent_closed"),
        func.count().filter(and_(_mine.sent, right)).label("sent_right"),
    )
    found = found.join(cases, cases.c.no == _mine.case).where(_mine.id.in_(newest))
    return [_rated(row._mapping) for row in ctx.connection.execute(found.group_by(by).order_by(by))]


def _rated(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        **row,
        "acceptance": _share(row["accepted"], row["accepted"] + row["changed"] + row["refused"]),
        "accuracy": _share(row["right"], row["closed"]),
        "sent_accuracy": _share(row["sent_right"], row["sent_closed"]),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
