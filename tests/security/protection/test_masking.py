"""Masks: what is shown, that no more is shown, and that columns are masked as single values are."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import identifiers as made
from yiwang.kernel.identifiers import valid
from yiwang.security.protection.city import Protection
from yiwang.security.protection.ff1 import Ff1
from yiwang.security.protection.masking import Masker
from yiwang.security.protection.masks import Mask

KEY = bytes(range(32))
CHANCE = Random(11)


def shown(value: Any, method: str, **measures: Any) -> Any:
    return Masker(Mask(method, **measures), KEY).value(value)


@pytest.mark.parametrize(
    ("key", "tweak", "plain", "secret"),
    [
        ("2B7E151628AED2A6ABF7158809CF4F3C", "", "0123456789", "2433477484"),
        ("2B7E151628AED2A6ABF7158809CF4F3C", "39383736353433323130", "0123456789", "6124200773"),
        ("2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F", "", "0123456789", "2830668132"),
        (
            "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94",
            *("", "0123456789", "6657667009"),
        ),
    ],
)
def test_ff1_is_that_of_the_samples_of_nist(key: str, tweak: str, plain: str, secret: str) -> None:
    cipher = Ff1(bytes.fromhex(key), bytes.fromhex(tweak))
    assert cipher.encrypt(plain) == secret and cipher.decrypt(secret) == plain
    for wrong in ("12345", "12345x", "１２３４５６"):
        with pytest.raises(ValueError, match="six digits"):
            cipher.encrypt(wrong)


@given(st.text("0123456789", min_size=6, max_size=60))
@settings(max_examples=60)
def test_ff1_can_always_be_undone(digits: str) -> None:
    cipher = Ff1(KEY[:16], b"tweak")
    secret = cipher.encrypt(digits)
    assert len(secret) == len(digits) and cipher.decrypt(secret) == digits


def test_what_each_mask_shows() -> None:
    assert shown("张三丰", "keep", first=1) == "张**" and shown("张", "keep", first=1) == "*"
    assert shown("13812345678", "keep", first=3, last=4) == "138****5678"
    assert shown("1381", "keep", first=3, last=4) == "****" and shown(None, "keep") is None
    assert shown("ann@mail.example", "email") == "a***@mail.example"
    assert shown("no mail", "email") == "*******"
    assert shown("secret", "suppress") is None and shown("open", "plain") == "open"
    assert shown("1985-03-07", "generalise", to="year") == "1985"
    assert shown("19850307", "generalise", to="month") == "1985-03"
    assert shown(date(1985, 3, 7), "generalise", to="decade") == "1980s"
    assert shown(datetime(1985, 3, 7), "generalise", to="month") == "1985-03"
    assert shown("1985年3月7日", "generalise", to="month") == "1985-03"
    assert shown("1985", "generalise", to="month") is None
    assert shown("sometime", "generalise", to="year") is None
    assert shown(5230, "generalise", to="range", width=1000) == "[5000, 6000)"
    assert shown("n/a", "generalise", to="range", width=1000) is None
    assert shown(113.26453, "generalise", to="decimals", width=2) == 113.26
    assert shown("440106", "generalise", to="digits", width=4) == "440100"
    assert len(shown("x", "hash", length=20)) == 20


@pytest.mark.parametrize(
    ("to", "wanted"),
    [
        ("province", "广东省"),
        ("city", "广东省广州市"),
        ("district", "广东省广州市天河区"),
        ("town", "广东省广州市天河区石牌街道"),
    ],
)
def test_addresses_end_where_they_are_cut(to: str, wanted: str) -> None:
    whole = "广东省广州市天河区石牌街道中山大道西293号6栋101室"
    assert shown(whole, "generalise", to=to) == wanted
    bare = shown("中山大道西293号", "generalise", to=to)
    assert bare is None or "293" not in bare
    assert shown("北京市海淀区中关村大街1号", "generalise", to="district") == "北京市海淀区"
    assert shown("天河区体育西路1号", "generalise", to="district") == "天河区"


@pytest.mark.parametrize("kind", ["resident_id", "mobile", "bank_card"])
def test_pseudonyms_are_valid_and_can_be_undone(kind: str) -> None:
    masker = Masker(Mask("format", kind=kind), KEY)
    values = [getattr(made, kind)(CHANCE) for _ in range(60)]
    others = [masker.value(one) for one in values]
    assert all(valid(kind, one) for one in others) and len(set(others)) == len(set(values))
    assert all(one != other for one, other in zip(values, others, strict=True))
    assert [masker.undone(one) for one in others] == values
    assert masker.value("nonsense") is None
    assert Masker(Mask("format", kind=kind), KEY[::-1]).value(values[0]) != others[0]


def test_digits_are_turned_where_they_stand() -> None:
    masker = Masker(Mask("format", first=3), KEY)
    other = masker.value("010-6234 5678")
    assert other[:4] == "010-" and other[8] == " " and other != "010-6234 5678"
    assert masker.undone(other) == "010-6234 5678" and masker.value("1234") is None
    assert Masker(Mask("hash"), KEY).undone("x") is None


def test_noise_does_not_average_away_and_is_each_receivers_own(tmp_path: Path) -> None:
    protection = Protection(tmp_path)
    mask = Mask("noise", spread=100)
    first = protection.masker(mask, "1", "income")
    assert {first.value(5000, "row 7") for _ in range(50)} == {first.value(5000, "row 7")}
    moved = [first.value(5000, str(row)) for row in range(500)]
    assert max(abs(one - 5000) for one in moved) <= 100 and len(set(moved)) > 100
    assert abs(sum(moved) / 500 - 5000) < 15
    assert first.value(5000.5, "1") != protection.masker(mask, "2", "income").value(5000.5, "1")
    assert first.value(5000.5, "1") != protection.masker(mask, "1", "tax").value(5000.5, "1")
    assert abs((first.value(date(2020, 1, 1)) - date(2020, 1, 1)).days) <= 100
    assert first.value("unknown") is None


def test_pseudonyms_are_a_receivers_own_unless_they_are_the_citys(tmp_path: Path) -> None:
    protection, again = Protection(tmp_path), Protection(tmp_path)
    own, shared = Mask("hash"), Mask("hash", scope="city")
    assert protection.masker(own, "1").value("a") == again.masker(own, "1").value("a")
    assert protection.masker(own, "1").value("a") != protection.masker(own, "2").value("a")
    assert protection.masker(shared, "1").value("a") == protection.masker(shared, "2").value("a")
    assert (tmp_path / "keys" / "protection.key").stat().st_mode & 0o077 == 0
    assert protection.mask("").method == "plain" and protection.mask("nobody").method == "suppress"
    assert protection.mask("mobile").first == 3


MASKS = [
    *(Mask("plain"), Mask("suppress"), Mask("keep", first=1), Mask("keep", last=4)),
    *(Mask("keep", first=3, last=4), Mask("keep"), Mask("email"), Mask("hash"), Mask("format")),
    *(Mask("generalise", to="year"), Mask("generalise", to="district")),
    *(Mask("generalise", to="digits", width=2), Mask("generalise", to="range", width=7.5)),
    *(Mask("generalise", to="decimals", width=1), Mask("noise", spread=3)),
]
_VALUES = st.lists(
    st.none()
    | st.text(max_size=12)
    | st.sampled_from(["13812345678", "1.25", "1985-03-07", "张三"]),
    max_size=8,
)


@given(_VALUES, st.sampled_from(MASKS))
def test_columns_are_masked_as_their_values_are(values: list[str | None], mask: Mask) -> None:
    masker = Masker(mask, KEY)
    column = pa.array(values, pa.string())
    assert masker.values(column).to_pylist() == [masker.value(one) for one in values]
    assert masker.values(pa.chunked_array([column, column])).to_pylist() == [
        masker.value(one) for one in [*values, *values]
    ]


def test_columns_of_other_types_are_masked() -> None:
    days = pa.array([date(1985, 3, 7), None])
    assert Masker(Mask("generalise", to="year"), KEY).values(days).to_pylist() == ["1985", None]
    numbers = pa.array([123456, None, 99])
    assert Masker(Mask("keep", first=2), KEY).values(numbers).to_pylist() == ["12****", None, "**"]
    assert Masker(Mask("suppress"), KEY).values(numbers).to_pylist() == [None] * 3
    noisy = Masker(Mask("noise", spread=2), KEY).values(numbers, ["a", "b", "c"]).to_pylist()
    assert abs(noisy[0] - 123456) <= 2 and noisy[1] is None
