"""Small matters offered to residents and service firms (共治): pure.

An offer is open, then claimed, then reported, then verified; from each of the first three it
may end otherwise: it falls back to the department, or it is withdrawn because the case went
another way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from yiwang.cases.model.classes import OfferRule
from yiwang.cases.model.guards import Refusal

RESIDENTS, FIRMS = "residents", "firms"
FIRM = "service_firm"
"""The kind of organisation whose people may claim what its functions name."""

LIVE = ("open", "claimed", "reported")
MOVES: Mapping[str, tuple[str, ...]] = {
    "open": ("claimed", "fallen_back", "withdrawn"),
    "claimed": ("open", "reported", "fallen_back", "withdrawn"),
    "reported": ("verified", "fallen_back", "withdrawn"),
    "verified": ("taken_back",),
    "fallen_back": (),
    "withdrawn": (),
    "taken_back": (),
}
"""Which states of an offer follow which."""

ROUND = 3
"""Decimals of a degree to which a place is shown before it is claimed: about 100 m."""

_NUMBERS = re.compile(r"\d[\d\s-]{5,}\d")


@dataclass(frozen=True)
class Taker:
    """Somebody who might claim: roles of the sign-in, kind and functions of their
    organisation, how many claims are open, and whether they are blocked."""

    name: str
    roles: frozenset[str] = frozenset()
    organisation_kind: str = ""
    functions: frozenset[str] = frozenset()
    claims: int = 0
    blocked: bool = False


def for_whom(to: tuple[str, ...], role: str, taker: Taker) -> str:
    """As what somebody may take an offer for a function: residents, firms, or empty."""
    if FIRMS in to and taker.organisation_kind == FIRM and role in taker.functions:
        return FIRMS
    if RESIDENTS in to and "citizen" in taker.roles and not taker.organisation_kind:
        return RESIDENTS
    return ""


def refuse_claim(
    to: tuple[str, ...], role: str, most: int, state: str, taker: Taker
) -> Refusal | None:
    """Why somebody may not claim an offer; None when they may."""
    if not for_whom(to, role, taker):
        return Refusal("offer_not_for_you")
    if taker.blocked:
        return Refusal("offer_blocked")
    if state != "open":
        return Refusal("offer_taken")
    if taker.claims >= most:
        return Refusal("offer_claims_used", {"most": most})
    return None


def claim_by(rule: OfferRule, opened_at: int, due_at: int | None) -> int:
    """Until when an offer may be claimed: never longer than the case has time."""
    end = opened_at + rule.claim_within
    return end if due_at is None else min(end, max(due_at, opened_at))


def without_numbers(text: str) -> str:
    """A text without telephone numbers and the like."""
    return _NUMBERS.sub("…", text)


def after_step(state: str, step: str, kind: str, theirs: bool) -> str:
    """What becomes of an offer when its case took a step; the same state when nothing does.

    ``kind`` is the kind of state that the case is in now, ``theirs`` whether it is still with
    whoever claimed it.
    """
    if state == "verified":
        return "taken_back" if step == "reopen" else state
    if state == "open":
        return state if kind == "new" else "withdrawn"
    if state == "claimed":
        return _after_claim(step, kind, theirs)
    if state == "reported":
        if step == "verify_ok" or kind == "done":
            return "verified"
        if step == "verify_not_ok" and theirs:
            return "fallen_back"
        return state if theirs and kind != "void" else "withdrawn"
    return state


def _after_claim(step: str, kind: str, theirs: bool) -> str:
    """A firm's people may work on the case as handlers do: report it, or return it. Steps are
    heard of later than they were taken, so the case may be further by then."""
    if not theirs:
        return "fallen_back" if kind == "new" else "withdrawn"
    if step == "report" and kind in ("waiting", "done"):
        return "reported"
    return "withdrawn" if kind == "void" or (step == "close" and kind == "done") else "claimed"
