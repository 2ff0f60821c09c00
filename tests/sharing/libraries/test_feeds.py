"""Libraries fed from tables: what differs is taken, once, whatever happens in between."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.sharing.libraries.conftest import COLUMNS, HEALTH, LI, POLICE, WANG, Site, fed, person
from yiwang.contracts.events import DatasetChanged
from yiwang.kernel.clock import DAY, render
from yiwang.security.actions import Context
from yiwang.sharing.libraries import pairs, runtime, service, store, views
from yiwang.sharing.libraries.errors import (
    BadFeed,
    BadLibrary,
    InUse,
    NoSuchLibrary,
    Rebuilding,
    TableTaken,
)
from yiwang.sharing.libraries.service import Given
from yiwang.sharing.libraries.tables import share_library_records, share_library_versions
from yiwang.store import outbox


def tally(site: Site, name: str) -> dict[str, Any]:
    shown = service.show_library(site.city.bureau, "people", "en")
    feed = next(one for one in shown["feeds"] if one["code"] == name)
    return {"state": feed["state"], **feed["tally"]}


def test_a_second_run_changes_nothing_and_changes_are_taken(site: Site) -> None:
    site = fed(site)
    before, groups = site.published(), site.groups()
    flows = [(one["inputs"], one["outputs"]) for one in site.city.events("data.moved")]
    assert flows == [([f"dataset:{one}"], ["dataset:base_people"]) for one in ("police", "health")]
    site.again("police")
    assert tally(site, "police") == {
        "state": "done", "read": 2, "new": 0, "changed": 0, "unchanged": 2, "gone": 0, "faults": {}
    }  # fmt: skip
    assert (site.published(), site.groups()) == (before, groups)
    moved = [person("1", sfzh=WANG, xm="王伟", sjh="13800138001", dz="新路1号"), POLICE[1]]
    site.table("police", moved)
    asked = site.city.clock.now()
    with site.city.database.write() as connection:
        body = {"dataset": "police", "at": asked, "rows": 2}
        outbox.put(connection, [DatasetChanged(**body)], asked)
        found = outbox.pending(connection, "test", runtime.TOPICS)
        runtime.hear(Context(site.city.platform, connection), found)
    site.work()
    assert tally(site, "police")["changed"] == 1
    entity = next(int(one["entity"]) for one in site.published() if one["resident_id"] == WANG)
    assert site.golden(entity)["address"] == "新路1号"
    assert site.golden(entity, at=asked)["address"] == "解放路12号3栋301室"
    assert site.golden(entity, at=asked - 30 * DAY) == {}
    first = site.open(entity)["records"][0]
    assert [one["values"]["address"] for one in first["former"]] == ["解放路12号3栋301室"]

    site.table("police", [POLICE[1]])
    site.again("police")
    assert tally(site, "police")["gone"] == 1
    assert site.golden(entity)["address"] == "和平路8号"
    site.table("police", moved)
    site.again("police")
    assert site.golden(entity)["address"] == "新路1号"
    assert [one["values"] is None for one in site.open(entity)["records"][0]["former"]] == [
        False, False, True,
    ]  # fmt: skip
    assert len(site.city.events("data.moved")) == 4, "of runs that took something"
    told = [one["job"] for one in site.city.events("dataset.changed")]
    assert "library/people" in told


def test_a_source_that_is_emptied_ends_nobody_before_somebody_says_so(small_site: Site) -> None:
    site = small_site
    site.declare()
    rows = [person(str(one), xm=f"甲{one}", dz=f"{one}号") for one in range(30)]
    site.table("police", rows)
    site.feed("police")
    site.work()
    site.table("police", rows[:2])
    site.again("police")
    assert tally(site, "police")["state"] == "held" and len(site.published()) == 30
    shown = service.show_library(site.city.bureau, "people", "en")["feeds"][0]
    assert "28 of 30 records are gone" in shown["error"]
    site.again("police", forced=True)
    assert tally(site, "police")["state"] == "done" and len(site.published()) == 2
    service.remove_feed(site.city.bureau, "people", "police")
    site.work()
    assert site.published() == []


def test_what_is_sealed_lies_nowhere_open_in_the_platform(small_site: Site) -> None:
    site = fed(small_site)
    site.table("police", [{**POLICE[0], "dz": "新路1号"}, POLICE[1]])
    site.again("police")
    with site.city.database.read() as connection:
        names = [
            one
            for one in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE name LIKE 'share_library%' AND type = 'table'"
            ).scalars()
        ]
        told = str([connection.exec_driver_sql(f"SELECT * FROM {one}").all() for one in names])
    assert len(names) == 9 and "男" in told
    with site.datasets.database().read() as connection:
        told += str(connection.exec_driver_sql("SELECT * FROM d_base_people").all())
    for value in (WANG, LI, "王伟", "王 伟", "13800138001", "解放路", "1985-11-20", "1990-03-07"):
        assert value not in told
    plain = {"    sealed: true\n": ""}
    service.put_library(
        site.city.bureau, "people", _changed(site, {**plain, "People": "Residents"})
    )
    with pytest.raises(Rebuilding):
        site.declare()
    site.work()
    with site.city.database.read() as connection:
        for held in (share_library_records, share_library_versions):
            rows = connection.execute(select(held)).all()
            assert rows and all(row.sealed is None for row in rows)
            assert "王伟" in str(rows)


MOBILE = """  mobile:
    title: {zh-CN: 手机号码, en: Mobile number}
    identifier: mobile
    label: mobile
    sealed: true
    search: true
    watched: false
    compare: {as: exact, agree: 7, differ: -1}
"""


def test_a_sealed_field_that_is_declared_no_more_stays_sealed(small_site: Site) -> None:
    site = fed(small_site)
    blocks = {"  - [name, mobile]\n": "", "  - [born, mobile]\n": ""}
    service.put_library(site.city.bureau, "people", _changed(site, {MOBILE: "", **blocks}))
    site.work()
    site.table("police", [{**POLICE[0], "dz": "新路1号"}, POLICE[1]])
    site.again("police")
    with site.city.database.read() as connection:
        for held in (share_library_records, share_library_versions):
            rows = connection.execute(select(held.c.body)).all()
            assert rows and "13800138001" not in str(rows)
    assert {one["mobile"] for one in site.published()} == {None}, "a sealed column stays, empty"
    record = site.open(1)["records"][0]
    assert record["former"][0]["values"]["mobile"] == "13800138001"


def _changed(site: Site, changes: dict[str, str]) -> str:
    text = service.show_library(site.city.bureau, "people", "en")["text"]
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    return text


def test_another_declaration_matches_all_anew_and_ranks_change_what_holds(site: Site) -> None:
    site = fed(site)
    groups = site.groups()
    service.put_library(
        site.city.bureau, "people", _changed(site, {"merge_at: 21": "merge_at: 15"})
    )
    killed = 0

    def kill(step: str) -> None:
        nonlocal killed
        killed += 1
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            site.work(kill)
    site.work()
    assert killed == 2
    joined = site.groups()
    assert frozenset({"police/2", "health/b", "health/c"}) in joined
    service.put_library(
        site.city.bureau, "people", _changed(site, {"merge_at: 15": "merge_at: 21"})
    )
    site.work()
    assert site.groups() == groups
    site.feed("police", 30)
    site.work()
    wang = next(row for row in site.published() if row["resident_id"] == WANG)
    assert wang["address"] == "和平路8号" and wang["sources"] == 2


STEPS = ("rows", "matched", "part", "written")


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_goes_on(small_site: Site, step: str) -> None:
    site = fed_once(small_site)

    def kill(at: str) -> None:
        if at == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        site.work(kill)
    site.work()
    assert site.groups() == {
        frozenset({"police/1", "health/a"}),
        frozenset({"police/2"}),
        frozenset({"health/b"}),
        frozenset({"health/c"}),
    }
    steps = views.list_steps(site.city.bureau, "people", None, None, 10)
    assert [one["kind"] for one in steps] == ["merged"]


def fed_once(site: Site) -> Site:
    """Both tables, not read yet."""
    site.declare()
    for name, rows in (("police", POLICE), ("health", HEALTH)):
        site.table(name, rows)
        site.feed(name)
    return site


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "sfzh": st.sampled_from([None, WANG, LI, "110101199003070000"]),
            "xm": st.sampled_from(["王伟", "王韦", "李芳"]),
            "csrq": st.sampled_from([None, "1990-03-07", "1985-11-20"]),
            "sjh": st.sampled_from([None, "13800138001"]),
            "dz": st.sampled_from(["A路1号", "B路2号"]),
            "gxrq": st.sampled_from([None, "2020-01-01", "2021-01-01"]),
        }
    ),
    max_size=3,
)


@given(ROWS, ROWS, st.booleans())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_sources_changes_no_golden_record_and_nobody_is_lost(
    small_site: Site, police: list[Any], health: list[Any], apart: bool
) -> None:
    """Twice the same two sources, in one library the one first, in the other the other."""
    site = small_site
    given_ = {"p": police, "h": health}
    made = []
    for code, order in (("ones", "ph"), ("others", "hp")):
        text = service.list_templates(site.city.bureau, "en")
        told = next(one["text"] for one in text if one["name"] == "person")
        number = len(site.city.events("audit")) + _number()
        name = f"{code}{number}"
        service.put_library(
            site.city.bureau, name, told.replace("dataset: base_people", f"dataset: {name}")
        )
        for source in order:
            rows = [person(str(at), **row) for at, row in enumerate(given_[source])]
            site.table(f"table_{source}", rows)
            feed = Given(site.resources[f"table_{source}"].code, COLUMNS, 10, since="gxrq")
            service.put_feed(site.city.bureau, name, source, feed)
            if apart:
                site.work()
        site.work()
        service.run_feed(site.city.bureau, name, "p", True)
        site.work()
        rows = site.datasets.read(name, opened=site.datasets.describe(name).sealed)
        found = []
        for row in rows:
            whole = views.open_entity(site.city.bureau, name, int(row["entity"]), None, None, "en")
            members = sorted(f"{one['feed']}{one['key']}" for one in whole["records"])
            values = {one: each for one, each in row.items() if one not in ("entity", "changed_at")}
            found.append((members, sorted(values.items(), key=str)))
        everybody = [one for members, _ in found for one in members]
        assert len(everybody) == len(set(everybody)) == len(police) + len(health)
        made.append(sorted(found, key=str))
    assert made[0] == made[1]


_numbers = iter(range(10**6))


def _number() -> int:
    return next(_numbers)


def test_what_cannot_be_is_refused_and_changes_nothing(small_site: Site) -> None:
    site = fed(small_site)
    bureau, resource = site.city.bureau, site.resources["police"].code
    for given_, told in (
        (Given(resource, {}), "columns"),
        (Given(resource, {"nmae": "xm"}), "nmae"),
        (Given(resource, {"name": "nobody"}), "nobody"),
        (Given(resource, {"name": "xm"}, since="xm"), "gxrq"),
        (Given(resource, {"name": "xm"}, 0), "1 … 99"),
        (Given(resource, {"name": "xm"}, ranks={"nobody": 1}), "nobody"),
        (Given(site.city.published(name="无数据").code, {"name": "xm"}), "keeps"),
    ):
        with pytest.raises(BadFeed) as found:
            service.put_feed(bureau, "people", "another", given_)
        assert told in str(found.value)
    with pytest.raises(BadFeed):
        service.put_feed(bureau, "people", "Bad Code", Given(resource, {"name": "xm"}))
    for code, text in (
        ("templates", "x: y"),
        ("others", _changed(site, {})),
        ("people", _changed(site, {"base_people": "base_others"})),
        ("people", _changed(site, {"    type: D\n": "    type: T\n"})),
    ):
        with pytest.raises(BadLibrary):
            service.put_library(bureau, code, text)
    with pytest.raises(TableTaken):
        service.put_library(bureau, "others", _changed(site, {"base_people": "police"}))
    with pytest.raises(InUse):
        service.remove_library(bureau, "people")
    site.declare("empty", "address")
    service.remove_library(bureau, "empty")
    with pytest.raises(NoSuchLibrary):
        service.show_library(bureau, "empty", "en")
    assert [one["code"] for one in service.list_libraries(site.city.user, "en")] == ["people"]
    with site.city.database.read() as connection:
        assert store.due_feed(connection, site.city.clock.now()) is None
        assert not runtime.waiting(site.city.platform)
        assert pairs.stale(connection, 1, 1) == []
    assert render(site.city.clock.now())
