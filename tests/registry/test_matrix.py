"""The responsibility matrix: the most specific entry holds; conflicts and gaps are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.registry.conftest import AREAS as FOLDER_AREAS
from tests.registry.conftest import write_areas
from tests.registry.test_http import client  # noqa: F401
from yiwang.registry import cli, editing, errors, responsibility, service
from yiwang.registry.files import load_folder
from yiwang.registry.matrix import Matrix
from yiwang.registry.model import UNIT_LEVELS, Area, EventClass, Organisation, Responsibility
from yiwang.security.actions import Caller

CLASSES = [
    EventClass(number, code, major, "", "", "", code, code, "warning", function, 60, "clock")
    for number, (code, major, function) in enumerate(
        [("roads.hole", "roads", "f1"), ("roads.light", "roads", "f2"), ("water.leak", "water", "")]
    )
]
# A district with two streets; the first has two grids, the second none.
PARENTS = {1: None, 2: 1, 3: 1, 4: 2, 5: 2}
AREAS = {
    number: Area(number, str(number), "grid", str(number), "", parent, {})
    for number, parent in PARENTS.items()
}


def chain(area: int | None) -> list[int]:
    found = []
    while area is not None:
        found.append(area)
        area = PARENTS[area]
    return found


def entry(id: int, **changed: Any) -> Responsibility:
    values: dict[str, Any] = {
        "code": f"E{id}",
        "event_class": None,
        "major": "",
        "area": None,
        "level": "district",
        "organisation": 1,
        "co_organisations": (),
        "basis": "",
        "starts_at": None,
        "ends_at": None,
    }
    return Responsibility(id, **(values | changed))


moments = st.none() | st.integers(0, 10)


@st.composite
def entries(draw: st.DrawFn) -> list[Responsibility]:
    found = []
    for id in range(draw(st.integers(0, 12))):
        scope = draw(st.sampled_from(["minor", "major", "any"]))
        found.append(
            entry(
                id,
                event_class=draw(st.sampled_from([0, 1, 2])) if scope == "minor" else None,
                major=draw(st.sampled_from(["roads", "water"])) if scope == "major" else "",
                area=draw(st.none() | st.sampled_from(sorted(PARENTS))),
                level=draw(st.sampled_from(UNIT_LEVELS)),
                organisation=draw(st.integers(1, 3)),
                starts_at=draw(moments),
                ends_at=draw(moments),
            )
        )
    return found


def fits(one: Responsibility, kind: EventClass, area: int | None, at: int) -> bool:
    return (
        one.event_class in (None, kind.id)
        and one.major in ("", kind.major)
        and (one.area is None or one.area in chain(area))
        and (one.starts_at is None or one.starts_at <= at)
        and (one.ends_at is None or one.ends_at > at)
    )


def beats(one: Responsibility, other: Responsibility, area: int | None) -> bool:
    """Said again in words of its own: whether one goes before the other."""

    def width(entry: Responsibility) -> int:
        return 0 if entry.event_class is not None else 1 if entry.major else 2

    if width(one) != width(other):
        return width(one) < width(other)
    if one.area != other.area:
        if other.area is None or one.area is None:
            return other.area is None
        return other.area in chain(one.area)
    return UNIT_LEVELS.index(one.level) < UNIT_LEVELS.index(other.level)


@given(
    entries(),
    st.sampled_from(CLASSES),
    st.none() | st.sampled_from(sorted(PARENTS)),
    st.integers(0, 10),
    st.none() | st.sampled_from(UNIT_LEVELS),
)
def test_nothing_that_fits_goes_before_what_is_chosen(
    held: list[Responsibility], kind: EventClass, area: int | None, at: int, above: str | None
) -> None:
    matrix = Matrix(held, CLASSES)
    found = matrix.choose(kind.code, chain(area), at, above)
    levels = UNIT_LEVELS if above is None else UNIT_LEVELS[UNIT_LEVELS.index(above) + 1 :]
    fitting = [one for one in held if fits(one, kind, area, at) and one.level in levels]
    if above is not None and fitting:
        lowest = min(UNIT_LEVELS.index(one.level) for one in fitting)
        fitting = [one for one in fitting if one.level == UNIT_LEVELS[lowest]]
    assert (found is not None) == bool(fitting)
    if found is None:
        return
    assert found.entry in fitting
    assert not any(beats(one, found.entry, area) for one in fitting)
    equal = [one for one in fitting if not beats(found.entry, one, area)]
    others = {one.id for one in equal if one.organisation != found.entry.organisation}
    assert {one.id for one in found.rivals} == others
    assert (found.entry.starts_at or 0) == max(one.starts_at or 0 for one in equal)
    backwards = Matrix(held[::-1], CLASSES).choose(kind.code, chain(area), at, above)
    assert backwards is not None and backwards.entry == found.entry


@given(entries())
def test_a_conflict_is_what_could_have_rivals_at_some_instant(held: list[Responsibility]) -> None:
    matrix = Matrix(held, CLASSES)
    named = {frozenset((one.first.id, one.second.id)) for one in matrix.conflicts()}
    expected = {
        frozenset((one.id, other.id))
        for one in held
        for other in held
        if one.organisation != other.organisation
        and (one.event_class, one.major, one.area, one.level)
        == (other.event_class, other.major, other.area, other.level)
        and any(one.covers(at) and other.covers(at) for at in range(-1, 12))
    }
    # Entries that end at or before they begin never hold; the registry does not take them.
    never = {one.id for one in held if not any(one.covers(at) for at in range(-1, 12))}
    assert {pair for pair in named if not pair & never} == expected


@given(entries(), st.integers(0, 10), st.sets(st.sampled_from([None, *PARENTS])))
def test_a_gap_is_where_nobody_answers_and_gaps_are_told_once(
    held: list[Responsibility], at: int, bound: set[int | None]
) -> None:
    units = [
        Organisation(number, "U", "", "U", "", ("f1",), None, area, "")
        for number, area in enumerate(bound)
    ]
    matrix = Matrix(held, CLASSES)
    told: dict[int, list[int | None]] = {kind.id: [] for kind in CLASSES}
    for gap in matrix.gaps(AREAS, at, units):
        told[gap.event_class.id].append(gap.area)
    for kind in CLASSES:
        leaves = {
            area
            for area in (3, 4, 5)
            if matrix.choose(kind.code, chain(area), at) is None
            and not (kind.function == "f1" and any(a is None or a in chain(area) for a in bound))
        }
        covered = [
            leaf for gap in told[kind.id] for leaf in (3, 4, 5) if gap in (None, *chain(leaf))
        ]
        assert sorted(covered) == sorted(leaves)


def test_a_code_outside_the_taxonomy_has_the_entries_for_everything() -> None:
    matrix = Matrix([entry(1, event_class=0), entry(2, area=2)], CLASSES)
    found = matrix.choose("unheard.of", chain(4), 0)
    assert found is not None and (found.entry.id, found.scope) == (2, "any")
    assert matrix.choose("unheard.of", chain(3), 0) is None


CSV = """code,event_class,major,area,level,organisation,co_organisations,basis,starts_at,ends_at
M1,F-01,,,district,WATER,FIRE,城管发〔2026〕12号,,2026-08-01T00:00:00+08:00
M2,F-01,,S-1,street,WATER-S1,FIRE;WATER,,2026-07-01T00:00:00+08:00,
M3,,facilities,,city,FIRE,,,,
"""


@pytest.fixture
def listed(system_caller: Caller, folder: Path) -> Caller:
    (folder / "responsibilities.csv").write_text(CSV, encoding="utf-8")
    load_folder(system_caller, folder)
    return system_caller


def test_the_matrix_is_loaded_with_the_folder_and_shown_by_area(listed: Caller) -> None:
    found = editing.page(listed, "responsibilities")
    fire, water = (service.number_of(listed, "organisations", code) for code in ("FIRE", "WATER"))
    assert [one.co_organisations for one in found] == [(fire,), (fire, water), ()]
    at = found[1].starts_at
    district = service.number_of(listed, "areas", "D-1")
    grid = responsibility.matrix(listed, district, at, "en")
    assert [one["name"] for one in grid["areas"]] == ["D-1", "S-1", "S-2"]
    row = grid["rows"][0]
    assert (row["event_class"], row["major"]) == ("F-01", "facilities")
    cells = [(cell["how"], cell["organisation_name"]) for cell in row["cells"]]
    assert cells == [
        ("inherited", "Water Office"),
        ("entry", "Water Station 1"),
        ("inherited", "Water Office"),
    ]
    before = responsibility.matrix(listed, district, at - 1, "en")["rows"][0]["cells"]
    assert {cell["organisation_name"] for cell in before} == {"Water Office"}
    after = responsibility.matrix(listed, district, found[0].ends_at, "en")["rows"][0]["cells"]
    assert (after[2]["organisation_name"], after[2]["scope"]) == ("Fire Brigade", "major")


def test_references_of_a_list_are_checked_one_by_one(listed: Caller, folder: Path) -> None:
    (folder / "responsibilities.csv").write_text(CSV.replace("FIRE;WATER", "FIRE;WATRE"))
    with pytest.raises(errors.ManyErrors) as caught:
        load_folder(listed, folder)
    assert 'co_organisations is "WATRE"' in caught.value.message()
    assert "The nearest is: WATER" in caught.value.message()


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"event_class": "F-01", "major": "facilities"}, errors.MinorOrMajor),
        ({"starts_at": 2 * 10**15, "ends_at": 2 * 10**15}, errors.EndsFirst),
        ({"organisation": None}, errors.MissingField),
        ({"level": "grid"}, errors.BadField),
        ({"co_organisations": 7}, errors.BadField),
    ],
)
def test_entries_that_make_no_sense_are_refused(
    city: Caller, changed: dict[str, Any], wrong: type[Exception]
) -> None:
    with pytest.raises(wrong):
        editing.add(city, "responsibilities", {"code": "X", "organisation": "WATER"} | changed)
    assert editing.counts(city)["responsibilities"] == 0


def test_the_check_finds_conflicts_gaps_and_entries_that_never_hold(
    city: Caller,
    client: TestClient,  # noqa: F811
) -> None:
    add = {"level": "district", "area": "S-1"}
    for code, unit in (("A", "WATER"), ("B", "FIRE")):
        body = add | {"code": code, "event_class": "F-01", "organisation": unit}
        assert client.post("/api/registry/responsibilities", json=body).status_code == 201
    body = {"code": "C", "major": "nothing", "organisation": "FIRE"}
    client.post("/api/registry/responsibilities", json=body)
    taxonomy = {"code": "G-01", "major": "gas", "name_zh": "燃气泄漏", "deadline_minutes": 30}
    editing.add(city, "classes", taxonomy | {"function": "gas"})
    english = {"accept-language": "en"}
    found = client.get("/api/registry/responsibilities/check", headers=english).json()
    assert [one["code"] for one in found["conflicts"][0]] == ["A", "B"]
    assert [one["code"] for one in found["unknown_majors"]] == ["C"]
    assert [(gap["event_class"], gap["area"]) for gap in found["nobody"]] == [("G-01", None)]
    assert (found["conflict_count"], found["nobody_count"]) == (1, 1)
    grid = client.get("/api/registry/responsibilities/matrix", headers=english).json()
    gas = next(row for row in grid["rows"] if row["event_class"] == "G-01")
    assert {cell["how"] for cell in gas["cells"]} == {"nobody"}
    street = service.number_of(city, "areas", "S-1")
    grid = client.get(f"/api/registry/responsibilities/matrix?area={street}").json()
    flooded = next(row for row in grid["rows"] if row["event_class"] == "F-01")
    assert flooded["cells"][0]["how"] == "conflict"
    assert client.get("/api/registry/responsibilities/matrix?area=999").status_code == 404
    wrong = client.get("/api/registry/responsibilities/check?at=July")
    assert (wrong.status_code, wrong.json()["type"]) == (400, "web.bad_parameter")


def test_the_command_says_it_in_words_and_ends_with_a_status(tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "home"
    csv = CSV + "M4,F-01,,S-1,street,FIRE,,,,\nM5,,nothing,,city,FIRE,,,,\n"
    (folder / "responsibilities.csv").write_text(csv, encoding="utf-8")
    write_areas(folder, FOLDER_AREAS)
    run = CliRunner().invoke
    assert run(cli.commands, ["load", str(folder), "--home", str(home)]).exit_code == 0
    found = run(cli.commands, ["check", "--home", str(home)])
    assert found.exit_code == 1
    assert "Entries: 5. Conflicts: 1. Gaps: 0." in found.output
    conflict = "conflict: Flooded road, S-1: Water Station 1 (M2) and Fire Brigade (M4)"
    assert conflict in found.output
    assert 'never holds: M5: no class belongs to the major class "nothing"' in found.output
