"""Every story of the built-in packs, one test each so that they can run side by side."""

from __future__ import annotations

from functools import cache

import pytest

from yiwang.packs.check import check
from yiwang.packs.library import builtin_folder
from yiwang.packs.model import Pack
from yiwang.packs.stories import play
from yiwang.stage import PlatformStage

NAMES = sorted(path.parent.name for path in builtin_folder().glob("*/pack.yaml"))
STORIES = [
    (name, file.stem)
    for name in NAMES
    for file in sorted((builtin_folder() / name / "stories").glob("*.yaml"))
]


@cache
def _pack(name: str) -> Pack:
    return check(builtin_folder() / name, name, {}).use()


def test_every_pack_tells_stories() -> None:
    assert {pack for pack, _ in STORIES} == set(NAMES)


@pytest.mark.parametrize(("pack", "file"), STORIES)
def test_the_story_holds(pack: str, file: str) -> None:
    stories = [one for one in _pack(pack).stories if one.file.endswith(f"{file}.yaml")]
    assert len(stories) == 1
    outcome = play(_pack(pack), stories[0], PlatformStage)
    assert [error.message() for error in outcome.errors] == []
