"""docs/packs.md names every key there is, and its example is a pack without errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packs.conftest import NAME
from yiwang.packs import console_spec, inputs, manifest, offers, storybook
from yiwang.packs.check import check

PAGE = (Path(__file__).parents[2] / "docs" / "packs.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "word",
    sorted(
        {
            *manifest.SECTIONS,
            *manifest.PERMISSIONS,
            *manifest.LABELS,
            *inputs.TYPES,
            *offers.SHARES,
            *offers.SOURCES,
            *offers.NEEDS,
            *offers.FOLLOWED_BY,
            *console_spec.PANELS,
            *(key for keys in console_spec.PANELS.values() for key in keys),
        }
    ),
)
def test_every_word_is_there(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_what_a_story_may_say_is_there() -> None:
    story = PAGE[PAGE.index("## Stories") :]
    for word in (*storybook.FINDING_KEYS, *storybook.CASE_KEYS, *storybook.ROLES):
        assert word in story


def test_the_pack_of_the_tutorial_is_good(tmp_path: Path) -> None:
    tutorial = PAGE[PAGE.index("## A pack from nothing") : PAGE.index("## What the check says")]
    blocks = re.findall(r"```yaml\n(.*?)```", tutorial, re.S)
    files = ("pack", "inputs", "devices", "parameters/water_most", "rules/wet_cellar", "cases")
    folder = tmp_path / NAME
    for file, text in zip((*files, "text/en"), blocks, strict=True):
        path = folder / f"{file}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(", stories]", "]"), encoding="utf-8")
    (folder / "text" / "zh-CN.yaml").write_text(blocks[-1], encoding="utf-8")
    for page in ("README.md", "CHANGELOG.md"):
        (folder / page).write_text("#\n")
    assert [error.message() for error in check(folder, NAME).errors] == []
