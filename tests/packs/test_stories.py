"""How a story is told to the platform, and how what it finds is compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.packs.conftest import NAME
from yiwang.kernel.clock import MINUTE, parse
from yiwang.packs.check import check
from yiwang.packs.model import Pack
from yiwang.packs.stories import Stage, play
from yiwang.packs.storybook import Done, Observed, Reported, Story
from yiwang.stage import PlatformStage

START = parse("2026-07-20T14:00:00Z")


class Script:
    """A stage that writes down what happens and shows what it was told to show."""

    def __init__(self, findings: Any = (), cases: Any = ()) -> None:
        self.told: list[str] = []
        self._findings, self._cases = findings, cases
        self.closed = False

    def __call__(self, pack: Pack, story: Story) -> Stage:
        return self

    def advance(self, to: int) -> None:
        self.told.append(f"to {(to - START) // MINUTE}")

    def observe(self, observations: Sequence[Observed], start: int) -> None:
        assert start == START
        self.told += [f"{one.device} {one.property} {one.value}" for one in observations]

    def report(self, reported: Reported) -> None:
        self.told.append(f"report {reported.case_class}")

    def act(self, number: Any, done: Done) -> None:
        self.told.append(f"{done.by} {done.step} {number}")

    def findings(self) -> Any:
        return self._findings

    def cases(self) -> Any:
        return self._cases

    def close(self) -> None:
        self.closed = True


FINDING = {"rule": "wet_cellar", "place": "C1", "device": "S1", "state": "open"}
CASE = {"no": 7, "class": "wet_cellar", "place": "C1", "state": "dispatched", "kind": "working"}


def told(good: Path, minutes: str, script: Script) -> list[str]:
    """Play the good pack's story with other minutes; the messages of what does not hold."""
    file = good / "stories" / "one_night.yaml"
    head = file.read_text(encoding="utf-8").partition("minutes:")[0]
    file.write_text(f"{head}minutes:\n{minutes}", encoding="utf-8")
    pack = check(good, NAME).use()
    outcome = play(pack, pack.stories[0], script)
    assert script.closed
    return [error.message("en") for error in outcome.errors]


def test_everything_happens_in_its_minute(good: Path) -> None:
    script = Script([FINDING], [CASE])
    minutes = """
  - at: "00:01"
    observe: {S1: {water_cm: 5}}
  - at: "00:03"
    report: [{class: wet_cellar, place: C1, text: wet}]
    do: [{step: start, class: wet_cellar, by: department_handler}]
    findings: [{rule: wet_cellar, count: 1}]
    cases: [{class: wet_cellar, place: C1, kind: working}]
"""
    assert told(good, minutes, script) == []
    assert script.told == [
        *("to 0", "S1 water_cm 0.0", "to 1", "S1 water_cm 6.0", "S1 water_cm 5.0", "to 1", "to 1"),
        *("to 2", "S1 water_cm 6.0", "to 3", "S1 water_cm 7.0", "to 3"),
        *("report wet_cellar", "department_handler start 7", "to 3", "to 3"),
    ]


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("findings: [{rule: wet_cellar, state: cleared}]", ["state cleared", "state open"]),
        ("findings: [{rule: wet_cellar, count: 2}]", ["2 × rule wet_cellar"]),
        ("findings: [{rule: wet_cellar, count: 0}]", ["0 × rule wet_cellar"]),
        ("findings: none", ["findings should show: -"]),
        ("cases: none", ["cases should show: -", "no 7"]),
        ("cases: [{class: wet_cellar, dispatched_to: drainage}]", ["dispatched_to drainage"]),
        (
            "do: [{step: close, class: wet_cellar, place: C1, by: command_centre}]\n"
            "    cases: [{class: wet_cellar, state: closed}]",
            ["state closed"],
        ),
    ],
)
def test_what_does_not_hold_is_told(good: Path, expected: str, words: list[str]) -> None:
    (message,) = told(good, f'  - at: "00:03"\n    {expected}\n', Script([FINDING], [CASE]))
    assert message.startswith(f"{NAME}/stories/one_night.yaml, line ")
    for word in words:
        assert word in message


def test_nothing_open_is_not_nothing_at_all(good: Path) -> None:
    script = Script([FINDING | {"state": "cleared"}], [CASE | {"kind": "done"}])
    assert told(good, '  - at: "00:03"\n    findings: none\n    cases: none\n', script) == []


def test_a_step_without_its_case(good: Path) -> None:
    minutes = '  - at: "00:03"\n    do: [{step: start, class: wet_cellar, by: citizen}]\n'
    (message,) = told(good, minutes, Script())
    assert "class wet_cellar" in message


def test_the_real_platform(good: Path, edit: Callable[[Path, str, str], None]) -> None:
    """The good pack's story holds on the real platform, and a wrong one does not."""
    pack = check(good, NAME).use()
    assert [error.message() for error in play(pack, pack.stories[0], PlatformStage).errors] == []
    edit(good / "stories" / "one_night.yaml", "dispatched_to: drainage", "dispatched_to: fire")
    pack = check(good, NAME).use()
    (error,) = play(pack, pack.stories[0], PlatformStage).errors
    assert "dispatched_to drainage" in error.message("en")
