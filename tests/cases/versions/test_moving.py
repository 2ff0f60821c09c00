"""Where a case stands in another version, and what differs: pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cases.conftest import CASES
from yiwang.cases.model import differences, moving
from yiwang.cases.model.classes import CaseClass, DeadlineRule, Machine, MergeRule
from yiwang.cases.model.forms import Attribute
from yiwang.cases.model.guards import Refusal
from yiwang.cases.model.moving import Choices, Held, Place
from yiwang.cases.spec import parse
from yiwang.kernel import documents


def _class(text: str = CASES) -> CaseClass:
    return parse(documents.parse(text, "cases.yaml"), "demo", {}).classes[0]


OLD = _class()
RENAMED = _class(CASES.replace("pumping", "draining"))
NO = Choices({})


@pytest.mark.parametrize(
    ("held", "choices", "found"),
    [
        (Held("dispatched", "working"), NO, Place("dispatched", "working", "")),
        (Held("pumping", "working"), NO, "no_state"),
        (Held("pumping", "working"), Choices({"pumping": None}), "left_behind"),
        (
            Held("pumping", "working", "dispatched"),
            Choices({"pumping": "draining"}),
            Place("draining", "working", "dispatched"),
        ),
        (Held("pumping", "working"), Choices({"pumping": "handled"}), "other_kind"),
        (
            Held("pumping", "working"),
            Choices({"pumping": "handled"}, across=True),
            Place("handled", "waiting", ""),
        ),
        (Held("pumping", "working"), Choices({"pumping": "closed"}, across=True), "other_kind"),
        # suspended cases go back to where they were: that must be known too
        (Held("suspended", "waiting", "pumping"), NO, "no_state"),
        (
            Held("suspended", "waiting", "pumping"),
            Choices({"pumping": "draining"}),
            Place("suspended", "waiting", "draining"),
        ),
        (Held("handled", "waiting", "pumping"), NO, Place("handled", "waiting", "")),
    ],
)
def test_where_a_case_stands(held: Held, choices: Choices, found: Place | str) -> None:
    place = moving.place(RENAMED, held, choices)
    assert (place.code if isinstance(place, Refusal) else place) == found


def test_a_state_of_the_same_name_and_another_kind_is_chosen_expressly() -> None:
    states = dict(OLD.machine.states)
    states["pumping"] = replace(states["pumping"], kind="waiting")
    other = replace(OLD, machine=replace(OLD.machine, states=states))
    held = Held("pumping", "working")
    for choices in (NO, Choices({}, True), Choices({"pumping": "pumping"})):
        found = moving.place(other, held, choices)
        assert isinstance(found, Refusal) and found.code == "other_kind"
    chosen = Choices({"pumping": "pumping"}, across=True)
    assert moving.place(other, held, chosen) == Place("pumping", "waiting", "")


def test_open_parts_need_a_class_that_knows_them() -> None:
    steps = {k: v for k, v in OLD.machine.steps.items() if k not in ("answer_part", "waive_part")}
    other = replace(OLD, machine=Machine(OLD.machine.start, OLD.machine.states, steps))
    held = Held("dispatched", "working", open_parts=2)
    assert moving.place(other, held, NO) == Refusal("parts_open", {"open": 2})
    assert isinstance(moving.place(OLD, held, NO), Place)


def test_only_open_states_may_be_chosen() -> None:
    choices = Choices({"pumping": "closed", "handled": "nowhere", "dispatched": None})
    assert moving.unknown_targets(RENAMED, choices) == ["closed", "nowhere"]


@pytest.mark.parametrize(
    ("limit", "old", "own"),
    [
        ((60, "clock", 0), (60, "clock"), True),
        ((75, "clock", 15), (60, "clock"), True),
        ((61, "clock", 0), (60, "clock"), False),
        ((60, "working", 0), (60, "clock"), False),
        ((None, "clock", 0), None, True),
        ((None, "clock", 0), (60, "clock"), False),
        ((60, "clock", 0), None, False),
    ],
)
def test_a_limit_given_by_hand_is_known(
    limit: tuple[int | None, str, int], old: tuple[int, str] | None, own: bool
) -> None:
    assert moving.own_limit(*limit, old) is own


def test_two_versions_that_are_alike_differ_in_nothing() -> None:
    assert differences.between(OLD, _class()) == []


def test_every_difference_is_named() -> None:
    found = differences.between(OLD, RENAMED)
    assert {(one.part, one.code) for one in found} >= {
        ("states", "state_gone"),
        ("states", "state_new"),
        ("steps", "step_from"),
        ("steps", "step_to"),
    }
    asked = Attribute("depth", "number", required=True)
    changed = replace(
        OLD,
        deadlines={**OLD.deadlines, "urgent": DeadlineRule(30, "clock")},
        merge=MergeRule(500.0, OLD.merge.within),
        role="roads",
        form=(asked,),
    )
    told = {one.code: one for one in differences.between(OLD, changed)}
    assert set(told) == {"limit", "now_required", "merge_radius", "role"}
    assert told["limit"].fields == {
        "severity": "urgent",
        "before": DeadlineRule(60, "clock"),
        "after": DeadlineRule(30, "clock"),
    }
    assert differences.newly_required(OLD, changed) == ("depth",)
    assert differences.newly_required(changed, changed) == ()
