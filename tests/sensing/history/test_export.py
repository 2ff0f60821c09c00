"""Observations as Parquet and CSV: what the columns hold, who may, and what is put down."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.sensing.sta.conftest import AsSomebody, Service, observe, service, stream
from yiwang.app import Platform
from yiwang.cli import main
from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import ManualClock, SystemClock
from yiwang.security import audit
from yiwang.security.actions import ACTIONS
from yiwang.sensing.sta import export
from yiwang.sensing.sta.download import routes
from yiwang.web.errors import HANDLERS

__all__ = ["observe", "service", "stream"]

Observe = Callable[..., int]


@pytest.fixture
def downloads(service: Service, clock: ManualClock) -> TestClient:
    app = Starlette(routes=routes(), exception_handlers=HANDLERS)
    return TestClient(AsSomebody(app, service), raise_server_exceptions=False)


@pytest.fixture
def filled(service: Service, stream: int, observe: Observe) -> int:
    observe(stream, "2026-06-30T16:30:00Z", 12.5)
    service.store.compact()
    address = f"/v1.1/Datastreams({stream})/Observations"
    exact = '{"phenomenonTime":"2026-06-30T17:00:00Z","result":2.00}'
    assert service.client.post(address, content=exact).status_code == 201
    return stream


def left(service: Service) -> list[dict[str, object]]:
    """What the audit log says of exports."""
    with service.database.read() as connection:
        lines = audit.page(connection, 100)
    return [
        json.loads(details) if isinstance(details, str) else details
        for details in (
            line["details"]
            for line in lines
            if (line["verb"], line["outcome"]) == ("observations_exported", "done")
        )
    ]


def test_parquet(service: Service, downloads: TestClient, filled: int, tmp_path: Path) -> None:
    response = downloads.get("/api/export/observations")
    assert response.status_code == 200, response.text
    assert response.headers["x-rows"] == "2"
    (tmp_path / "a.parquet").write_bytes(response.content)
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.equals(export.SCHEMA)
    first, second = sorted(table.to_pylist(), key=lambda row: row["id"])
    assert (first["result"], first["result_text"]) == (12.5, "12.5")
    assert (second["result"], second["result_text"]) == (2.0, "2.00")
    assert first["time_utc"].isoformat() == "2026-06-30T16:30:00+00:00"
    assert first["time_local"].isoformat() == "2026-07-01T00:30:00"
    assert first["thing_name"] == "Underpass"
    assert (first["lon"], first["lat"]) == (116.4, 39.9)
    found = duckdb.sql(f"SELECT count(*), sum(result) FROM '{tmp_path / 'a.parquet'}'").fetchall()
    assert found == [(2, 14.5)]


def test_csv_for_excel(service: Service, downloads: TestClient, filled: int) -> None:
    asked = {"format": "csv", "bom": "true", "filter": "result gt 3"}
    response = downloads.get("/api/export/observations", params=asked)
    assert response.content.startswith(export.BOM)
    (row,) = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert row["time_local"] == "2026-07-01 00:30:00"
    assert (row["result"], row["datastream_name"]) == ("12.5", "Depth of water")
    assert left(service) == [{"filter": "result gt 3", "format": "csv", "rows": 1}]


def test_what_is_wrong_leaves_neither_file_nor_line(
    service: Service, downloads: TestClient, filled: int
) -> None:
    for asked in ({"filter": "result gt"}, {"format": "xlsx"}, {"filter": "depth gt 1"}):
        response = downloads.get("/api/export/observations", params=asked)
        assert response.status_code == 400
        assert response.json()["title"]
    assert left(service) == []


def test_who_may_not_read_gets_nothing(
    service: Service, downloads: TestClient, filled: int
) -> None:
    service.as_anonymous()
    assert downloads.get("/api/export/observations").status_code == 401
    assert left(service) == []
    for name in ("sensing.export_observations", "sensing.record_export"):
        assert ACTIONS[name].permission == "sensing.read_own"


def test_the_command(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "all.csv"
    with Platform(settings_of.load(home, {}, {})[0], SystemClock()):
        pass
    asked = ["export", "observations", "--home", str(home), "--format", "csv", "--out", str(out)]
    shown = CliRunner().invoke(main, asked)
    assert shown.exit_code == 0, shown.output
    assert "0 observations" in shown.output
    assert out.read_text(encoding="utf-8").startswith('"id","datastream","time_utc"')
    wrong = CliRunner().invoke(main, [*asked, "--filter", "result gt"])
    assert wrong.exit_code != 0
