"""The 26 statistical tables of a yearbook as they were printed, misprints included: what adds up
passes, and what does not is found by rules of which none is written for one cell."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from tests.sharing.conftest import City
from yiwang.kernel import documents
from yiwang.security.evidence.log import Log
from yiwang.security.protection.city import Protection
from yiwang.sharing.catalogue.model import Item, Resource
from yiwang.sharing.opening import ckan_actions
from yiwang.sharing.opening import service as opening
from yiwang.sharing.opening.counting import Counting
from yiwang.sharing.quality import printed, service, spec, views
from yiwang.sharing.quality.model import About, Verdict
from yiwang.sharing.quality.watching import Inspector
from yiwang.sharing.quality.workbench import Workbench
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column

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


def _titles() -> dict[str, str]:
    with (STATISTICS / "index.csv").open(encoding="utf-8-sig") as file:
        return {Path(row["file"]).stem: row["title"] for row in csv.DictReader(file)}


def _tables() -> Callable[[str], tuple[About, pa.Table] | None]:
    titles = _titles()

    def one(code: str) -> tuple[About, pa.Table] | None:
        file = STATISTICS / f"{code}.tsv"
        if not file.is_file():
            return None
        return printed.read(file, code, titles.get(code, ""))

    return one


def _verdicts() -> list[Verdict]:
    files = sorted(RULES.glob("*.yaml"))
    rules = [rule for file in files for rule in spec.read(documents.load(file, file.name))]
    with Workbench(_tables()) as bench:
        return spec.judge(bench, rules, 0)


@needed
def test_the_listed_defects_are_found_and_what_adds_up_passes() -> None:
    verdicts = _verdicts()
    assert [each for each in verdicts if each.broken or not each.checked] == []
    found = {
        (issue.rule, " ".join(issue.key.values())) for each in verdicts for issue in each.issues
    }
    assert found == LISTED | MORE
    assert sum(each.failed for each in verdicts) == len(found)

    tables = {file.stem for file in STATISTICS.glob("*.tsv")}
    assert len(tables) == 26
    assert {each.table for each in verdicts} == tables


def _columns(about: About, data: pa.Table) -> list[Column]:
    found = []
    for field in data.schema:
        numeric = not pa.types.is_string(field.type)
        scale = 0 if pa.types.is_integer(field.type) else None
        length = 12 if numeric else 2000
        found.append(Column(field.name, "N" if numeric else "C", length, scale))
    return found


def _items(about: About, columns: list[Column]) -> tuple[Item, ...]:
    found = []
    for one in columns:
        unit = about.units.get(one.name)
        name = f"{one.name}（{unit}）" if unit else one.name
        key = one.name in about.key
        found.append(
            Item(name=name, column=one.name, type=one.type, length=one.length, key=key, opened=True)
        )
    return tuple(found)


def _published(city: City, datasets: Datasets) -> dict[str, Resource]:
    """Every table as a resource of the catalogue, with its rows in Datasets."""
    found, titles = {}, _titles()
    for file in sorted(STATISTICS.glob("*.tsv")):
        about, printed_ = printed.read(file, file.stem)
        data = printed.typed(printed_)
        columns = _columns(about, data)
        datasets.create(file.stem, columns, about.key)
        written = datasets.replace(file.stem, data.to_batches())
        assert (written.written, written.refused) == (data.num_rows, ())
        found[file.stem] = city.published(
            name=titles.get(file.stem, file.stem),
            summary="统计年鉴的一张表。",
            update_cycle="yearly",
            share_type="unconditional",
            open_type="unconditional",
            dataset=file.stem,
            items=_items(about, columns),
        )
    return found


def _opened(city: City, datasets: Datasets, held: dict[str, Resource]) -> None:
    """Everybody gets every table whole by CKAN's interface, misprints included."""
    for resource in held.values():
        opening.release(city.bureau, resource.id, "cc-by-4.0", "公开出版物，无涉密和个人信息")

    def ask(name: str, **given: Any) -> Any:
        return ckan_actions.call(city.anonymous, name, given, "http://city.example", "zh-CN")

    names = ask("package_list")
    assert set(names) == {one.code.replace("/", "-") for one in held.values()}
    for stem, resource in held.items():
        form = f"{resource.code.replace('/', '-')}.csv"
        assert ask("datastore_search", resource_id=form)["total"] == datasets.count(stem)


@needed
def test_the_tables_are_catalogued_loaded_checked_and_opened(
    small_city: City, tmp_path: Path
) -> None:
    """As numbers, which have lost their trailing zeros, the same is found."""
    city, zone = small_city, ZoneInfo("Asia/Shanghai")
    datasets = Datasets(f"sqlite:///{tmp_path / 'datasets.db'}", zone)
    city.ports |= {
        Datasets: datasets,
        Log: Log(city.database, city.clock, tmp_path, "test"),
        Protection: Protection(tmp_path),
        Counting: Counting(zone),
    }
    held = _published(city, datasets)
    assert len(held) == 26 and {one.dataset for one in held.values()} == set(datasets.names())
    codes = {one.code: stem for stem, one in held.items()}
    for file in sorted(RULES.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        for stem, resource in held.items():
            text = text.replace(stem, resource.code)
        service.put_rules(city.bureau, file.stem, text)

    assert Inspector(city.platform).work() == 26
    issues = views.issues(city.bureau, None, True, None, 1000, "zh-CN")
    assert [one for one in issues if one["broken"]] == []
    found = set()
    for one in issues:
        rule = one["rule"].split("/")[1]
        for finding in views.issue(city.bureau, one["id"], "zh-CN")["findings"]:
            found.add((rule, " ".join(finding["key"].values())))
    assert found == LISTED | MORE

    scored = views.resources(city.auditor, None, 0, 1000, "zh-CN")
    whole = {codes[one["code"]] for one in scored if one["score"] == 100}
    assert len(scored) == 26
    assert set(codes.values()) - whole == {codes[one["code"]] for one in issues}
    [department] = views.departments(city.auditor, "zh-CN")["departments"]
    assert department["resources"] == 26 and department["open_issues"] == len(issues)
    assert len(city.events("quality.failed")) == len(issues)
    _opened(city, datasets, held)
    datasets.close()
