"""Terms of requests and grants, and what may be granted of a resource: pure.

The provider answers within ten working days (政务信息资源共享管理暂行办法, 国发〔2016〕51号,
art. 12); a mistake that a user reports is checked by the provider (art. 13).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from yiwang.kernel import clock
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.sharing.catalogue.model import SHARE_MODES, Item, Resource

WAITING, GRANTED, REFUSED, WITHDRAWN = "waiting", "granted", "refused", "withdrawn"
OPEN, ACCEPTED, REJECTED = "open", "accepted", "rejected"
KINDS = ("complaint", "correction")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "starts", "present", "null")
ANSWER_DAYS = 10
MOST_DAYS = 5 * 366
MOST_PER_MINUTE = 60_000
MOST_PER_DAY = 100_000_000
USUAL_PER_MINUTE = 600
USUAL_PER_DAY = 100_000
WARNED_BEFORE = 14 * clock.DAY


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition that every row meets which a grant gives."""

    column: str
    operator: str
    value: Any = None


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a grant gives: ``fields`` can be read (those that are labelled are masked unless
    they are among ``plain``), ``verify`` can be asked about with yes and no alone; of rows only
    those that meet all ``rows``. ``per_minute`` counts calls, ``per_day`` rows and answers."""

    fields: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    modes: tuple[str, ...] = ("api",)
    per_minute: int = USUAL_PER_MINUTE
    per_day: int = USUAL_PER_DAY
    days: int = 366


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A grant as it stands. Instants are microseconds since the epoch."""

    id: int
    request: int
    resource: int
    provider: int
    organisation: int
    purpose: str
    terms: Terms
    basis: str
    granted_at: int
    granted_by: str
    expires_at: int
    ended_at: int | None = None
    ended_by: str = ""
    end_reason: str = ""

    def in_force(self, at: int) -> bool:
        return self.ended_at is None and self.granted_at <= at < self.expires_at


def fault(terms: Terms, resource: Resource) -> tuple[str, str] | None:
    """What of the terms cannot be granted of a resource, and why (texts under
    ``sharing.grants.why``); None where all can."""
    shared = {item.column for item in resource.items if item.shared}
    every = {item.column for item in resource.items}
    checks: Iterable[tuple[str, Sequence[str], set[str], str]] = (
        ("fields", terms.fields, shared, "not_shared"),
        ("verify", terms.verify, every, "no_column"),
        ("plain", terms.plain, set(terms.fields), "not_asked"),
        ("rows", [one.column for one in terms.rows], every, "no_column"),
        ("rows", [one.operator for one in terms.rows], set(OPERATORS), "no_operator"),
        ("modes", terms.modes, set(SHARE_MODES), "no_mode"),
    )
    for _, found, allowed, why in checks:
        for name in found:
            if name not in allowed:
                return name, why
    if not terms.fields and not terms.verify:
        return "fields", "empty"
    return _number(terms)


def _number(terms: Terms) -> tuple[str, str] | None:
    bounds = (
        ("per_minute", terms.per_minute, MOST_PER_MINUTE),
        ("per_day", terms.per_day, MOST_PER_DAY),
        ("days", terms.days, MOST_DAYS),
    )
    for name, value, most in bounds:
        if not 1 <= value <= most:
            return name, "out_of_range"
    return None if terms.modes else ("modes", "empty")


def wider(granted: Terms, asked: Terms) -> str:
    """The first of the terms in which a grant would give more than was asked; empty for none."""
    for name in ("fields", "verify", "plain", "modes"):
        if not set(getattr(granted, name)) <= set(getattr(asked, name)):
            return name
    if not set(asked.rows) <= set(granted.rows):
        return "rows"
    for name in ("per_minute", "per_day", "days"):
        if getattr(granted, name) > getattr(asked, name):
            return name
    return ""


def by_rule(asked: Terms) -> Terms:
    """What 无条件共享 gives at once: everything asked for, labelled values masked."""
    return msgspec.structs.replace(asked, plain=())


def readable(grant: Grant, resource: Resource) -> list[Item]:
    """The items that a grant lets be read of the resource as it is now, in its order."""
    return [item for item in resource.items if item.shared and item.column in grant.terms.fields]


def verifiable(grant: Grant, resource: Resource) -> list[Item]:
    """The items about which may be asked with yes and no: those that can be read, too."""
    named = {*grant.terms.verify, *grant.terms.fields}
    return [item for item in resource.items if item.column in named]


def masked(item: Item, grant: Grant) -> bool:
    """Whether the values of an item are given masked."""
    return bool(item.label) and item.column not in grant.terms.plain


def answer_by(calendar: WorkingCalendar, at: int, days: int = ANSWER_DAYS) -> int:
    """The end of the ``days``-th working day after the day of ``at``."""
    day = clock.to_datetime(at).astimezone(calendar.zone).date()
    while True:
        day += timedelta(days=1)
        spans = calendar.spans(day)
        days -= bool(spans)
        if not days:
            return spans[-1][1]
