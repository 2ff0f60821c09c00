"""The emergency plans that are installed, every version kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import insert, select, update

from yiwang.cases.emergency.errors import NoSuchPlan
from yiwang.cases.emergency.plans import Plan
from yiwang.cases.emergency.tables import emergency_plans
from yiwang.security.actions import Context, action
from yiwang.store.database import Database

_held: WeakKeyDictionary[Database, dict[int, Plan]] = WeakKeyDictionary()
"""Versions never change once written, so they are decoded once."""


@action("cases.install_plans", permission="packs.install", audit_verb="emergency_plans_installed")
def install_plans(ctx: Context, pack: str, plans: Sequence[Plan]) -> list[str]:
    """Make these the plans of a pack; returns the codes that are new or changed. Running
    incidents keep the version that they were started with."""
    rows = ctx.connection.execute(
        select(emergency_plans.c.code, emergency_plans.c.digest).where(
            emergency_plans.c.pack == pack, emergency_plans.c.active
        )
    )
    known = {row.code: row.digest for row in rows}
    changed = []
    for plan in plans:
        body = msgspec.to_builtins(plan)
        digest = hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()
        if known.get(plan.code) == digest:
            continue
        _retire(ctx, [plan.code])
        values = {"code": plan.code, "pack": pack, "digest": digest, "body": body}
        ctx.connection.execute(
            insert(emergency_plans).values(**values, active=True, installed_at=ctx.now)
        )
        changed.append(plan.code)
    _retire(ctx, sorted(set(known) - {one.code for one in plans}))
    ctx.note(f"pack:{pack}", plans=changed)
    return changed


@action("cases.remove_plans", permission="packs.install", audit_verb="emergency_plans_removed")
def remove_plans(ctx: Context, pack: str) -> None:
    """Start a pack's plans no more; what runs goes on."""
    ctx.connection.execute(
        update(emergency_plans).where(emergency_plans.c.pack == pack).values(active=False)
    )
    ctx.note(f"pack:{pack}")


def by_id(ctx: Context, number: int) -> Plan:
    """One version of a plan."""
    held = _held.setdefault(ctx.caller.database, {})
    if number not in held:
        wanted = select(emergency_plans.c.body).where(emergency_plans.c.id == number)
        held[number] = msgspec.convert(ctx.connection.execute(wanted).one().body, Plan)
    return held[number]


def active(ctx: Context) -> list[tuple[int, Plan]]:
    """The plans that can be started, by code."""
    rows = ctx.connection.execute(
        select(emergency_plans.c.id)
        .where(emergency_plans.c.active)
        .order_by(emergency_plans.c.code)
    )
    return [(row.id, by_id(ctx, row.id)) for row in rows]


def one(ctx: Context, code: str) -> tuple[int, Plan]:
    """The version that is started now. Raises NoSuchPlan."""
    found = [entry for entry in active(ctx) if entry[1].code == code]
    if not found:
        known = ", ".join(plan.code for _, plan in active(ctx)) or "-"
        raise NoSuchPlan(code=code, known=known)
    return found[0]


def _retire(ctx: Context, codes: Sequence[str]) -> None:
    if codes:
        ctx.connection.execute(
            update(emergency_plans).where(emergency_plans.c.code.in_(codes)).values(active=False)
        )
