"""What labels want sealed is sealed by exchange, and leaves a table under a grant alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.sharing.conftest import City
from tests.sharing.exchange.conftest import PEOPLE, Yard
from yiwang.sharing.catalogue.model import Item
from yiwang.sharing.exchange.store import Run
from yiwang.sharing.grants import service as grants
from yiwang.sharing.grants.model import Terms

LABELS = """
whose_name:
  title: {zh-CN: 姓名, en: Name}
  class: basic
  personal: true
  grade: general_2
  mask: {method: keep, first: 1}
  seal: true
"""
INSIDE = {"from": {"source": "lite", "table": "people"}, "to": {"dataset": "people", "key": ["no"]}}
OUT: dict[str, Any] = {
    "from": {"dataset": "people"},
    "to": {"source": "other", "table": "people"},
    "mapping": [{"from": one, "to": one} for one in ("no", "name")],
}


def _failure(run: Run) -> str:
    assert run.state == "failed" and run.error is not None
    return str(run.error["code"])


def test_labels_seal_and_grants_open(small: City, tmp_path: Path) -> None:
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "labels.yaml").write_text(LABELS, encoding="utf-8")
    yard = Yard(small.database, small.clock, tmp_path)
    yard.lite()
    yard.do("lite", PEOPLE["lite"])
    yard.fill("lite", 1, 6)
    yard.job("inside", **INSIDE)
    assert yard.run("inside").state == "done"
    items = (Item(name="编号", column="no", type="N", key=True),)
    items += (Item(name="姓名", column="name", label="whose_name"),)
    held = small.published(dataset="people", items=items, open_type="none")
    yard.do("lite", "INSERT INTO people (no, name, paid) VALUES (90, 'hidden', 'abc')")
    run = yard.run("inside")
    assert (run.state, run.tally.unchanged, run.tally.rejected) == ("done", 6, 1)
    assert yard.datasets.describe("people").sealed == ("name",)
    (rejected,) = yard.rejects(run, "inside")
    assert rejected["raw"]["name"] == "***" and "hidden" not in str(rejected)

    other = tmp_path / "other.db"
    other.touch()
    yard.declare("other", "sqlite", {"path": str(other)})
    yard.do("other", PEOPLE["lite"])
    for organisation in (None, small.parks):
        yard.job("out", organisation, **OUT)
        assert _failure(yard.run("out")) == "sharing.not_opened"
    yard.job("own", small.water, **OUT)
    assert yard.run("own").state == "done"
    assert yard.ask("other", "SELECT name FROM people WHERE no = 3") == [("p3",)]
    terms = Terms(fields=("no", "name"), plain=("name",), modes=("table",))
    grants.grant(small.steward, grants.ask(small.user, held.id, "停车场关闭预警", terms))
    assert yard.run("out").state == "done"
    grants.end(small.steward, 1, "over")
    assert _failure(yard.run("out")) == "sharing.not_opened"
    yard.datasets.close()
