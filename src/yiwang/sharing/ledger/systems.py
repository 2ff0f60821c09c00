"""The ledger of information systems, their use as it was counted, and the signs of zombies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, case, func, insert, select, update

from yiwang.kernel import clock
from yiwang.kernel.text import render
from yiwang.security.actions import Context, action, query
from yiwang.sharing.catalogue import service as catalogue
from yiwang.sharing.catalogue import views
from yiwang.sharing.catalogue.errors import NotYourResource
from yiwang.sharing.catalogue.tables import share_resources, share_scores
from yiwang.sharing.gateway.tables import share_uses
from yiwang.sharing.grants.tables import share_grants
from yiwang.sharing.ledger import model
from yiwang.sharing.ledger.errors import BadSystem, NoSuchSystem, SystemChanged
from yiwang.sharing.ledger.model import Limits, System, Use
from yiwang.sharing.ledger.tables import share_system_uses, share_systems
from yiwang.store.upsert import upsert

_s, _u = share_systems.c, share_system_uses.c
MOST_CALLS = 2**31 - 1
_PART = 500
"""Codes in one statement."""
_CHOICES = {"scope": model.SCOPES, "frequency": model.FREQUENCIES, "state": model.STATES}


class Day(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a system was used on a day."""

    day: str
    calls: int
    people: int = 0
    organisations: int = 0
    business: int = 0


@action("sharing.add_system", permission="sharing.compile", audit_verb="system_added")
def add(ctx: Context, system: System) -> int:
    """Enter a system into the ledger; its number. Raises NotYourResource, BadSystem."""
    _check(ctx, system)
    row = {"organisation": system.organisation, "name": system.name.strip(), "revision": 1}
    row |= {"entry": msgspec.to_builtins(system), "changed_at": ctx.now}
    row["changed_by"] = ctx.identity.label
    made = ctx.connection.execute(insert(share_systems).values(**row))
    id: int = made.inserted_primary_key[0]  # type: ignore[index]
    ctx.note(f"system:{id}", name=system.name)
    return id


@action("sharing.change_system", permission="sharing.compile", audit_verb="system_changed")
def change(ctx: Context, id: int, system: System, revision: int | None = None) -> None:
    """Write a system anew. Raises NoSuchSystem, NotYourResource, BadSystem, SystemChanged."""
    row = _row(ctx, id)
    _own(ctx, row.organisation)
    _check(ctx, system)
    if revision is not None and revision != row.revision:
        raise SystemChanged(id=id)
    values = {"organisation": system.organisation, "name": system.name.strip()}
    values |= {"entry": msgspec.to_builtins(system), "revision": row.revision + 1}
    values |= {"changed_at": ctx.now, "changed_by": ctx.identity.label}
    written = update(share_systems).where(_s.id == id, _s.revision == row.revision)
    if ctx.connection.execute(written.values(**values)).rowcount != 1:
        raise SystemChanged(id=id)
    ctx.note(f"system:{id}")


@action("sharing.remove_system", permission="sharing.compile", audit_verb="system_removed")
def remove(ctx: Context, id: int) -> None:
    """Take a system out of the ledger. Raises NoSuchSystem, NotYourResource."""
    row = _row(ctx, id)
    _own(ctx, row.organisation)
    values = {"removed_at": ctx.now, "changed_by": ctx.identity.label}
    ctx.connection.execute(update(share_systems).where(_s.id == id).values(**values))
    ctx.note(f"system:{id}", name=row.name)


@action("sharing.count_uses", permission="sharing.provide", audit_verb="system_uses_counted")
def count(ctx: Context, id: int, days: Sequence[Day]) -> None:
    """Take in how a system was used by day, as sign-on or monitoring counted; a day told again is
    written over. Raises NoSuchSystem, NotYourResource, BadSystem."""
    _own(ctx, _row(ctx, id).organisation)
    for one in days:
        counts = (one.calls, one.people, one.organisations, one.business)
        if not _is_day(one.day) or not all(0 <= number <= MOST_CALLS for number in counts):
            raise BadSystem("days", field="days", value=one.day)
    rows = [{"system": id} | msgspec.structs.asdict(one) for one in days]
    upsert(ctx.connection, share_system_uses, rows, ["system", "day"])
    ctx.note(f"system:{id}", days=len(rows))


@query("sharing.systems", permission="sharing.read")
def listing(
    ctx: Context, organisation: int | None, lang: str, after: int = 0, limit: int = 1000
) -> list[dict[str, Any]]:
    """The ledger with the signs that each system shows, by number. All systems are read: each of
    them may do what another does."""
    limits = limits_of(ctx)
    rows = _rows(ctx)
    systems = [(str(row.id), msgspec.convert(row.entry, System)) for row in rows]
    uses = _uses(ctx, limits)
    named = views.names(ctx, lang)
    codes = sorted({code for _, system in systems for code in system.resources})
    renewed, served = _renewed(ctx, codes), _served(ctx, codes, limits)
    found: list[dict[str, Any]] = []
    for row, (_, system) in zip(rows, systems, strict=True):
        if organisation not in (None, row.organisation) or row.id <= after:
            continue
        if len(found) == limit:
            break
        others = [one for one in systems if one[0] != str(row.id)]
        use = _with_data(uses.get(row.id, Use()), system, renewed, served)
        signs = model.signs(system, use, others, limits, ctx.now, _today(ctx))
        told = [
            {"sign": one.sign, "text": render(f"sharing.ledger.sign.{one.sign}", lang, one.fields)}
            for one in signs
        ]
        shown: dict[str, Any] = {"id": row.id, "revision": row.revision}
        shown |= msgspec.to_builtins(system)
        shown["organisation_name"] = named.get(row.organisation, "")
        last = None if use.last_at is None else clock.render(use.last_at)
        shown["use"] = msgspec.to_builtins(use) | {"last_at": last}
        shown["mine"] = catalogue.mine(ctx, row.organisation)
        found.append(shown | {"signs": told, "zombie": model.is_zombie(signs)})
    return found


def limits_of(ctx: Context) -> Limits:
    """The city's figures by which signs are told."""
    return ctx.caller.ports.get(Limits) or Limits()


@query("sharing.system_limits", permission="sharing.read")
def system_limits(ctx: Context) -> Limits:
    """From where a sign of a zombie shows."""
    return limits_of(ctx)


def _rows(ctx: Context) -> Sequence[Row[Any]]:
    chosen = select(share_systems).where(_s.removed_at.is_(None)).order_by(_s.id)
    return ctx.connection.execute(chosen).all()


def _row(ctx: Context, id: int) -> Row[Any]:
    chosen = select(share_systems).where(_s.id == id, _s.removed_at.is_(None))
    row = ctx.connection.execute(chosen).first()
    if row is None:
        raise NoSuchSystem(id=id)
    return row


def _uses(ctx: Context, limits: Limits) -> dict[int, Use]:
    """How systems were used within the time that is looked at, and when last at all. People are
    those of the busiest day: who came on several days cannot be told apart."""
    first = _first_day(ctx, limits)

    def counted(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return case((_u.day >= first, column), else_=0)

    columns = (
        func.sum(counted(_u.calls)).label("calls"),
        func.max(counted(_u.people)).label("people"),
        func.max(counted(_u.organisations)).label("organisations"),
        func.sum(counted(_u.business)).label("business"),
        func.max(case((_u.calls > 0, _u.day))).label("last"),
    )
    rows = ctx.connection.execute(select(_u.system, *columns).group_by(_u.system))
    return {row.system: _use(row) for row in rows}


def _first_day(ctx: Context, limits: Limits) -> str:
    return (date.fromisoformat(_today(ctx)) - timedelta(days=limits.days)).isoformat()


def _use(row: Any) -> Use:
    at = None if row.last is None else clock.parse(f"{row.last}T00:00:00Z")
    counts = (int(row.calls), int(row.people), int(row.organisations), int(row.business))
    return Use(*counts, last_at=at, known=True)


def _renewed(ctx: Context, codes: Sequence[str]) -> dict[str, int]:
    """When the data of some resources was last renewed, by code."""
    chosen = select(share_resources.c.code, share_scores.c.updated_at).join(
        share_scores, share_scores.c.resource == share_resources.c.id
    )
    known = share_scores.c.updated_at.is_not(None)
    return {row.code: row.updated_at for row in _in_parts(ctx, chosen.where(known), codes)}


def _served(ctx: Context, codes: Sequence[str], limits: Limits) -> dict[str, list[Row[Any]]]:
    """How other organisations used some resources through the gateway, by code: a row each, with
    the calls within the time that is looked at and the last day with any."""
    used, given = share_uses.c, share_grants.c
    first = _first_day(ctx, limits)
    calls = func.sum(case((used.day >= first, used.calls), else_=0)).label("calls")
    chosen = (
        select(share_resources.c.code, given.organisation, calls, func.max(used.day).label("last"))
        .join(share_grants, given.resource == share_resources.c.id)
        .join(share_uses, used.grant == given.id)
        .where(given.organisation != share_resources.c.organisation, used.calls > 0)
        .group_by(share_resources.c.code, given.organisation)
    )
    found: dict[str, list[Row[Any]]] = {}
    for row in _in_parts(ctx, chosen, codes):
        found.setdefault(row.code, []).append(row)
    return found


def _in_parts(ctx: Context, chosen: Select[Any], codes: Sequence[str]) -> Iterator[Row[Any]]:
    for start in range(0, len(codes), _PART):
        part = share_resources.c.code.in_(codes[start : start + _PART])
        yield from ctx.connection.execute(chosen.where(part))


def _with_data(
    use: Use,
    system: System,
    renewed: Mapping[str, int],
    served: Mapping[str, Sequence[Row[Any]]],
) -> Use:
    """Data that a system renewed shows that it runs, whoever signs in; calls of it by others under
    a grant are use of the system, for their business."""
    rows = [row for code in system.resources for row in served.get(code, ())]
    calls = sum(int(row.calls) for row in rows)
    units = {row.organisation for row in rows if row.calls}
    times = [renewed[code] for code in system.resources if code in renewed]
    times += [clock.parse(f"{row.last}T00:00:00Z") for row in rows]
    times += [use.last_at] if use.last_at is not None else []
    return msgspec.structs.replace(
        use,
        calls=use.calls + calls,
        business=use.business + calls,
        organisations=max(use.organisations, len(units)),
        served=len(units),
        last_at=max(times, default=None),
    )


def _check(ctx: Context, system: System) -> None:
    _own(ctx, system.organisation)
    for field, known in _CHOICES.items():
        if getattr(system, field) not in known:
            raise BadSystem(field, field=field, value=getattr(system, field))
    for field in ("approved_on", "maintained_on"):
        day = getattr(system, field)
        if day and not _is_day(day):
            raise BadSystem(field, field=field, value=day)
    if not system.name.strip() or len(system.name) > 200:
        raise BadSystem("name", field="name", value=system.name[:40])
    if not 0 <= system.users <= MOST_CALLS or not 0 <= system.cost < 1e15:
        raise BadSystem("users", field="users, cost", value=f"{system.users}, {system.cost}")
    if system.capacity_used is not None and not 0 <= system.capacity_used <= 100:
        value = str(system.capacity_used)
        raise BadSystem("capacity_used", field="capacity_used", value=value)


def _own(ctx: Context, organisation: int) -> None:
    if not catalogue.mine(ctx, organisation):
        raise NotYourResource(organisation=organisation)


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _today(ctx: Context) -> str:
    return clock.to_datetime(ctx.now).date().isoformat()
