"""Lists of devices: what a template holds, and what is wrong in a list, cell by cell."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sensing.fleet.conftest import DEVICES, csv_list
from yiwang.kernel.errors import YiwangError
from yiwang.sensing import spec
from yiwang.sensing.fleet import sheet

DECLARED = {
    "care": {
        "attributes": [
            {"name": "pole", "type": "text", "required": True, "options": [], "title": "杆号"},
            {"name": "height_m", "type": "number", "required": False, "options": [], "title": ""},
            {"name": "solar", "type": "flag", "required": False, "options": [], "title": ""},
            {
                "name": "mount",
                "type": "choice",
                "required": False,
                "options": ["wall", "pole"],
                "title": "",
            },
        ]
    }
}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_template_is_read_back_as_an_empty_list(lang: str) -> None:
    text = sheet.template(DECLARED, lang)
    read = sheet.read(text.encode(), DECLARED)
    assert (read.rows, read.errors) == ([], [])
    header, hints = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    assert header[-4:] == [
        "properties.pole",
        "properties.height_m",
        "properties.solar",
        "properties.mount",
    ]
    assert len(hints) == len(header) and all(hints)


def test_cells_are_read_as_what_they_are() -> None:
    header = "code;lon;lat;installed_on;properties.pole;properties.solar;properties.height_m"
    (row,) = sheet.read(csv_list("A;121.5;31;2026/7/1;P1;是;4.5", header=header), DECLARED).rows
    assert row.values == {"code": "A", "lon": 121.5, "lat": 31.0, "installed_on": "2026-07-01"}
    assert row.properties == {"pole": "P1", "solar": True, "height_m": 4.5}


def test_a_list_from_a_chinese_spreadsheet() -> None:
    content = "code,name,properties.pole\nA,水位计,东一\n".encode("gb18030")
    (row,) = sheet.read(content, DECLARED).rows
    assert (row.values["name"], row.properties["pole"]) == ("水位计", "东一")


@pytest.mark.parametrize(
    ("row", "where", "code"),
    [
        (",,121,31,,,,,,,P", "row 2, column code", "sensing.cell_missing"),
        ("A,,abc,31,,,,,,,P", "row 2, column lon", "sensing.cell_not_a_number"),
        ("A,,inf,31,,,,,,,P", "row 2, column lon", "sensing.cell_not_a_number"),
        ("A,,31,121,,,,,,,P", "row 2, column lat", "sensing.cell_out_of_range"),
        ("A,,121,,,,,,,,P", "row 2, column lat", "sensing.cell_missing"),
        ("A,,121,31,,,,,yesterday,,P", "row 2, column installed_on", "sensing.cell_not_a_date"),
        ("A,,121,31,,,,,2026-02-30,,P", "row 2, column installed_on", "sensing.cell_not_a_date"),
        ("A,,121,31,,,,,,,", "row 2, column properties.pole", "sensing.cell_missing"),
        (f"{'A' * 129},,121,31,,,,,,,P", "row 2, column code", "sensing.cell_too_long"),
        ("A,,121,31,,,,,,,P,more", "row 2", "sensing.row_too_long"),
    ],
)
def test_what_is_wrong_in_a_cell(row: str, where: str, code: str) -> None:
    read = sheet.read(csv_list(row), DECLARED)
    assert read.rows == []
    assert [(error.where, error.code) for error in read.errors] == [(where, code)]
    assert all(error.what("en") and error.todo("zh-CN") for error in read.errors)


def test_words_that_may_not_stand_there() -> None:
    header = "code,properties.pole,properties.mount,properties.solar"
    read = sheet.read(csv_list("A,P,tree,perhaps", header=header), DECLARED)
    assert [error.where for error in read.errors] == [
        "row 2, column properties.mount",
        "row 2, column properties.solar",
    ]
    assert "wall, pole" in read.errors[0].todo()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sensing.not_a_table"),
        (b"\xff\xff\xff", "sensing.not_a_table"),
        (b"code,longitude\nA,1\n", "sensing.column_unknown"),
        (b"code,lon,lon\nA,1,2\n", "sensing.column_unknown"),
        (b"name,lon\nA,1\n", "sensing.column_missing"),
    ],
)
def test_what_is_no_list(content: bytes, code: str) -> None:
    with pytest.raises(YiwangError) as caught:
        sheet.read(content, DECLARED)
    assert caught.value.code == code


def test_a_code_that_stands_twice_names_its_first_row() -> None:
    read = sheet.read(csv_list("A,,,,,,,,,,P", "", "A,,,,,,,,,,P"), DECLARED)
    assert [row.number for row in read.rows] == [2]
    assert read.errors[0].fields["first"] == 2 and read.errors[0].where == "row 4, column code"


def test_errors_beyond_the_first_thousand_are_counted() -> None:
    read = sheet.read(csv_list(*[f"A{n},,x,31,,,,,,,P" for n in range(1500)]), DECLARED)
    assert (len(read.errors), read.wrong) == (sheet.MOST_ERRORS, 1500)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_whatever_is_sent_is_read_or_refused(content: bytes) -> None:
    try:
        read = sheet.read(b"code,properties.pole\n" + content, DECLARED)
    except YiwangError:
        return
    assert read.wrong == len(read.errors)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("type: choice, options: [wall, pole]", "type: choice", "options"),
        ("type: flag", "type: flag, options: [a]", "options"),
        ("type: flag", "type: picture", "text, number, flag, choice"),
        ("property: volts", "property: amps", "depth_cm, volts, version"),
        ("property: volts, full: 3.6", "full: 3.6", "needs the property"),
        ("full: 3.6", "full: 2", "full at more than"),
        ("firmware: version", "firmware: fw", "depth_cm, volts, version"),
        ("battery:", "batery:", "battery"),
    ],
)
def test_what_a_kind_says_wrongly_of_its_upkeep(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in DEVICES
    (tmp_path / "devices.yaml").write_text(DEVICES.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(YiwangError) as caught:
        spec.read(tmp_path, "flood")
    assert words in str(caught.value) and caught.value.where.startswith("flood/devices.yaml, line")
