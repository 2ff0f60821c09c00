"""Which steps a case allows to whom: state, relationship and what must be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from yiwang.cases.model.classes import PREVIOUS, CaseClass, StepRule
from yiwang.security.model import Identity, allowed


@dataclass(frozen=True)
class Facts:
    """What guards look at in a case. ``handler``, ``reporter`` and ``handled_by`` (who
    reported it handled) are sign-in names, empty for nobody. ``photos`` counts pictures
    taken since the case was last dispatched."""

    no: int
    state: str
    kind: str
    organisation: int | None = None
    handler: str = ""
    grid: int | None = None
    reporter: str = ""
    handled_by: str = ""
    previous: str = ""
    photos: int = 0


@dataclass(frozen=True)
class Given:
    """What comes with a step."""

    reason: str = ""
    text: str = ""
    to: Mapping[str, object] = field(default_factory=dict)
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why not: a code whose text stands in ``text/``, and its fields."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Possible:
    step: str
    allowed: bool
    why_not: Refusal | None
    needs: tuple[str, ...]


@dataclass(frozen=True)
class _Relation:
    permission: str
    holds: Callable[[Facts, Identity], bool]
    missing: str


def _is_person(identity: Identity) -> bool:
    return identity.kind in ("user", "token")


def _handles(case: Facts, identity: Identity) -> bool:
    """The person assigned, or anyone of the organisation where nobody else is named."""
    if not _is_person(identity):
        return False
    if case.handler and case.handler == identity.name:
        return True
    return case.organisation is not None and case.organisation == identity.organisation


def _in_grid(case: Facts, identity: Identity) -> bool:
    return case.grid is not None and case.grid in identity.grids


def _reported(case: Facts, identity: Identity) -> bool:
    return _is_person(identity) and bool(case.reporter) and case.reporter == identity.name


WHO: Mapping[str, _Relation] = {
    "centre": _Relation("cases.dispatch", lambda case, identity: True, "only_centre"),
    "handler": _Relation("cases.handle", _handles, "other_organisation"),
    "grid_worker": _Relation("cases.verify", _in_grid, "other_grid"),
    "reporter": _Relation("cases.report", _reported, "not_reporter"),
    "reader": _Relation("cases.read", lambda case, identity: True, "not_reader"),
}
"""The relationships in which somebody can stand to a case."""

NEEDS = ("reason", "text", "to", "photos")


def needs(case_class: CaseClass, rule: StepRule) -> tuple[str, ...]:
    """What must be given with a step of this class, evidence included."""
    wanted = list(rule.needs)
    if rule.name == "report":
        wanted += ["text"] * case_class.evidence.text + ["photos"] * (
            case_class.evidence.photos > 0
        )
    return tuple(dict.fromkeys(wanted))


def refuse(case_class: CaseClass, case: Facts, identity: Identity, step: str) -> Refusal | None:
    """Why this identity may not take the step now; None when it may."""
    rule = case_class.machine.steps.get(step)
    if rule is None:
        known = ", ".join(case_class.machine.steps)
        return Refusal("unknown_step", {"step": step, "known": known})
    who = _who(case_class, rule)
    if not _stands(case, identity, who):
        return _missing(identity, who)
    if case.state not in rule.sources:
        return Refusal("wrong_state", {"state": case.state, "needed": ", ".join(rule.sources)})
    if rule.name == "verify_ok" and _own_work(case, identity):
        return Refusal("own_work")
    return None


def lacking(case_class: CaseClass, case: Facts, step: str, given: Given) -> Refusal | None:
    """What the step needs and was not given; None when all is there."""
    rule = case_class.machine.steps[step]
    wanted = needs(case_class, rule)
    for name in ("reason", "text"):
        if name in wanted and not str(getattr(given, name)).strip():
            return Refusal(f"needs_{name}")
    if "to" in wanted and not given.to:
        return Refusal("needs_to")
    if "photos" in wanted:
        least = max(1, case_class.evidence.photos)
        there = max(len(given.photos), case.photos)
        if there < least:
            return Refusal("needs_photos", {"least": least, "found": there})
    return None


def possible_steps(case_class: CaseClass, case: Facts, identity: Identity) -> list[Possible]:
    """Every step of the class: allowed or not, why not, and what it needs."""
    steps = []
    for rule in case_class.machine.steps.values():
        refusal = refuse(case_class, case, identity, rule.name)
        steps.append(Possible(rule.name, refusal is None, refusal, needs(case_class, rule)))
    return steps


def target(case_class: CaseClass, case: Facts, step: str) -> str:
    """The state after the step."""
    machine = case_class.machine
    to = machine.steps[step].to
    if to == PREVIOUS:
        return case.previous if case.previous in machine.states else machine.start
    return to or case.state


def may_see(case: Facts, identity: Identity) -> bool:
    """The centre and auditors see every case; handlers those of their organisation, grid
    workers those of their grids, everybody the ones they reported."""
    if _reported(case, identity) and (
        allowed(identity, "cases.read_own") or allowed(identity, "cases.read")
    ):
        return True
    if not allowed(identity, "cases.read"):
        return False
    if sees_all(identity):
        return True
    return _handles(case, identity) or _in_grid(case, identity)


def sees_all(identity: Identity) -> bool:
    """Whether reading is bounded neither by organisation nor by grid."""
    if not allowed(identity, "cases.read"):
        return False
    return allowed(identity, "cases.dispatch") or not allowed(identity, "cases.handle")


def _who(case_class: CaseClass, rule: StepRule) -> tuple[str, ...]:
    if rule.name in ("verify_ok", "verify_not_ok"):
        checker = case_class.verification
        return (checker, "centre") if checker in WHO and checker != "centre" else rule.who
    return rule.who


def _stands(case: Facts, identity: Identity, who: tuple[str, ...]) -> bool:
    if identity.kind == "system":
        return True
    return any(
        allowed(identity, WHO[name].permission) and WHO[name].holds(case, identity) for name in who
    )


def _missing(identity: Identity, who: tuple[str, ...]) -> Refusal:
    """The relationship that comes nearest: one whose permission is there, else the first."""
    for name in who:
        if allowed(identity, WHO[name].permission):
            return Refusal(WHO[name].missing)
    return Refusal(WHO[who[0]].missing if who else "only_platform")


def _own_work(case: Facts, identity: Identity) -> bool:
    return _is_person(identity) and bool(case.handled_by) and case.handled_by == identity.name
