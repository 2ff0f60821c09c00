"""Which cases a report may be a duplicate of. Looked up behind the report, which pays nothing
for it; at once only where the class lets reports join by likeness."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from yiwang.cases import store as case_store
from yiwang.cases.desk import Desk
from yiwang.cases.likeness import model, store
from yiwang.cases.likeness.model import Alike, Said
from yiwang.cases.model.classes import CaseClass, LikenessRule
from yiwang.cases.model.dispatch import Reason
from yiwang.cases.record import Record
from yiwang.cases.tables import cases
from yiwang.contracts.events import CaseOpened
from yiwang.security.actions import Context
from yiwang.store.outbox import Delivery

TOPICS = (CaseOpened.topic,)
_DEGREE_M = 111_195.0


def consume(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Propose what the cases that were opened may be duplicates of."""
    prepare(ctx, deliveries)(ctx)


def prepare(ctx: Context, deliveries: Sequence[Delivery]) -> Callable[[Context], None]:
    """The same, up to the writing."""
    numbers = sorted(one.body["case"] for one in deliveries)
    desk = Desk(ctx)
    said = [one for one in case_store.many(ctx.connection, cases.c.no, numbers) if one.description]
    found = [_pairs(desk, record, desk.class_of(record)) for record in said if record.open]

    def keep(ctx: Context) -> None:
        for pairs in found:
            store.put(ctx.connection, pairs)

    return keep


def propose(desk: Desk, record: Record, case_class: CaseClass, print_: str) -> None:
    """Keep what a case may be a duplicate of, of the cases before it, and what has the same
    picture."""
    store.put(desk.ctx.connection, _pairs(desk, record, case_class, print_))


def _pairs(
    desk: Desk, record: Record, case_class: CaseClass, print_: str = ""
) -> list[dict[str, Any]]:
    connection = desk.ctx.connection
    if record.lon is None or record.lat is None:
        mine, near = _placeless(desk, record)
    else:
        mine, metres = _said(record), case_class.likeness.radius_m
        near = nearby(desk.ctx, record.lon, record.lat, metres)
        if print_:
            near += _of_grids(desk, record.lon, record.lat, metres, {one.no for one in near})
    others = [one for one in near if one.no < record.no]
    if print_:
        since = desk.ctx.now - case_class.likeness.within
        same = [no for no in store.same_print(connection, print_, since) if no < record.no]
        have = {one.no for one in others}
        away = case_store.many(connection, cases.c.no, [no for no in same if no not in have])
        others += [_said(one) for one in away if one.open]
        prints = store.prints(connection, [one.no for one in others])
        others = [one for one in _with_prints(others, prints) if one.prints]
        mine = _with_prints([mine], {record.no: [print_]})[0]
    texts = {one.no: one.text for one in others}
    found = model.best(case_class.likeness, mine, others)
    return [
        {
            "case": record.no,
            "other": one.case,
            "score": one.score,
            "alike": one.text,
            "picture": one.picture,
            "metres": one.metres,
            "minutes": one.minutes,
            "words": model.shared_words(mine.text, texts[one.case]),
            "at": desk.ctx.now,
            "dismissed_at": None,
            "dismissed_by": "",
        }
        for one in found
    ]


def joined(
    desk: Desk, case_class: CaseClass, text: str, lon: float | None, lat: float | None
) -> tuple[Record | None, Reason]:
    """The open case of the class that a report is so much like that it joins it unasked."""
    join = case_class.likeness.join
    if join is not None:
        found = like(desk.ctx, case_class.likeness, case_class.code, text, lon, lat)
        for one in found:
            record = desk.record(one.case) if one.score >= join else None
            if record is not None and record.class_code == case_class.code and record.open:
                share = round(one.score * 100)
                return record, Reason("alike", {"share": share, "metres": one.metres or 0})
    return None, Reason("first_source")


def like(
    ctx: Context,
    rule: LikenessRule,
    code: str,
    text: str,
    lon: float | None,
    lat: float | None,
) -> list[Alike]:
    """The open cases that a report in these words would be most like."""
    near = nearby(ctx, lon, lat, rule.radius_m)
    return model.best(rule, Said(0, code, text, ctx.now, lon, lat), near)


def nearby(ctx: Context, lon: float | None, lat: float | None, metres: float) -> list[Said]:
    """What people said of open cases around a place, the newest of those that may lie within the
    distance."""
    if lon is None or lat is None:
        return []
    wide, high = _degrees(lat, metres)
    box = (lon - wide, lat - high, lon + wide, lat + high)
    return [_said_of(row) for row in store.in_box(ctx.connection, box)]


def _of_grids(desk: Desk, lon: float, lat: float, metres: float, known: set[int]) -> list[Said]:
    """What people said of other open cases of the grids around: a picture may show the same from
    further away."""
    wide, high = _degrees(lat, metres)
    around = [
        (lon + east * wide, lat + north * high) for east in (-1, 0, 1) for north in (-1, 0, 1)
    ]
    grids = sorted({grid for grid in desk.city.grids(around) if grid is not None})
    rows = [row for grid in grids for row in store.of_grid(desk.ctx.connection, grid)]
    return [_said_of(row) for row in rows if row[0] not in known]


def _degrees(lat: float, metres: float) -> tuple[float, float]:
    """A little more than a distance, from west to east and from south to north."""
    high = metres / _DEGREE_M * 1.01
    return high / max(0.01, math.cos(math.radians(lat))), high


def _said_of(row: Sequence[Any]) -> Said:
    no, code, text, at, lon, lat = row
    return Said(no, code, text, at, lon, lat)


def _placeless(desk: Desk, record: Record) -> tuple[Said, list[Said]]:
    """A report without a position, and those of its street (where a grid is known) and of its
    organisation; where neither is known those that have no position either. What they say
    of the place is compared with the rest of their words."""
    grids = _street(desk, record.grid)
    rows = store.without_place(desk.ctx.connection, grids, record.organisation)

    def among(grid: int | None, organisation: int | None, lon: float | None) -> frozenset[str]:
        shared = {"street"} if grid is not None and grid in grids else set()
        if organisation is not None:
            shared.add(f"organisation:{organisation}")
        return frozenset(shared or ({"nowhere"} if lon is None else ()))

    own = among(record.grid, record.organisation, None)
    mine = Said(
        record.no,
        record.class_code,
        f"{record.address} {record.description}",
        record.opened_at,
        among=own,
    )
    return mine, [
        Said(
            row.no,
            row.class_code,
            f"{row.address} {row.description}",
            row.opened_at,
            row.lon,
            row.lat,
            among=among(row.grid, row.organisation, row.lon),
        )
        for row in rows
    ]


def _street(desk: Desk, grid: int | None) -> set[int]:
    """The grids of the street that a grid lies in."""
    areas = [desk.city.area(number) for number in desk.city.chain(grid)]
    street = next((one.id for one in areas if one is not None and one.level == "street"), None)
    within = desk.city.within(street) if street is not None else []
    return {*within, *([grid] if grid is not None else [])}


def _said(record: Record) -> Said:
    return Said(
        record.no,
        record.class_code,
        record.description,
        record.opened_at,
        record.lon,
        record.lat,
    )


def _with_prints(said: Sequence[Said], prints: dict[int, list[str]]) -> list[Said]:
    return [replace(one, prints=prints.get(one.no, [])) for one in said]
