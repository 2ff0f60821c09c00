"""Which steps a case allows to whom: state, relationship and what must be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from yiwang.cases.model.classes import PREVIOUS, Bounds, CaseClass, StepRule
from yiwang.security.model import Identity, allowed


class Facts(NamedTuple):
    """What guards look at in a case. ``handler``, ``reporter`` and ``handled_by`` (who
    reported it handled) are sign-in names, empty for nobody. ``joint`` are the organisations
    that were asked for a part, ``asked`` those whose part is open. ``extension_asked`` are
    minutes. ``ended_for``: minutes since the end; ``assessed``: by this very identity since
    then; ``joined``: this very identity reported what came to a case that others opened."""

    no: int
    state: str
    kind: str
    organisation: int | None = None
    handler: str = ""
    grid: int | None = None
    reporter: str = ""
    handled_by: str = ""
    previous: str = ""
    joint: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()
    open_parts: int = 0
    returns: int = 0
    limited: bool = True
    extensions: int = 0
    extension_asked: int | None = None
    overdue: bool = False
    appeal: str = ""
    must_answer: bool = False
    ended_for: int = 0
    assessed: bool = False
    joined: bool = False


@dataclass(frozen=True)
class Given:
    """What comes with a step. ``minutes`` or ``until`` (an instant): more time, or a day to
    come back to; ``rating``: 1 to 5; ``solved``: what a call-back heard."""

    reason: str = ""
    text: str = ""
    to: Mapping[str, object] = field(default_factory=dict)
    photos: tuple[str, ...] = ()
    minutes: int | None = None
    until: int | None = None
    rating: int | None = None
    solved: bool | None = None


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


def _joint(case: Facts, identity: Identity) -> bool:
    """Anyone of an organisation whose part is not answered yet."""
    return _is_person(identity) and identity.organisation in case.asked


def _in_grid(case: Facts, identity: Identity) -> bool:
    return case.grid is not None and case.grid in identity.grids


def _reported(case: Facts, identity: Identity) -> bool:
    return _is_person(identity) and bool(case.reporter) and case.reporter == identity.name


def _joined(case: Facts, identity: Identity) -> bool:
    return _is_person(identity) and case.joined


WHO: Mapping[str, _Relation] = {
    "centre": _Relation("cases.dispatch", lambda case, identity: True, "only_centre"),
    "handler": _Relation("cases.handle", _handles, "other_organisation"),
    "joint": _Relation("cases.handle", _joint, "not_asked"),
    "grid_worker": _Relation("cases.verify", _in_grid, "other_grid"),
    "reporter": _Relation("cases.report", _reported, "not_reporter"),
    "joined": _Relation("cases.report", _joined, "not_reporter"),
    "operator": _Relation("cases.hotline", lambda case, identity: True, "not_operator"),
    "reader": _Relation("cases.read", lambda case, identity: True, "not_reader"),
}
"""The relationships in which somebody can stand to a case."""

DENIED = frozenset({one.missing for one in WHO.values()} | {"only_platform", "own_work"})
"""Refusals that are about the person; the others are about the case."""

NEEDS = ("reason", "text", "to", "photos", "units", "minutes", "until", "rating")
MOST_MINUTES = 366 * 24 * 60


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
    relations = who(case_class, rule)
    if not _stands(case, identity, relations):
        return _missing(identity, relations)
    if case.state not in rule.sources:
        return Refusal("wrong_state", {"state": case.state, "needed": ", ".join(rule.sources)})
    condition = _CONDITIONS.get(rule.name)
    return None if condition is None else condition(case_class.machine.bounds, case, identity)


def lacking(case_class: CaseClass, photos: int, step: str, given: Given) -> Refusal | None:
    """What the step needs and was not given; None when all is there. ``photos``: how many came
    before, since the case was dispatched."""
    rule = case_class.machine.steps[step]
    wanted = needs(case_class, rule)
    for name in ("reason", "text"):
        if name in wanted and not str(getattr(given, name)).strip():
            return Refusal(f"needs_{name}")
    for name, is_given in _THERE.items():
        if name in wanted and not is_given(given):
            return Refusal(f"needs_{name}")
    if "photos" in wanted:
        least = max(1, case_class.evidence.photos)
        there = max(len(given.photos), photos)
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


def standing(case_class: CaseClass, case: Facts, identity: Identity) -> tuple[object, ...]:
    """All that ``possible_steps`` looks at in a case and in an identity: where it is the same for
    a class, so are the steps."""
    own = bool(case.handled_by) and case.handled_by == identity.name
    return (
        case.state,
        identity.kind,
        identity.roles,
        identity.scopes,
        _handles(case, identity),
        _joint(case, identity),
        _in_grid(case, identity),
        _reported(case, identity),
        case.joined,
        own,
        case.open_parts,
        case.returns,
        case.limited,
        case.extensions,
        case.extension_asked is None,
        case.overdue,
        case.appeal,
        case.must_answer,
        case.assessed,
        _not_too_old(case_class.machine.bounds, case, identity) is None,
    )


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
    mine = _handles(case, identity) or identity.organisation in case.joint
    return mine or _in_grid(case, identity)


def sees_all(identity: Identity) -> bool:
    """Whether reading is bounded neither by organisation nor by grid."""
    if not allowed(identity, "cases.read"):
        return False
    return allowed(identity, "cases.dispatch") or not allowed(identity, "cases.handle")


def who(case_class: CaseClass, rule: StepRule) -> tuple[str, ...]:
    """The relationships that may take a step; who verifies is for the class to say, and what the
    reporter may assess or comment, anybody may whose report was joined."""
    if rule.name in ("verify_ok", "verify_not_ok"):
        checker = case_class.verification
        return (checker, "centre") if checker in WHO and checker != "centre" else rule.who
    if rule.name in ("assess", "comment") and "reporter" in rule.who:
        return (*rule.who, "joined")
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


def _own_work(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    own = _is_person(identity) and bool(case.handled_by) and case.handled_by == identity.name
    return Refusal("own_work") if own else None


def _parts_open(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    return Refusal("parts_open", {"open": case.open_parts}) if case.open_parts else None


def _no_parts(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    return None if case.open_parts else Refusal("no_open_parts")


def _may_ask_more(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    if not case.limited:
        return Refusal("no_limit")
    if case.extension_asked is not None:
        return Refusal("extension_pending")
    if case.extensions >= bounds.extensions:
        return Refusal("extensions_used", {"times": bounds.extensions})
    return None


def _more_asked(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    return None if case.extension_asked is not None else Refusal("no_extension_asked")


def _may_appeal(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    if not case.overdue:
        return Refusal("not_late")
    return Refusal("appealed_already") if case.appeal else None


def _appealed(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    return None if case.appeal == "asked" else Refusal("no_appeal")


def _must_answer(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    return None if case.must_answer else Refusal("not_supervised")


def _not_too_old(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    most = bounds.reopen_within
    if most is not None and case.ended_for > most:
        return Refusal("too_long_ago", {"days": round(most / 1440, 1)})
    return None


def _not_twice(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    return Refusal("assessed_already") if case.assessed else None


def _not_too_often(bounds: Bounds, case: Facts, identity: Identity) -> Refusal | None:
    most = bounds.returns_most
    if most is not None and case.returns >= most:
        return Refusal("too_many_returns", {"most": most})
    return None


_CONDITIONS: Mapping[str, Callable[[Bounds, Facts, Identity], Refusal | None]] = {
    "verify_ok": _own_work,
    "report": _parts_open,
    "waive_part": _no_parts,
    "ask_extension": _may_ask_more,
    "extend_granted": _more_asked,
    "extend_refused": _more_asked,
    "appeal": _may_appeal,
    "appeal_accepted": _appealed,
    "appeal_rejected": _appealed,
    "answer_supervision": _must_answer,
    "reopen": _not_too_old,
    "assess": _not_twice,
    "return": _not_too_often,
}
"""What a step of the core asks of a case beside its state."""

_THERE: Mapping[str, Callable[[Given], bool]] = {
    "to": lambda given: bool(given.to),
    "units": lambda given: bool(given.to.get("organisations")),
    "minutes": lambda given: (
        given.until is not None or (given.minutes is not None and 0 < given.minutes <= MOST_MINUTES)
    ),
    "until": lambda given: given.until is not None,
    "rating": lambda given: given.rating is not None and 1 <= given.rating <= 5,
}
