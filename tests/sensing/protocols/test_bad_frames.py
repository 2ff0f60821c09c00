"""What devices may send wrongly over field protocols, each with the words of its message.

``tests/bad_frames/<adapter>/<what>.yaml``: ``frame`` as it is sent, ``reason``, and words that
the message contains in both languages. Every address is known there, and every secret right.
"""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
import yaml

from tests.fuzz.world import World
from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.adapter import installed
from yiwang.sensing.protocols.reading import Reading

BAD = Path(__file__).parents[2] / "bad_frames"
FILES = sorted(BAD.glob("*/*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_bad_frame_says_what_is_wrong(file: Path) -> None:
    case = yaml.safe_load(file.read_text(encoding="utf-8"))
    frame = case["frame"]
    refused: list[Refused] = []
    keep = Reading.refuse

    def refuse(reading: Reading, error: Refused) -> None:
        refused.append(error)
        keep(reading, error)

    world = World(installed()[file.parent.name])
    with mock.patch.object(Reading, "refuse", refuse):
        world.take(frame if isinstance(frame, bytes) else frame.encode(), 1000)
    world.close()
    (error,) = refused
    assert error.code == case["reason"]
    assert case["en"] in error.message("en")
    assert case["zh-CN"] in error.message("zh-CN")


def test_there_are_some() -> None:
    assert len(FILES) >= 10
