"""Readers of single sections: versions, inputs, times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from yiwang.kernel import documents
from yiwang.kernel.errors import YiwangError
from yiwang.packs import inputs
from yiwang.packs.errors import BadTime
from yiwang.packs.manifest import satisfies, version
from yiwang.packs.problems import Problems
from yiwang.packs.storybook import moment, shown_moment

FORM = """
inputs:
  depth: {type: quantity, unit: cm, least: 1 cm, most: 1 m, title: {zh-CN: 深, en: Depth}}
  share: {type: number, required: false, most: 1}
  note: {type: text, default: none}
  night: {type: flag, default: false}
  season: {type: choice, options: [wet, dry]}
  sites: {type: places, kind: bridge}
  hours:
    type: table
    required: false
    columns:
      day: {type: text}
      open_for: {type: quantity, unit: min, default: 8 h}
"""


@pytest.mark.parametrize(
    ("given", "constraint", "holds"),
    [
        ("1.2", ">=1.2.0", True),
        ("1.2.3", ">=1, <2", True),
        ("2.0.0", ">=1, <2", False),
        ("0.9.9", ">=1", False),
        ("1.10.0", ">1.9", True),
        ("1.0", "==1.0.0", True),
        ("1.0", "<=0.9", False),
        ("1.0", "", True),
        ("soon", "", False),
    ],
)
def test_versions(given: str, constraint: str, holds: bool) -> None:
    assert satisfies(given, constraint) is holds
    assert (version(given) is None) == (given == "soon")


@pytest.fixture
def form(tmp_path: Path) -> dict[str, inputs.Input]:
    (tmp_path / "inputs.yaml").write_text(FORM, encoding="utf-8")
    problems = Problems()
    found = inputs.read(tmp_path, problems)
    assert problems.errors == []
    return found


@pytest.fixture
def fill(form: dict[str, inputs.Input]) -> Callable[[str], tuple[object, list[YiwangError]]]:
    def filled(text: str) -> tuple[object, list[YiwangError]]:
        problems = Problems()
        given = documents.parse(text, "city.yaml")
        return inputs.filled(form, given, problems, "city.yaml"), problems.errors

    return filled


def test_inputs_are_filled_in(fill: Callable[[str], tuple[object, list[YiwangError]]]) -> None:
    values, errors = fill("{depth: 120 mm, season: dry, hours: [{day: mon}, {open_for: 2 h}]}")
    assert errors == []
    assert values == {
        "depth": 12.0,
        "share": None,
        "note": "none",
        "night": False,
        "season": "dry",
        "sites": "bridge",
        "hours": [{"day": "mon", "open_for": 480.0}, {"day": None, "open_for": 120.0}],
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{season: dry}", ["depth", "深"]),
        ("{depth: 2 m, season: dry}", ["1.0 … 100.0"]),
        ("{depth: 2 kg, season: dry}", ["2 kg", "cm"]),
        ("{depth: 9, season: damp}", ["damp", "wet, dry"]),
        ("{depth: 9, season: dry, share: much}", ["share", "number"]),
        ("{depth: 9, season: dry, share: 1.5}", ["None … 1.0"]),
        ("{depth: 9, season: dry, night: 1}", ["night", "flag"]),
        ("{depth: 9, season: dry, note: 1}", ["note", "text"]),
        ("{depth: 9, season: dry, sites: []}", ["sites", "places"]),
        ("{depth: 9, season: dry, hours: [{days: mon}]}", ["days", "day"]),
        ("{depth: 9, season: dry, hours: mon}", ["hours", "table"]),
        ("{depth: 9, season: dry, deep: 1}", ["deep", "depth"]),
    ],
)
def test_what_cannot_be_filled_in(
    fill: Callable[[str], tuple[object, list[YiwangError]]], text: str, words: list[str]
) -> None:
    _, errors = fill(text)
    (error,) = errors
    for word in words:
        assert word in error.message("en")
    assert error.message("zh-CN") != error.message("en")


def test_a_form_can_be_drawn(form: dict[str, inputs.Input]) -> None:
    drawn = form["hours"].form("zh-CN")
    assert drawn["type"] == "table"
    assert [field["name"] for field in drawn["fields"]] == ["day", "open_for"]
    assert form["depth"].form("en")["title"] == "Depth"
    assert form["depth"].form("zh-CN")["title"] == "深"


@pytest.mark.parametrize("text", ["00:00", "01:30", "50:00", "00:00:30"])
def test_moments(text: str) -> None:
    assert shown_moment(moment(text, "")) == text


@pytest.mark.parametrize("text", ["1", "00:60", "00:00:61", "noon", "-1:00", ""])
def test_what_is_not_a_moment(text: str) -> None:
    with pytest.raises(BadTime):
        moment(text, "")
