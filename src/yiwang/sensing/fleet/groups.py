"""Named groups of devices: written down one by one, or by what the devices are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select, update

from yiwang.contracts.observations import Ints
from yiwang.security.actions import Context, action, query
from yiwang.sensing.fleet import roster
from yiwang.sensing.fleet.credentials import rows_of
from yiwang.sensing.fleet.errors import (
    BadValue,
    GroupByRule,
    GroupInUse,
    GroupTaken,
    NoSuchGroup,
    most_characters,
    words,
)
from yiwang.sensing.fleet.tables import (
    device_group_members,
    device_groups,
    maintenance_plans,
)
from yiwang.sensing.store import fetch
from yiwang.store.upsert import upsert

RULE = {"kind": str, "area": int, "supplier": str}
"""What a group's rule may say: each that is given must hold."""


def members(ctx: Context, group: int) -> Ints:
    """The things of a group, rising; of one with a rule, those that are in use. Raises
    NoSuchGroup."""
    rule = _group(ctx, group).rule
    if rule is None:
        mine = device_group_members.c.group == group
        chosen = select(device_group_members.c.thing).where(mine)
        rows = fetch(ctx.connection, chosen.order_by(device_group_members.c.thing))
        return np.array([row[0] for row in rows], np.int64)
    return _by_rule(ctx, rule)


def _by_rule(ctx: Context, rule: Mapping[str, Any]) -> Ints:
    devices = roster.devices(ctx)
    mask = devices.retired == 0
    if "kind" in rule:
        mask &= devices.kind.mask(rule["kind"])
    if "supplier" in rule:
        mask &= devices.supplier.mask(rule["supplier"])
    if "area" in rule:
        mask &= devices.in_area(rule["area"])
    found: Ints = devices.thing[mask]
    return found


def _group(ctx: Context, group: int) -> Any:
    row = ctx.connection.execute(select(device_groups).where(device_groups.c.id == group)).first()
    if row is None:
        raise NoSuchGroup(group=group)
    return row


@query("sensing.device_groups", permission="sensing.read_own")
def list_groups(ctx: Context) -> list[dict[str, Any]]:
    """All groups by name, with how many devices each has that the caller sees."""
    visible = roster.seen(ctx)
    rows = list(ctx.connection.execute(select(device_groups).order_by(device_groups.c.name)))
    return [
        {
            "id": row.id,
            "name": row.name,
            "note": row.note,
            "rule": row.rule,
            "count": len(listed if visible is None else np.intersect1d(listed, visible)),
        }
        for row in rows
        for listed in (members(ctx, row.id),)
    ]


def groups_of(ctx: Context, thing: int) -> list[dict[str, Any]]:
    """The groups that a device is in."""
    rows = list(ctx.connection.execute(select(device_groups).order_by(device_groups.c.name)))
    mine = set(
        ctx.connection.execute(
            select(device_group_members.c.group).where(device_group_members.c.thing == thing)
        ).scalars()
    )
    return [
        {"id": row.id, "name": row.name}
        for row in rows
        if (row.id in mine if row.rule is None else thing in _by_rule(ctx, row.rule))
    ]


@action("sensing.add_device_group", permission="sensing.devices", audit_verb="device_group_added")
def add_group(
    ctx: Context, name: str, note: str = "", rule: Mapping[str, Any] | None = None
) -> int:
    """Make a group; returns its number. With a ``rule`` (kind, area, supplier) its devices are
    those that the rule means at any time. Raises BadValue, GroupTaken."""
    _check(ctx, name, rule)
    values = {
        "name": name.strip(),
        "note": note,
        "rule": None if rule is None else dict(rule),
        "created_at": ctx.now,
    }
    made = ctx.connection.execute(
        insert(device_groups).values(values).returning(device_groups.c.id)
    )
    number: int = made.scalar_one()
    ctx.note(f"group:{number}", name=name)
    return number


@action("sensing.edit_device_group", permission="sensing.devices", audit_verb="device_group_edited")
def edit_group(
    ctx: Context, group: int, name: str, note: str, rule: Mapping[str, Any] | None = None
) -> None:
    """Change a group. One with a rule keeps having one, and one without stays without. Raises
    NoSuchGroup, BadValue, GroupTaken, GroupByRule."""
    row = _group(ctx, group)
    if (row.rule is None) != (rule is None):
        raise GroupByRule(group=row.name)
    _check(ctx, name, rule, group)
    values = {"name": name.strip(), "note": note, "rule": None if rule is None else dict(rule)}
    ctx.connection.execute(update(device_groups).where(device_groups.c.id == group).values(values))
    ctx.note(f"group:{group}", name=name)


def _check(ctx: Context, name: str, rule: Mapping[str, Any] | None, group: int = 0) -> None:
    if not 0 < len(name.strip()) <= 128:
        raise BadValue("name", name="name", value=name, wanted=most_characters(128))
    taken = select(device_groups.c.id).where(
        device_groups.c.name == name.strip(), device_groups.c.id != group
    )
    if ctx.connection.execute(taken).first() is not None:
        raise GroupTaken(name=name.strip())
    if rule is None:
        return
    for key, value in rule.items():
        if key not in RULE or not isinstance(value, RULE[key]) or isinstance(value, bool):
            wanted = words("rule_types")
            raise BadValue(f"rule.{key}", name=key, value=value, wanted=wanted)
    if not rule:
        raise BadValue("rule", name="rule", value="", wanted=words("rule_keys"))


@action(
    "sensing.remove_device_group", permission="sensing.devices", audit_verb="device_group_removed"
)
def remove_group(ctx: Context, group: int) -> None:
    """Remove a group; its devices stay. Raises NoSuchGroup, and GroupInUse while a plan of
    maintenance is for it."""
    row = _group(ctx, group)
    plans = select(maintenance_plans.c.name).where(maintenance_plans.c.group == group)
    plan = ctx.connection.execute(plans.limit(1)).scalar()
    if plan is not None:
        raise GroupInUse(name=row.name, plan=plan)
    ctx.connection.execute(delete(device_groups).where(device_groups.c.id == group))
    ctx.note(f"group:{group}", name=row.name)


@action(
    "sensing.set_group_members", permission="sensing.devices", audit_verb="device_group_changed"
)
def set_members(
    ctx: Context, group: int, add: Sequence[int] = (), remove: Sequence[int] = ()
) -> int:
    """Put devices into a group and take others out; returns how many it has. Raises
    NoSuchGroup, NoDevice, GroupByRule."""
    row = _group(ctx, group)
    if row.rule is not None:
        raise GroupByRule(group=row.name)
    rows_of(ctx, add)
    keys = ["group", "thing"]
    upsert(
        ctx.connection, device_group_members, [{"group": group, "thing": one} for one in add], keys
    )
    for low in range(0, len(remove), 1000):
        mine = device_group_members.c.thing.in_(list(remove[low : low + 1000]))
        ctx.connection.execute(
            delete(device_group_members).where(device_group_members.c.group == group, mine)
        )
    ctx.note(f"group:{group}", added=len(add), removed=len(remove))
    return len(members(ctx, group))
