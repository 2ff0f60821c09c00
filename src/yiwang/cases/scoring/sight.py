"""Whose figures somebody may see: a department its own, a person their own, the city's totals
everybody who may see figures at all."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, true

from yiwang.cases.scoring.tables import case_results
from yiwang.security.model import Identity, allowed

ALL, PERSONS = "cases.assess_all", "cases.assess_persons"


def sees_all(identity: Identity) -> bool:
    return allowed(identity, ALL)


def sight(identity: Identity, by: Collection[str]) -> ColumnElement[bool]:
    """The results that are somebody's own. Where they are told apart by person, only who may
    see those of their department sees more than themselves."""
    if sees_all(identity):
        return true()
    own = case_results.c.person == identity.name
    persons = "person" in by and not allowed(identity, PERSONS)
    if identity.organisation is not None:
        mine = case_results.c.organisation == identity.organisation
        return mine & own if persons else mine
    if identity.grids and not persons:
        return or_(own, case_results.c.grid.in_(sorted(identity.grids)))
    return own
