"""What is alike, what is of the same, and whose value holds: without any store."""

from __future__ import annotations

import dataclasses
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import identifiers
from tests.sharing.libraries.conftest import LI, WANG, resident_id
from tests.table import table
from yiwang.kernel import documents
from yiwang.kernel.documents import DocumentError
from yiwang.sharing.libraries import clustering, comparing, intake, normal, spec
from yiwang.sharing.libraries.clustering import Link
from yiwang.sharing.libraries.comparing import COMPARERS, judge
from yiwang.sharing.libraries.errors import BadLibrary
from yiwang.sharing.libraries.golden import Decision, resolve
from yiwang.sharing.libraries.model import Feed, Library, Record, Version, within


def library(name: str) -> Library:
    return spec.read(documents.parse(spec.template(name), name))


PEOPLE, FIRMS, CERTIFICATES = library("person"), library("legal_entity"), library("certificate")


@table(
    ("how", "one", "other", "word", "least", "most"),
    [
        ("person_name", "王 伟", "王伟", "equal", 1, 1),
        ("person_name", "张晓明", "张小明", "same_sound", 0.7, 0.8),
        ("person_name", "张小明", "张小红", "one_sign", 0.1, 0.5),
        ("person_name", "张明", "张红", "differs", 0, 0),
        ("person_name", "Li Ming", "MING LI", "other_order", 0.9, 0.9),
        (
            "organisation_name",
            "东明（北京）科技有限公司",
            "东明(北京)科技有限责任公司",
            "equal",
            1,
            1,
        ),
        ("organisation_name", "东明科技第一分公司", "东明科技第二分公司", "differs", 0, 0),
        ("organisation_name", "东明科技", "东明科技分公司", "differs", 0, 0),
        ("organisation_name", "东明信息科技发展", "东明信息科技", "alike", 0.75, 0.99),
        ("address", "解放路12号3栋二单元301室", "解放路12号3幢2单元301", "alike", 1, 1),
        ("address", "江州市东区解放路12号3号楼301室", "解放路12号3幢301室", "alike", 1, 1),
        ("address", "解放路12号3-2-301", "解放路12号3栋2单元301室", "alike", 1, 1),
        ("address", "解放路12号", "解放路12号3栋", "less_exact", 0.5, 0.8),
        ("address", "解放路12号", "解放路13号", "differs", 0, 0),
        ("address", "解放路12号", "人民路12号", "differs", 0, 0),
        ("address", "解放路", "解放路", "equal", 1, 1),
        ("date", "1990-03-07", "1990-07-03", "swapped", 0.6, 0.6),
        ("date", "1990-03-07", "1990-03-01", "one_sign", 0.5, 0.5),
        ("date", "1990-03-07", "1991-04-01", "differs", 0, 0),
    ],
)
def test_values_are_alike_whichever_comes_first(
    how: str, one: str, other: str, word: str, least: float, most: float
) -> None:
    forms = normal.form(how, one), normal.form(how, other)
    share, said = COMPARERS[how](*forms)
    assert (said, COMPARERS[how](*reversed(forms))) == (word, (share, said))
    assert least <= share <= most


SAME = {"name": "张晓明", "born": "1990-03-07", "mobile": "13800138000"}


@table(
    ("one", "other", "merge"),
    [
        ({"resident_id": WANG}, {"resident_id": WANG}, True),
        ({**SAME, "resident_id": WANG}, {**SAME, "resident_id": LI}, None),
        ({"resident_id": WANG, "name": "王伟"}, {"resident_id": WANG, "name": "李芳"}, False),
        ({"resident_id": "110101199003070000"}, {"resident_id": "110101199003070000"}, None),
        (SAME, SAME, True),
        (SAME, {**SAME, "name": "张小明"}, False),
        ({**SAME, "address": "A路1号"}, {**SAME, "name": "张小明", "address": "A路1号"}, True),
        ({**SAME, "address": "A路1号"}, {**SAME, "name": "张晓红", "address": "A路1号"}, False),
        ({"name": "张晓明", "born": "1990-03-07"}, {"name": "张晓明", "born": "1990-03-07"}, False),
        ({"name": "张晓明"}, {"name": "张晓明"}, None),
        ({**SAME, "sex": "1"}, {**SAME, "sex": "男"}, True),
        ({**SAME, "sex": "1"}, {**SAME, "sex": "女"}, False),
        ({**SAME, "sex": "9"}, {**SAME, "sex": "女"}, True),
    ],
)
def test_a_pair_is_joined_shown_or_left_alone(
    one: dict[str, Any], other: dict[str, Any], merge: bool | None
) -> None:
    found = judge(PEOPLE, one, other)
    assert (None if found is None else found.merge) is merge
    assert found == judge(PEOPLE, other, one)
    if found is not None:
        assert found.points == sum(reason.points for reason in found.reasons)
        assert {reason.word for reason in found.reasons} <= set(comparing.WORDS)


def test_two_fields_may_be_one_identity() -> None:
    licence = {"kind": "营业执照", "number": "1"}
    assert judge(CERTIFICATES, licence, licence) is not None
    assert judge(CERTIFICATES, licence, {"kind": "食品经营许可证", "number": "1"}) is None


def test_values_are_taken_as_their_fields_are() -> None:
    feed = Feed(1, "a", 1, 1, {"resident_id": "sfzh", "name": "xm", "died": "swrq"})
    old = WANG[:6] + WANG[8:17]
    row = {"sfzh": f" {old} ", "xm": " 王伟 ", "swrq": "not a day"}
    assert intake.taken(PEOPLE, feed, row) == (
        {"resident_id": WANG, "name": "王伟", "sex": "男", "born": "1990-03-07"},
        ["died"],
    )
    values, faults = intake.taken(PEOPLE, feed, {"sfzh": "110101199003070000", "xm": None})
    assert (values, faults) == ({"resident_id": "110101199003070000"}, ["resident_id"])
    code = identifiers.credit_code(Random(1))
    firm, _ = intake.taken(FIRMS, Feed(1, "a", 1, 1, {"credit_code": "x"}), {"x": code.lower()})
    assert firm == {"credit_code": code, "organisation_code": code[8:17]}


IDS = st.sampled_from([None, WANG, LI])
PAIRS = st.tuples(st.integers(1, 6), st.integers(1, 6)).filter(lambda pair: pair[0] < pair[1])


@given(
    st.lists(IDS, min_size=6, max_size=6),
    st.dictionaries(PAIRS, st.integers(1, 5), max_size=9),
    st.sets(PAIRS, max_size=3),
    st.permutations(range(6)),
)
@settings(max_examples=150)
def test_groups_do_not_depend_on_order_and_never_contradict(
    ids: list[str | None],
    links: dict[tuple[int, int], int],
    apart: set[tuple[int, int]],
    order: list[int],
) -> None:
    """Also when records came in another order and so have other numbers."""

    def grouped(number: dict[int, int]) -> set[frozenset[int]]:
        said = {
            number[one]: (f"record {one}", {0: (ids[one - 1],)} if ids[one - 1] else {})
            for one in sorted(number, key=number.__getitem__)
        }
        made = [Link(number[a], number[b], points) for (a, b), points in links.items()]
        found = clustering.group(
            said, sorted(made, key=str), [(number[a], number[b]) for a, b in apart]
        )
        back = {new: old for old, new in number.items()}
        assert sorted(id for group in found.groups for id in group) == sorted(back)
        return {frozenset(back[id] for id in group) for group in found.groups}

    groups = grouped({one: one for one in range(1, 7)})
    assert groups == grouped({one: order[one - 1] + 1 for one in range(1, 7)})
    for group in groups:
        assert len({ids[one - 1] for one in group} - {None}) <= 1
        assert not any({a, b} <= group for a, b in apart)


FEEDS = {
    1: Feed(1, "police", 1, 10, {}, {"mobile": 40}),
    2: Feed(2, "health", 2, 20, {}, {"mobile": 20}),
    3: Feed(3, "grid", 3, 20, {}),
    4: Feed(4, "old", 4, 1, {}),
}


def record(id: int, feed: int, **values: Any) -> Record:
    since = values.pop("since", None)
    ended = values.pop("ended", None)
    return Record(id, f"record {id}", feed, 1, values, (), since, 0, ended)


RECORDS = [
    record(1, 1, name="王伟", mobile="13800138001", address="A路1号"),
    record(2, 2, name="王 伟", mobile="13800138002", address="B路2号", since=5),
    record(3, 3, name="王韦", mobile="1380013800", address="B路 2号", since=9),
    record(4, 3, name="王为", sex="男", address="C路3号", ended=8),
    record(5, 4, name="旧名", ended=3),
]


def test_the_strongest_source_wins_whatever_the_order() -> None:
    expected = {
        "name": ("王伟", "rank", 10),
        "mobile": ("13800138002", "rank", 20),
        "address": ("A路1号", "rank", 10),
    }
    for order in permutations(RECORDS):
        found = resolve(PEOPLE, FEEDS, order, {})
        assert {name: (one.value, one.why, one.gap) for name, one in found.items()} == expected


def test_ties_go_to_what_is_valid_since_later_then_to_what_most_say() -> None:
    feeds = {1: Feed(1, "a", 1, 10, {}), 2: Feed(2, "b", 2, 10, {})}
    newer = resolve(PEOPLE, feeds, [record(1, 1, name="甲", since=3), record(2, 2, name="乙")], {})
    assert (newer["name"].value, newer["name"].why, newer["name"].gap) == ("甲", "newest", 0)
    three = [record(1, 1, name="甲"), record(2, 2, name="乙"), record(3, 2, name="乙")]
    assert resolve(PEOPLE, feeds, three, {})["name"].why == "most"
    wrong = [record(1, 1, mobile="1380"), record(2, 2, mobile="13800138000")]
    found = resolve(PEOPLE, {**feeds, 2: Feed(2, "b", 2, 90, {})}, wrong, {})["mobile"]
    assert (found.value, found.why, found.gap) == ("13800138000", "check", None)


def test_a_decision_holds_until_a_source_says_something_else() -> None:
    first = resolve(PEOPLE, FEEDS, RECORDS, {}, b"secret")["address"]
    chosen = {"address": Decision(2, first.print_)}
    after = resolve(PEOPLE, FEEDS, RECORDS, chosen, b"secret")["address"]
    assert (after.value, after.why, after.print_) == ("B路2号", "decided", first.print_)
    assert resolve(PEOPLE, FEEDS, RECORDS, {})["address"].print_ != first.print_
    changed = [dataclasses.replace(one) for one in RECORDS]
    changed[2] = record(3, 3, address="D路4号")
    assert resolve(PEOPLE, FEEDS, changed, chosen, b"secret")["address"].why == "rank"


def test_a_record_as_it_was_valid_by_what_was_known() -> None:
    """At 30 it was learned that the address of 20 had been wrong from 15 on."""
    now = Record(1, "r", 1, 1, {"address": "C"}, since=15, known=30, ended=50)
    former = [Version(1, {"address": "A"}, None, 10), Version(1, {"address": "B"}, 20, 20)]

    def said(at: int, known: int) -> Any:
        found = within(now, former, at, known)
        return None if found is None else found.values["address"]

    assert [said(5, 60), said(12, 60), said(17, 60), said(25, 60)] == [None, "A", "C", "C"]
    assert [said(17, 25), said(25, 25), said(55, 60)] == ["A", "B", None]


def test_all_kinds_that_come_with_the_platform_can_be_read() -> None:
    names = ["address", "certificate", "credit", "legal_entity", "person"]
    assert spec.templates() == names
    assert all(library(name).title(lang) for name in names for lang in ("zh-CN", "en"))
    assert PEOPLE.sealed == {
        "resident_id", "passport", "name", "born", "mobile", "address", "household_address",
    }  # fmt: skip


@table(
    ("before", "after", "error", "told"),
    [
        ("merge_at: 21", "merge_at: 0", BadLibrary, "1 … 500"),
        ("merge_at: 21", "merge_at: 5", BadLibrary, "propose_at"),
        ("[name, born]", "[nmae, born]", BadLibrary, "nmae"),
        ("name.sound", "name.smell", DocumentError, "name.smell"),
        ("as: date", "as: dates", DocumentError, "organisation_name"),
        ("doubt: {name: 0.3}", "doubt: {name: 3}", BadLibrary, "0 … 1"),
        ("part: born", "part: organisation_code", BadLibrary, "credit_code"),
        ("dataset: base_people", "dataset: Base People", BadLibrary, "a-z"),
        ("watched: false", "wached: false", DocumentError, "watched"),
        ("  sex:", "  entity:", BadLibrary, "entity"),
    ],
)
def test_a_wrong_declaration_names_its_place(
    before: str, after: str, error: type[Exception], told: str
) -> None:
    text = spec.template("person")
    assert before in text
    with pytest.raises(error) as found:
        spec.read(documents.parse(text.replace(before, after), "people"))
    assert told in str(found.value) and "people" in str(found.value)


def test_numbers_of_residents_that_tests_make_are_valid() -> None:
    assert len({WANG, LI, resident_id("19900307", 13)}) == 3
