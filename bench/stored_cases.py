"""A city with a given number of cases stored, for the benchmarks of cases: 100 grids, 100 handlers
on duty in five departments, one case in a hundred open, texts of people's reports in Chinese."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Integer, func, insert, literal, null, select, text
from sqlalchemy.schema import Table

from yiwang.cases import service, texts
from yiwang.cases.record import Record
from yiwang.cases.scoring.model.outcome import Line, outcome
from yiwang.cases.scoring.tables import case_results
from yiwang.cases.spec import parse
from yiwang.cases.tables import (
    case_counts,
    case_loads,
    case_numbers,
    case_sources,
    case_texts,
    case_timeline,
    cases,
)
from yiwang.kernel import documents
from yiwang.kernel.clock import HOUR, MINUTE, ManualClock
from yiwang.kernel.clock import parse as instant
from yiwang.registry import editing
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

START = instant("2026-07-01T00:00:00Z")
GRIDS, UNITS, HANDLERS = 100, 5, 100
CLASSES = ("manhole", "lamp", "litter", "stall", "flood")
_CLASS = """
    severity: warning
    role: {role}
    deadline: {{hours: 4, counting: working}}
    merge: {{radius: 20 m, within: 30 min}}
    verification: none
    closing: automatic
"""
_BY_HAND = 50_000
"""Cases that are made up one by one; more are copies of these."""
_AT_ONCE = 5_000
_INDEXED = """
INSERT INTO case_words (rowid, pieces) SELECT "case", pieces FROM case_texts WHERE "case" > :stored
"""
_THINGS = tuple(
    "井盖 路灯 垃圾桶 护栏 人行道 绿化带 消防栓 信号灯 下水道 公交站牌 电线杆".split()  # noqa: SIM905
)
_TROUBLES = tuple(
    "破损 倾倒 堵塞 不亮 积水 丢失 松动 异响 漏水 被占用 有异味 影响通行".split()  # noqa: SIM905
)
_WHERE = ("小区门口", "学校东侧", "菜市场旁", "公园南门", "地铁站出口", "医院对面", "楼道内")
_ROADS = "建设 人民 解放 和平 新华 文化 胜利 光明 朝阳 长江 黄河 中山".split()  # noqa: SIM905


def square(west: float, south: float, size: float) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def make_city(database: Database) -> dict[str, str]:
    """The city in an empty database. Returns API tokens: ``centre``, and a handler of each
    department as ``handler1`` …"""
    migrate(database)
    platform = Caller(system("bench"), database, ManualClock(START))

    def add(noun: str, **raw: Any) -> int:
        number: int = editing.add(platform, noun, raw).id
        return number

    for number in range(GRIDS):
        shape = square(116 + number % 10 / 10, 39 + number // 10 / 10, 0.1)
        add("areas", code=f"G{number}", level="grid", name_zh=f"网格{number}", geometry=shape)
    accounts.add_user(platform, "centre", "a long password", ["command_centre"])
    tokens = {"centre": accounts.add_token(platform, "centre", "bench")}
    for unit in range(UNITS):
        functions = [CLASSES[unit]]
        number = add(
            "organisations",
            code=f"U{unit}",
            kind="department",
            name_zh=f"部门{unit}",
            functions=functions,
        )
        for place in range(HANDLERS // UNITS):
            user = f"handler{unit * HANDLERS // UNITS + place}"
            person = add("people", code=user, name=user, organisation=number, user=user)
            add("duties", code=user, role="handler", person=person)
        name = f"handler{unit}"
        accounts.add_user(platform, name, "a long password", ["department_handler"], "", number)
        tokens[f"unit{unit}"] = accounts.add_token(platform, name, "bench")
    declared = "classes:\n" + "".join(f"  {name}:{_CLASS.format(role=name)}" for name in CLASSES)
    service.install_classes(
        platform, "bench", parse(documents.parse(declared, "cases.yaml"), "bench", {}).classes
    )
    return tokens


def words(chance: random.Random) -> tuple[str, str]:
    """The text of a report and its address."""
    road = f"{chance.choice(_ROADS)}{chance.choice('东西南北')}路{chance.randrange(1, 400)}号"
    thing, trouble = chance.choice(_THINGS), chance.choice(_TROUBLES)
    days = chance.randrange(2, 30)
    said = f"{road}{chance.choice(_WHERE)}的{thing}{trouble}，已经{days}天了，请尽快处理。"
    return said, road


def fill(database: Database, wanted: int) -> None:
    """Bring the stored cases to this number, by making some up and copying them."""
    with database.write() as connection:
        stored = connection.execute(select(func.max(cases.c.no))).scalar() or 0
        made_up = min(wanted, _BY_HAND)
        if stored < made_up:
            _make_up(connection, stored, made_up)
            stored = made_up
        while stored < wanted:
            size = min(stored, wanted - stored)
            _copy(connection, stored, size)
            stored += size
        count(connection, stored)
    if database.is_sqlite:
        return  # no home of SQLite has statistics
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _make_up(connection: Connection, first: int, last: int) -> None:
    classes = {
        code: number
        for number, code in connection.execute(text("SELECT id, code FROM case_classes"))
    }
    units = [row[0] for row in connection.execute(text("SELECT id FROM organisations ORDER BY id"))]
    chance = random.Random(first)
    for low in range(first, last, _AT_ONCE):
        records = [
            _case(chance, no, classes, units)
            for no in range(low + 1, min(low + _AT_ONCE, last) + 1)
        ]
        connection.execute(insert(cases), [one.values() for one in records])
        texts.write(connection, records)
        connection.execute(insert(case_timeline), [line for one in records for line in _lines(one)])
        connection.execute(insert(case_sources), [_source(one) for one in records])
        connection.execute(insert(case_results), [_result(one) for one in records])


def _case(chance: random.Random, no: int, classes: dict[str, int], units: list[int]) -> Record:
    kind = chance.randrange(len(CLASSES))
    code = f"bench.{CLASSES[kind]}"
    open_ = chance.random() < 0.01
    late = chance.random() < 0.1
    at = START - (_BY_HAND - no) * MINUTE
    said, road = words(chance)
    column, row = chance.randrange(10), chance.randrange(10)
    handler = f"handler{kind * HANDLERS // UNITS + chance.randrange(HANDLERS // UNITS)}"
    return Record(
        no=no,
        case_class=classes[code],
        class_code=code,
        severity="warning",
        state="dispatched" if open_ else "closed",
        kind="working" if open_ else "done",
        open=open_,
        opened_at=at,
        received_at=at,
        changed_at=at + HOUR,
        last_source_at=at,
        closed_at=None if open_ else at + HOUR,
        due_at=at + 4 * HOUR if open_ else None,
        limit_minutes=240,
        counting="working",
        overdue=late,
        title="",
        description=said,
        address=road,
        lon=round(116 + column / 10 + chance.random() / 10, 6),
        lat=round(39 + row / 10 + chance.random() / 10, 6),
        grid=row * 10 + column + 1,
        organisation=units[kind],
        handler=handler,
        handler_name=handler,
        reporter="centre",
        sources=1,
        valid_sources=1,
        touched=True,
        version=3,
    )


def _lines(one: Record) -> Iterator[dict[str, Any]]:
    for step, state in (("opened", "reported"), ("dispatch", "dispatched"), ("report", one.state)):
        yield {
            "case": one.no, "at": one.opened_at, "recorded_at": one.opened_at, "step": step,
            "actor": "user:centre", "state": state, "reason": "", "photos": [], "details": {},
            "text": one.description if step == "opened" else "",
        }  # fmt: skip


def _source(one: Record) -> dict[str, Any]:
    return {
        "case": one.no, "came_to": one.no, "kind": "report", "finding_key": "", "rule": "",
        "at": one.opened_at, "reporter": "centre", "actor": "user:centre", "how": {}, "values": {},
        "text": one.description, "lon": one.lon, "lat": one.lat,
    }  # fmt: skip


def _result(one: Record) -> dict[str, Any]:
    kinds = {"reported": "new", "dispatched": "working", "closed": "done"}
    lines = [
        Line(row["at"], row["step"], row["state"], kinds[row["state"]], row["actor"], {})
        for row in _lines(one)
    ]
    return outcome(one, lines, lambda start, end: end - start)


def _copy(connection: Connection, stored: int, size: int) -> None:
    shift = literal(stored, Integer)
    _again(connection, cases, "no", size, {"no": cases.c.no + shift})
    for table in (case_texts, case_results):
        _again(connection, table, "case", size, {"case": table.c.case + shift})
    for table in (case_timeline, case_sources):
        changed = {"case": table.c.case + shift, "finding": null(), "came_to": table.c.case + shift}
        _again(connection, table, "case", size, changed)
    if connection.dialect.name == "sqlite":
        connection.execute(text(_INDEXED), {"stored": stored})


def _again(
    connection: Connection, table: Table, key: str, size: int, changed: dict[str, Any]
) -> None:
    names = [column.name for column in table.c if column.name != "id"]
    chosen = select(*[changed.get(name, table.c[name]) for name in names])
    connection.execute(insert(table).from_select(names, chosen.where(table.c[key] <= size)))


def count(connection: Connection, stored: int) -> None:
    """What the platform keeps counted of its cases, counted anew."""
    connection.execute(case_numbers.delete())
    connection.execute(insert(case_numbers).values(name="case", last=stored))
    connection.execute(case_counts.delete())
    unit = func.coalesce(cases.c.organisation, 0)
    cells = (cases.c.class_code, unit, cases.c.kind, cases.c.overdue)
    counted = select(*cells, func.count()).group_by(*cells)
    names = ["class_code", "organisation", "kind", "overdue", "count"]
    connection.execute(insert(case_counts).from_select(names, counted))
    connection.execute(case_loads.delete())
    loads = select(cases.c.handler, cases.c.severity, func.count())
    loads = loads.where(cases.c.open, cases.c.handler != "")
    loads = loads.group_by(cases.c.handler, cases.c.severity)
    connection.execute(insert(case_loads).from_select(["handler", "severity", "count"], loads))
