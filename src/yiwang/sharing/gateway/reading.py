"""Reading a resource under a grant: rows, and answers of yes and no."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yiwang.security.actions import Caller, Context, query
from yiwang.security.evidence.log import line
from yiwang.security.model import allowed
from yiwang.security.protection.city import Protection
from yiwang.security.protection.masking import Masker
from yiwang.sharing.gateway import access, locating, standing
from yiwang.sharing.gateway.access import Access
from yiwang.sharing.gateway.errors import BadQuery, NoData, NoSuchField
from yiwang.sharing.gateway.model import Question, Sealed
from yiwang.sharing.gateway.usage import Usage
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.errors import BadCondition, NoSuchColumn
from yiwang.sharing.sources.model import Condition, shown


@dataclass(frozen=True)
class Given:
    """An answer, and the entry for the log of uses that has to be durable before it goes out."""

    answer: dict[str, Any]
    entry: str
    access: Access
    rows: int = 0
    checks: int = 0
    misses: int = 0


@query("sharing.read_rows", permission="sharing.use")
def rows(ctx: Context, key: int | str, question: Question) -> Given:
    """Rows of a resource under the caller's grant, labelled values masked: ``{"items", "next"}``.
    Raises NoSuchResource, NoGrant, TooManyCalls, NoSuchField, NotFiltered, BadQuery, BadCursor,
    NoData."""
    held = access.find(ctx, key, "api")
    ctx.port(Usage).admit(ctx, held.grant)
    fields = held.fields(question)
    held.check(question)
    after = _sealed(ctx).open(question.after, held.grant.id, question) if question.after else None
    found = _rows(ctx, held, fields, question, after)
    ctx.port(Usage).take(ctx, held.grant, len(found))
    items = _masked(ctx, held, fields, found)
    next_ = None
    if len(found) == question.limit and not _is_row(ctx, held, question):
        next_ = _sealed(ctx).seal(_place(held, question, found[-1]), held.grant.id, question)
    answer = {"items": items, "next": next_}
    about = {"grant": held.grant.id, "mode": "api", "fields": fields, "rows": len(items)}
    return Given(answer, _entry(ctx, held, "data_read", about), held, len(items))


@query("sharing.verify_claims", permission="sharing.use")
def verify(
    ctx: Context, key: int | str, row: Mapping[str, Any], claims: Mapping[str, Any]
) -> Given:
    """Whether the row with this key has these values: ``{"matches": true}``. No row, a row that
    the grant leaves out and another value are all answered with false. Raises NoSuchResource,
    NoGrant, TooManyCalls, TooManyMisses, NoSuchField, BadQuery, NoData."""
    held = access.find(ctx, key, "api")
    usage = ctx.port(Usage)
    usage.admit(ctx, held.grant)
    usage.guessing(ctx, held.grant)
    for name in (*row, *claims):
        if name not in held.checked:
            raise NoSuchField(name, name=name)
    if set(row) != set(held.keys) or not claims:
        raise BadQuery("key", name="key", wanted=", ".join(held.keys))
    where = [Condition(name, "=", value) for name, value in (*row.items(), *claims.items())]
    usage.take(ctx, held.grant, 1)
    found = _asked(ctx, held, list(held.keys), where, Question(limit=1), None)
    about = {"grant": held.grant.id, "mode": "verify", "fields": sorted(claims)}
    about["matches"] = bool(found)
    entry = _entry(ctx, held, "data_verified", about)
    return Given({"matches": bool(found)}, entry, held, 0, 1, 0 if found else 1)


def page(
    ctx: Context, held: Access, after: Sequence[Any] | None, limit: int
) -> tuple[list[dict[str, Any]], list[Any] | None]:
    """Rows as the grant gives them, in the order of their key, for files that are made of them;
    and behind which place the next ones begin. Raises NoData."""
    fields, question = list(held.items), Question(limit=limit)
    found = _rows(ctx, held, fields, question, after)
    place = _place(held, question, found[-1]) if len(found) == limit else None
    return _masked(ctx, held, fields, found), place


def is_small(caller: Caller, key: int | str, named: Collection[str]) -> bool:
    """Whether a question that compares these columns with ``=`` is for the row of one key of a
    table of ours on SQLite: it is answered sooner than a thread takes it up."""
    if not caller.database.is_sqlite or not allowed(caller.identity, "sharing.use"):
        return False
    dataset = standing.of(caller.database).dataset(key)
    held: Datasets = caller.ports[Datasets]
    return bool(dataset) and held.schema is None and held.is_row(dataset or "", named)


def _is_row(ctx: Context, held: Access, question: Question) -> bool:
    """Whether a question is for one row, behind which there is no other page."""
    dataset = held.resource.dataset
    named = [one.column for one in question.where if one.operator == "="]
    return bool(dataset) and ctx.port(Datasets).is_row(dataset or "", named)


def _sealed(ctx: Context) -> Sealed:
    return Sealed(ctx.port(Protection).secret("cursor"))


def _rows(
    ctx: Context, held: Access, fields: list[str], question: Question, after: Any
) -> list[dict[str, Any]]:
    wanted = {*fields, *held.keys, *(one.column for one in question.order)}
    return _asked(ctx, held, sorted(wanted), question.where, question, after)


def _asked(
    ctx: Context,
    held: Access,
    columns: list[str],
    where: Sequence[Condition],
    question: Question,
    after: Any,
) -> list[dict[str, Any]]:
    """What is asked for, of the rows that the grant gives. Trouble with the grant's own
    conditions says nothing of them."""
    try:
        return locating.rows(
            ctx,
            held.resource,
            columns,
            [*held.rows, *where],
            question.order,
            question.limit,
            after,
            held.items.keys(),
        )
    except (BadCondition, NoSuchColumn) as error:
        name = str(error.fields.get("column", ""))
        asked = [one.column for one in where] + [one.column for one in question.order]
        if name in asked:
            wanted = error.fields.get("wanted", "")
            raise BadQuery(name, name=name, wanted=wanted) from error
        raise NoData(resource=held.resource.id) from error


def _masked(
    ctx: Context, held: Access, fields: list[str], found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The fields of each row, labelled values masked for the caller's organisation."""
    maskers = {name: _masker(ctx, held, name) for name in fields if name in held.masked}
    if not maskers:
        return [{name: row[name] for name in fields} for row in found]
    keys = held.keys
    items = []
    for row in found:
        place = "\x1f".join(shown(row[name]) for name in keys)
        items.append(
            {
                name: maskers[name].value(row[name], place) if name in maskers else row[name]
                for name in fields
            }
        )
    return items


def _masker(ctx: Context, held: Access, name: str) -> Masker:
    found = held.maskers.get(name)
    if found is None:
        protection = ctx.port(Protection)
        mask = protection.mask(held.items[name].label)
        found = protection.masker(mask, str(held.grant.organisation), name)
        held.maskers[name] = found
    return found


def _place(held: Access, question: Question, row: Mapping[str, Any]) -> list[Any]:
    """Where the next page begins: the values of the order and of the rest of the key."""
    named = [one.column for one in question.order]
    names = [*named, *(name for name in held.keys if name not in named)]
    return [row[name] for name in names]


def _entry(ctx: Context, held: Access, verb: str, details: dict[str, Any]) -> str:
    return line(ctx.now, ctx.identity.label, verb, f"resource:{held.resource.id}", details)


def refusal(at: int, who: str, key: int | str, why: str) -> str:
    """The entry of a use that was refused."""
    return line(at, who, "data_refused", f"resource:{key}"[:100], {"why": why})
