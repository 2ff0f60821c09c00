"""Who may see a case and take which step of it, worked out from the table that was written down by
hand (``test_permissions``) and from what stands in the rows, not from the guards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.cases.conftest import City
from tests.cases.test_permissions import INSIDE, KINDS, OUTSIDE, TABLE
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.record import Record
from yiwang.security.actions import Caller
from yiwang.security.model import Identity

SEES_ALL = ("administrator", "command_centre", "auditor", "hotline_operator")
READS = {name for name, letters in INSIDE.items() if letters}
REPORTS = READS - {"auditor"}
BOUNDED = ("verify_ok", "verify_not_ok", "assess", "reopen", "return")
"""Steps that ask more of a case than the table says: never more people may take them."""


@dataclass(frozen=True)
class Around:
    """What stands around a case: the units with a part, those of them that have not answered, who
    reported it, and what time it is."""

    joint: frozenset[int]
    asked: frozenset[int]
    reporters: frozenset[str]
    now: int


def everybody(city: City) -> dict[str, Caller]:
    """Somebody of each role: of the water office and the grid of its underpass, and once more of
    neither."""
    found: dict[str, Caller] = {}
    for role in INSIDE:
        kind = role if role in ("device", "anonymous") else "user"
        near = Identity(
            kind, 1, f"near {role}", frozenset({role}), None, city.water, frozenset({city.grid})
        )
        inside = Caller(near, city.database, city.clock, city.ports)
        outside = replace(near, name=f"far {role}", organisation=city.parks, grids=frozenset())
        found[near.name] = inside
        found[outside.name] = replace(inside, identity=outside)
    return found


def role_of(identity: Identity) -> str:
    (role,) = identity.roles
    return role


def relations(identity: Identity, record: Record, around: Around) -> str:
    """The letters of the table by which somebody stands to a case now."""
    role = role_of(identity)
    ours = record.organisation is not None and record.organisation == identity.organisation
    handles = ours or (record.handler != "" and record.handler == identity.name)
    holds = {
        "H": handles,
        "J": identity.organisation in around.asked,
        "G": record.grid is not None and record.grid in identity.grids,
        "R": False,
    }
    letters = {one for one in INSIDE[role] if holds.get(one, True)} | set(OUTSIDE[role])
    if record.reporter == identity.name and role in REPORTS:
        letters.add("R")
    return "".join(sorted(letters))


def sees(identity: Identity, record: Record, around: Around) -> bool:
    role, letters = role_of(identity), relations(identity, record, around)
    if role in SEES_ALL:
        return True
    staff = "A" in INSIDE[role]
    ours = identity.organisation in around.joint or record.grid in identity.grids
    return (staff and ours) or bool(set(letters) & set("HJGR")) or identity.name in around.reporters


def plain(case_class: CaseClass) -> bool:
    """Whether a class has the states and steps that the table speaks of."""
    machine = case_class.machine
    return set(machine.states) == set(KINDS) and set(machine.steps) == set(TABLE)


def pending(record: Record, around: Around, letters: str) -> set[str]:
    """Which conditions of the table hold."""
    parts = bool(around.asked)
    more = record.limit_minutes is not None and not record.extensions
    late = record.overdue or (record.due_at is not None and record.due_at < around.now)
    found = {
        "parts": parts,
        "no parts": not parts,
        "not asked": record.extension_asked is None and more,
        "asked": record.extension_asked is not None,
        "late": late and not record.appeal,
        "appealed": record.appeal == "asked",
        "supervised": record.answer_by is not None,
    }
    return {name for name, holds in found.items() if holds}


def expected(identity: Identity, record: Record, around: Around) -> set[str]:
    letters = relations(identity, record, around)
    held = pending(record, around, letters)
    return {
        step
        for step, (states, who, when) in TABLE.items()
        if record.state in states and set(who) & set(letters) and (not when or when in held)
    }


def wrong(
    offered: Collection[str], identity: Identity, record: Record, around: Around
) -> Mapping[str, Any]:
    """Steps that somebody may take and must not, or may not and must; empty where all is well."""
    wanted = expected(identity, record, around)
    joined = identity.name in around.reporters and record.reporter != identity.name
    also = {"assess", "comment"} if joined else set()
    extra = set(offered) - wanted - also
    missing = {one for one in wanted - set(offered) if one not in BOUNDED}
    if not extra and not missing:
        return {}
    who = (identity.name, record.no, record.state)
    return {"who": who, "too much": sorted(extra), "too little": sorted(missing)}
