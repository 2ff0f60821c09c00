"""An extract that leaks names the department that had it, whatever it was made into."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pyarrow as pa
import pytest
from click.testing import CliRunner

from tests.sharing.conftest import City
from tests.sharing.files.conftest import Desk
from tests.sharing.files.test_files import _entries
from yiwang.cli import main
from yiwang.kernel import documents
from yiwang.kernel.documents import DocumentError
from yiwang.security.errors import Denied
from yiwang.security.protection import extracts, labels
from yiwang.security.protection.errors import BadExtract, NotTraceable
from yiwang.sharing.files import tracing
from yiwang.sharing.grants import service as grants
from yiwang.sharing.grants.model import Terms
from yiwang.sharing.sources.datasets import Datasets

LABELS = """
reading:
  title: {zh-CN: 读数, en: Reading}
  class: business
  grade: general_1
  mask: {method: plain}
  watermark: {unit: 0.1}
"""
PATH = "/api/sharing/files/trace"


@pytest.fixture
def marked(small: City, tmp_path: Path) -> tuple[Desk, int]:
    """A table of 400 readings that two departments may have as files."""
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "labels.yaml").write_text(LABELS, encoding="utf-8")
    desk = Desk(small, tmp_path)
    held: Datasets = small.ports[Datasets]
    rows = [{"station": f"T{one}", "name": "泵站", "level": one / 8} for one in range(400)]
    held.upsert("water_levels", pa.RecordBatch.from_pylist(rows))
    items = tuple(
        msgspec.structs.replace(one, label="reading") if one.column == "level" else one
        for one in small.entry().items
    )
    free = {"share_type": "unconditional", "share_condition": ""}
    resource = small.published(name="水位表", dataset="water_levels", items=items, **free).id
    for who in (small.user, small.stranger):
        terms = Terms(fields=("station", "level"), modes=("file",))
        grants.ask(who, resource, "停车场预警", terms)
    return desk, resource


def _asked(desk: Desk, name: str, content: bytes, **query: Any) -> Any:
    return desk.ask("bureau", "POST", PATH, params={"name": name} | query, content=content)


def test_a_leaked_extract_names_its_receiver(marked: tuple[Desk, int]) -> None:
    desk, resource = marked
    assert desk.order("stranger", resource=resource).status_code == 202
    made = desk.made(resource=resource, format="xlsx")
    assert made["marked"] == ["level"]
    sheet = desk.content(made).content
    found = _asked(desk, "leak.xlsx", sheet).json()["found"]
    assert [(one["who"], one["of"]) for one in found] == [("Parking Office", "水位表")]
    assert found[0]["bound"] < 1e-6 and found[0]["deliveries"][0]["sha256"] == made["sha256"]
    page = openpyxl.load_workbook(io.BytesIO(sheet)).worksheets[0]
    rows = [[one.value for one in row] for row in page.iter_rows(min_row=2)][::-4]
    copy = io.StringIO()
    csv.writer(copy).writerows([["水位", "站点编号"], *([row[1], row[0]] for row in rows)])
    sample = _asked(desk, "copy.csv", copy.getvalue().encode("gb18030"), resource=resource)
    assert [one["receiver"] for one in sample.json()["found"]] == [
        f"organisation:{desk.city.parks}"
    ], "a quarter of it, turned round, in another encoding"
    original = [{"station": f"T{one}", "level": str(one / 8)} for one in range(400)]
    clean = tracing.trace(desk.city.bureau, pa.Table.from_pylist(original), "", "en")
    assert clean.named == [] and clean.trace.cells == 400
    parquet = desk.content(desk.made(resource=resource, format="parquet")).content
    again = _asked(desk, "x.parquet", parquet).json()["found"]
    assert [one["who"] for one in again] == ["Parking Office"]
    assert _entries(desk, "file_made")[1]["marked"] == ["level"]


def test_tracing_is_for_auditors_and_says_what_it_cannot(marked: tuple[Desk, int]) -> None:
    desk, resource = marked
    assert desk.ask("user", "POST", PATH, content=b"a").status_code == 403
    with pytest.raises(Denied):
        tracing.check(desk.city.steward)
    nothing = pa.table({"station": ["T1"]})
    with pytest.raises(NotTraceable):
        tracing.trace(desk.city.auditor, nothing, "", "en")
    desk.made(resource=resource)
    with pytest.raises(NotTraceable):
        tracing.trace(desk.city.auditor, nothing, str(resource), "en")
    for name in ("a.parquet", "a.xlsx"):
        with pytest.raises(BadExtract):
            extracts.read(name, b"PK\x03\x04 is none")


def test_a_copy_that_would_fill_the_memory_is_not_unpacked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(extracts, "_MOST_BYTES", 1000)
    book = openpyxl.Workbook()
    book.active.append(["x" * 2000])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(BadExtract, match="1000 B"):
        extracts.read("a.xlsx", (tmp_path / "a.xlsx").read_bytes())


BAD_MARKS = (
    *("{}", "{unit: 0}", "{unit: -1}", "{spellings: [a]}", "{unit: 1, share: 2}"),
    *("{unit: 1, spellings: [a, b]}", "{units: 1}"),
)


@pytest.mark.parametrize("wrong", BAD_MARKS)
def test_a_label_says_how_it_is_marked_or_is_refused(wrong: str) -> None:
    with pytest.raises(DocumentError):
        labels.read(documents.parse(LABELS.replace("{unit: 0.1}", wrong), "labels.yaml"))


def test_the_command_traces_by_the_names_of_the_catalogue(
    marked: tuple[Desk, int], tmp_path: Path
) -> None:
    desk, resource = marked
    made = desk.made(resource=resource, format="xlsx")
    (tmp_path / "leak.xlsx").write_bytes(desk.content(made).content)
    command = ["watermark", "trace", str(tmp_path / "leak.xlsx"), "--home", str(tmp_path)]
    done = CliRunner().invoke(main, command, env={"YIWANG_LANGUAGE": "zh-CN"})
    assert done.exit_code == 0, done.output
    assert "停车管理中心" in done.output and made["sha256"] in done.output
