"""Who sets jobs up, runs them and sees what they rejected; over HTTP and from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.sharing.exchange.conftest import Yard
from yiwang.cli import main
from yiwang.commands import exchanging
from yiwang.kernel.clock import ManualClock
from yiwang.security.errors import Denied
from yiwang.sharing.exchange import http, service
from yiwang.sharing.exchange.errors import BadJob, NoSuchJob
from yiwang.sharing.exchange.model import Spec
from yiwang.sharing.exchange.runtime import Exchanges
from yiwang.sharing.exchange.service import Given
from yiwang.sharing.sources import service as sources_service
from yiwang.sharing.sources.errors import NoSuchSource
from yiwang.sharing.sources.service import Declared
from yiwang.store.database import Database
from yiwang.web.errors import HANDLERS

SPEC = {
    "from": {"source": "files", "table": "a.csv"},
    "to": {"dataset": "people", "key": ["no"]},
    "checks": [{"column": "name", "required": True}],
}


@pytest.fixture
def yard(database: Database, clock: ManualClock, tmp_path: Path) -> Any:
    made = Yard(database, clock, tmp_path)
    (tmp_path / "files" / "a.csv").write_text("no,name\n1,x\n2,\n")
    yield made
    made.datasets.close()


def given(**changed: Any) -> Given:
    return Given("job", "People", msgspec.convert(SPEC | changed, Spec), 7)


def test_only_who_operates_sets_up_and_a_provider_runs_its_own(yard: Yard) -> None:
    put_exchange_job, run_here = service.put_exchange_job, service.run_here
    bureau, steward = yard.caller("data_bureau"), yard.caller("data_steward", 7)
    other, auditor = yard.caller("data_steward", 8), yard.caller("auditor")
    for refused in (steward, auditor, yard.caller("data_system", 7), yard.caller("citizen")):
        with pytest.raises(Denied):
            put_exchange_job(refused, given())
        with pytest.raises(Denied):
            service.remove_exchange_job(refused, "job")
    put_exchange_job(bureau, given())
    assert [one["code"] for one in service.list_exchange_jobs(steward)] == ["job"]
    assert service.list_exchange_jobs(other) == []
    run = run_here(steward, "job")
    looks = (
        lambda by: service.show_exchange_job(by, "job"),
        lambda by: service.list_exchange_rejects(by, "job", run.id, None, 10),
        lambda by: service.start_exchange(by, "job"),
        lambda by: service.stop_exchange(by, "job"),
        lambda by: service.find_exchange_job(by, "job"),
        lambda by: service.try_job(by, "job"),
        lambda by: service.capture_statements(by, "job"),
    )
    for look in looks:
        with pytest.raises(NoSuchJob):
            look(other)
        with pytest.raises(Denied):
            look(auditor)
    shown = service.show_exchange_job(steward, "job")
    assert shown["runs"][0]["tally"]["rejected"] == 1
    assert service.list_exchange_rejects(steward, "job", run.id, None, 10)["items"][0]["raw"] == {
        "no": "2",
        "name": None,
    }
    with pytest.raises(NoSuchJob):
        service.list_exchange_rejects(steward, "job", run.id + 1, None, 10)
    with pytest.raises(BadJob):
        put_exchange_job(bureau, given(batch=0))
    with pytest.raises(NoSuchSource):
        put_exchange_job(bureau, given(**{"from": {"source": "none", "table": "x"}}))


def test_over_http(yard: Yard) -> None:
    inner = Starlette(routes=http.routes(), exception_handlers=HANDLERS)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["caller"] = yard.caller("data_bureau")
        await inner(scope, receive, send)

    client, url = TestClient(app, raise_server_exceptions=False), "/api/sharing/exchange/job"
    made = client.put(url, json={"name": "People", "spec": SPEC, "organisation": 7})
    assert made.json()["from"] == "files/a.csv" and made.json()["to"] == "people"
    wrong = client.put(url, json={"name": "x", "spec": SPEC | {"schedule": "never"}})
    assert (wrong.status_code, wrong.json()["type"]) == (400, "sharing.bad_schedule")
    assert client.put(url, json={"name": "x", "spec": {"from": 1}}).status_code == 400
    assert client.post(f"{url}/try").json()["items"] == [{"no": "1", "name": "x"}]
    number = client.post(f"{url}/run").json()["run"]
    Exchanges(yard.means).settle()
    shown = client.get(url).json()
    assert (shown["last"]["state"], shown["last"]["tally"]["written"]) == ("done", 1)
    rejects = client.get(f"{url}/runs/{number}/rejects?limit=1").json()
    assert rejects["reasons"] == [{"column": "name", "reason": "required", "rows": 1}]
    later = client.get(f"{url}/runs/{number}/rejects?limit=1&after={rejects['next']}").json()
    assert len(rejects["items"]) == 1 and later["items"] == []
    assert client.post(f"{url}/stop").status_code == 204
    assert client.get(f"{url}/capture").status_code == 400
    assert client.get("/api/sharing/exchange").json()["items"][0]["code"] == "job"
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


def test_from_the_command_line(tmp_path: Path) -> None:
    home, runner = tmp_path / "home", CliRunner()
    (home / "incoming").mkdir(parents=True)
    (home / "incoming" / "a.csv").write_text("no,name\n1,x\n")
    refused = runner.invoke(main, ["exchange", "run", "--home", str(home), "job"])
    assert refused.exit_code == 1 and "sharing.no_such_job" in refused.output
    with exchanging._working(home) as by:
        options = {"path": str((home / "incoming").resolve())}
        sources_service.declare_source(by, Declared("files", "Files", "files", options))
        service.put_exchange_job(by, given())
    done = runner.invoke(main, ["exchange", "run", "--home", str(home), "job"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["compared"]["same"] is True
    listed = runner.invoke(main, ["exchange", "list", "--home", str(home)])
    assert "files/a.csv -> people" in listed.output and "1 written" in listed.output
    assert runner.invoke(main, ["exchange", "try", "--home", str(home), "job"]).exit_code == 0
    no = runner.invoke(main, ["exchange", "capture", "--home", str(home), "job"])
    assert no.exit_code == 1 and "sharing.bad_job" in no.output
