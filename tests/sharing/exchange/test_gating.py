"""Rules of quality keep rows out of the table that they judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.sharing.conftest import ITEMS, City
from tests.sharing.exchange.conftest import Yard
from yiwang.sharing.exchange import rejected
from yiwang.sharing.exchange.errors import BadJob
from yiwang.sharing.exchange.model import Spec
from yiwang.sharing.exchange.service import preview
from yiwang.sharing.quality import service as quality
from yiwang.sharing.sources.model import Column

RULES = """
rules:
  levels: {table: %(code)s, range: {level: {least: 0, most: 500}}}
  named: {table: %(code)s, required: [name]}
  plain: {table: %(code)s, holds: level < 400 or name <> 'x'}
  listed: {table: %(code)s, reference: {columns: [name], values: [x, y, z]}}
  once: {table: %(code)s, unique: [name]}
"""
ROWS = "station,name,level,phone\nA,x,10,\nB,,20,\nC,z,900,\nD,x,450,\nE,w,1,\nF,y,0,\n"
SPEC: dict[str, Any] = {
    "from": {"source": "files", "table": "a.csv"},
    "to": {"dataset": "levels", "key": ["station"]},
    "rules": ["water"],
}


@pytest.fixture
def yard(small: City, tmp_path: Path) -> Any:
    folder = tmp_path / "yard"
    folder.mkdir()
    made = Yard(small.database, small.clock, folder)
    (folder / "files" / "a.csv").write_text(ROWS)
    columns = (Column("station", "C", 20), Column("name", "C", 60), Column("level", "N"))
    made.datasets.create("levels", (*columns, Column("phone", "C", 20)), ["station"])
    yield made
    made.datasets.close()


def test_rows_that_a_rule_refuses_are_rejected_with_its_name(yard: Yard, small: City) -> None:
    held = small.published(dataset="levels", items=ITEMS)
    quality.put_rules(small.steward, "water", RULES % {"code": held.code})
    yard.job(**SPEC)
    refused = [(one["column"], one["reason"]) for one in preview(
        yard.platform, msgspec.convert(SPEC, Spec), 3
    )["refused"]]  # fmt: skip
    assert refused == [("name", "rule:water/named"), ("level", "rule:water/levels")]
    run = yard.run()
    assert (run.state, run.tally.read, run.tally.written, run.tally.rejected) == ("done", 6, 2, 4)
    found = {one["raw"]["station"]: (one["reason"], one["value"]) for one in yard.rejects(run)}
    assert found == {
        "B": ("rule:water/named", ""),
        "C": ("rule:water/levels", "900"),
        "D": ("rule:water/plain", ""),
        "E": ("rule:water/listed", "w"),
    }
    rows = yard.datasets.read("levels", ["station"], limit=9)
    assert sorted(one["station"] for one in rows) == ["A", "F"], "unique needs the whole table"
    file = b"".join(rejected.written(yard.platform, "job", run.id, "zh-CN")).decode()
    assert "不符合质量规则 water/named" in file


def test_a_job_names_only_rules_that_judge_its_target_row_by_row(yard: Yard, small: City) -> None:
    with pytest.raises(BadJob) as caught:
        yard.job(**SPEC)
    assert "published resource" in caught.value.todo("en")
    held = small.published(dataset="levels", items=ITEMS)
    other = small.published(name="other", dataset="others", items=ITEMS)
    quality.put_rules(small.steward, "water", RULES % {"code": held.code})
    quality.put_rules(small.steward, "others", RULES % {"code": other.code})
    for wrong in ("water/once", "water/none", "others", "nothing", ""):
        with pytest.raises(BadJob) as caught:
            yard.job(**SPEC | {"rules": ["water/named", wrong]})
        assert caught.value.fields["value"] == wrong
    unfilled = {"mapping": [{"to": one, "from": one} for one in ("station", "name")]}
    yard.job(**SPEC | unfilled | {"rules": ["water/levels"]})
    run = yard.run()
    assert run.state == "failed" and run.error and run.error["fields"]["value"] == "water/levels"
    yard.job("good", **SPEC | {"rules": ["water/levels"]})
    quality.remove_rules(small.steward, "water")
    run = yard.run("good")
    assert run.state == "failed" and run.tally.read == 0, "nothing goes in past a rule that is gone"
