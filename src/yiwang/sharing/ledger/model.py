"""Information systems and the five signs of a zombie, responsibilities and their conflicts: pure.

The fields of a system are those that the inventory of 国办发〔2017〕39号 asks for: name, function,
scope, frequency of use, approval and funding. The signs are the five of the same document; it
names no numbers, so that a city sets its own (``Limits``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import msgspec

from yiwang.kernel.clock import DAY

SCOPES = ("nation", "province", "city", "district", "department", "office")
FREQUENCIES = ("constant", "daily", "weekly", "monthly", "yearly", "rarely")
STATES = ("building", "running", "stopped", "retired")
SIGNS = ("detached", "replaceable", "idle", "unmaintained", "little_used")
"""使用与实际业务流程长期脱节, 功能可被其他系统替代, 所占用资源长期处于空闲状态,
运行维护停止更新服务, 使用范围小、频度低."""
FROM = 2
"""So many signs make a system a zombie, or one alone of ``ALONE``."""
ALONE = ("detached",)


class System(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An information system as its department enters it. Money in yuan a year; ``approved_on``
    and ``maintained_on`` are days (ISO); ``resources`` are codes of the catalogue that it
    produces; ``functions`` are words for what it does."""

    name: str
    organisation: int
    functions: tuple[str, ...] = ()
    summary: str = ""
    scope: str = "department"
    frequency: str = "daily"
    users: int = 0
    state: str = "running"
    approved_by: str = ""
    approved_on: str = ""
    funding: str = ""
    cost: float = 0.0
    maintained_on: str = ""
    capacity_used: float | None = None
    resources: tuple[str, ...] = ()


class Use(msgspec.Struct, frozen=True):
    """How a system was really used: sessions or calls counted in the last days, by how many
    people of how many organisations, when last, and in how many steps of business. ``served``:
    organisations whose own business called the system's data under a grant; these calls are among
    the others."""

    calls: int = 0
    people: int = 0
    organisations: int = 0
    business: int = 0
    last_at: int | None = None
    known: bool = False
    served: int = 0


class Limits(msgspec.Struct, frozen=True):
    """From where a sign shows. ``days``: the time that is looked at."""

    days: int = 180
    calls: int = 30
    people: int = 5
    capacity: float = 10.0
    maintenance_days: int = 365
    alike: float = 0.6


class Sign(msgspec.Struct, frozen=True):
    """A sign that shows, with the figures by which it does."""

    sign: str
    fields: dict[str, object] = {}


def signs(
    system: System,
    use: Use,
    others: Iterable[tuple[str, System]],
    limits: Limits,
    now: int,
    today: str,
) -> list[Sign]:
    """The signs that a running system shows, in the order of the document. What is not known is
    no sign: without counts of use neither ``detached`` nor ``little_used`` is told."""
    if system.state not in ("running", "stopped"):
        return []
    found: list[Sign] = []
    if use.known and use.business == 0:
        found.append(Sign("detached", {"days": limits.days}))
    twin = _twin(system, others, limits.alike)
    if twin:
        found.append(Sign("replaceable", {"system": twin}))
    if _idle(system, use, limits, now):
        found.append(Sign("idle", {"percent": system.capacity_used, "days": limits.days}))
    if system.state == "stopped" or _old(system.maintained_on, today, limits.maintenance_days):
        since = system.maintained_on or "–"
        found.append(Sign("unmaintained", {"since": since}))
    few = use.people < limits.people and not use.served
    if use.known and (use.calls < limits.calls or few):
        counts: dict[str, object] = {"calls": use.calls, "people": use.people}
        found.append(Sign("little_used", counts | {"days": limits.days}))
    return found


def is_zombie(found: Collection[Sign]) -> bool:
    """Whether signs are enough to propose that a system be cleaned up."""
    return len(found) >= FROM or any(one.sign in ALONE for one in found)


def _twin(system: System, others: Iterable[tuple[str, System]], alike: float) -> str:
    """The name of another running system that does most of what this one does, for no fewer
    people; empty where there is none."""
    mine = {word.casefold() for word in system.functions}
    for _, other in others:
        theirs = {word.casefold() for word in other.functions}
        if mine and other.state == "running" and other.users >= system.users:
            covered = len(mine & theirs) / len(mine)
            same = other.users == system.users and len(theirs) < len(mine)
            if covered >= alike and not same:
                return other.name
    return ""


def _idle(system: System, use: Use, limits: Limits, now: int) -> bool:
    if system.capacity_used is not None:
        return system.capacity_used < limits.capacity
    return use.known and (use.last_at is None or now - use.last_at > limits.days * DAY)


def _old(day: str, today: str, most: int) -> bool:
    """Whether a day lies more than ``most`` days before today; unknown days do not."""
    return bool(day) and _days(today) - _days(day) > most


def _days(day: str) -> int:
    return date.fromisoformat(day).toordinal()


class Duty(msgspec.Struct, frozen=True):
    """One line of the responsibility list: who collects which data of what, on which basis."""

    id: int
    element: str
    organisation: int
    basis: str
    resource: str = ""


class Conflict(msgspec.Struct, frozen=True):
    """``sort``: two_sources (an element has two organisations), no_source (nobody gives the
    resource), other_provider (the resource is another organisation's), two_resources (one
    organisation has two resources for one element)."""

    sort: str
    element: str
    duties: tuple[int, ...]
    fields: dict[str, object] = {}


def conflicts(duties: Sequence[Duty], providers: Mapping[str, int]) -> list[Conflict]:
    """What breaks 一数一源: one element, one source. ``providers``: organisations by the code of
    the resources in force."""
    by_element: dict[str, list[Duty]] = {}
    for one in duties:
        by_element.setdefault(folded(one.element), []).append(one)
    found: list[Conflict] = []
    for held in by_element.values():
        ids = tuple(one.id for one in held)
        name = held[0].element
        units = {one.organisation for one in held}
        codes = {one.resource for one in held if one.resource}
        if len(units) > 1:
            found.append(Conflict("two_sources", name, ids))
        elif len(codes) > 1:
            found.append(Conflict("two_resources", name, ids, {"codes": ", ".join(sorted(codes))}))
        for one in held:
            if not one.resource or one.resource not in providers:
                found.append(Conflict("no_source", name, (one.id,), {"code": one.resource or "–"}))
            elif providers[one.resource] != one.organisation:
                found.append(Conflict("other_provider", name, (one.id,), {"code": one.resource}))
    return found


def folded(text: str) -> str:
    """A name without spaces and case: by it elements are the same."""
    return "".join(text.casefold().split())[:200]
