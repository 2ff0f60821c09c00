"""Who sets jobs up, runs them and sees what they rejected; over HTTP and from the command line."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.sharing.exchange.conftest import Yard
from yiwang.cli import main
from yiwang.commands import exchanging
from yiwang.kernel.clock import ManualClock
from yiwang.security.errors import Denied
from yiwang.sharing.exchange import drafts, http, rejected, service
from yiwang.sharing.exchange.errors import (
    BadJob,
    BadSchedule,
    JobChanged,
    JobExists,
    NoSuchJob,
)
from yiwang.sharing.exchange.model import Spec
from yiwang.sharing.exchange.runtime import Exchanges
from yiwang.sharing.exchange.service import Given
from yiwang.sharing.exchange.using import Users
from yiwang.sharing.sources import service as sources_service
from yiwang.sharing.sources.errors import NoSuchSource, SourceInUse
from yiwang.sharing.sources.model import Column
from yiwang.sharing.sources.service import Declared
from yiwang.sharing.sources.uses import Use, Uses
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


def test_a_source_that_something_uses_is_not_removed(yard: Yard) -> None:
    bureau = yard.caller("data_bureau")
    yard.ports[Uses] = Users()
    service.put_exchange_job(bureau, given())
    with pytest.raises(SourceInUse, match="People \\(job\\)") as refused:
        sources_service.remove_source(bureau, "files")
    assert refused.value.fields["jobs"] == "job" and refused.value.fields["count"] == 1
    assert sources_service.find_source(bureau, "files").code == "files"
    service.remove_exchange_job(bureau, "job")
    sources_service.remove_source(bureau, "files")
    with pytest.raises(NoSuchSource):
        sources_service.find_source(bureau, "files")


def test_a_job_that_is_set_up_while_its_source_goes_is_refused(yard: Yard) -> None:
    bureau = yard.caller("data_bureau")
    url = yard.database.engine.url.render_as_string(hide_password=False)
    elsewhere = replace(bureau, database=Database(url))
    tries: list[Future[Any]] = []

    class Nothing(Users):
        """Finds no use, and another process sets up a job before the source is gone."""

        def of(self, connection: Connection, source: str) -> list[Use]:
            tries.append(others.submit(service.put_exchange_job, elsewhere, given()))
            wait(tries, timeout=0.5)
            return []

    yard.ports[Uses] = Nothing()
    with ThreadPoolExecutor(1) as others:
        sources_service.remove_source(bureau, "files")
        with pytest.raises(NoSuchSource):
            tries[0].result(30)
    elsewhere.database.close()


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
    page = client.get("/api/sharing/exchange?limit=1").json()
    assert client.get(f"/api/sharing/exchange?after={page['next']}").json()["items"] == []
    tried = client.post("/api/sharing/exchange-preview", json={"spec": SPEC}).json()
    assert [one["reason"] for one in tried["refused"]] == ["required"]
    times = client.get("/api/sharing/exchange-times", params={"schedule": "0 2 * * *"}).json()
    assert len(times["items"]) == 5
    assert client.get("/api/sharing/datasets").json()["items"] == [{"dataset": "people"}]
    assert client.get("/api/sharing/datasets/people").json()["key"] == ["no"]
    file = client.get(f"{url}/runs/{number}/rejects.csv")
    assert file.text.count("\n") == 2 and "job-" in file.headers["content-disposition"]
    body = {"name": "x", "spec": SPEC, "revision": 0}
    assert client.put(url, json=body).json()["type"] == "sharing.job_exists"
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


def test_a_job_is_tried_before_it_is_set_up_and_nothing_is_made(yard: Yard) -> None:
    bureau, steward = yard.caller("data_bureau"), yard.caller("data_steward", 7)
    spec = given().spec
    with pytest.raises(Denied):
        drafts.preview(steward, spec)
    for look in (drafts.check_exchange_spec, drafts.list_datasets, drafts.show_dataset):
        with pytest.raises(Denied):
            look(steward, *[spec, "", 1][: 3 if look is drafts.list_datasets else 1])  # type: ignore[operator]
    found = drafts.preview(bureau, spec)
    assert found["items"] == [{"no": "1", "name": "x"}]
    assert found["refused"] == [{"row": 1, "column": "name", "value": "", "reason": "required"}]
    assert yard.datasets.names() == []
    with pytest.raises(BadSchedule):
        drafts.preview(bureau, given(schedule="* * *").spec)
    with pytest.raises(NoSuchSource):
        drafts.preview(bureau, given(**{"from": {"source": "none", "table": "x"}}).spec)
    with pytest.raises(BadJob, match="a table of a source, a dataset, or a node"):
        drafts.preview(bureau, given(**{"from": {}}).spec)
    with pytest.raises(BadJob) as refused:
        drafts.preview(bureau, given(**{"from": {"node": True}}).spec)
    assert "由平台读取的任务" in refused.value.todo("zh-CN")
    yard.datasets.create("people", [Column("no", "C", 20)], ["no"])
    assert drafts.list_datasets(bureau, "eop", "", 10) == ["people"]
    assert drafts.list_datasets(bureau, "", "people", 10) == []
    assert drafts.show_dataset(bureau, "people").key == ("no",)


def test_the_next_times_of_a_schedule(yard: Yard) -> None:
    with pytest.raises(Denied):
        drafts.next_exchanges(yard.caller("auditor"), "0 2 * * *")
    times = drafts.next_exchanges(yard.caller("data_steward", 7), "0 2 * * *")
    assert [one[11:] for one in times] == ["18:00:00Z"] * 5 and len(set(times)) == 5


def test_of_two_who_change_a_job_the_second_is_told(yard: Yard) -> None:
    bureau = yard.caller("data_bureau")
    made = service.put_exchange_job(bureau, replace(given(), read_at=0))
    with pytest.raises(JobExists):
        service.put_exchange_job(bureau, replace(given(), read_at=0))
    mine = replace(given(batch=5), read_at=made["revision"])
    after = service.put_exchange_job(bureau, mine)
    with pytest.raises(JobChanged):
        service.put_exchange_job(bureau, mine)
    assert after["revision"] > made["revision"]
    assert service.show_exchange_job(bureau, "job")["spec"]["batch"] == 5
    service.remove_exchange_job(bureau, "job")
    with pytest.raises(JobChanged):
        service.put_exchange_job(bureau, mine)


def test_rejected_rows_are_taken_away_as_a_file(yard: Yard) -> None:
    (yard.folder / "files" / "a.csv").write_text("no,name\n1,=x\n2,\n=3,-4\n-5,\n")
    checks = [{"column": "name", "required": True}, {"column": "no", "pattern": "-?\\d"}]
    service.put_exchange_job(yard.caller("data_bureau"), given(checks=checks))
    steward = yard.caller("data_steward", 7)
    run = service.run_here(steward, "job")
    with pytest.raises(NoSuchJob):
        list(rejected.written(yard.caller("data_steward", 8), "job", run.id, "en"))
    with pytest.raises(NoSuchJob):
        rejected.take_rejects(steward, "job", run.id + 1)
    lines = b"".join(rejected.written(steward, "job", run.id, "zh-CN")).decode().splitlines()
    assert lines == [
        "\ufeff批次,批内行号,列,值,原因,no,name",
        "1,1,name,,缺少必填值,2,",
        "1,2,no,'=3,格式不符,'=3,-4",
        "1,3,name,,缺少必填值,-5,",
    ]
    with yard.database.read() as connection:
        noted = connection.exec_driver_sql("SELECT verb FROM audit_log ORDER BY id DESC").first()
    assert noted is not None and noted[0] == "exchange_rejects_taken"
