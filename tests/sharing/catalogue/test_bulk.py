"""Many entries at once: the template in Excel, harvest from a source, scores."""

from __future__ import annotations

import sqlite3
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import msgspec
import pytest
from openpyxl import Workbook, load_workbook

from tests.sharing.conftest import ITEMS, WATER_CODE, Browser, City
from yiwang.contracts.events import DatasetChanged, ResourceChanged
from yiwang.kernel.clock import DAY
from yiwang.security.actions import Context
from yiwang.security.errors import Denied
from yiwang.security.protection.city import Protection
from yiwang.sharing.catalogue import (
    bulk_http,
    harvest,
    importing,
    scores,
    scoring,
    service,
    sheets,
    store,
)
from yiwang.sharing.catalogue.errors import BadEntry, BadWorkbook, NotYourResource
from yiwang.sharing.catalogue.sheets import ITEM_COLUMNS, RESOURCE_COLUMNS
from yiwang.sharing.sources import service as sources
from yiwang.sharing.sources.model import Column, Shape
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.service import Declared
from yiwang.sharing.sources.vault import Vault
from yiwang.store.outbox import Delivery

HEADS = [sheets.heading(one, "zh-CN") for one in RESOURCE_COLUMNS]
ITEM_HEADS = [sheets.heading(one, "zh-CN") for one in ITEM_COLUMNS]


def _book(resources: list[dict[str, Any]], items: list[dict[str, Any]]) -> bytes:
    """A workbook in the template; rows by the keys of columns."""
    book = Workbook()
    for title, heads, columns, rows in (
        ("信息资源", HEADS, RESOURCE_COLUMNS, resources),
        ("信息项", ITEM_HEADS, ITEM_COLUMNS, items),
    ):
        page = book.create_sheet(title)
        page.append(heads)
        for row in rows:
            page.append([row.get(column.removeprefix("item.")) for column in columns])
    held = BytesIO()
    book.save(held)
    return held.getvalue()


GOOD = {
    "name": "雨量站", "class_code": "209", "organisation": "水务局", "provider_code": WATER_CODE,
    "keywords": "防汛、雨量", "share_type": "无条件共享", "share_mode": "库表",
    "update_cycle": "每日",
}  # fmt: skip
GOOD_ITEMS = [
    {
        "resource": "雨量站",
        "name": "编号",
        "column": "id",
        "type": "字符型C",
        "length": 20,
        "key": "是",
    },
    {"resource": "雨量站", "name": "雨量", "column": "mm", "type": "浮点型", "opened": "否"},
]


def test_the_template_goes_in_and_out_and_in(city: City) -> None:
    ask = Browser(city, bulk_http.routes())
    path = "/api/sharing/resources"

    def send(who: str, content: bytes, query: str = "") -> Any:
        return ask(who, "POST", f"{path}/import{query}", lang="zh-CN", files={"file": content})

    book = _book([GOOD], GOOD_ITEMS)
    assert send("steward", book, "?preview=true").json()["added"] == 1
    assert ask("steward", "GET", path).json()["items"] == []
    assert send("steward", book).json() == {"added": 1, "changed": 0, "unchanged": 0}
    made = city.resource("209/000001")
    assert (made.share_type, made.share_mode, made.update_cycle) == (
        "unconditional",
        "table",
        "daily",
    )
    assert [(item.column, item.type, item.length, item.key) for item in made.items] == [
        ("id", "C", 20, True),
        ("mm", "N", None, False),
    ]
    assert made.keywords == ("防汛", "雨量")
    again = send("steward", book)
    assert again.status_code == 400 and again.json()["errors"][0]["why"] == "exists"

    held = city.published()
    out = ask("steward", "GET", f"{path}/export.xlsx", lang="zh-CN").content
    same = {"added": 0, "changed": 0, "unchanged": 2}
    assert send("steward", out).json() == same
    english = ask("steward", "GET", f"{path}/export.xlsx", lang="en").content
    assert send("steward", english).json() == same
    book_ = load_workbook(BytesIO(out))
    page = book_["信息资源"]
    page.cell(3, RESOURCE_COLUMNS.index("summary") + 1).value = "新的摘要"
    changed = BytesIO()
    book_.save(changed)
    assert send("steward", changed.getvalue()).json()["changed"] == 1
    assert city.resource(held.id).summary != "新的摘要", "the version in force stays"
    shown = ask("steward", "GET", f"{path}/{held.id}").json()
    assert shown["draft"]["entry"]["summary"] == "新的摘要"
    assert load_workbook(BytesIO(ask("user", "GET", f"{path}/template.xlsx").content)).sheetnames


def test_each_fault_is_named_and_nothing_is_half_taken(small_city: City) -> None:
    city = small_city
    published = city.published()
    in_review = service.add(city.steward, city.entry(name="在审"))
    service.submit(city.steward, in_review)
    code = city.resource(in_review).code
    content = _book(
        [
            GOOD,
            GOOD | {"name": "甲", "organisation": "没有这个局"},
            GOOD | {"name": "乙", "share_type": "随便", "class_code": "999"},
            GOOD | {"name": "丙", "organisation": "停车管理中心"},
            GOOD | {"name": "下穿通道水位"},
            GOOD | {"name": "丁", "code": "209/999999"},
            GOOD | {"name": "戊", "code": code},
            GOOD | {"name": "己", "code": published.code, "class_code": "101"},
            GOOD | {"name": "雨量站"},
        ],
        [
            *GOOD_ITEMS,
            {"resource": "乙", "name": "a", "column": "1a", "length": "长", "key": "也许"},
            {"resource": "没有这个资源", "name": "b", "column": "b"},
        ],
    )
    with pytest.raises(BadWorkbook) as bad:
        importing.take_in(city.steward, sheets.read(content, "x.xlsx"))
    found = [(one.sheet, one.row, one.column, one.why) for one in bad.value.faults]
    assert found == [
        ("resources", 3, "organisation", "unknown_unit"),
        ("resources", 4, "share_type", "unknown_choice"),
        ("resources", 4, "class_code", "unknown_class"),
        ("resources", 5, "organisation", "not_yours"),
        ("resources", 6, "name", "exists"),
        ("resources", 7, "code", "no_such_code"),
        ("resources", 8, "code", "not_editable"),
        ("resources", 9, "class_code", "class_fixed"),
        ("resources", 10, "name", "twice"),
        ("items", 4, "item.length", "not_positive"),
        ("items", 4, "item.key", "unknown_choice"),
        ("items", 4, "item.column", "bad_column"),
        ("items", 5, "item.resource", "no_such_row"),
    ]
    for lang in ("zh-CN", "en"):
        assert all(not one.shown(lang)["text"].startswith("sharing.") for one in bad.value.faults)
    with pytest.raises(Denied):
        importing.take_in(city.auditor, sheets.read(content, "x.xlsx"))
    for wrong, why in (
        (b"PK\x03\x04 no book", "no_workbook"),
        (_headless(), "unknown_heading"),
        (_torn(_headless()), "no_workbook"),
    ):
        with pytest.raises(BadWorkbook) as broken:
            sheets.read(wrong, "x.xlsx")
        assert broken.value.faults[0].why == why
    assert b"PK" in importing.put_out(city.auditor, {}, "en")[:4]


def _torn(book: bytes) -> bytes:
    """A workbook whose first sheet ends in the middle."""
    held = BytesIO()
    with ZipFile(BytesIO(book)) as old, ZipFile(held, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, text[:200] if name.endswith("sheet2.xml") else text)
    return held.getvalue()


def _headless() -> bytes:
    book = Workbook()
    for title in ("信息资源", "信息项"):
        book.create_sheet(title).append(["颜色"])
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def test_classes_are_read_once_for_a_whole_file(
    small_city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = small_city
    names = [f"雨量站{number}" for number in range(5)]
    items = [item | {"resource": name} for name in names for item in GOOD_ITEMS]
    book = _book([GOOD | {"name": name} for name in names], items)
    asked: list[Any] = []
    read = store.classes
    monkeypatch.setattr(store, "classes", lambda given: asked.append(given) or read(given))
    assert importing.take_in(city.steward, sheets.read(book, "x.xlsx"))["added"] == 5
    assert len(asked) == 1


def test_tables_of_a_source_become_drafts(small_city: City, tmp_path: Path) -> None:
    city = small_city
    file = tmp_path / "wells.db"
    with sqlite3.connect(file) as connection:
        connection.execute(
            "CREATE TABLE wells (id VARCHAR(9) PRIMARY KEY, phone VARCHAR(20), depth REAL)"
        )
        connection.execute("INSERT INTO wells VALUES ('1', '13800138000', 2.5)")
    city.ports[Sources] = Sources(Vault())
    city.ports[Protection] = Protection(tmp_path)
    declared = Declared("wells", "水井", "sqlite", {"path": str(file)}, city.water)
    sources.declare_source(city.bureau, declared)
    found = harvest.harvest(city.steward, "wells", [])
    assert [(one.table, one.sort, one.left_out) for one in found] == [("wells", "added", ())]
    made = city.resource(found[0].resource)
    assert (made.state, made.source, made.table, made.keys) == ("draft", "wells", "wells", ("id",))
    assert [(item.column, item.type) for item in made.items] == [
        ("id", "C"),
        ("phone", "C"),
        ("depth", "N"),
    ]
    assert made.items[1].label, "protection proposes a label for telephones"
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE wells ADD COLUMN owner TEXT")
        connection.execute("ALTER TABLE wells DROP COLUMN depth")
    again = harvest.harvest(city.steward, "wells", ["wells"])[0]
    assert (again.sort, again.new, again.gone) == ("known", ("owner",), ("depth",))
    with pytest.raises(NotYourResource):
        harvest.take(city.user, "wells", city.water, [Shape("t", (Column("a", "C"),))])
    with pytest.raises(BadEntry):
        service.add(city.user, city.entry(organisation=city.parks, source="wells", table="wells"))
    odd = Shape(
        "t", (Column("a b", "C"), Column("a", "C", 0, comment="甲"), Column("b", "C", comment="甲"))
    )
    entry, left_out = harvest.entry("s", 1, odd, [])
    assert left_out == ("a b",) and [item.name for item in entry.items] == ["甲", "甲 (b)"]


def test_a_table_is_proposed_edited_and_accepted_once(city: City, tmp_path: Path) -> None:
    file = tmp_path / "wells.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE wells (id TEXT PRIMARY KEY, phone TEXT)")
        connection.execute("CREATE TABLE pipes (id TEXT PRIMARY KEY)")
        connection.executemany(
            "INSERT INTO wells VALUES (?, ?)", [(f"W{i}", f"1380013{i:04}") for i in range(9)]
        )
    city.ports[Sources] = Sources(Vault())
    city.ports[Protection] = Protection(tmp_path)
    declared = Declared("wells", "水井", "sqlite", {"path": str(file)}, city.water)
    sources.declare_source(city.bureau, declared)
    ask = Browser(city, bulk_http.routes())
    base = "/api/sharing/harvest"
    listed = ask("steward", "GET", f"{base}/tables?source=wells").json()["items"]
    assert listed == [{"table": one, "resource": None} for one in ("pipes", "wells")]
    found = ask("steward", "GET", f"{base}/proposal?source=wells&table=wells").json()
    phone = found["columns"]["phone"]
    assert phone["proposal"]["label"] == found["entry"]["items"][1]["label"] != ""
    assert phone["proposal"]["evidence"] and len(phone["samples"]) == 3
    assert ask("steward", "GET", f"{base}/proposal?source=wells&table=x").status_code == 404
    for who, status in (("user", 404), ("auditor", 403), ("citizen", 403)):
        for path in ("tables?source=wells", "proposal?source=wells&table=wells"):
            assert ask(who, "GET", f"{base}/{path}").status_code == status, (who, path)
        assert ask(who, "POST", base, json=found["entry"]).status_code == status
    with pytest.raises(Denied):
        harvest.propose_entry(city.auditor, "wells", city.water, Shape("t", ()))
    with pytest.raises(Denied):
        harvest.entered(city.auditor, "wells", [])
    with pytest.raises(Denied):
        harvest.accept(city.auditor, city.entry())
    entry = found["entry"] | {"name": "水井登记"}
    bad = ask("steward", "POST", base, json=entry | {"share_type": "x"})
    assert bad.json()["errors"][0]["column"] == "share_type"
    made = ask("steward", "POST", base, json=entry)
    assert made.status_code == 201 and city.resource(made.json()["id"]).name == "水井登记"
    again = ask("steward", "POST", base, json=entry)
    assert (again.status_code, again.json()["fields"]["name"]) == (409, "水井登记")
    listed = ask("steward", "GET", f"{base}/tables?source=wells&q=WELL").json()["items"]
    assert [one["resource"]["state"] for one in listed] == ["draft"]


def test_scores_follow_what_happens(small_city: City) -> None:
    city = small_city
    held = city.published(dataset="levels", update_cycle="daily")

    def follow(*events: Any) -> None:
        with city.database.write() as connection:
            context = Context(city.platform, connection)
            scoring.follow(context, [Delivery(1, one.topic, vars(one), 0) for one in events])

    follow(
        ResourceChanged(held.id, held.code, "published", 1), ResourceChanged(99, "", "retired", 1)
    )
    row = scoring.departments(city.auditor, "en")[0]
    assert (row["organisation_name"], row["resources"], row["late"]) == ("Water Office", 1, 1)
    assert row["freshness"] == 0.0
    one = scoring.resources(city.user, city.water, "zh-CN")[0]
    assert one["completeness"] == 92.5
    assert [each["title"] for each in one["lost"]] == ["数据级别"]
    follow(DatasetChanged("levels", city.clock.now(), 5), DatasetChanged("nobody", 1, 1))
    assert scoring.departments(city.auditor, "en")[0]["freshness"] == 100.0
    follow(DatasetChanged("levels", city.clock.now() - DAY, 5))
    assert scoring.departments(city.auditor, "en")[0]["freshness"] == 100.0, "the latest counts"
    city.clock.advance(DAY * 5 // 2)
    assert scoring.departments(city.auditor, "en")[0]["freshness"] == 50.0


@pytest.mark.parametrize(
    ("cycle", "age_days", "points"),
    [("daily", 1, 100.0), ("daily", 2.5, 50.0), ("daily", 9, 0.0), ("irregular", 99, None),
     ("yearly", 300, 100.0), ("daily", None, 0.0)],
)  # fmt: skip
def test_freshness_falls_with_each_cycle_missed(
    cycle: str, age_days: float | None, points: float | None
) -> None:
    at = None if age_days is None else int(100 * DAY - age_days * DAY)
    assert scores.freshness(cycle, at, 100 * DAY) == points


def test_completeness_counts_to_a_hundred(small_city: City) -> None:
    city = small_city
    items = tuple(msgspec.structs.replace(item, grade="general_1") for item in ITEMS)
    whole = city.entry(dataset="levels", items=items)
    assert scores.completeness(whole).points == 100.0 and scores.completeness(whole).lost == ()
    bare = city.entry(
        class_code="", provider_code="", summary="", keywords=(), items=(), share_condition="",
        update_cycle="irregular",
    )  # fmt: skip
    assert scores.completeness(bare).points == 0.0
