"""Numbers in one form, masks, and what fits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.cases.hotline.model import Hit, Numbering, named, normalised, overlap, ranked
from yiwang.cases.model.masking import contact, masked, masked_email
from yiwang.cases.model.words import folded, pieces

HERE = Numbering("86", "0", "10", (7, 8))


@pytest.mark.parametrize(
    ("given_", "one"),
    [
        ("13800138000", "+8613800138000"),
        ("138-0013 8000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("013800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("(010) 6512-3456", "+861065123456"),
        ("010-65123456 转 801", "+861065123456"),
        ("65123456", "+861065123456"),
        ("+86 (0)10 6512 3456", "+861065123456"),
        ("tel:+86-10-6512-3456", "+861065123456"),
        ("sip:13800138000@pbx.example;user=phone", "+8613800138000"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("001 212 555 0100", "+12125550100"),
        ("12345", "12345"),
        ("  ", ""),
    ],
)
def test_one_number_has_one_form(given_: str, one: str) -> None:
    assert normalised(given_, HERE) == one


@pytest.mark.parametrize(
    "wrong", ["abc", "1", "+", "+0 123 4567", "1" * 16, "138001380００a", "138;drop", "+12"]
)
def test_what_is_no_number_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        normalised(wrong, HERE)


national = st.from_regex(r"\A1[3-9][0-9]{9}\Z")


@given(national, st.lists(st.sampled_from([" ", "-", ".", ""]), min_size=11, max_size=11))
def test_spaces_and_prefixes_change_nothing(digits: str, gaps: list[str]) -> None:
    spaced = "".join(digit + gap for digit, gap in zip(digits, gaps, strict=True))
    forms = {normalised(f"{before}{spaced}", HERE) for before in ("", "0", "+86", "+86 0", "0086 ")}
    assert forms == {f"+86{digits}"}


@given(
    st.text("0123456789+-() ./转x#", max_size=24),
    st.builds(
        Numbering,
        st.sampled_from(["", "1", "86", "358"]),
        st.sampled_from(["", "0", "8"]),
        st.sampled_from(["", "10", "898"]),
        st.sampled_from([(), (7, 8)]),
        st.integers(8, 12),
    ),
)
def test_the_form_of_a_form_is_itself(text: str, here: Numbering) -> None:
    try:
        once = normalised(text, here)
    except ValueError:
        return
    assert re.fullmatch(r"(\+[1-9][0-9]{6,14}|[0-9]{3,6})?", once)
    assert normalised(once, here) == once


@given(st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"))
def test_a_mask_keeps_two_digits(number: str) -> None:
    assert masked(number) == "****" + number[-2:]


def test_masks() -> None:
    assert (masked(""), masked("12345")) == ("", "****")
    assert masked_email("wang@example.com") == "w****@example.com"
    row = dict.fromkeys(("first_name", "last_name", "device_id", "account_id"), "x")
    row |= {"phone": "+8613800138000", "email": "", "token": "t", "id": "1"}
    assert contact(row, True) == {key: row[key] for key in row if key not in ("id", "token")}
    assert contact(row, False)["phone"] == "****00" and contact(row, False)["first_name"] == "****"


def test_what_is_rare_and_in_the_question_counts_most() -> None:
    counts = {"户口": 1, "办理": 9, "什么": 0}
    hits = [Hit(1, "户口", 3), Hit(1, "办理", 1), Hit(2, "办理", 3), Hit(3, "户口", 1)]
    found = ranked(hits, counts, 10)
    assert [article for article, _ in found] == [1, 3, 2]
    assert all(0 < fit <= 1 for _, fit in found)
    assert ranked([], counts, 10) == [] and ranked(hits, {}, 0) == []
    assert overlap(frozenset({"a", "b"}), frozenset({"b", "c"})) == 0.5
    assert overlap(frozenset(), frozenset()) == 0.0


def test_a_text_names_headings_by_what_only_they_say() -> None:
    headings = {
        "ponding": {"道路积水", "water on a road"},
        "closed": {"下穿道路淹水封闭"},
        "smell": {"异味扰民"},
        "load": {"渣土撒漏"},
        "empty": {""},
    }
    for said, expected in {
        "东边下穿通道积水很深，车过不去": ["ponding"],
        "下穿道路积水": ["ponding", "closed"],
        "There is WATER on our road": ["ponding"],
        "半夜有异味": ["smell"],
        "道路很宽": [],
        "": [],
    }.items():
        found = named(frozenset(pieces(folded(said))), headings)
        likely = sorted((code for code in found if found[code]), key=lambda one: -found[one])
        assert likely == expected, (said, found)


@given(
    st.lists(st.builds(Hit, st.integers(1, 5), st.sampled_from("abcd"), st.sampled_from([1, 3])))
)
def test_an_order_of_hits_changes_nothing(hits: list[Hit]) -> None:
    one = {(hit.article, hit.piece): hit for hit in hits}
    counts = {piece: sum(key[1] == piece for key in one) for piece in "abcd"}
    assert ranked(one.values(), counts, 5) == ranked(list(one.values())[::-1], counts, 5)
