"""The pure part of dispatch: on whose word a case is sent, and to which person."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.cases.crew import read_weights
from yiwang.cases.model import dispatch, people
from yiwang.cases.model.dispatch import Listed, Route, Unit
from yiwang.cases.model.people import Job, Load, Weights, Worker
from yiwang.kernel.documents import NotAllowed
from yiwang.kernel.text import find

GRID, STREET, DISTRICT = 3, 2, 1
AREAS = [GRID, STREET, DISTRICT]
CITY_UNIT = Unit(1, "city")
STREET_UNIT = Unit(2, "street", STREET)
ELSEWHERE = Unit(3, "elsewhere", 99)
LISTED = Listed(Unit(8, "listed"), "M1", "minor", "A", "street", "12", (CITY_UNIT,), ("x",))
WEIGHTS = Weights()


def sent(found: Route, on_duty: list[Worker], opens: str = "") -> dispatch.Assignment:
    return dispatch.assign(found, on_duty, Job(AREAS), {}, WEIGHTS, opens)


@pytest.mark.parametrize(
    ("listed", "function", "sure", "how"),
    [
        (True, True, True, "listed"),
        (True, False, True, "listed"),
        (True, False, False, "listed"),
        (True, False, None, "listed"),
        (False, True, True, "function"),
        (False, True, False, "function"),
        (False, True, None, "function"),
        (False, False, True, "sure"),
        (False, False, False, "proposed"),
        (False, False, None, "nobody"),
    ],
)
def test_on_whose_word_a_case_is_sent(
    listed: bool, function: bool, sure: bool | None, how: str
) -> None:
    assert dispatch.whose_word(listed, function, sure) == how


BY_ENTRY = "listed_minor listed_area listed_basis co_responsible listed_rivals"


@pytest.mark.parametrize(
    ("listed", "units", "how", "unit", "codes"),
    [
        (LISTED, [CITY_UNIT], "listed", 8, BY_ENTRY),
        (LISTED, [], "listed", 8, BY_ENTRY),
        (None, [CITY_UNIT, STREET_UNIT], "function", 2, "role_in_area"),
        (None, [CITY_UNIT, ELSEWHERE], "function", 1, "role_in_city"),
        (None, [STREET_UNIT, Unit(7, "firm", None, True)], "function", 7, "unit_on_duty"),
        (None, [ELSEWHERE], "nobody", None, "role_elsewhere to_centre"),
        (None, [], "nobody", None, "role_unbound to_centre"),
    ],
)
def test_the_unit_and_its_reasons(
    listed: Listed | None, units: list[Unit], how: str, unit: int | None, codes: str
) -> None:
    found = dispatch.route("water", units, AREAS, listed)
    assert (found.how, found.unit.id if found.unit else None) == (how, unit)
    assert " ".join(one.code for one in found.reasons) == codes
    for one in found.reasons:
        for lang in ("zh-CN", "en"):
            assert find(f"cases.because.{one.code}", lang)
    assert sent(found, []).co == ((1,) if how == "listed" else ())


def test_a_class_without_a_function_and_a_place_without_a_grid_say_so() -> None:
    found = dispatch.route("", [], [])
    assert [one.code for one in found.reasons] == ["no_grid", "no_role", "to_centre"]


@pytest.mark.parametrize(
    ("workers", "codes"),
    [
        ([], "no_one_on_duty to_queue opens_at"),
        ([Worker("x", "X", 99)], "no_one_for_area to_queue opens_at"),
    ],
)
def test_the_queue_says_when_somebody_is_on_duty_again(workers: list[Worker], codes: str) -> None:
    found = sent(Route("function", CITY_UNIT, ()), workers, "2026-07-02 08:00")
    assert (found.organisation, found.handler) == (1, "")
    assert " ".join(one.code for one in found.reasons) == codes


@pytest.mark.parametrize(
    ("workers", "load", "chosen", "codes"),
    [
        # The smallest area goes before a few open cases,
        ([Worker("a", "A"), Worker("b", "B", GRID)], {"b": 2}, "b", "fewest_points compared"),
        # but not before many.
        ([Worker("a", "A", STREET), Worker("b", "B", GRID)], {"b": 20}, "a", None),
        ([Worker("b", "B", GRID), Worker("c", "C", GRID)], {"b": 5, "c": 2}, "c", None),
        # Ties: the name.
        ([Worker("z", "B"), Worker("y", "A")], {}, "y", None),
        # The one who works nearest.
        ([Worker("f", "A", GRID, lon=117.0, lat=40.0), Worker("n", "B", GRID, lon=116.4, lat=39.9)],
         {}, "n", None),
        # One who is there with two duties is nobody's rival.
        ([Worker("a", "A"), Worker("a", "A", GRID)], {}, "a", ""),
    ],
)  # fmt: skip
def test_area_load_and_distance_are_weighed(
    workers: list[Worker], load: dict[str, int], chosen: str, codes: str | None
) -> None:
    job = Job(AREAS, lon=116.4, lat=39.9)
    weighed = {user: Load(count, count) for user, count in load.items()}
    person, reasons = people.choose(job, workers, weighed, WEIGHTS)
    assert person is not None and person.user == chosen
    assert reasons[0].code == "on_duty"
    assert reasons[0].fields["open"] == load.get(chosen, 0)
    if codes is not None:
        assert " ".join(one.code for one in reasons[1:]) == codes


def test_without_the_skill_nobody_gets_it_however_free() -> None:
    workers = [Worker("a", "A", GRID), Worker("b", "B", None, frozenset({"gas", "pumps"}))]
    job = Job(AREAS, frozenset({"gas"}))
    person, reasons = people.choose(job, workers, {"b": Load(99, 99)}, WEIGHTS)
    assert person is not None and person.user == "b"
    assert [one.code for one in reasons] == ["on_duty", "skilled"]
    person, reasons = people.choose(job, workers[:1], {}, WEIGHTS)
    assert (person, [one.code for one in reasons]) == (None, ["no_one_skilled"])


SKILLS = ["gas", "pumps"]
degrees = st.none() | st.floats(-0.5, 0.5)


@st.composite
def crews(draw: st.DrawFn) -> list[Worker]:
    users = draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=6))
    return [
        Worker(
            user,
            draw(st.sampled_from(["A", "B"])),
            draw(st.sampled_from([None, *AREAS, 99])),
            frozenset(draw(st.sets(st.sampled_from(SKILLS)))),
            draw(degrees),
            draw(degrees),
        )
        for user in users
    ]


numbers = st.integers(0, 9)
weights = st.builds(Weights, area=st.floats(0, 9), load=st.floats(0, 9), distance=st.floats(0, 9))


@given(
    crews(),
    st.sets(st.sampled_from(SKILLS)),
    st.dictionaries(st.sampled_from("abcdef"), st.builds(Load, numbers, st.floats(0, 99))),
    weights,
    st.randoms(),
    st.floats(0.5, 50),
)
def test_whoever_is_chosen_is_on_duty_able_and_least_burdened(
    workers: list[Worker],
    skills: set[str],
    load: dict[str, Load],
    weighed: Weights,
    random: object,
    more: float,
) -> None:
    job = Job(AREAS, frozenset(skills), 0.0, 0.0)
    person, reasons = people.choose(job, workers, load, weighed)
    able = [
        one for one in workers if one.area in (None, *AREAS) and frozenset(skills) <= one.skills
    ]
    assert (person is None) == (not able)
    if person is None:
        return
    assert person in able
    mine = people.points(job, person, load.get(person.user, Load()), weighed).total
    for one in able:
        theirs = people.points(job, one, load.get(one.user, Load()), weighed).total
        assert (mine, person.name, person.user) <= (theirs, one.name, one.user)
    turned, again = people.choose(job, workers[::-1], load, weighed)
    assert turned == person and again[0] == reasons[0]
    # More load makes nobody likelier: whoever was not chosen is not chosen with more to do.
    for other in able:
        if other == person:
            continue
        held = load.get(other.user, Load())
        busier = load | {other.user: Load(held.cases + 1, held.weight + more)}
        still, _ = people.choose(job, workers, busier, weighed)
        assert still != other


def test_the_weights_of_a_city(tmp_path: Path) -> None:
    file = tmp_path / "dispatch.yaml"
    assert read_weights(file) == Weights()
    file.write_text("area: 2\nseverity: {critical: 8}\n")
    found = read_weights(file)
    assert (found.area, found.severity["critical"], found.severity["urgent"]) == (2, 8, 2)
    file.write_text("load: -1\n")
    with pytest.raises(NotAllowed) as caught:
        read_weights(file)
    assert "dispatch.yaml, line 1" in str(caught.value)
