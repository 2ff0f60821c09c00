"""A folder is loaded whole or not at all, and every error has file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.registry.conftest import AREAS, feature, square, write_areas
from yiwang.registry import editing, service
from yiwang.registry.cli import commands
from yiwang.registry.errors import ManyErrors, NothingToLoad
from yiwang.registry.files import load_folder, read_folder
from yiwang.security.actions import Caller


def test_load_and_load_again(system_caller: Caller, folder: Path) -> None:
    expected = {
        "areas": 6,
        "organisations": 3,
        "people": 2,
        "duties": 3,
        "places": 3,
        "classes": 1,
    }
    assert load_folder(system_caller, folder) == expected
    before = editing.page(system_caller, "places")
    write_areas(folder, [*AREAS, feature("G-4", "grid", "S-1", square(3, 3, 0.9))])
    people = (folder / "people.csv").read_text().replace("王伟", "王大伟")
    (folder / "people.csv").write_text(people)
    load_folder(system_caller, folder)
    assert editing.counts(system_caller) == expected | {"areas": 7, "responsibilities": 0}
    renamed = service.person_of_user(system_caller, "wang.wei")
    assert renamed is not None and renamed.name == "王大伟"
    after = editing.page(system_caller, "places")
    assert [item.id for item in after] == [item.id for item in before]
    assert after[2].grid == service.number_of(system_caller, "areas", "G-4")


def test_organisations_as_yaml(system_caller: Caller, tmp_path: Path) -> None:
    text = """organisations:
  - {code: WATER, kind: department, name_zh: 水务局, functions: [drainage, river]}
  - {code: W1, kind: station, name_zh: 一站, functions: [drainage], parent: WATER}
"""
    (tmp_path / "organisations.yaml").write_text(text, encoding="utf-8")
    assert load_folder(system_caller, tmp_path) == {"organisations": 2}
    first, second = editing.page(system_caller, "organisations")
    assert first.functions == ("drainage", "river")
    assert second.parent == first.id


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("places.csv", "0.5,0.5,", "abc,0.5,", ["places.csv, line 2", "lon", "abc"]),
        ("places.csv", "name_zh", "name_zn", ["places.csv, line 1", "name_zn", "name_zh"]),
        ("places.csv", "underpass,U2", "underpass,U1", ["places.csv, line 3", "U1", "line 2"]),
        ("people.csv", "WATER-S1", "WATER-S2", ["people.csv, line 2", "nearest is: WATER-S1"]),
        ("rosters.csv", "mon-fri", "weekdays", ["rosters.csv, line 2", "days of the week"]),
        ("rosters.csv", "2026-07-01T00:00:00+08:00", "2026-07-01", ["line 4", "with its zone"]),
        ("taxonomy.csv", "urgent", "bad", ["taxonomy.csv, line 2", "notice, warning"]),
        ("areas.geojson", '"street"', '"road"', ["areas.geojson, line", "level", "road"]),
        ("areas.geojson", "{", "[", ["areas.geojson, line", "GeoJSON"]),
        ("areas.geojson", '"S-1"', '"S-7"', ["areas.geojson, line", "S-7", "nearest is: S-"]),
    ],
)
def test_errors_name_file_and_line(
    system_caller: Caller, folder: Path, file: str, old: str, new: str, words: list[str]
) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ManyErrors) as caught:
        load_folder(system_caller, folder)
    for word in words:
        assert word in caught.value.message("en")
    assert sum(editing.counts(system_caller).values()) == 0


def test_the_line_of_a_feature_is_where_it_stands(folder: Path) -> None:
    crossed = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    write_areas(folder, [AREAS[5], feature("G-8", "grid", "D-1", crossed)])
    with pytest.raises(ManyErrors) as caught:
        read_folder(folder)
    (error,) = caught.value.errors
    line = int(error.where.rsplit(" ", 1)[1])
    lines = (folder / "areas.geojson").read_text(encoding="utf-8").splitlines()
    assert '"Feature"' in lines[line - 1] and "G-8" in "".join(lines[line : line + 6])
    assert "Self-intersection" in error.message("en")


def test_all_errors_at_once(folder: Path) -> None:
    text = (folder / "places.csv").read_text(encoding="utf-8")
    text = text.replace("0.5,0.5", "x,0.5").replace("1.5,0.5", "y,0.5")
    (folder / "places.csv").write_text(text, encoding="utf-8")
    (folder / "people.csv").write_bytes("code,name\nP1,王".encode("gb18030"))
    with pytest.raises(ManyErrors) as caught:
        read_folder(folder)
    assert len(caught.value.errors) == 3
    assert "共发现 3 个错误" in caught.value.message("zh-CN")


def test_a_folder_without_files(system_caller: Caller, tmp_path: Path) -> None:
    with pytest.raises(NothingToLoad, match=r"areas\.geojson"):
        load_folder(system_caller, tmp_path)


def test_command(tmp_path: Path, folder: Path) -> None:
    home = ["--home", str(tmp_path / "home")]
    runner = CliRunner()
    loaded = runner.invoke(commands, ["load", *home, str(folder)], catch_exceptions=False)
    assert loaded.exit_code == 0 and "places: 3" in loaded.output
    shown = runner.invoke(commands, ["show", *home], catch_exceptions=False)
    assert "areas: 6" in shown.output
    listed = runner.invoke(commands, ["show", *home, "people", "--find", "李"])
    assert "P2" in listed.output and "李娜" in listed.output and "P1" not in listed.output
