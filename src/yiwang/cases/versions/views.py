"""Moves as people and programs see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from yiwang.cases import catalogue, choices
from yiwang.cases.model.guards import Refusal
from yiwang.cases.versions import bringing, store
from yiwang.cases.versions.errors import NoSuchMove
from yiwang.cases.versions.words import stays_because
from yiwang.kernel import clock
from yiwang.security.actions import Context, query


@query("cases.moves", permission="cases.move")
def listing(ctx: Context, code: str, after: int, limit: int, lang: str) -> list[dict[str, Any]]:
    """Moves of one class or all, newest first, with how many cases came to what."""
    rows = store.listing(ctx.connection, code, after, limit)
    counts = store.counts(ctx.connection, [row.id for row in rows])
    return [_shown(ctx, row, counts[row.id], lang) for row in rows]


@query("cases.show_move", permission="cases.move")
def show(ctx: Context, id: int, outcome: str, after: int, limit: int, lang: str) -> dict[str, Any]:
    """A move and its cases (of one outcome, behind number ``after``). Raises NoSuchMove."""
    row = store.get(ctx.connection, id)
    if row is None:
        raise NoSuchMove(id=id)
    counts = store.counts(ctx.connection, [id])
    members = store.members(ctx.connection, id, outcome, limit, after)
    items = [_member(ctx, one, row, lang) for one in members]
    more = len(members) == limit
    shown = _shown(ctx, row, counts[id], lang)
    return shown | {"items": items, "next": str(items[-1]["no"]) if more else None}


def _shown(ctx: Context, row: Row[Any], counts: Mapping[str, int], lang: str) -> dict[str, Any]:
    outcomes = ("pending", "moved", "stayed", "undone", "kept")
    return {
        "id": row.id,
        "class": row.class_code,
        "class_title": choices.class_title(catalogue.by_id(ctx, row.to), lang),
        "to": row.to,
        "asked": row.asked,
        "state": row.state,
        "reason": row.reason,
        "begun_at": clock.render(row.begun_at),
        "begun_by": row.begun_by,
        "ended_at": None if row.ended_at is None else clock.render(row.ended_at),
        "undo_reason": row.undo_reason,
        "undone_by": row.undone_by,
        "counts": {name: counts.get(name, 0) for name in outcomes},
    }


def _member(ctx: Context, one: Row[Any], move: Row[Any], lang: str) -> dict[str, Any]:
    words = ""
    if one.why:
        fields = dict(one.why["fields"])
        if isinstance(fields.get("at"), int):
            fields["at"] = clock.render(fields["at"])
        new = bringing.target(ctx, move.to).case_class
        words = stays_because(Refusal(one.why["code"], fields), new, new, lang)
    return {"no": one.case, "outcome": one.outcome, "why": words}
