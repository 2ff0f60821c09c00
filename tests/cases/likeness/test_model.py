"""How alike two reports are."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from yiwang.cases.likeness.model import (
    SAME_PICTURE,
    Said,
    best,
    compare,
    picture_apart,
    shared_words,
    text_alike,
)
from yiwang.cases.model.classes import LikenessRule
from yiwang.cases.pictures import prints
from yiwang.kernel.clock import DAY, HOUR

RULE = LikenessRule()
ONE = Said(1, "a", "东路与一街路口井盖破损,车辆难行", 0, 116.1, 39.1)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("东路与一街路口井盖破损,车辆难行", 1.0, 1.0),
        ("一街与东路路口的井盖破损了", 0.4, 0.8),
        ("路灯不亮,晚上看不清", 0.0, 0.1),
        ("", 0.0, 0.0),
    ],
)
def test_texts_are_alike(text: str, least: float, most: float) -> None:
    assert least <= text_alike(ONE.text, text) <= most


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert text_alike(one, other) == text_alike(other, one)
    assert 0 <= text_alike(one, other) <= 1


def test_the_shared_words_are_said() -> None:
    assert shared_words(ONE.text, "看到井盖破损") == ["井盖破损"]
    assert shared_words("东路与一街路口", "在东路与一街的路口") == ["东路与一街", "路口"]
    assert shared_words("A broken manhole cover", "manhole cover gone") == ["manhole cover"]


def test_place_time_and_class_take_from_the_score() -> None:
    same = compare(RULE, ONE, replace(ONE, no=2))
    assert same is not None and (same.score, same.metres, same.minutes) == (1.0, 0, 0)
    away = compare(RULE, ONE, replace(ONE, no=2, lon=116.103))
    later = compare(RULE, ONE, replace(ONE, no=2, at=DAY))
    other = compare(RULE, ONE, replace(ONE, no=2, case_class="b"))
    assert away and later and other
    assert 0.8 < away.score < 0.9 and later.score == 0.9 and other.score == 0.8
    assert compare(RULE, ONE, replace(ONE, no=2, lon=116.2)) is None
    assert compare(RULE, ONE, replace(ONE, no=2, at=4 * DAY)) is None
    assert compare(RULE, ONE, replace(ONE, no=2, lon=None)) is None


def test_the_most_alike_first_and_the_others_not_at_all() -> None:
    others = [
        replace(ONE, no=3, at=HOUR),
        replace(ONE, no=2, text="路灯不亮"),
        replace(ONE, no=4),
    ]
    assert [one.case for one in best(RULE, ONE, others)] == [4, 3]


def picture(seed: int, size: tuple[int, int] = (320, 240), kind: str = "JPEG") -> bytes:
    rough = np.random.default_rng(seed).integers(0, 255, (6, 8), np.uint8)
    made = io.BytesIO()
    Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC).convert("RGB").save(made, kind)
    return made.getvalue()


def test_a_picture_is_known_however_it_was_stored() -> None:
    one = prints.of(picture(1), "JPEG")
    smaller = prints.of(picture(1, (160, 120)), "JPEG")
    anew = prints.of(picture(1, kind="PNG"), "PNG")
    assert max(picture_apart(one, smaller), picture_apart(one, anew)) <= SAME_PICTURE
    assert all(
        picture_apart(one, prints.of(picture(seed), "JPEG")) > SAME_PICTURE for seed in (2, 3, 4, 5)
    )
    assert prints.of(b"no picture", "JPEG") == ""
    flat = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 9, 9)).save(flat, "PNG")
    assert prints.of(flat.getvalue(), "PNG") == "", "an even picture says nothing"


def test_the_same_picture_counts_whatever_was_said() -> None:
    mine = replace(ONE, prints=["00ff00ff00ff00ff"])
    other = replace(ONE, no=2, text="?", prints=["00ff00ff00ff00fe"], lon=116.5)
    found = compare(RULE, mine, other)
    assert found is not None and found.picture == 1 and 0.6 < found.score < 0.65
    streets = {"lon": None, "lat": None, "among": frozenset({"street"})}
    for placed in ({"lon": None, "lat": None}, streets):
        far = compare(RULE, replace(mine, **placed), replace(other, **placed))
        assert far is not None and far.score == found.score, "an unknown distance is the farthest"
