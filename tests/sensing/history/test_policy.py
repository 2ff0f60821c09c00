"""What packs and the city say of keeping observations."""

from __future__ import annotations

from pathlib import Path

import pytest

from yiwang.kernel import documents
from yiwang.kernel.clock import DAY, HOUR, MINUTE
from yiwang.sensing import spec
from yiwang.sensing.errors import BadRetention
from yiwang.sensing.history import policy
from yiwang.sensing.history.policy import MEASURES, Policy, Rollup


def read(text: str) -> Policy:
    section = documents.parse(text, "devices.yaml")
    made = policy.read(section)
    section.finish()
    return made


def test_what_is_declared_is_read() -> None:
    text = "keep: 400 d\nrollups:\n  1d: {}\n  1h: {keep: 5 y, of: [max, count]}\n  15 min: {}\n"
    made = read(text)
    assert made.keep == 400 * DAY
    year = round(365.25 * DAY)
    assert made.rollups == (
        Rollup(15 * MINUTE, None, MEASURES),
        Rollup(HOUR, 5 * year, ("count", "max")),
        Rollup(DAY, None, MEASURES),
    )
    assert [item.name for item in made.rollups] == ["PT15M", "PT1H", "P1D"]
    assert read("") == policy.EVERYTHING


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keep: 400", "no span of time such as 400 d or 5 y"),
        ("keep: 3 kg", "no span of time such as 400 d or 5 y"),
        ("keep: 1 h", "two days at least"),
        ("keep: 9 d\nrollups: {7h: {}}", "no width of a roll-up"),
        ("rollups: {1h: {of: [median]}}", "of is a list of count, mean, min, max, last"),
        ("keep: 90 d\nrollups: {1h: {keep: 30 d}}", "shorter time than the observations"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(BadRetention) as caught:
        read(text)
    assert words in caught.value.what()
    assert "devices.yaml, line" in caught.value.where


def test_a_kind_of_device_carries_it_to_the_database_and_back(tmp_path: Path) -> None:
    text = "kinds:\n  gauge:\n    properties:\n      level: {keep: 30 d, rollups: {1h: {}}}\n"
    (tmp_path / "devices.yaml").write_text(text)
    (kind,) = spec.read(tmp_path)
    (declared,) = kind.declared()["properties"]
    assert policy.stated(declared["history"]) == kind.properties[0].history
    assert policy.stated(None) == policy.EVERYTHING


def test_the_city_has_the_last_word(tmp_path: Path) -> None:
    file = tmp_path / "history.yaml"
    assert policy.read_city(file).of("a.gauge", "level", policy.EVERYTHING) == policy.EVERYTHING
    file.write_text("kinds:\n  a.gauge:\n    level: {keep: 30 d}\n    '*': {keep: 60 d}\n")
    city = policy.read_city(file)
    assert city.of("a.gauge", "level", policy.EVERYTHING).keep == 30 * DAY
    assert city.of("a.gauge", "flow", Policy(5 * DAY)).keep == 60 * DAY
    assert city.of("b.gauge", "level", Policy(5 * DAY)).keep == 5 * DAY
