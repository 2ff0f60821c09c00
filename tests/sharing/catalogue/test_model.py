"""Entries, classes, steps and differences: pure."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.text import LANGUAGES
from yiwang.sharing.catalogue import checks, classes, differences, model
from yiwang.sharing.catalogue.model import Entry, Item

ITEM = Item(name="编号", column="id", key=True)
FULL = Entry(
    name="水位",
    class_code="209",
    organisation=1,
    provider_code="11310000MB2F30135U",
    summary="各站水位",
    share_condition="用于防汛",
    items=(ITEM,),
)


def _with(**changed: Any) -> Entry:
    return msgspec.structs.replace(FULL, **changed)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"name": " "}, ["name missing"]),
        ({"name": "长" * 201}, ["name too_long"]),
        ({"share_type": "free"}, ["share_type unknown_choice"]),
        ({"class_code": "999"}, ["class_code unknown_class"]),
        ({"class_code": "2"}, ["class_code class_too_wide"]),
        ({"provider_code": "11310000MB2F3013"}, ["provider_code bad_credit_code"]),
        ({"items": (ITEM, ITEM)}, ["item_name twice", "column twice"]),
        ({"items": (Item(name="a", column="ID"), ITEM)}, ["column twice"]),
        ({"items": (Item(name="", column="1st", type="X", length=0, label="a b"),)},
         ["item_name missing", "column bad_column", "type unknown_choice", "length not_positive",
          "label bad_label"]),
        ({"items": (Item(name="电话", column="联系电话"),)}, []),
    ],
)  # fmt: skip
def test_a_draft_is_kept_only_in_shape(changed: dict[str, Any], found: list[str]) -> None:
    faults = checks.shape(_with(**changed), classes.of_the_guide())
    assert [f"{one.column} {one.why}" for one in faults] == found


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"class_code": "", "provider_code": "", "summary": "", "items": ()},
         ["class_code missing", "provider_code missing", "summary missing", "items missing"]),
        ({"share_condition": ""}, ["share_condition missing"]),
        ({"share_type": "unconditional", "share_condition": ""}, []),
        ({"share_type": "none"}, ["share_basis basis_missing"]),
        ({"share_type": "none", "share_basis": "统计法第九条"}, []),
        ({"share_type": "none", "share_basis": "统计法第九条", "open_type": "unconditional",
          "items": (Item(name="a", column="a", opened=True),)}, ["open_type opened_unshared"]),
        ({"open_type": "conditional"}, ["open_condition missing", "open_type no_item_opened"]),
        ({"items": (Item(name="a", column="a", opened=True),)}, ["opened resource_not_opened"]),
        ({"source": "water"}, ["table missing"]),
    ],
)  # fmt: skip
def test_what_is_reviewed_is_complete(changed: dict[str, Any], found: list[str]) -> None:
    assert [f"{one.column} {one.why}" for one in checks.gaps(_with(**changed))] == found


def test_every_fault_and_code_has_its_words() -> None:
    bad = _with(
        name="", class_code="7", share_type="x", items=(Item(name="", column="", opened=True), ITEM)
    )
    faults = [*checks.shape(bad, {}), *checks.gaps(bad)]
    for lang in LANGUAGES:
        for one in faults:
            shown = one.shown(lang)
            assert not shown["text"].startswith("sharing."), shown
            assert not shown["column_title"].startswith("sharing."), shown
        codes = {
            "share_type": model.SHARE_TYPES,
            "share_mode": model.SHARE_MODES,
            "open_type": model.OPEN_TYPES,
            "update_cycle": model.CYCLES,
            "format": model.FORMATS,
            "type": model.ITEM_TYPES,
        }
        for field, known in codes.items():
            words = [differences.value(field, one, lang) for one in known]
            assert len(set(words)) == len(known) and not set(words) & set(known)
        for name in Entry.__struct_fields__:
            assert not differences.title(name, lang).startswith("sharing.")
        for name in Item.__struct_fields__:
            assert not differences.title(f"item.{name}", lang).startswith("sharing.")


def test_differences_are_told_in_words() -> None:
    after = _with(
        share_type="none",
        keywords=("水", "雨"),
        items=(
            Item(name="雨量", column="rain", type="N"),
            Item(name="编号", column="id", key=True, opened=True, length=9),
        ),
    )
    before = _with(items=(ITEM, Item(name="水位", column="level")))
    words = [one.words("zh-CN") for one in differences.between(before, after)]
    assert words == [
        "共享类型：有条件共享 → 不予共享",
        "关键词：（空） → 水, 雨",
        "删除信息项 水位 (level)",
        "新增信息项 雨量 (rain)",
        "信息项 编号 (id) 的长度：（空） → 9",
        "信息项 编号 (id) 的开放：否 → 是",
    ]
    assert differences.between(before, before) == []
    turned = _with(items=tuple(reversed(before.items)))
    assert [one.words("en") for one in differences.between(before, turned)] == [
        "Items stand in another order"
    ]


@given(st.from_regex(model.CLASS_CODE, fullmatch=True))
def test_a_class_hangs_below_one_that_its_code_begins_with(code: str) -> None:
    above = model.parent(code)
    assert code.startswith(above) and len(above) < len(code)
    assert not above or model.CLASS_CODE.fullmatch(above)


def test_codes_and_steps() -> None:
    assert model.code("209001", 7) == "209001/000007"
    assert model.steps_from("draft", "") == ("submit", "discard")
    assert model.steps_from("published", "") == ("revise", "retire")
    assert model.steps_from("published", "in_review") == ("withdraw", "return", "publish")
    assert model.steps_from("retired", "") == ()
    guide = classes.of_the_guide()
    assert all(not model.parent(code) or model.parent(code) in guide for code in guide)
    assert classes.path(guide, "209", "zh-CN") == ["主题信息资源", "城乡建设"]
