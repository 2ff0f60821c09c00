"""Closed cases as examples to learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from yiwang.cases.importing.tables import case_import_rows
from yiwang.cases.learning.model import Known
from yiwang.cases.tables import case_sources, cases
from yiwang.registry import cache
from yiwang.security.actions import Context

TARGETS = ("department", "queue", "case_class")
"""The organisation at the top, the unit that had the case in the end, and the class that it
had in the end."""
UNITS = TARGETS[:2]


@dataclass(frozen=True)
class Example:
    """A case as it came in, with who had it in the end, by the organisations' numbers.
    ``published`` is a title that was kept with its source."""

    no: int
    known: Known
    department: str
    queue: str
    closed_at: int | None
    published: str = ""

    @property
    def case_class(self) -> str:
        return self.known.case_class


def read(ctx: Context, only: str = "", most: int | None = None) -> list[Example]:
    """Every case that an organisation has or had, in the order of opening; ``only`` those of
    one source of imports, ``most``: the newest ones."""
    above = {one.id: one.parent for one in cache.records(ctx.connection, "organisations")}
    first = (
        select(case_sources.c.came_to, func.min(case_sources.c.id).label("id"))
        .group_by(case_sources.c.came_to)
        .subquery()
    )
    mine = cases.c
    query = (
        select(
            mine.no,
            mine.class_code,
            mine.description,
            mine.address,
            mine.lon,
            mine.lat,
            mine.opened_at,
            mine.closed_at,
            mine.kind,
            mine.organisation,
            case_sources.c["values"].label("given"),
        )
        .join(first, first.c.came_to == mine.no)
        .join(case_sources, case_sources.c.id == first.c.id)
        .where(mine.organisation.is_not(None), mine.kind != "void")
        .order_by(mine.opened_at.desc(), mine.no.desc())
        .limit(most)
    )
    if only:
        rows = case_import_rows.c
        imported = select(rows.case).where(rows.source == only)
        query = query.where(mine.no.in_(imported))
    found = []
    for row in reversed(ctx.connection.execute(query).all()):
        top = row.organisation
        while above.get(top) is not None:
            top = above[top]
        given = row.given or {}
        known = Known(
            row.class_code,
            row.description,
            str(given.get("channel", "")),
            row.address,
            row.lon,
            row.lat,
            row.opened_at,
        )
        closed = row.closed_at if row.kind == "done" else None
        published = str(given.get("title", ""))
        found.append(Example(row.no, known, str(top), str(row.organisation), closed, published))
    return found


def without_type(example: Example) -> Known:
    """What a resident's own words would give: no class, and the published title for text."""
    return replace(example.known, case_class="", text=example.published)


def as_told(example: Example) -> Known:
    """What is known before a class is chosen: the title that was published, else the words of
    the report; for teaching classes."""
    return replace(example.known, case_class="", text=example.published or example.known.text)


def digest(found: Sequence[Example]) -> str:
    """Of what is learnt from: the same examples have the same."""
    sums = hashlib.sha256()
    for one in found:
        sums.update(f"{one.no} {one.known} {one.department} {one.queue}\n".encode())
    return sums.hexdigest()
