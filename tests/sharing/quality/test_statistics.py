"""The 26 statistical tables of a yearbook as they were printed, misprints included: what adds up
passes, and what does not is found by rules of which none is written for one cell."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from yiwang.kernel import documents
from yiwang.sharing.quality import printed, spec
from yiwang.sharing.quality.model import About, Verdict
from yiwang.sharing.quality.workbench import Workbench

ROOT = Path(__file__).parents[3]
ORACLES = Path(os.environ.get("YIWANG_ORACLES", ROOT.parent / "shared" / "oracles"))
STATISTICS = ORACLES / "statistics"
RULES = ROOT / "tests" / "sharing" / "statistics"
needed = pytest.mark.skipif(
    not STATISTICS.is_dir(), reason=f"the printed tables are not at {STATISTICS}"
)

LISTED = {
    ("network_by_province", "固定长途电话交换机容量"),
    ("netizens_by_province", "2014"),
    ("netizens_by_province", "2015"),
    ("population_is_steady", "上海 2013"),
    ("usage_rate", "网络游戏 2013"),
    ("usage_rate", "网络炒股或炒基金 2015"),
    ("series_are_printed", "集成电路"),
    ("series_are_printed", "微型计算机"),
    ("series_are_printed", "笔记本电脑"),
    ("years_as_titled", ""),
    ("countries_once", "17"),
    ("countries_once", "104"),
}
"""What whoever read the yearbook by hand had found wrong in these tables."""

MORE = {
    ("network_by_province", "局用交换机容量"),
    ("exports_are_made", "笔记本电脑 2013"),
    ("services_once", "5 36"),
}
"""What had not been listed and is wrong all the same: provinces add up to 22,440.3, 13 units of
the last digit (eight standard deviations of rounding) beside the printed 22,441.6; 326.682 million
portable computers exported in a year in which 240.415 million were made; one account of one
licence twice in a row."""


def _tables(typed: bool) -> Callable[[str], tuple[About, pa.Table] | None]:
    with (STATISTICS / "index.csv").open(encoding="utf-8-sig") as file:
        titles = {Path(row["file"]).stem: row["title"] for row in csv.DictReader(file)}

    def one(code: str) -> tuple[About, pa.Table] | None:
        file = STATISTICS / f"{code}.tsv"
        if not file.is_file():
            return None
        about, data = printed.read(file, code, titles.get(code, ""))
        return about, printed.typed(data) if typed else data

    return one


def _verdicts(typed: bool) -> list[Verdict]:
    files = sorted(RULES.glob("*.yaml"))
    rules = [rule for file in files for rule in spec.read(documents.load(file, file.name))]
    with Workbench(_tables(typed)) as bench:
        return spec.judge(bench, rules, 0)


@needed
@pytest.mark.parametrize("typed", [False, True], ids=["as_printed", "as_numbers"])
def test_the_listed_defects_are_found_and_what_adds_up_passes(typed: bool) -> None:
    verdicts = _verdicts(typed)
    assert [each for each in verdicts if each.broken or not each.checked] == []
    found = {
        (issue.rule, " ".join(issue.key.values())) for each in verdicts for issue in each.issues
    }
    assert found == LISTED | MORE
    assert sum(each.failed for each in verdicts) == len(found)

    tables = {file.stem for file in STATISTICS.glob("*.tsv")}
    assert len(tables) == 26
    assert {each.table for each in verdicts} == tables
