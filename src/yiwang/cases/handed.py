"""Cases that a unit has handed on (转出): all SQL of ``case_handed``.

Whoever handed a case up, down or across reads on what becomes of it, and is told of its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from yiwang.cases.model.guards import sees_all
from yiwang.cases.record import Record
from yiwang.cases.tables import case_handed
from yiwang.security.actions import Context
from yiwang.security.model import Identity, allowed
from yiwang.store.database import Key
from yiwang.store.statements import Among, Statement
from yiwang.store.upsert import upsert

STEPS = ("escalate", "hand_down", "hand_over", "transfer")

_at = Statement(
    select(case_handed.c.at).where(
        case_handed.c.case == bindparam("case_", 0, Key),
        case_handed.c.organisation == bindparam("organisation_", 0, Key),
    )
)
_by = Among(
    select(case_handed.c.case, case_handed.c.by).order_by(case_handed.c.at), case_handed.c.case
)


def keep(ctx: Context, record: Record, step: str, unit: int | None, at: int) -> None:
    """A step was taken with a case of this unit. Only what its own people handed on is kept:
    what the centre takes away from it, it does not follow."""
    own = unit is not None and unit == ctx.identity.organisation
    if own and step in STEPS and unit != record.organisation:
        row = {"case": record.no, "organisation": unit, "by": ctx.identity.name, "at": at}
        upsert(ctx.connection, case_handed, row | {"open": True}, ["case", "organisation"])
        record.handed_on = True


def mark(connection: Connection, record: Record) -> None:
    """A case that was handed on has ended, or is open again."""
    change = update(case_handed).where(case_handed.c.case == record.no)
    connection.execute(change.values(open=record.open))


def follows(identity: Identity) -> int | None:
    """The unit whose cases that were handed on somebody reads."""
    reads = allowed(identity, "cases.read") and not sees_all(identity)
    return identity.organisation if reads else None


def handed_on(ctx: Context, record: Record) -> int | None:
    """When the caller's unit handed on a case that is now with another."""
    unit = follows(ctx.identity) if record.handed_on else None
    if unit is None or unit == record.organisation:
        return None
    given = {"case_": record.no, "organisation_": unit}
    at: int | None = _at.value(ctx.connection, given)
    return at


def by_whom(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    """The accounts that handed these cases on, by case."""
    found: dict[int, list[str]] = defaultdict(list)
    for no, by in _by.records(connection, numbers):
        found[no].append(by)
    return found
