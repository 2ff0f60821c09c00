"""Risk against a slow and obvious count, and plans that keep what they promise."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import identifiers as made
from yiwang.security.protection.anonymity import (
    LADDERS,
    Plan,
    Wanted,
    measured,
    proposed,
    released,
)
from yiwang.security.protection.masks import Mask

_ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from([None, "x", "y"]), st.integers(0, 2)),
    max_size=30,
)


@given(_ROWS, st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=80)
def test_risk_is_what_counting_by_hand_gives(
    rows: list[tuple[str, str | None, int]], k: int, least: int
) -> None:
    groups: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for one, two, sensitive in rows:
        groups[one, two].append(sensitive)
    table = pa.table(
        {
            "a": pa.array([row[0] for row in rows], pa.string()),
            "b": pa.array([row[1] for row in rows], pa.string()),
            "s": pa.array([row[2] for row in rows], pa.int64()),
        }
    )
    risk = measured(table, ["a", "b"], ["s"], Wanted(k, least))
    sizes = [len(each) for each in groups.values()]
    assert (risk.rows, risk.groups) == (len(rows), len(groups))
    assert risk.k == min(sizes, default=0) and risk.unique == sizes.count(1)
    assert risk.diversity["s"] == min((len(set(each)) for each in groups.values()), default=0)
    below = [each for each in groups.values() if len(each) < k or len(set(each)) < least]
    assert risk.below == sum(map(len, below))


@pytest.fixture(scope="module")
def people() -> pa.Table:
    chance = Random(5)
    born = [f"{chance.randrange(1940, 2010)}-{chance.randrange(1, 13):02d}-11" for _ in range(3000)]
    return pa.table(
        {
            "birth": born,
            "address": [made.address(chance) for _ in range(3000)],
            "sex": [chance.choice("男女") for _ in range(3000)],
            "illness": [chance.choice(["感冒", "糖尿病", "高血压"]) for _ in range(3000)],
        }
    )


def test_a_plan_is_kept_by_the_table_that_is_released(people: pa.Table) -> None:
    ladders = {"birth": LADDERS["birth_date"], "address": LADDERS["home_address"], "sex": ()}
    before = measured(people, list(ladders))
    assert before.k == 1 and before.unique > 2500
    wanted = Wanted(k=10, diversity=2)
    plan = proposed(people, ladders, ["illness"], wanted)
    assert plan.met and plan.left_out <= 60
    assert plan.masks["address"].to in ("district", "town") and plan.masks["sex"].method == "plain"
    opened = released(people, plan, ["illness"], wanted)
    after = measured(opened, list(ladders), ["illness"], wanted)
    assert after.k >= 10 and after.diversity["illness"] >= 2 and after.below == 0
    assert opened.num_rows == 3000 - plan.left_out
    for name, mask in plan.masks.items():
        ladder = [Mask("plain"), *ladders[name], Mask("suppress")]
        step = ladder.index(mask)
        if step:
            finer = Plan(dict(plan.masks) | {name: ladder[step - 1]}, 0, True, before)
            table = released(people, finer, (), Wanted(1))
            below = measured(table, list(ladders), ["illness"], wanted).below
            assert below > 60, f"{name} need not be so coarse"


def test_what_cannot_be_had_is_said(people: pa.Table) -> None:
    plan = proposed(people.slice(0, 8), {"sex": ()}, (), Wanted(k=20))
    assert not plan.met and plan.masks["sex"].method == "suppress" and plan.left_out == 8
    assert released(people.slice(0, 8), plan, (), Wanted(k=20)).num_rows == 0
    with pytest.raises(KeyError):
        measured(people, ["nobody"])
