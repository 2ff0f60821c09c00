"""What people do to records of a library, and take back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from tests.sharing.libraries.conftest import (
    HEALTH,
    LI,
    POLICE,
    WANG,
    Site,
    fed,
    first_pair,
)
from yiwang.sharing.libraries import hands, pairs, views
from yiwang.sharing.libraries.errors import (
    BadGiven,
    Changed,
    Contradiction,
    NoSuchEntity,
    NoSuchStep,
)


def test_merge_and_split_give_back_what_was_and_are_not_proposed_again(site: Site) -> None:
    site = fed(site)
    bureau = site.city.bureau
    before, groups = site.published(), site.groups()
    three = [one for one in before if one["resident_id"] != WANG]
    first, second = (int(one["entity"]) for one in three[:2])
    assert hands.merge_entities(bureau, "people", second, first, "同一人") == first
    site.work()
    assert len(site.published()) == 3 and site.open(second)["entity"] == first
    with pytest.raises(Changed):
        hands.merge_entities(bureau, "people", second, first, "again")
    records = [one["record"] for one in site.open(first)["records"]]
    assert hands.split_entity(bureau, "people", first, [records[1]], "不是") == [first, second]
    site.work()
    plain = [{**one, "changed_at": None} for one in before]
    assert [{**one, "changed_at": None} for one in site.published()] == plain
    assert site.groups() == groups
    waiting = views.list_proposals(bureau, "people", "proposed", None, 10, "en")
    assert {first, second} not in [{one["one"], one["other"]} for one in waiting]
    site.again("health")
    assert site.groups() == groups
    for records, error in (([], BadGiven), ([first], BadGiven), ([first, 999], Changed)):
        with pytest.raises(error):
            hands.split_entity(bureau, "people", first, records, "no reason")
    hands.merge_entities(bureau, "people", first, second, "还是同一人")
    assert site.open(second)["entity"] == first


def test_identities_that_contradict_are_never_joined(small_site: Site) -> None:
    site = fed(small_site)
    bureau = site.city.bureau
    one, other = (
        next(int(row["entity"]) for row in site.published() if row["resident_id"] == number)
        for number in (WANG, LI)
    )
    with pytest.raises(Contradiction):
        hands.merge_entities(bureau, "people", one, other, "看起来一样")
    with pytest.raises(NoSuchEntity):
        hands.merge_entities(bureau, "people", one, 999, "nobody")
    unknown = next(int(row["entity"]) for row in site.published() if row["mobile"] == "13700137001")
    hands.merge_entities(bureau, "people", other, unknown, "同一住址")
    site.table("health", [HEALTH[0], {**HEALTH[1], "sfzh": WANG, "xm": "王伟"}, HEALTH[2]])
    site.again("health")
    assert site.open(unknown)["entity"] == one, "the number that is known now says who it is"
    kinds = [step["kind"] for step in site.open(other)["steps"]]
    assert kinds == ["merged", "merged", "joined"]


def test_an_answer_no_is_kept_and_a_merge_is_undone(small_site: Site) -> None:
    site = fed(small_site)
    bureau = site.city.bureau
    one, other = first_pair(site)
    hands.settle_proposal(bureau, "people", one, other, False, "两个人")
    with pytest.raises(Changed):
        hands.settle_proposal(bureau, "people", one, other, True, "no more")
    steps = views.list_steps(bureau, "people", None, None, 10)
    assert [step["kind"] for step in steps] == ["kept_apart", "merged"]
    merged = steps[1]
    reasons = merged["details"]["links"][0]["reasons"]
    assert reasons[0] == {"field": "resident_id", "word": "equal", "points": 1000}
    assert "王伟" not in str(merged)
    numbers = hands.undo_step(bureau, "people", merged["step"], "误并")
    assert numbers == [merged["entity"], merged["other"]]
    for step in (merged["step"], steps[0]["step"]):
        with pytest.raises((Changed, NoSuchStep, BadGiven)):
            hands.undo_step(bureau, "people", step, "again")
    site.again("police")
    site.again("health")
    assert site.open(merged["other"])["entity"] == merged["other"]


def test_a_decision_is_kept_until_a_source_changes(small_site: Site) -> None:
    site = fed(small_site)
    bureau = site.city.bureau
    entity = next(int(row["entity"]) for row in site.published() if row["resident_id"] == WANG)
    address = next(one for one in site.open(entity)["fields"] if one["field"] == "address")
    weaker = address["claims"][1]["record"]
    args = (bureau, "people", entity, "address", weaker)
    with pytest.raises(Changed):
        hands.decide_field(*args, "0" * 32, "已走访")
    with pytest.raises(BadGiven):
        hands.decide_field(*args, address["print"], " ")
    hands.decide_field(*args, address["print"], "已走访")
    site.again("health")
    site.work()
    assert site.golden(entity)["address"] == "和平路8号"
    assert [row["address"] for row in site.published() if row["entity"] == entity] == ["和平路8号"]
    site.table("police", [{**POLICE[0], "dz": "新路1号"}, POLICE[1]])
    site.again("police")
    assert site.golden(entity)["address"] == "新路1号"
    assert [one["field"] for one in views.list_conflicts(bureau, "people", "open", None, 9, "en")]
    hands.reopen_field(bureau, "people", entity, "address", "过时")
    with pytest.raises(BadGiven):
        hands.reopen_field(bureau, "people", entity, "address", "过时")


def test_what_was_done_with_one_is_looked_up_and_not_read_through(small_site: Site) -> None:
    ran: list[tuple[str, Any]] = []
    with small_site.city.database.read() as connection:

        def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
            ran.append((statement, values))

        event.listen(connection, "before_cursor_execute", note)
        pairs.steps(connection, 1, 2, None, 20)
        [(statement, values)] = list(ran)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    told = "\n".join(row[3] for row in plan)
    for index in ("entity (entity=?)", "other (other=?)"):
        assert f"ix_share_library_steps_{index}" in told
    assert "(library=?)" not in told and "SCAN" not in told
