"""What people do to records of a library: join, split, keep apart, decide; all of it with a reason,
written down, and to be taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from yiwang.security.actions import Context, action
from yiwang.sharing.libraries import comparing, matching, pairs, store
from yiwang.sharing.libraries.desk import Desk
from yiwang.sharing.libraries.errors import (
    BadGiven,
    Changed,
    Contradiction,
    NoSuchEntity,
    NoSuchStep,
    Rebuilding,
    words,
)
from yiwang.sharing.libraries.model import Record
from yiwang.sharing.libraries.pairs import Pair, ordered
from yiwang.sharing.libraries.service import reasoned
from yiwang.sharing.libraries.vault import Vault

MOST_PAIRS = 20_000
"""Pairs of records that one change may rule on."""


def opened(ctx: Context, code: str, lock: bool = True) -> Desk:
    """The desk of a library for a person. Raises NoSuchLibrary, and to change something
    Rebuilding."""
    row = store.library(ctx.connection, code, lock)
    if lock and row.phase:
        raise Rebuilding(code, library=code)
    return Desk(ctx.connection, row, Vault.of(ctx.caller), ctx.now, ctx.identity.label)


def crowd(desk: Desk, entity: int) -> list[Record]:
    """The records of an entity, by number. Raises Changed where it has another number now,
    NoSuchEntity where there never was one."""
    found = desk.of([entity]).get(entity, [])
    if not found or desk.feeds.get(found[0].feed) is None:
        now = store.entity_of(desk.connection, desk.id, entity)
        if now is None:
            raise NoSuchEntity(str(entity), entity=entity)
        raise Changed(str(entity), what=f"{entity} → {now}")
    return found


@action("sharing.merge_entities", permission="sharing.operate", audit_verb="library_merged")
def merge_entities(ctx: Context, code: str, entity: int, other: int, reason: str) -> int:
    """Say that two entities are one; its number. Raises Contradiction where identities say that
    they are two, Changed, NoSuchEntity."""
    desk = opened(ctx, code)
    one, two = crowd(desk, entity), crowd(desk, other)
    if entity == other:
        raise BadGiven("other", field="other", value=str(other), wanted=words("another_entity"))
    return _join(ctx, desk, one, two, (one[0].id, two[0].id), reasoned(reason))


def _join(
    ctx: Context, desk: Desk, one: list[Record], two: list[Record], pair: Pair, reason: str
) -> int:
    entity, other = one[0].entity, two[0].entity
    for first in one:
        for second in two:
            if comparing.contradict(desk.library, first.values, second.values):
                raise Contradiction(f"{entity}, {other}", one=first.id, other=second.id)
    across = _across(one, two)
    there = pairs.rulings(desk.connection, [each.id for each in one])
    pairs.unrule(desk.connection, [each for each in across if there.get(each) is False])
    step = desk.step("joined", min(entity, other), max(entity, other), reason, {"pair": pair})
    pairs.rule(desk.connection, [ordered(*pair)], True, step)
    ctx.note(f"library:{desk.row.code}/{entity}", other=other, reason=reason)
    matching.regroup(desk, [each.id for each in (*one, *two)])
    numbers = {each.entity for each in desk.records([each.id for each in (*one, *two)]).values()}
    if len(numbers) > 1:
        raise Contradiction(f"{entity}, {other}", one=one[0].id, other=two[0].id)
    return numbers.pop()


def _across(one: Iterable[Record], two: Collection[Record]) -> list[Pair]:
    """All pairs of a record of the one and a record of the other. Raises BadGiven for too many."""
    found = [ordered(first.id, second.id) for first in one for second in two]
    if len(found) > MOST_PAIRS:
        raise BadGiven("records", field="records", value=str(len(found)), wanted=f"… {MOST_PAIRS}")
    return found


@action("sharing.split_entity", permission="sharing.operate", audit_verb="library_split")
def split_entity(
    ctx: Context, code: str, entity: int, records: list[int], reason: str
) -> list[int]:
    """Take records out of an entity: they and the rest are of two, and are not proposed to be one
    again. The numbers of what they are now. Raises Changed, NoSuchEntity, BadGiven."""
    desk = opened(ctx, code)
    return _part(ctx, desk, entity, set(records), reasoned(reason))


def _part(ctx: Context, desk: Desk, entity: int, out: set[int], reason: str) -> list[int]:
    members = crowd(desk, entity)
    left = [one for one in members if one.id in out]
    rest = [one for one in members if one.id not in out]
    if len(left) != len(out):
        raise Changed(str(entity), what=str(entity))
    if not left or not rest:
        raise BadGiven(
            "records", field="records", value=str(len(left)), wanted=words("some_not_all")
        )
    step = desk.step("split", entity, 0, reason, {"records": sorted(out)})
    pairs.rule(desk.connection, _across(left, rest), False, step)
    ctx.note(f"library:{desk.row.code}/{entity}", records=sorted(out)[:100], reason=reason)
    matching.regroup(desk, [one.id for one in members])
    found = desk.records([one.id for one in members])
    return sorted({one.entity for one in found.values()})


@action("sharing.undo_library_step", permission="sharing.operate", audit_verb="library_undone")
def undo_step(ctx: Context, code: str, step: int, reason: str) -> list[int]:
    """Take a merge back: the records that came by it leave again. Raises NoSuchStep, Changed where
    they are there no more."""
    desk = opened(ctx, code)
    row = pairs.step(desk.connection, desk.id, step)
    if row is None or row.kind != "merged":
        raise NoSuchStep(str(step), step=step)
    moved = set(row.details["records"])
    numbers = {one.entity for one in desk.records(moved).values()}
    if len(numbers) != 1:
        raise Changed(str(step), what=str(step))
    return _part(ctx, desk, numbers.pop(), moved, reasoned(reason))


@action("sharing.settle_proposal", permission="sharing.operate", audit_verb="library_proposal")
def settle_proposal(
    ctx: Context, code: str, one: int, other: int, same: bool, reason: str
) -> list[int]:
    """Answer a proposal: the two records' entities are one, or they are two and are not proposed
    again. Raises Changed where nobody waits for an answer, Contradiction."""
    desk = opened(ctx, code)
    pair = ordered(one, other)
    found = pairs.link(desk.connection, desk.id, *pair)
    if found is None or not found.state:
        raise Changed(f"{one}, {other}", what=f"{one}, {other}")
    numbers = {id: record.entity for id, record in desk.records(pair).items()}
    first, second = (crowd(desk, numbers[id]) for id in pair)
    if same:
        return [_join(ctx, desk, first, second, pair, reasoned(reason))]
    entity, against = sorted(numbers.values())
    step = desk.step("kept_apart", entity, against, reasoned(reason), {"pair": pair})
    pairs.rule(desk.connection, _across(first, second), False, step)
    ctx.note(f"library:{code}/{entity}", other=against, reason=reason)
    matching.regroup(desk, pair)
    return [entity, against]


@action("sharing.decide_field", permission="sharing.operate", audit_verb="library_decided")
def decide_field(
    ctx: Context, code: str, entity: int, field: str, record: int, seen: str, reason: str
) -> None:
    """Choose whose value of a field holds, until a source says something else. ``seen``: the print
    of what sources said when it was looked at. Raises Changed where they say something else now."""
    desk = opened(ctx, code)
    members = crowd(desk, entity)
    known = pairs.conflicts(desk.connection, [entity]).get(entity, {})
    outcome = desk.outcomes(members, known).get(field)
    if outcome is None or field not in known:
        raise BadGiven("field", field="field", value=field[:80], wanted=words("field_in_dispute"))
    if outcome.print_ != seen or record not in [one.record.id for one in outcome.claims]:
        raise Changed(field, what=field)
    told = reasoned(reason)
    values: dict[str, Any] = {"chosen": record, "chosen_print": seen, "reason": told}
    values |= {"decided_by": desk.by, "decided_at": desk.now}
    _settled(ctx, desk, entity, field, values, told)


@action("sharing.reopen_field", permission="sharing.operate", audit_verb="library_reopened")
def reopen_field(ctx: Context, code: str, entity: int, field: str, reason: str) -> None:
    """Take a decision back: the strongest source holds again. Raises BadGiven where none was."""
    desk = opened(ctx, code)
    crowd(desk, entity)
    row = pairs.conflicts(desk.connection, [entity]).get(entity, {}).get(field)
    if row is None or row.chosen is None:
        raise BadGiven("field", field="field", value=field[:80], wanted=words("field_decided"))
    values = dict.fromkeys(("chosen", "chosen_print", "reason", "decided_by", "decided_at"))
    _settled(ctx, desk, entity, field, values, reasoned(reason))


def _settled(
    ctx: Context, desk: Desk, entity: int, field: str, values: dict[str, Any], reason: str
) -> None:
    pairs.decide(desk.connection, entity, field, values)
    kind = "reopened" if values["chosen"] is None else "decided"
    details = {"field": field, "record": values["chosen"]}
    desk.step(kind, entity, 0, reason, details)
    ctx.note(f"library:{desk.row.code}/{entity}", field=field, reason=reason)
    pairs.touch(desk.connection, [entity], desk.now)
    desk.settle([entity])
