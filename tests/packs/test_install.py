"""Installing, upgrading, switching off: a bad pack never stops the others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packs.conftest import NAME, Told
from yiwang.packs import errors, service
from yiwang.packs.library import Library
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.store.outbox import outbox

Edit = Callable[[Path, str, str], None]


@pytest.fixture
def act(system_caller: Caller, library: Library, told: Told, good: Path) -> Callable[..., object]:
    def install(folder: Path = good, **more: bool) -> object:
        return service.install(system_caller, library, told.domains(), folder, **more)

    return install


def states(caller: Caller, library: Library) -> dict[str, str]:
    return {one.name: one.state for one in service.statuses(caller, library)}


def test_installed_and_running(
    act: Callable[..., object], system_caller: Caller, library: Library, told: Told
) -> None:
    act()
    assert told.calls == [f"install {NAME} 1.2.0"]
    assert states(system_caller, library) == {NAME: "running"}
    ((pack, city),) = service.running(system_caller, library)
    assert pack.version == "1.2.0"
    assert city.inputs == {"cellars": "cellar", "season": "wet"}
    with system_caller.database.read() as connection:
        bodies = [row.body for row in connection.execute(outbox.select())]
    assert bodies == [{"pack": NAME, "version": "1.2.0"}]
    assert service.refresh(system_caller, library, told.domains()) == []
    assert told.calls == [f"install {NAME} 1.2.0"], "nothing changed, nothing is done"
    act()
    assert len(told.calls) == 1, "the same folder again changes nothing"
    assert [one["what"] for one in service.history(system_caller, NAME)] == ["installed", "running"]


def test_only_administrators_install(
    caller_for: Callable[..., Caller], library: Library, told: Told, good: Path
) -> None:
    with pytest.raises(Denied):
        service.install(caller_for("command_centre"), library, told.domains(), good)
    with pytest.raises(Denied):
        service.refresh(caller_for("auditor"), library, told.domains())
    assert service.statuses(caller_for("auditor"), library) == []


def test_a_bad_folder_is_not_installed(
    act: Callable[..., object], library: Library, good: Path, edit: Edit
) -> None:
    edit(good / "pack.yaml", "1.2.0", "one")
    with pytest.raises(errors.BadPack) as caught:
        act()
    assert f"Errors in the pack {NAME}: 1." in str(caught.value)
    assert not library.installed.exists()


def test_an_upgrade_says_what_changes(
    act: Callable[..., object],
    system_caller: Caller,
    library: Library,
    told: Told,
    good: Path,
    edit: Edit,
) -> None:
    act()
    edit(good / "parameters" / "water_most.yaml", '"4 cm"', '"3 cm"')
    with pytest.raises(errors.SameVersion):
        act()
    edit(good / "pack.yaml", "1.2.0", "1.3.0")
    changes = service.preview(system_caller, library, service.check(good).use())
    assert changes.lines("en") == ["changed: parameters.water_most"]
    act()
    assert told.packs[NAME][0].version == "1.3.0"
    edit(good / "pack.yaml", "1.3.0", "1.2.9")
    with pytest.raises(errors.OlderVersion):
        act()


def test_wider_sharing_is_asked_for_again(
    act: Callable[..., object],
    system_caller: Caller,
    library: Library,
    told: Told,
    good: Path,
    edit: Edit,
) -> None:
    act()
    edit(good / "pack.yaml", "1.2.0", "2.0.0")
    edit(good / "sharing.yaml", "[place, raised_at]", "[place, raised_at, severity]")
    with pytest.raises(errors.NotConfirmed) as caught:
        act()
    assert "wet_cellars" in str(caught.value)
    assert told.packs[NAME][0].version == "1.2.0"
    act(accept_sharing=True)
    assert told.packs[NAME][0].version == "2.0.0"
    edit(good / "pack.yaml", "2.0.0", "2.0.1")
    edit(
        good / "sharing.yaml",
        "share: unconditional\n    open: true",
        "share: none\n    open: false",
    )
    act()
    assert service.status(system_caller, library, NAME).widens == ()


def test_opening_cases_to_everybody_is_agreed_to(
    good: Path,
    act: Callable[..., object],
    edit: Edit,
) -> None:
    act()
    edit(good / "pack.yaml", "1.2.0", "2.0.0")
    line = "    severity: "
    edit(good / "cases.yaml", line, f"    public: {{round: 200 m}}\n{line}")
    with pytest.raises(errors.NotConfirmed) as caught:
        act()
    assert "200" in str(caught.value)
    act(accept_sharing=True)
    edit(good / "pack.yaml", "2.0.0", "2.0.1")
    edit(good / "cases.yaml", "round: 200 m", "round: 300 m")
    act()
    edit(good / "pack.yaml", "2.0.1", "2.0.2")
    edit(good / "cases.yaml", "round: 300 m", "round: 300 m, photos: true")
    with pytest.raises(errors.NotConfirmed):
        act()


def test_wider_sharing_that_came_by_itself_waits(
    act: Callable[..., object],
    system_caller: Caller,
    library: Library,
    told: Told,
    edit: Edit,
) -> None:
    act()
    inside = library.installed / NAME
    edit(inside / "sharing.yaml", "[place, raised_at]", "[place, raised_at, severity]")
    service.refresh(system_caller, library, told.domains())
    (waiting,) = service.status(system_caller, library, NAME).widens
    assert "wet_cellars" in waiting["en"] and "wet_cellars" in waiting["zh-CN"]
    service.accept(system_caller, library, NAME)
    assert service.status(system_caller, library, NAME).widens == ()


def test_a_pack_gone_bad_is_switched_off_and_the_rest_runs(
    act: Callable[..., object],
    system_caller: Caller,
    library: Library,
    told: Told,
    good: Path,
    edit: Edit,
) -> None:
    act()
    other = good.parent / "dry_cellar"
    shutil.copytree(good, other)
    edit(other / "pack.yaml", NAME, "dry_cellar")
    act(other)
    inside = library.installed / NAME / "parameters" / "water_most.yaml"
    edit(inside, '"4 cm"', '"4 kg"')
    service.refresh(system_caller, library, told.domains())
    assert set(told.packs) == {"dry_cellar"}
    bad, fine = sorted(service.statuses(system_caller, library), key=lambda one: one.state)
    assert (bad.state, fine.state) == ("bad", "running")
    assert bad.errors[0]["en"].startswith(f"packs/{NAME}/parameters/water_most.yaml, line 5")
    edit(inside, '"4 kg"', '"4 cm"')
    service.refresh(system_caller, library, told.domains())
    assert set(told.packs) == {NAME, "dry_cellar"}


def test_a_pack_falls_with_the_one_it_needs(
    act: Callable[..., object],
    system_caller: Caller,
    library: Library,
    told: Told,
    good: Path,
    edit: Edit,
) -> None:
    other = good.parent / "dry_cellar"
    shutil.copytree(good, other)
    edit(other / "pack.yaml", f"pack: {NAME}", "pack: dry_cellar")
    edit(other / "pack.yaml", '">=0.1"', f'">=0.1"\n  packs: {{{NAME}: ">=1.2"}}')
    with pytest.raises(errors.BadPack, match="needs the pack"):
        act(other)
    act()
    act(other)
    shutil.rmtree(library.installed / NAME)
    service.refresh(system_caller, library, told.domains())
    assert told.packs == {}
    assert states(system_caller, library) == {"dry_cellar": "bad"}


def test_the_city_fills_in_and_switches_off(
    act: Callable[..., object], system_caller: Caller, library: Library, told: Told, home: Path
) -> None:
    act()
    own = home / "city" / f"{NAME}.yaml"
    own.write_text(
        "inputs: {cellars: basement, season: dry}\n"
        "parameters:\n"
        "  - {parameter: water_most, from: 2026-07-01, value: 20 mm, who: 王伟, why: 雨季}\n",
        encoding="utf-8",
    )
    service.refresh(system_caller, library, told.domains())
    city = told.packs[NAME][1]
    assert city.inputs == {"cellars": "basement", "season": "dry"}
    (change,) = city.changes
    assert (change.parameter, change.value, change.who) == ("water_most", 2.0, "王伟")
    own.write_text("enabled: false\n", encoding="utf-8")
    service.refresh(system_caller, library, told.domains())
    assert told.packs == {}
    assert states(system_caller, library) == {NAME: "off"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("inputs: {seasons: dry}", ["line 1", "seasons", "season"]),
        ("inputs: {season: damp}", ["line 1", "damp", "wet, dry"]),
        ("parameters: [{parameter: water, from: 2026-07-01, value: 2 cm}]", ["water_most"]),
        (
            "parameters: [{parameter: water_most, from: 2026-07-01, value: 2 m, who: a, why: b}]",
            ["2 m", "1 … 10 cm"],
        ),
        (
            "parameters: [{parameter: water_most, from: 2026-07-01, value: 2 kg, who: a, why: b}]",
            ["2 kg", "cm"],
        ),
        (
            "parameters: [{parameter: water_most, from: 2026-07-01, value: 2 cm, who: a}]",
            ["why"],
        ),
        ("parameters: [{parameter: water_most, from: soon, value: 2 cm}]", ["soon", "a date"]),
        ("inptus: {}", ["inptus", "inputs"]),
    ],
)
def test_what_a_city_may_not_write(
    act: Callable[..., object],
    system_caller: Caller,
    library: Library,
    told: Told,
    home: Path,
    text: str,
    words: list[str],
) -> None:
    act()
    (home / "city" / f"{NAME}.yaml").write_text(text + "\n", encoding="utf-8")
    service.refresh(system_caller, library, told.domains())
    status = service.status(system_caller, library, NAME)
    assert status.state == "bad" and told.packs == {}
    for word in (f"city/{NAME}.yaml", *words):
        assert word in status.errors[0]["en"]


def test_a_failure_on_the_way_leaves_the_old_pack(
    act: Callable[..., object],
    system_caller: Caller,
    library: Library,
    told: Told,
    good: Path,
    edit: Edit,
) -> None:
    act()
    edit(good / "pack.yaml", "1.2.0", "1.3.0")
    told.fails = True
    with pytest.raises(RuntimeError):
        act()
    assert library.pack(NAME).version == "1.2.0"
    assert service.status(system_caller, library, NAME).version == "1.2.0"


def test_a_crash_in_the_middle_of_copying(library: Library, good: Path) -> None:
    library.put(good, NAME)
    library.keep(NAME)
    (library.installed / NAME).rename(library.installed / f".{NAME}.old")
    shutil.copytree(good, library.installed / f".{NAME}.new")
    assert library.found() == []
    library.recover()
    assert [one.name for one in library.found()] == [NAME]
    assert [path.name for path in library.installed.iterdir()] == [NAME]


def test_the_names_of_built_in_packs_are_taken(
    system_caller: Caller, home: Path, told: Told, good: Path, tmp_path: Path
) -> None:
    builtin = tmp_path / "builtin"
    shutil.copytree(good, builtin / NAME)
    library = Library(home, builtin)
    assert service.refresh(system_caller, library, told.domains()) == [NAME]
    assert service.status(system_caller, library, NAME).builtin
    with pytest.raises(errors.BuiltinName):
        service.install(system_caller, library, told.domains(), good)
    with pytest.raises(errors.UnknownPack):
        service.status(system_caller, library, "other")
    with pytest.raises(errors.UnknownPack):
        library.pack("other")
