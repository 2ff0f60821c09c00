"""Running a pack's stories through the real platform on a temporary home.

The platform itself is a Stage, which ``app.py`` builds: this file only says what happens on it
and compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from yiwang.kernel.errors import YiwangError
from yiwang.packs.errors import StoryFailed
from yiwang.packs.model import Pack
from yiwang.packs.storybook import Done, Expected, Minute, Observed, Reported, Story, shown_moment


class Stage(Protocol):
    """The platform with one pack, its story's places and devices, and a clock that is moved.

    An organisation stands ready for every function that the pack's case classes name, and a
    person for every role. Codes of places and devices are the story's; rules, classes and
    kinds are given without the pack's name.
    """

    def advance(self, to: int) -> None:
        """Move the clock to an instant and let everything due by then happen: judging,
        silence, opening and merging of cases, deadlines. Returns when all is quiet."""
        ...

    def observe(self, observations: Sequence[Observed], start: int) -> None:
        """Take in values whose times count from ``start``."""
        ...

    def report(self, reported: Reported) -> None:
        """A citizen reports something at the story's place."""
        ...

    def act(self, number: Any, done: Done) -> None:
        """Somebody of the role takes a step with the case of that number (``no``)."""
        ...

    def findings(self) -> Sequence[Mapping[str, Any]]:
        """All findings so far: rule, place, device, state, severity."""
        ...

    def cases(self) -> Sequence[Mapping[str, Any]]:
        """All cases so far: no, class, place, state, kind, severity, dispatched_to (the
        function of the organisation), sources (how many), overdue."""
        ...

    def close(self) -> None: ...


class StageFactory(Protocol):
    def __call__(self, pack: Pack, story: Story) -> Stage: ...


@dataclass(frozen=True)
class Outcome:
    """What became of one story; it holds when ``errors`` is empty."""

    pack: str
    story: str
    errors: tuple[YiwangError, ...]


def play(pack: Pack, story: Story, stage_for: StageFactory) -> Outcome:
    """Run one story to its end, or to the first step that cannot be taken."""
    errors: list[YiwangError] = []
    stage = stage_for(pack, story)
    try:
        _play(story, stage, errors)
    except YiwangError as error:
        errors.append(error)
    finally:
        stage.close()
    return Outcome(pack.name, story.name, tuple(errors))


def _play(story: Story, stage: Stage, errors: list[YiwangError]) -> None:
    moments = [(at, list(same)) for at, same in groupby(story.observations, lambda one: one.at)]
    played = 0
    for minute in story.minutes:
        while played < len(moments) and moments[played][0] <= minute.at:
            at, same = moments[played]
            stage.advance(story.start + at)
            stage.observe(same, story.start)
            played += 1
        stage.advance(story.start + minute.at)
        for reported in minute.reports:
            stage.report(reported)
        for done in minute.acts:
            stage.act(_case_of(done, stage), done)
            stage.advance(story.start + minute.at)
        stage.advance(story.start + minute.at)
        errors += _compare(minute, "findings", minute.findings, stage.findings())
        errors += _compare(minute, "cases", minute.cases, stage.cases())


def _case_of(done: Done, stage: Stage) -> Any:
    wanted = {"class": done.case_class} | ({"place": done.place} if done.place else {})
    found = [one for one in stage.cases() if _matches(one, wanted)]
    if not found:
        raise StoryFailed(
            done.where, at="", sort="cases", wanted=_words(wanted), found=_list(stage.cases())
        )
    return found[-1]["no"]


def _compare(
    minute: Minute,
    sort: str,
    expected: tuple[Expected, ...] | None,
    found: Sequence[Mapping[str, Any]],
) -> list[YiwangError]:
    at = shown_moment(minute.at)
    if expected == ():
        still = [one for one in found if one.get("state") == "open" or _is_open(one)]
        if not still:
            return []
        return [StoryFailed(minute.where, at=at, sort=sort, wanted="-", found=_list(still))]
    errors: list[YiwangError] = []
    for one in expected or ():
        matching = [item for item in found if _matches(item, one.wanted)]
        right = bool(matching) if one.count is None else len(matching) == one.count
        if not right:
            count = "" if one.count is None else f"{one.count} × "
            wanted = f"{count}{_words(one.wanted)}"
            errors.append(
                StoryFailed(one.where, at=at, sort=sort, wanted=wanted, found=_list(found))
            )
    return errors


def _is_open(item: Mapping[str, Any]) -> bool:
    return item.get("kind") in ("new", "working", "waiting")


def _matches(item: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(item.get(name) == value for name, value in wanted.items())


def _words(item: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in item.items() if value not in (None, ""))


def _list(found: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(_words(item) for item in found[-6:]) or "-"
