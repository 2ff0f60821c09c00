"""Reading rules and parameters of a pack, and the examples that rules carry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.rules.catalogue import PARAMETERS, RULES
from tests.rules.world import pack
from yiwang.kernel import documents
from yiwang.kernel.clock import parse
from yiwang.kernel.errors import YiwangError
from yiwang.rules import errors
from yiwang.rules.examples import run_examples
from yiwang.rules.parameters import Tuning, timeline

GOOD = """
rule: deep
watches: meter
when: depth >= :limit
for: 2 min
raise: {severity: urgent}
"""


def test_a_pack_is_read(tmp_path: Path) -> None:
    read = pack(tmp_path, RULES, PARAMETERS)
    assert {rule.name for rule in read.rules} == set(RULES)
    [limit] = read.parameters
    assert [dated.value for dated in limit.values] == [10, pytest.approx(8)]
    assert (limit.least, limit.most) == (5, 20)
    assert [item.name for item in read.computed] == ["double", "mean"]


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ("rule: deep", "rule: shallow", errors.NameDiffersFromFile, "line 2"),
        ("watches: meter", "watches: metre", errors.UnknownDeviceKind, "Perhaps you meant meter"),
        ("for: 2 min", "for: 2 cm", errors.BadDuration, "2 min"),
        ("for: 2 min", "four: 2 min", documents.UnknownKey, "Perhaps you meant: for"),
        ("when: depth", "when: depht", errors.UnknownName, "line 4"),
        ("when: depth >= :limit", "", errors.NoCondition, "neither when nor silence"),
        ("urgent", "huge", documents.NotAllowed, "notice, warning, urgent, critical"),
        ("for: 2 min", "per: streets", errors.UnknownInput, "sites"),
        ("for: 2 min", 'examples: [{name: e, depth: {"noon": 1}}]', errors.BadExample, "noon"),
    ],
)
def test_a_bad_rule_names_file_and_line(
    tmp_path: Path, old: str, new: str, error: type[YiwangError], words: str
) -> None:
    with pytest.raises(error) as caught:
        pack(tmp_path, {"deep": GOOD.replace(old, new)}, PARAMETERS)
    assert "rules/deep.yaml, line " in str(caught.value)
    assert words in str(caught.value)
    assert not re.search(r"\{[a-z]", caught.value.what("zh-CN") + caught.value.todo("zh-CN"))


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ('"0.08 m"', '"25 kg"', errors.WrongParameterUnit, "mm, cm or m"),
        ('"0.08 m"', '"deep"', errors.BadParameterValue, "25 cm"),
        ("unit: cm", "unit: cmm", errors.UnknownUnit, "cmm"),
        ("from: 2020-01-01", "from: 2027-01-01", errors.DatesNotAscending, "oldest first"),
        ("source: a test", "", documents.MissingKey, "source"),
    ],
)
def test_a_bad_parameter_names_file_and_line(
    tmp_path: Path, old: str, new: str, error: type[YiwangError], words: str
) -> None:
    with pytest.raises(error) as caught:
        pack(tmp_path, {}, {"limit": PARAMETERS["limit"].replace(old, new)})
    assert "parameters/limit.yaml, line " in str(caught.value)
    assert words in str(caught.value)


def test_the_wrong_unit_says_what_to_write(tmp_path: Path) -> None:
    text = PARAMETERS["limit"].replace('"0.08 m"', '"25 kg"')
    with pytest.raises(errors.WrongParameterUnit) as caught:
        pack(tmp_path, {}, {"limit": text})
    what, todo = caught.value.what(), caught.value.todo()
    assert what.endswith('is "25 kg", but limit is a length.')
    assert todo == "Lengths are written in mm, cm or m, for example: 25 cm"


def test_a_city_value_holds_from_its_date_until_taken_back(tmp_path: Path) -> None:
    [limit] = pack(tmp_path, {}, PARAMETERS).parameters
    june, july, august = (parse(f"2026-0{month}-15T00:00:00Z") for month in (6, 7, 8))
    line = timeline(limit, [Tuning("limit", june, 15.0), Tuning("limit", august, None)])
    assert line.at(june - 1)[0] == 10
    assert line.at(june)[0] == 15
    assert line.at(july)[0] == 15
    assert line.at(august)[0] == pytest.approx(8)
    assert line.at(0) == (None, None)


EXAMPLES = """
rule: deep
watches: [meter, pump]
per: sites
when: depth >= site.limit AND running = 0
for: 2 min
clears_when: depth < 5
nearby: {count: 2, radius: 200 m, within: 10 min}
examples:
  - name: two of three
    site: {limit: 10}
    things:
      a: {lon: 104.0, lat: 30.0, depth: {"00:00": 12, "00:05": 12}, running: {"00:00": 0}}
      b: {lon: 104.001, lat: 30.0, depth: {"00:01": 12, "00:03": 12}, running: {"00:00": 0}}
      c: {lon: 104.1, lat: 30.0, depth: {"00:01": 12, "00:03": 12}, running: {"00:00": 0}}
    expect: {"00:03": {a: raised, b: raised}}
  - name: without the place's limit nothing
    things:
      a: {lon: 104.0, lat: 30.0, depth: {"00:00": 12, "00:05": 12}, running: {"00:00": 0}}
    expect: {}
  - name: a wrong expectation
    site: {limit: 10}
    depth: {"00:00": 12}
    expect: {"00:00": raised}
"""


def test_examples_are_run(tmp_path: Path) -> None:
    read = pack(tmp_path, {"deep": EXAMPLES})
    first, second, third = run_examples(read)
    assert first.passed and second.passed
    assert first.got == ("00:03 a raised", "00:03 b raised")
    assert not third.passed
    assert (third.expected, third.got) == (("00:00 raised",), ())
