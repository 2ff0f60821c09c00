"""The assistant on tables as departments have them, with dirt, and on what only looks like it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from tests import identifiers as made
from yiwang.kernel import text
from yiwang.kernel.documents import DocumentError
from yiwang.security.protection import grades
from yiwang.security.protection.assistant import Column, Proposal, propose, sample
from yiwang.security.protection.labels import load, standard

CHANCE = Random(7)


def some(make: Callable[[Random], str], count: int = 200) -> list[str]:
    return [make(CHANCE) for _ in range(count)]


def found(*columns: Column, title: str = "", rows: int = 0) -> dict[str, Proposal]:
    return {one.column: one for one in propose(columns, standard(), title, rows)}


def test_a_table_of_people_is_known_by_its_values_alone() -> None:
    proposals = found(
        Column("c1", "", some(made.name)),
        Column("c2", "", some(made.resident_id)),
        Column("c3", "", some(made.mobile)),
        Column("c4", "", pa.array(some(made.address))),
        Column("c5", "", some(made.bank_card)),
        Column("c6", "", ["男", "女"] * 40),
        Column("c7", "", some(made.plate)),
        Column("c8", "", [f"{one}@mail.example" for one in range(50)]),
        Column("c9", "", list(range(500))),
    )
    labels = {name: one.label for name, one in proposals.items()}
    assert labels == {
        "c1": "person_name",
        "c2": "resident_id",
        "c3": "mobile",
        "c4": "home_address",
        "c5": "bank_card",
        "c6": "sex",
        "c7": "plate",
        "c8": "email",
    }
    assert proposals["c2"].confidence > 0.95 and proposals["c5"].grade == "general_4"
    for one in proposals.values():
        for lang in text.LANGUAGES:
            assert all(each.words(lang) and "{" not in each.words(lang) for each in one.evidence)


def test_dirt_and_hidden_identifiers_are_seen() -> None:
    """One valid number in fifty is enough, and so are those inside of sentences."""
    dirty = ["无", "不详", *(f"X{one}" for one in range(200)), *some(made.resident_id, 4)]
    told = [
        f"来电人{made.name(CHANCE)}反映路灯不亮，电话{made.mobile(CHANCE)}，请尽快处理"
        for _ in range(5)
    ]
    proposals = found(
        Column("c1", "", dirty),
        Column(
            "c2",
            "",
            [*told, *(f"路灯第{one}次不亮，请有关部门尽快安排人员处理" for one in range(90))],
        ),
        Column("c3", "", [f" {one[:6]} {one[6:14]} {one[14:]} " for one in some(made.resident_id)]),
    )
    assert {name: one.label for name, one in proposals.items()} == {
        "c1": "resident_id",
        "c2": "personal_text",
        "c3": "resident_id",
    }


@pytest.mark.parametrize(
    ("name", "label"),
    [
        *(("SFZH", "resident_id"), ("idCardNo", "resident_id"), ("公民身份号码", "resident_id")),
        *(
            ("xm", "person_name"),
            ("LXDH", "mobile"),
            ("mobile_phone", "mobile"),
            ("csrq", "birth_date"),
        ),
        *(("病种名称", "health"), ("owner_salary", "income"), ("宗教信仰", "religion")),
        *(("tyshxydm", "credit_code"), ("行政区划代码", "division"), ("jtzz", "home_address")),
    ],
)
def test_names_in_three_languages_speak_where_there_are_no_values(name: str, label: str) -> None:
    assert found(Column(name))[name].label == label


def test_what_only_looks_like_it_is_not_proposed() -> None:
    serial = [f"{one:018d}" for one in range(10**17, 10**17 + 300)]
    proposals = found(
        Column("no", "", serial),
        Column("amount", "", [one * 1.37 for one in range(300)]),
        Column("kind", "", ["王府井", "黄埔区", "白云区", "天河区", "高速路", "马路"] * 9),
        Column("status", "", ["open", "closed"]),
        Column("token_count", "", list(range(300))),
    )
    assert proposals == {}
    assert found(Column("移动电话普及率"), Column("持证人数"), Column("病历数量")) == {}
    assert found(Column("软件业务收入（万元）"), Column("u", "", ["万公里", "万户", "万门"])) == {}
    wrong = found(Column("sfzh", "", [f"编号{one}" for one in range(100)]))
    assert wrong == {}, "a name that no value bears out is not enough"


def test_the_table_around_a_column_decides_whose_it_is() -> None:
    addresses = some(made.address)
    companies = [f"广州{one}号贸易有限公司" for one in range(60)]
    business = found(
        Column("a", "", some(made.credit_code)),
        Column("b", "", companies),
        Column("c", "", addresses),
    )
    assert business["c"].label == "organisation_address" and business["c"].grade == "general_1"
    assert business["b"].label == "organisation_name"
    track = (Column("lon", "", [113.2 + one / 999 for one in range(90)]),)
    track += (Column("lat", "", [23.1 + one / 999 for one in range(90)]),)
    assert found(*track)["lon"].label == "longitude"
    assert (
        found(*track, Column("sfzh", "", some(made.resident_id)))["lat"].label == "location_track"
    )
    pipes = found(*track, title="燃气管网阀门井台账")
    assert pipes["lon"].grade == "important"
    many = found(Column("xm", "", some(made.name)), rows=12_000_000)
    assert many["xm"].grade == "important"


def test_grades_have_a_floor_and_a_city_its_own_labels(tmp_path: Path) -> None:
    assert grades.highest(["general_2", "important", "general_4"]) == "important"
    assert grades.least(True, False, "none") == grades.least(True, True) == "general_4"
    assert grades.opened("general_1") and not grades.opened("general_2")
    for one in standard().values():
        assert set(one.title) == {"zh-CN", "en"}
        assert text.find(f"security.grade.{one.grade}", "en")
        assert text.find(f"security.data_class.{one.class_}", "zh-CN")
    (tmp_path / "city").mkdir()
    own = tmp_path / "city" / "labels.yaml"
    entry = "pet:\n  title: {zh-CN: 犬证号, en: Dog licence}\n  class: property\n  personal: true\n"
    own.write_text(
        entry + "  grade: general_2\n  mask: {method: keep, last: 2}\n  names: [犬证, dog]\n"
    )
    labels = load(tmp_path)
    assert labels["pet"].mask.last == 2 and len(labels) == len(standard()) + 1
    assert [one.label for one in propose([Column("犬证")], labels)] == ["pet"]
    for wrong in (
        "  grade: general_1\n  mask: {method: plain}\n",
        "  grade: general_2\n  mask: {method: melt}\n",
        "  grade: general_2\n  mask: {method: keep, first: -1}\n",
        "  grade: general_2\n  mask: {method: noise, spread: 0}\n",
        "  grade: general_2\n  mask: {method: generalise, to: range}\n",
        "  grade: general_2\n  mask: {method: hash, length: 4}\n",
        "  grade: general_2\n  mask: {method: generalise, to: decimals, width: 40}\n",
        "  grade: general_2\n  mask: {method: plain}\n  names: dog\n",
    ):
        own.write_text(entry + wrong)
        with pytest.raises(DocumentError):
            load(tmp_path)


def test_a_sample_is_distinct_and_bounded() -> None:
    assert sample(pa.array(["a", None, "a", " ", "b"])) == ["a", "b"]
    assert len(sample(range(10_000))) == 1000
