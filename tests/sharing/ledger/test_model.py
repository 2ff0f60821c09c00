"""The five signs of a zombie, and one element, one source: pure."""

from __future__ import annotations

from typing import Any

import pytest

from yiwang.kernel.clock import DAY
from yiwang.sharing.ledger import model
from yiwang.sharing.ledger.model import Duty, Limits, System, Use

NOW, TODAY = 400 * DAY, "1971-02-05"
ALIVE = Use(calls=900, people=40, organisations=3, business=50, last_at=NOW - DAY, known=True)


def _system(**changed: Any) -> System:
    values = {"name": "甲", "organisation": 1, "functions": ("登记", "查询", "统计"), "users": 10}
    return System(**(values | changed))


BIG = ("2", System(name="大平台", organisation=2, functions=("登记", "查询", "审批"), users=900))
SMALL = ("3", System(name="小系统", organisation=2, functions=("登记", "查询"), users=3))


@pytest.mark.parametrize(
    ("changed", "use", "others", "found", "zombie"),
    [
        ({}, ALIVE, (), [], False),
        ({}, Use(), (), [], False),  # nothing is known of its use
        ({}, ALIVE, (SMALL,), [], False),  # the smaller one does not replace the larger
        ({}, ALIVE, (BIG,), ["replaceable"], False),
        ({"functions": ("登记", "打印", "归档")}, ALIVE, (BIG,), [], False),
        ({}, Use(900, 40, 3, 0, NOW - DAY, True), (), ["detached"], True),
        ({"capacity_used": 4.0}, ALIVE, (), ["idle"], False),
        ({}, Use(900, 40, 3, 50, NOW - 300 * DAY, True), (), ["idle"], False),
        ({"maintained_on": "1970-01-20"}, ALIVE, (), ["unmaintained"], False),
        ({"maintained_on": "1970-02-20"}, ALIVE, (), [], False),
        ({"state": "stopped"}, ALIVE, (), ["unmaintained"], False),
        ({}, Use(3, 40, 3, 50, NOW, True), (), ["little_used"], False),
        ({}, Use(900, 4, 1, 50, NOW, True), (), ["little_used"], False),
        (
            {"state": "stopped", "capacity_used": 0.0},
            Use(0, 0, 0, 0, None, True),
            (BIG,),
            ["detached", "replaceable", "idle", "unmaintained", "little_used"],
            True,
        ),
        ({"state": "retired"}, Use(0, 0, 0, 0, None, True), (BIG,), [], False),
        ({"state": "building"}, Use(0, 0, 0, 0, None, True), (BIG,), [], False),
    ],
)
def test_signs(
    changed: dict[str, Any],
    use: Use,
    others: tuple[tuple[str, System], ...],
    found: list[str],
    zombie: bool,
) -> None:
    signs = model.signs(_system(**changed), use, others, Limits(), NOW, TODAY)
    assert [one.sign for one in signs] == found
    assert model.is_zombie(signs) == zombie


def test_one_element_has_one_source() -> None:
    duties = [
        Duty(1, "企业名称", 1, "法", "102/000001"),
        Duty(2, "企业 名称", 2, "法", "102/000002"),
        Duty(3, "水位", 1, "法", "209/000009"),
        Duty(4, "雨量", 1, "法"),
        Duty(5, "风速", 1, "法", "102/000001"),
        Duty(6, "风速", 1, "法", "209/000001"),
        Duty(7, "泊位", 1, "法", "209/000001"),
    ]
    providers = {"102/000001": 1, "102/000002": 2, "209/000001": 3}
    found = [(one.sort, one.element, one.duties) for one in model.conflicts(duties, providers)]
    assert found == [
        ("two_sources", "企业名称", (1, 2)),
        ("no_source", "水位", (3,)),
        ("no_source", "雨量", (4,)),
        ("two_resources", "风速", (5, 6)),
        ("other_provider", "风速", (6,)),
        ("other_provider", "泊位", (7,)),
    ]
    assert model.conflicts(duties[:1], providers) == []
