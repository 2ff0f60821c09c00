"""Resource paths: ``Things(1)/Datastreams(3)/Observations/$ref`` (18-088, 9.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from yiwang.kernel.text import Words
from yiwang.sensing.sta.errors import NoSuchResource, words
from yiwang.sensing.sta.schema import IDS, SETS, TYPES, EntityType, Relation, nearest

MOST_STEPS = 20
MOST_ID = 2**63 - 1
_SEGMENT = re.compile(r"(?P<name>[^()]+)(?:\((?P<id>[^()]*)\))?")
_ID = re.compile(r"-?\d{1,19}")
_LAST = ("$ref", "$value", "$count")


@dataclass(frozen=True)
class Step:
    """From one entity set to the next. ``relation`` is None for the first step; ``id`` picks
    one entity of a set."""

    type: EntityType
    relation: Relation | None = None
    id: int | None = None

    @property
    def single(self) -> bool:
        """Whether the step leads to at most one entity for one entity before it."""
        return self.id is not None or (self.relation is not None and not self.relation.many)


@dataclass(frozen=True)
class Resource:
    """What a path names: the entities at its end, or a property (``names``) of the one there."""

    steps: tuple[Step, ...]
    names: tuple[str, ...] = ()
    last: str = ""
    """``$ref``, ``$value``, ``$count`` or nothing."""

    @property
    def type(self) -> EntityType:
        return self.steps[-1].type

    @property
    def single(self) -> bool:
        return self.steps[-1].single


@lru_cache(maxsize=4096)
def parse(text: str) -> Resource:
    """A decoded path below the service root. Raises NoSuchResource, which names the segment."""
    segments = text.strip("/").split("/")
    if len(segments) > MOST_STEPS:
        raise _nothing(text, segments[MOST_STEPS], words("most_steps", most=MOST_STEPS))
    steps = [_first(text, segments[0])]
    place = 1
    while place < len(segments):
        step = _next(text, steps[-1], segments[place])
        if step is None:
            break
        steps.append(step)
        place += 1
    return _end(text, tuple(steps), segments[place:])


def _first(text: str, segment: str) -> Step:
    name, id_ = _split(text, segment)
    if name not in SETS:
        raise _nothing(text, segment, nearest(name, SETS))
    return Step(SETS[name], None, id_)


def _next(text: str, step: Step, segment: str) -> Step | None:
    """The step over a relation, or None when the segment names no relation."""
    name, id_ = _split(text, segment)
    relation = step.type.find_relation(name)
    if relation is None:
        return None
    if not step.single:
        before = f"{step.type.plural}(1)/{name}"
        raise _nothing(text, segment, words("path_with_id", path=before))
    if id_ is not None and not relation.many:
        raise _nothing(text, segment, name)
    return Step(TYPES[relation.target], relation, id_)


def _end(text: str, steps: tuple[Step, ...], rest: list[str]) -> Resource:
    if not rest:
        return Resource(steps)
    step = steps[-1]
    last = ""
    if rest[-1] in _LAST:
        last = rest.pop()
    names = tuple(rest)
    if names:
        known = step.type.find_property(names[0])
        deep = known is not None and known.kind in ("json", "result")
        there = known is not None or names[0] in IDS
        if not there or not step.single or (len(names) > 1 and not deep):
            raise _nothing(text, names[0], nearest(names[0], (*step.type.names, *_LAST)))
    fits = {"": True, "$value": bool(names), "$ref": not names, "$count": not names}
    if not fits[last] or (last == "$count" and step.single):
        raise _nothing(text, last, words("another_end"))
    return Resource(steps, names, last)


def _split(text: str, segment: str) -> tuple[str, int | None]:
    match = _SEGMENT.fullmatch(segment)
    if match is None:
        raise _nothing(text, segment, words("name_or_id"))
    id_ = match["id"]
    if id_ is None:
        return match["name"], None
    if _ID.fullmatch(id_) is None:
        raise _nothing(text, segment, words("plain_id", name=match["name"]))
    return match["name"], max(min(int(id_), MOST_ID), -MOST_ID)


def _nothing(text: str, segment: str, near: str | Words) -> NoSuchResource:
    return NoSuchResource(text, segment=segment, near=near)
