"""Cases of another system, imported with their history."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from tests.cases.conftest import City
from yiwang.cases import service as cases
from yiwang.cases.importing import mapping as mappings
from yiwang.cases.importing import model, nouns, run, service
from yiwang.cases.importing.errors import NoColumn, NoFile, NotATable
from yiwang.cases.importing.model import RowRefused
from yiwang.cases.importing.tables import case_import_rows
from yiwang.cases.tables import case_timeline
from yiwang.cases.tables import cases as cases_table
from yiwang.cli import main
from yiwang.kernel.clock import parse
from yiwang.kernel.errors import YiwangError
from yiwang.security.errors import Denied
from yiwang.store.outbox import outbox

ROOT = Path(__file__).parents[2]
MAPPING = """
source: old
zone: America/New_York
fields:
  key: id
  opened: opened
  target: due
  closed: closed
  closing: why
  class: type
  class_group: group
  text: {columns: [type, words], join: ": "}
  address: address
  lon: lon
  lat: lat
  department: unit
  queue: queue
  severity: {constant: warning}
  channel: {column: source, values: {Call: hotline}}
  on_time: {column: punctual, values: {Y: "yes", N: "no"}, otherwise: ""}
keep: [ward]
areas: {code: town, name: Town, cell_m: 500}
"""
HEAD = "id,opened,due,closed,why,type,group,words,address,lon,lat,unit,queue,source,punctual,ward"
ROWS = (
    "1,2015-03-02 08:00:00,2015-03-03 08:30:20,2015-03-02 20:00:00,mended,Lamp,Street,dark,"
    "1 Elm,116.1,39.1,WORKS,W_lamps,Call,Y,7",
    "2,2015-03-02 09:00:00,2015-03-02 10:00:00,2015-03-04 09:00:00,late,Lamp,Street,,"
    "2 Elm,116.1,39.1,WORKS,W_lamps,Web,N,7",
    "3,2015-03-02 09:30:00,2015-03-02 10:00:00,2015-03-05 09:00:00,late,Hole,Street,deep,"
    "3 Elm,116.7,39.1,WORKS,W_holes,Call,,7",
    "4,2015-03-02 09:40:00,,,,Hole,Street,wide,4 Elm,116.7,39.1,WORKS,W_holes,Call,,",
    "5,2015-03-02 10:00:30,2015-03-03 10:00:00,2015-03-02 10:00:00,noted,Music,Noise,loud,"
    "5 Elm,,,WATER,,Call,Y,",
)
BAD = (
    "1,2015-03-09 08:00:00,,,,Lamp,Street,again,1 Elm,,,WORKS,,Call,,",
    "6,yesterday,,,,Lamp,Street,dark,1 Elm,,,WORKS,,Call,,",
    "7,2015-03-09 08:00:00,,,,,Street,,1 Elm,,,WORKS,,Call,,",
    "8,2015-03-09 08:00:00,,,,Lamp,Street,dark,,,,WORKS,,Call,,",
    "9,2015-03-09 08:00:00,,,,Lamp,Street,dark,,916.1,39.1,WORKS,,Call,,",
)


def _file(folder: Path, rows: Sequence[str], name: str = "old.csv") -> Path:
    file = folder / name
    file.write_text("\n".join((HEAD, *rows)) + "\n", encoding="utf-8")
    return file


def _import(city: City, file: Path, text: str = MAPPING) -> dict[str, Any]:
    return run.run(city.platform, file, mappings.parse(text, "m.yaml"), lambda *_: None)


def _numbers(city: City) -> dict[str, int]:
    columns = case_import_rows.c
    with city.database.read() as connection:
        return {row.key: row.case for row in connection.execute(select(columns.key, columns.case))}


def test_a_row_becomes_a_case_with_its_history(city: City, tmp_path: Path) -> None:
    report = _import(city, _file(tmp_path, ROWS))

    assert (report["read"], report["imported"], report["rejected"]) == (5, 5, 0)
    case = city.show(_numbers(city)["1"])
    assert case["opened_at"] == "2015-03-02T13:00:00Z"
    assert case["due_at"] == "2015-03-03T13:30:20Z", "the deadline of the row, to the second"
    assert (case["closed_at"], case["overdue"]) == ("2015-03-03T01:00:00Z", False)
    assert case["organisation_name"] == "W_lamps" and case["address"] == "1 Elm"
    assert case["grid_name"] == "G1", "the city has areas: none are made"
    assert [(one["step"], one["at"]) for one in case["timeline"]] == [
        ("opened", "2015-03-02T13:00:00Z"),
        ("dispatch", "2015-03-02T13:00:00Z"),
        ("close", "2015-03-03T01:00:00Z"),
    ]
    assert {one["actor"] for one in case["timeline"]} == {"system:import old"}
    assert case["timeline"][-1]["reason"] == "mended"
    (source,) = case["sources"]
    assert source["text"] == "Lamp: dark"
    assert source["values"] == {"channel": "hotline", "key": "1", "ward": "7"}


def test_deadlines_pass_when_they_passed(city: City, tmp_path: Path) -> None:
    _import(city, _file(tmp_path, ROWS))

    late = city.show(_numbers(city)["2"])
    assert late["overdue"] and late["kind"] == "done"
    assert [(one["step"], one["at"]) for one in late["timeline"]][2:4] == [
        ("warned", "2015-03-02T14:48:00Z"),
        ("overdue", "2015-03-02T15:00:00Z"),
    ]
    early = city.show(_numbers(city)["5"])
    assert early["closed_at"] == early["opened_at"], "two clocks: never closed before it was opened"
    assert early["organisation_name"] == "Water Office", "the code of an organisation of the city"


def test_the_report_reconciles_with_what_the_other_system_says(city: City, tmp_path: Path) -> None:
    wrong = "10,2015-03-06 09:00:00,2015-03-06 10:00:00,2015-03-06 10:00:00,,Lamp,Street,,X,,"
    rows = (*ROWS, *BAD, wrong + ",WORKS,,Call,N,")
    report = _import(city, _file(tmp_path, rows))

    assert report["read"] == 11
    assert (report["imported"], report["rejected"], report["duplicate"]) == (6, 4, 1)
    assert report["rejected_reasons"] == {
        "bad_lon": 1,
        "bad_opened": 1,
        "no_class": 1,
        "no_place": 1,
    }
    counts = [report[f"on_time_{name}"] for name in ("agree", "disagree", "missing")]
    assert counts == [3, 1, 1], "closed at the very deadline is on time"
    assert report["on_time_disagree_keys"] == ["10"]
    assert [one["key"] for one in report["on_time_missing_cases"]] == ["3"]
    assert report["on_time_missing_cases"][0]["overdue"]
    works = report["by_department"]["WORKS"]
    assert (works["cases"], works["closed"], works["on_time"], works["overdue"]) == (5, 4, 2, 2)
    assert report["by_type"]["Lamp"]["on_time_rate"] == 0.6667
    refused = service.refused_rows(city.platform, report["import"])
    assert (refused[0]["row"], refused[0]["reason"]) == (7, "bad_opened")
    assert refused[0]["value"] == "yesterday" and refused[0]["raw"]["id"] == "6"


def test_importing_twice_imports_nothing_twice(city: City, tmp_path: Path) -> None:
    file = _file(tmp_path, ROWS)
    _import(city, file)
    again = _import(city, file)

    assert (again["read"], again["imported"], again["duplicate"]) == (5, 0, 5)
    assert again["on_time_agree"] == 3, "the report is of the file's cases all the same"
    with city.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(cases_table)).scalar() == 5
        topics = {row.topic for row in connection.execute(select(outbox.c.topic))}
    assert not any(topic.startswith("case") for topic in topics), "history is announced to nobody"


def test_a_newer_file_closes_what_has_closed_since(city: City, tmp_path: Path) -> None:
    _import(city, _file(tmp_path, ROWS))
    closed = ROWS[3].replace("09:40:00,,,,", "09:40:00,,2015-05-01 12:00:00,filled,")
    fresh = ROWS[3].replace("4,", "44,", 1)
    report = _import(city, _file(tmp_path, (closed, fresh), "newer.csv"))

    assert (report["read"], report["imported"], report["duplicate"]) == (2, 1, 1)
    assert city.show(_numbers(city)["4"])["closed_at"] == "2015-05-01T16:00:00Z"


def test_a_case_that_was_closed_here_meanwhile_is_left_alone(city: City, tmp_path: Path) -> None:
    _import(city, _file(tmp_path, ROWS))
    no = _numbers(city)["4"]
    cases.take(city.centre, no, "void", cases.Given(reason="nothing there"))
    closed = ROWS[3].replace("09:40:00,,,,", "09:40:00,,2015-05-01 12:00:00,filled,")
    report = _import(city, _file(tmp_path, (closed,), "newer.csv"))

    assert report["not_closed"] == {"4": "cases.step_impossible"}
    assert city.show(no)["kind"] == "void"


class _Killed(Exception):
    pass


@pytest.mark.parametrize("after", range(6))
def test_an_import_that_was_killed_goes_on(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Wherever it stops between batches, the end is the same as without."""
    monkeypatch.setattr(run, "BATCH", 2)
    file = _file(tmp_path, (*ROWS, *BAD))
    mapping = mappings.parse(MAPPING, "m.yaml")
    batches = 0

    def kill(*_: object) -> None:
        nonlocal batches
        batches += 1
        if batches == after:
            raise _Killed

    try:
        report = run.run(city.platform, file, mapping, kill)
    except _Killed:
        report = run.run(city.platform, file, mapping, lambda *_: None)

    assert (report["imported"], report["duplicate"], report["rejected"]) == (5, 1, 4)
    with city.database.read() as connection:
        lines = connection.execute(
            select(case_timeline.c.step).order_by(case_timeline.c.case, case_timeline.c.id)
        )
        assert [row.step for row in lines] == [
            *("opened", "dispatch", "close"),
            *("opened", "dispatch", "warned", "overdue", "close"),
            *("opened", "dispatch", "warned", "overdue", "close"),
            *("opened", "dispatch"),
            *("opened", "dispatch", "close"),
        ]
        assert connection.execute(select(func.count()).select_from(cases_table)).scalar() == 5


def test_an_action_of_the_import_is_the_centres(city: City) -> None:
    mapping = mappings.parse(MAPPING, "m.yaml")
    begun = service.begin_import(city.platform, mapping, "f", "d", nouns.Names())
    with pytest.raises(Denied):
        service.import_rows(city.citizen, mapping, begun, [])
    report = service.finish_import(city.platform, mapping, begun, 0, [], lambda _: {"read": 0})
    assert report == {"read": 0}


@pytest.mark.parametrize(
    ("text", "not_before", "expected"),
    [
        ("2015-07-01T12:00:00", None, "2015-07-01T16:00:00Z"),
        ("2015-01-01T12:00:00", None, "2015-01-01T17:00:00Z"),
        ("2015-03-08T02:30:00", None, "2015-03-08T07:30:00Z"),
        ("2015-11-01T01:30:00", None, "2015-11-01T05:30:00Z"),
        ("2015-11-01T01:30:00", "2015-11-01T05:45:00Z", "2015-11-01T06:30:00Z"),
        ("2015-11-01T01:30:00", "2015-11-01T05:10:00Z", "2015-11-01T05:30:00Z"),
        ("2015-07-01T12:00:00+02:00", None, "2015-07-01T10:00:00Z"),
    ],
)
def test_local_times_when_clocks_change(text: str, not_before: str | None, expected: str) -> None:
    zone = ZoneInfo("America/New_York")
    least = None if not_before is None else parse(not_before)
    assert model.instant(datetime.fromisoformat(text), zone, least) == parse(expected)


def test_other_ways_of_writing_times() -> None:
    mapping = mappings.parse(MAPPING + 'formats: ["%m/%d/%Y %I:%M:%S %p"]\n', "m.yaml")
    cells = dict.fromkeys(HEAD.split(","))
    cells |= {"id": "1", "opened": "03/02/2015 08:00:00 PM", "type": "Lamp", "address": "x"}
    assert model.entry(mapping, cells).opened == parse("2015-03-03T01:00:00Z")
    with pytest.raises(RowRefused, match="half_a_place"):
        model.entry(mapping, cells | {"lon": "1"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("  key: id\n", ""), "kernel.missing_key"),
        (("America/New_York", "Mars/Olympus"), "kernel.not_allowed"),
        (("  target: due", "  tarket: due"), "kernel.not_allowed"),
        (("keep: [ward]", "keep: [1]"), "kernel.wrong_type"),
        (("cell_m: 500", "cell_m: 5"), "kernel.not_allowed"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_by_its_line(
    change: tuple[str, str], code: str
) -> None:
    with pytest.raises(YiwangError) as refused:
        mappings.parse(MAPPING.replace(*change), "m.yaml")
    assert refused.value.code == code and "line" in refused.value.where


def test_a_file_that_does_not_fit_its_mapping_changes_nothing(city: City, tmp_path: Path) -> None:
    with pytest.raises(NoFile):
        _import(city, tmp_path / "none.csv")
    with pytest.raises(NoColumn):
        _import(city, _file(tmp_path, ()), MAPPING.replace("target: due", "target: until"))
    broken = tmp_path / "x.parquet"
    broken.write_bytes(b"PAR1 not really")
    with pytest.raises(NotATable):
        _import(city, broken)
    assert _numbers(city) == {}


def test_areas_are_squares_where_the_city_has_none(tmp_path: Path) -> None:
    file, mapping, report = (tmp_path / name for name in ("old.csv", "m.yaml", "r.json"))
    _file(tmp_path, ROWS)
    mapping.write_text(MAPPING, encoding="utf-8")
    home = str(tmp_path / "home")
    asked = ["cases", "import", str(file), "--mapping", str(mapping), "--home", home]
    done = CliRunner().invoke(main, [*asked, "--report", str(report)])

    assert done.exit_code == 0, done.output
    assert json.loads(report.read_text(encoding="utf-8"))["imported"] == 5
    shown = CliRunner().invoke(main, ["registry", "show", "areas", "--home", home])
    assert shown.output.count("town.") == 2


def test_names_that_differ_in_signs_alone_get_codes_of_their_own() -> None:
    found = model.codes("s", ["A-B", "A_B", "井盖"])
    assert len(set(found.values())) == 3 and found["井盖"] == "s.井盖"


DATA = Path(os.environ.get("YIWANG_DATA", ROOT.parent / "shared" / "data"))
REAL = DATA / "boston311_2015h1.parquet"


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason=f"the recorded requests are not at {REAL}")
def test_half_a_year_of_a_real_city_reconciles(tmp_path: Path) -> None:
    mapping = ROOT / "bench" / "mappings" / "boston311.yaml"
    report = tmp_path / "report.json"
    asked = ["cases", "import", str(REAL), "--mapping", str(mapping)]
    asked += ["--home", str(tmp_path / "home"), "--report", str(report)]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    found = json.loads(report.read_text(encoding="utf-8"))

    assert (found["read"], found["imported"], found["rejected"]) == (58_119, 58_119, 0)
    counts = [found[f"on_time_{name}"] for name in ("agree", "disagree", "missing")]
    assert counts == [37_257, 0, 63]
    assert all(one["overdue"] for one in found["on_time_missing_cases"])
    for name, column in (("by_department", "department"), ("by_type", "type")):
        direct = duckdb.sql(
            f"SELECT {column}, count(*), count(closed), "
            "count(*) FILTER (WHERE closed <= target), count(*) FILTER (WHERE closed > target) "
            f"FROM read_parquet('{REAL}') GROUP BY {column}"
        ).fetchall()
        ours = {
            each: (one["cases"], one["closed"], one["on_time"], one["overdue"])
            for each, one in found[name].items()
        }
        assert ours == {row[0]: row[1:] for row in direct}
    learnt = found["proposals"]["queue"]
    assert learnt["top1"] > learnt["by_type"]["top1"] > learnt["most_frequent"]["top1"]
    assert learnt["top3"] > learnt["by_type"]["top3"]
    for name in ("department", "queue", "case_class"):
        sent = found["proposals"][name]["automatic_at_98"]
        assert sent["precision"] >= 0.98 and sent["share"] > 0.3, "what was promised is kept"
    missing = duckdb.sql(
        f"SELECT case_id FROM read_parquet('{REAL}') "
        "WHERE closed IS NOT NULL AND target IS NOT NULL AND on_time IS NULL"
    ).fetchall()
    assert {one["key"] for one in found["on_time_missing_cases"]} == {
        str(row[0]) for row in missing
    }
