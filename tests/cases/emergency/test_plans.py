"""Plans as data: what is read, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.conftest import City
from tests.cases.emergency.conftest import PLANS, parsed
from yiwang import packs
from yiwang.cases.emergency import catalogue, spec
from yiwang.cases.emergency.start import Wanted, start
from yiwang.kernel.errors import YiwangError
from yiwang.packs.library import Library
from yiwang.security.actions import Context


def test_a_plan_is_read_whole() -> None:
    (plan,) = parsed()
    assert plan.code == "demo.response" and plan.classes == ("demo.flooded",)
    assert [one.name for one in plan.wanted("yellow")] == ["close_road", "pump", "reopen"]
    assert len(plan.wanted("red")) == 4
    assert plan.functions == ("drainage", "parking")
    assert plan.resources[0].within_m == 5000
    assert plan.tasks[0].photos == 1 and plan.tasks[0].escalate == "drainage"


@pytest.mark.parametrize(
    ("severity", "level"), [("critical", "red"), ("urgent", "yellow"), ("notice", "yellow")]
)
def test_the_gravest_level_that_fits_is_proposed(severity: str, level: str) -> None:
    assert parsed()[0].proposed("demo.flooded", severity) == level


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("minutes: 10", "minute: 10", "kernel.missing_key", "minutes"),
        ("escalate:", "escalte:", "kernel.unknown_key", "escalate"),
        ("colour: red", "colour: pink", "kernel.not_allowed", "orange"),
        ("minutes: 60", "minutes: 0", "kernel.wrong_type", "43200"),
        ("[close_road, pump, shelter]", "[close_rode]", "cases.emergency.unknown_name", "pump"),
        ("levels: [red]", "levels: [green]", "cases.emergency.unknown_name", "yellow"),
        (
            "function: drainage, minutes: 60",
            "function: drainage, minutes: 60, after: [reopen]",
            "cases.emergency.circle",
            "pump, reopen",
        ),
        ("title: {zh-CN: 封路, en: Close the road}", "title: {en: Close}",
         "cases.emergency.title_missing", "zh-CN"),
        ("within: 5 km", "within: 5 kg", "kernel.wrong_unit", "kg"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(old: str, new: str, code: str, said: str) -> None:
    assert old in PLANS
    with pytest.raises(YiwangError) as caught:
        parsed(PLANS.replace(old, new, 1))
    assert caught.value.code == code
    message = caught.value.message()
    assert said in message and "plans.yaml, line " in message


def test_a_plan_without_levels_is_refused() -> None:
    with pytest.raises(YiwangError) as caught:
        parsed("plans: {empty: {title: {zh-CN: 空, en: Empty}}}")
    assert caught.value.code == "cases.emergency.no_levels"


def test_a_running_incident_keeps_its_version(city: City, open_case: object) -> None:
    catalogue.install_plans(city.platform, "demo", parsed())
    assert catalogue.install_plans(city.platform, "demo", parsed()) == []
    city.deliver(city.raised(1))
    made = start(city.centre, 1, Wanted("demo.response"))
    changed = parsed(
        PLANS.replace("title: {zh-CN: 强排, en: Pump}", "title: {zh-CN: 抽, en: Suck}")
    )
    assert catalogue.install_plans(city.platform, "demo", changed) == ["demo.response"]
    with city.database.read() as connection:
        ctx = Context(city.platform, connection, writes=False)
        assert catalogue.active(ctx)[0][1].tasks[1].title["en"] == "Suck"
        assert catalogue.by_id(ctx, 1).tasks[1].title["en"] == "Pump"
    catalogue.remove_plans(city.platform, "demo")
    with pytest.raises(YiwangError) as caught:
        start(city.centre, 1, Wanted("demo.response"))
    assert caught.value.code == "cases.emergency.no_such_plan"
    assert made.no == 1


def test_the_plan_that_comes_along_is_in_order(tmp_path: Path) -> None:
    folder = Path(packs.__file__).parent / "builtin" / "underpass_flooding"
    (plan,) = spec.read(folder)
    assert [one.colour for one in plan.levels] == ["blue", "yellow", "orange", "red"]
    assert plan.proposed("underpass_flooding.flooded_underpass", "critical") == "orange"
    assert plan.proposed("underpass_flooding.flooded_underpass", "urgent") == "yellow"
    sizes = [len(plan.wanted(one.name)) for one in plan.levels]
    assert sizes == sorted(sizes)
    assert Library(tmp_path).pack("underpass_flooding").plans == (plan,)
