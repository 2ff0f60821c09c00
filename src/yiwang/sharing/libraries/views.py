"""What the data bureau sees of records. Lists show values masked as their labels say; who opens a
record whole, or a pair of them, leaves a line in the audit log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from yiwang.kernel.clock import render
from yiwang.security.actions import Context, action, query
from yiwang.security.protection.city import Protection
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue import views as catalogue_views
from yiwang.sharing.libraries import hands, intake, pairs, store
from yiwang.sharing.libraries.desk import Conflicts, Desk
from yiwang.sharing.libraries.errors import BadGiven, NoSuchEntity
from yiwang.sharing.libraries.golden import Outcome
from yiwang.sharing.libraries.model import Field, Record, Version, within
from yiwang.sharing.libraries.pairs import ordered

MOST_FOUND = 50
_HIDDEN = "•••"


@query("sharing.library_entities", permission="sharing.operate")
def list_entities(
    ctx: Context, code: str, after: int, limit: int, lang: str
) -> list[dict[str, Any]]:
    """Entities by number, masked. Raises NoSuchLibrary."""
    desk = hands.opened(ctx, code, lock=False)
    return _listed(ctx, desk, pairs.entities(ctx.connection, desk.id, after, limit), lang)


@query("sharing.find_entities", permission="sharing.operate")
def find_entities(ctx: Context, code: str, value: str, lang: str) -> list[dict[str, Any]]:
    """Entities of which a record has this value in a field that is searched (all of it, however it
    is written), or that have this number: at most 50. Raises NoSuchLibrary, BadGiven."""
    desk = hands.opened(ctx, code, lock=False)
    asked = value.strip()
    if not asked or len(asked) > 200:
        raise BadGiven("value", field="value", value=asked[:80], wanted="1 … 200")
    found: set[int] = set()
    for field in desk.library.fields:
        if field.search:
            tidy = intake.identifier(field.identifier, asked) if field.identifier else asked
            key = desk.vault.number(desk.id, desk.library.asked(field, tidy))
            found |= set(store.found_by(ctx.connection, key, 0, MOST_FOUND))
    if asked.isdecimal() and len(asked) < 16:
        number = store.entity_of(ctx.connection, desk.id, int(asked))
        found |= {number} if number is not None else set()
    rows = pairs.some_entities(ctx.connection, sorted(found)[:MOST_FOUND])
    return _listed(ctx, desk, [row for row in rows if row.library == desk.id], lang)


def _listed(ctx: Context, desk: Desk, rows: Sequence[Row[Any]], lang: str) -> list[dict[str, Any]]:
    crowds = desk.of([row.id for row in rows])
    known = pairs.conflicts(ctx.connection, [row.id for row in rows])
    return [
        {
            "entity": row.id,
            "records": row.records,
            "changed_at": render(row.changed_at),
            "conflicts": [
                name for name, one in known.get(row.id, {}).items() if one.state == "open"
            ],
            "values": veiled(
                ctx, desk, desk.outcomes(crowds.get(row.id, ()), known.get(row.id, {})), lang
            ),
        }
        for row in rows
    ]


def veiled(
    ctx: Context, desk: Desk, outcomes: Mapping[str, Outcome], lang: str
) -> list[dict[str, Any]]:
    """The values of fields that are searched or compared, masked as their labels say."""
    protection = ctx.port(Protection)
    told = []
    for field in desk.library.fields:
        if field.name not in outcomes or not (field.search or field.compare is not None):
            continue
        value = _masked(protection, field, outcomes[field.name].value)
        if value is not None:
            told.append({"field": field.name, "title": field.title(lang), "value": value})
    return told


def _masked(protection: Protection, field: Field, value: Any) -> Any:
    if field.label:
        mask = protection.mask(field.label)
        return protection.masker(mask, "console", field.name).value(value)
    return _HIDDEN if field.sealed else value


@action("sharing.open_entity", permission="sharing.operate", audit_verb="library_record_read")
def open_entity(
    ctx: Context, code: str, entity: int, at: int | None, known: int | None, lang: str
) -> dict[str, Any]:
    """An entity whole: of each field the value, why it is that one, and what each source says; its
    records and what they said before. ``at``: as it was valid then; ``known``: by what was known
    then. The number of a record that was merged leads to the entity that it is in now. Raises
    NoSuchLibrary, NoSuchEntity."""
    desk = hands.opened(ctx, code, lock=False)
    number = store.entity_of(ctx.connection, desk.id, entity)
    if number is None:
        raise NoSuchEntity(str(entity), entity=entity)
    ctx.note(f"library:{code}/{number}")
    members = desk.of([number])[number]
    former = desk.former([one.id for one in members])
    rows = pairs.conflicts(ctx.connection, [number]).get(number, {})
    shown, decisions = members, rows
    if at is not None or known is not None:
        when = ctx.now if at is None else at
        by = ctx.now if known is None else known
        held = (within(one, former.get(one.id, []), when, by) for one in members)
        shown = [one for one in held if one is not None]
        decisions = {
            key: row for key, row in rows.items() if (row.decided_at or 0) <= min(when, by)
        }
    outcomes = desk.outcomes(shown, decisions)
    sources = _sources(ctx, desk, lang)
    return {
        "entity": number,
        "asked": entity,
        "fields": [
            _outcome(desk.library.by_name[name], one, rows, sources, lang)
            for name, one in outcomes.items()
        ],
        "records": [_record(one, former.get(one.id, []), sources) for one in members],
        "steps": [_step(row) for row in pairs.steps(ctx.connection, desk.id, number, None, 20)],
    }


def _sources(ctx: Context, desk: Desk, lang: str) -> dict[int, dict[str, Any]]:
    """By feed, what provenance names."""
    listed = [one.resource for one in desk.feeds.values()]
    resources = {one.id: one for one in catalogue.some(ctx.connection, listed)}
    named = catalogue_views.names(ctx, lang)
    return {
        id: {
            "feed": feed.code,
            "resource": resources[feed.resource].code,
            "resource_name": resources[feed.resource].name,
            "organisation_name": named.get(resources[feed.resource].organisation, ""),
        }
        for id, feed in desk.feeds.items()
    }


def _outcome(
    field: Field,
    one: Outcome,
    conflicts: Conflicts,
    sources: Mapping[int, Mapping[str, Any]],
    lang: str,
) -> dict[str, Any]:
    row = conflicts.get(field.name)
    decided = one.why == "decided" and row is not None
    return {
        "field": field.name,
        "title": field.title(lang),
        "value": one.value,
        "why": one.why,
        "gap": one.gap,
        "state": None if row is None or row.state == "gone" else row.state,
        "print": one.print_,
        "decision": {
            "reason": row.reason,
            "by": row.decided_by,
            "at": render(row.decided_at),
        }
        if decided and row is not None
        else None,
        "claims": [
            {
                "record": claim.record.id,
                "value": claim.value,
                "rank": claim.rank,
                "sound": claim.sound,
                "same": claim.form == one.claims[0].form,
                "since": _at(claim.record.since),
                "known_at": render(claim.record.known),
                **sources[claim.record.feed],
            }
            for claim in one.claims
        ],
    }


def _record(
    one: Record, former: Sequence[Version], sources: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    before = [
        {"values": each.values, "since": _at(each.since), "known_at": render(each.known)}
        for each in former
    ]
    return {
        "record": one.id,
        "key": list(one.key),
        "values": one.values,
        "since": _at(one.since),
        "known_at": render(one.known),
        "ended_at": _at(one.ended),
        "former": before,
        **sources[one.feed],
    }


def _at(value: int | None) -> str | None:
    return None if value is None else render(value)


@query("sharing.library_proposals", permission="sharing.operate")
def list_proposals(
    ctx: Context, code: str, state: str, after: Sequence[Any] | None, limit: int, lang: str
) -> list[dict[str, Any]]:
    """Pairs of records that wait for somebody, those that speak most for being one first, masked.
    ``state``: proposed, or blocked by an identity or a ruling between others of their entities."""
    desk = hands.opened(ctx, code, lock=False)
    rows = pairs.waiting(ctx.connection, desk.id, state, after, limit)
    entities = {number for row in rows for number in (row.entity, row.against)}
    crowds, known = desk.of(entities), pairs.conflicts(ctx.connection, entities)
    values = {
        number: veiled(
            ctx, desk, desk.outcomes(crowds.get(number, ()), known.get(number, {})), lang
        )
        for number in entities
    }
    return [
        _link(desk, row, lang)
        | {"entity": row.entity, "against": row.against}
        | {"values": values[row.entity], "other_values": values[row.against]}
        for row in rows
    ]


def _link(desk: Desk, row: Row[Any], lang: str) -> dict[str, Any]:
    return {
        "one": row.one,
        "other": row.other,
        "points": row.points,
        "state": row.state,
        "reasons": [_reason(desk, one, lang) for one in row.reasons],
    }


def _reason(desk: Desk, one: Mapping[str, Any], lang: str) -> dict[str, Any]:
    fields = [desk.library.by_name.get(name) for name in one["field"].split("+")]
    titles = [field.title(lang) for field in fields if field is not None]
    return dict(one) | {"title": " + ".join(titles) or one["field"]}


@action("sharing.open_proposal", permission="sharing.operate", audit_verb="library_pair_read")
def open_proposal(ctx: Context, code: str, one: int, other: int, lang: str) -> dict[str, Any]:
    """A pair of records side by side, with what each field says for and against. Raises
    NoSuchLibrary, NoSuchEntity."""
    desk = hands.opened(ctx, code, lock=False)
    pair = ordered(one, other)
    row = pairs.link(ctx.connection, desk.id, *pair)
    if row is None:
        raise NoSuchEntity(f"{one}, {other}", entity=f"{one}, {other}")
    ctx.note(f"library:{code}/{pair[0]}", other=pair[1])
    records, sources = desk.records(pair), _sources(ctx, desk, lang)
    former = desk.former(pair)
    shown = [_record(records[id], former.get(id, []), sources) for id in pair]
    titles = {field.name: field.title(lang) for field in desk.library.fields}
    return _link(desk, row, lang) | {
        "entity": records[pair[0]].entity,
        "against": records[pair[1]].entity,
        "records": shown,
        "titles": titles,
    }


@query("sharing.library_conflicts", permission="sharing.operate")
def list_conflicts(
    ctx: Context, code: str, state: str, after: Sequence[Any] | None, limit: int, lang: str
) -> list[dict[str, Any]]:
    """Fields about which sources disagree (open or decided), those between the strongest first,
    without what they say."""
    desk = hands.opened(ctx, code, lock=False)
    rows = pairs.disputed(ctx.connection, desk.id, state, after, limit)
    entities: Collection[int] = {row.entity for row in rows}
    crowds, known = desk.of(entities), pairs.conflicts(ctx.connection, entities)
    told = []
    for row in rows:
        outcomes = desk.outcomes(crowds.get(row.entity, ()), known.get(row.entity, {}))
        field = desk.library.by_name.get(row.field)
        told.append(
            {
                "entity": row.entity,
                "field": row.field,
                "title": row.field if field is None else field.title(lang),
                "state": row.state,
                "gap": row.gap,
                "opened_at": render(row.opened_at),
                "reason": row.reason if row.state == "decided" else None,
                "by": row.decided_by if row.state == "decided" else None,
                "values": veiled(ctx, desk, outcomes, lang),
            }
        )
    return told


@query("sharing.library_steps", permission="sharing.operate")
def list_steps(
    ctx: Context, code: str, entity: int | None, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """What was done with entities, by the platform and by people, the newest first."""
    row = store.library(ctx.connection, code)
    return [_step(one) for one in pairs.steps(ctx.connection, row.id, entity, before, limit)]


def _step(row: Row[Any]) -> dict[str, Any]:
    return {
        "step": row.id,
        "at": render(row.at),
        "by": row.by,
        "kind": row.kind,
        "entity": row.entity,
        "other": row.other,
        "reason": row.reason,
        "details": row.details,
    }
