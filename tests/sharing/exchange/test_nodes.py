"""A front-end node pushes over HTTP: killed, cut off, answered late, and yet each row once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyarrow as pa
import pytest
from sqlalchemy import event
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.sharing.exchange.conftest import PEOPLE, Yard
from yiwang.contracts.events import DataMoved, DatasetChanged
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.sharing.exchange import http, machines, node, nodes, service
from yiwang.sharing.exchange.errors import BadJob, BadPush, NoKeyGiven, NoSuchJob
from yiwang.sharing.exchange.node import Node, Settings
from yiwang.sharing.exchange.nodes import Pushed, packed
from yiwang.sharing.sources import service as sources_service
from yiwang.sharing.sources.errors import SourceUnreachable
from yiwang.sharing.sources.model import Column
from yiwang.store import outbox
from yiwang.web.errors import HANDLERS

ENGLISH = {"accept-language": "en"}


class Killed(BaseException):
    pass


class Line(httpx.BaseTransport):
    """The way to the platform. ``cut``: at which requests the answer is lost on its way back."""

    def __init__(self, yard: Yard, role: str = "data_steward", organisation: int = 7) -> None:
        inner = Starlette(routes=http.routes(), exception_handlers=HANDLERS)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("state", {})["caller"] = yard.caller(role, organisation)
            await inner(scope, receive, send)

        self._inside = TestClient(app, raise_server_exceptions=False)
        self.cut: set[int] = set()
        self.count = 0
        self.seen: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        self.seen.append(request.url.path)
        content = request.read()
        given = self._inside.request(
            request.method, request.url.path, content=content, headers=ENGLISH
        )
        if self.count in self.cut:
            raise httpx.ReadError("the line is cut")
        return httpx.Response(given.status_code, content=given.content)


@pytest.fixture
def pushing(lite: Yard) -> Iterator[Yard]:
    """With a department's own database that only the node reaches."""
    ends = {"from": {"node": True}, "to": {"dataset": "people", "key": ["no"]}}
    lite.fill("lite", 1, 25)
    lite.job(**ends, organisation=7, batch=4, removals=True)
    yield lite


def made(yard: Yard, line: Line, watch: Any = lambda step: None, **changed: Any) -> Node:
    options = {"path": str(yard.folder / "lite.db")}
    given = {
        "platform": "https://x",
        "job": "job",
        "token": "t",
        "kind": "sqlite",
        "table": "people",
    }
    settings = Settings(**({**given, "options": options} | changed))
    client = httpx.Client(transport=line, base_url="https://x")
    return Node(settings, pause=lambda seconds: None, watch=watch, client=client)


def test_each_row_once_though_answers_are_lost_and_the_node_is_killed(pushing: Yard) -> None:
    assert PEOPLE
    line = Line(pushing)
    line.cut = {1, 3, 5, 9, 10}
    told = made(pushing, line).run()
    assert told["state"] == "done" and told["compared"]["same"] is True
    assert (told["tally"]["read"], told["tally"]["written"]) == (25, 25)
    for count in range(1, 8):
        left = [count]

        def killer(step: str, left: list[int] = left) -> None:
            left[0] -= step == "pushed"
            if not left[0]:
                raise Killed

        pushing.do("lite", f"UPDATE people SET name = 'again{count}' WHERE no % 2 = 0")
        with pytest.raises(Killed):
            made(pushing, Line(pushing), killer).run()
        line = Line(pushing)
        told = made(pushing, line).run()
        assert told["tally"]["read"] == 25 and told["tally"]["written"] == 12, count
        assert len(line.seen) == 2 + 7 - count
    pushing.do("lite", "DELETE FROM people WHERE no > 20")
    assert made(pushing, Line(pushing)).run()["tally"]["removed"] == 5
    assert pushing.datasets.count("people") == 20


def test_a_batch_is_taken_without_counting_the_rows_that_are_there(pushing: Yard) -> None:
    said: list[str] = []
    event.listen(
        pushing.datasets.database().engine,
        "before_cursor_execute",
        lambda *given: said.append(given[2]),
    )
    assert made(pushing, Line(pushing)).run()["tally"]["written"] == 25
    assert said and not [one for one in said if "count(" in one]


class Unheard(Line):
    """The first answer to the end of a run is lost."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/end") and not self.cut:
            self.cut = {self.count + 1}
        return super().handle_request(request)


def test_a_run_that_ends_is_announced_once_and_its_end_may_be_asked_for_again(
    pushing: Yard,
) -> None:
    assert made(pushing, Unheard(pushing)).run()["state"] == "done"
    with pushing.database.read() as connection:
        told = outbox.pending(connection, "nobody", (DatasetChanged.topic, DataMoved.topic))
    assert [one.topic for one in told] == [DataMoved.topic, DatasetChanged.topic]
    assert told[0].body["inputs"] == ["source:node/job"] and told[1].body["rows"] == 25


def test_a_run_that_rejects_too_much_says_so(pushing: Yard) -> None:
    ends = {"from": {"node": True}, "to": {"dataset": "people", "key": ["no"]}}
    checks = [{"column": "name", "required": True}]
    pushing.job(**ends, organisation=7, batch=4, most_rejected=2, checks=checks)
    with pytest.raises(BadPush):
        made(pushing, Line(pushing)).run()
    last = service.list_exchange_jobs(pushing.platform)[0]["last"]
    assert (last["state"], last["error"]["code"]) == ("failed", "sharing.too_many_rejected")


def test_a_file_is_gone_on_with_behind_the_batches_that_are_in(pushing: Yard) -> None:
    rows = "".join(f"{no},n{no}\n" for no in range(11))
    (pushing.folder / "files" / "a.csv").write_text("no,name\n" + rows + "short\n")
    given = {"kind": "files", "table": "a.csv", "options": {"path": str(pushing.folder / "files")}}

    def killer(step: str) -> None:
        if step == "pushed":
            raise Killed

    with pytest.raises(Killed):
        made(pushing, Line(pushing), killer, **given).run()
    told = made(pushing, Line(pushing), **given).run()
    counts = told["tally"]
    assert (counts["read"], counts["written"], counts["rejected"]) == (12, 11, 1)


def test_what_does_not_follow_or_cannot_be_read_changes_nothing(pushing: Yard) -> None:
    columns = [Column("no", "N", None, 0)]
    steward = pushing.caller("data_steward", 7)
    begun = nodes.begin(steward, "job", columns, False)
    batch = pa.RecordBatch.from_pylist([{"no": 1}])
    good = packed(Pushed(1), batch, columns)
    with pytest.raises(BadPush):
        nodes.push(steward, "job", begun["run"], packed(Pushed(2), batch, columns))
    for broken in (b"", b"x" * 100, good[: len(good) // 2]):
        with pytest.raises(BadPush):
            nodes.push(steward, "job", begun["run"], broken)
    assert pushing.datasets.count("people") == 0
    assert nodes.push(steward, "job", begun["run"], good)["batches"] == 1
    assert nodes.push(steward, "job", begun["run"], good)["tally"]["read"] == 1
    with pytest.raises(BadPush):
        nodes.finish(steward, "job", begun["run"], columns, 2)
    for call in (nodes.open_push, nodes.find_push):
        arguments = ("job",) if call is nodes.open_push else ("job", begun["run"])
        with pytest.raises(NoSuchJob):
            call(pushing.caller("data_steward", 8), *arguments)  # type: ignore[operator]
        with pytest.raises(Denied):
            call(pushing.caller("data_system", 7), *arguments)  # type: ignore[operator]
    assert nodes.finish(steward, "job", begun["run"], columns, 1).state == "done"
    with pytest.raises(BadPush):
        nodes.push(steward, "job", begun["run"], good)
    again = nodes.begin(steward, "job", columns, False)
    assert nodes.begin(steward, "job", columns, True)["run"] == again["run"] + 1
    with pytest.raises(Exception, match="node"):
        service.start_exchange(steward, "job")


def test_a_platform_that_stays_away_is_given_up(pushing: Yard) -> None:
    line = Line(pushing)
    line.cut = set(range(1, 20))
    with pytest.raises(SourceUnreachable):
        made(pushing, line, tries=3).run()
    assert line.count == 3
    with pytest.raises(BadPush, match="no exchange job"):
        made(pushing, Line(pushing), job="other").run()


def test_settings_of_a_node(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t\n")
    file = tmp_path / "node.yaml"
    text = (
        "platform: https://city.example\njob: job\ntoken_file: {folder}/token\n"
        "source:\n  kind: sqlite\n  table: people\n  options: {{path: /x.db}}\n"
    )
    file.write_text(text.format(folder=tmp_path))
    read = node.read(file, {"YIWANG_NODE_SECRET": "s"})
    assert (read.token, read.secret, read.table) == ("t", "s", "people")
    file.write_text(text.format(folder=tmp_path).replace("https://city", "http://city"))
    with pytest.raises(BadPush, match="https"):
        node.read(file, {})
    assert msgspec.json.encode(Pushed(1)) == b'{"number":1,"after":null,"unread":[]}'


def test_the_key_of_a_node_serves_its_own_job_alone(pushing: Yard) -> None:
    bureau, steward = pushing.caller("data_bureau"), pushing.caller("data_steward", 7)
    pushing.job("other", organisation=7, **{"from": {"node": True}, "to": {"dataset": "people"}})
    read = {"from": {"dataset": "people"}, "to": {"dataset": "copy", "key": ["no"]}}
    pushing.job("read", organisation=7, **read)
    pushing.job("nobody", **{"from": {"node": True}, "to": {"dataset": "people"}})
    for refused in (steward, pushing.caller("auditor"), pushing.caller("data_node", 7)):
        with pytest.raises(Denied):
            machines.give_node_key(refused, "job")
        with pytest.raises(Denied):
            machines.end_node_key(refused, "job")
    for code in ("read", "nobody"):
        with pytest.raises(BadJob):
            machines.give_node_key(bureau, code)

    def whose(key: str) -> Caller | None:
        found = accounts.by_token(pushing.database, pushing.clock.now(), key)
        return found and Caller(found, pushing.database, pushing.clock, pushing.ports)

    first = machines.give_node_key(bureau, "job")
    node = whose(first)
    assert node is not None and node.identity.organisation == 7
    begun = nodes.begin(node, "job", [Column("no", "N", None, 0)], False)
    batch = pa.RecordBatch.from_pylist([{"no": 1}])
    pushed = packed(Pushed(1), batch, [Column("no", "N", None, 0)])
    assert nodes.push(node, "job", begun["run"], pushed)["batches"] == 1
    with pytest.raises(NoSuchJob):
        nodes.open_push(node, "other")
    for look in (service.list_exchange_jobs, sources_service.list_sources):
        with pytest.raises(Denied):
            look(node)
    (shown,) = [one for one in machines.list_nodes(steward, "en") if one["job"] == "job"]
    assert shown["key_at"] and shown["seen_at"] and shown["last"]["state"] == "running"
    assert machines.list_nodes(pushing.caller("data_steward", 8), "en") == []
    with pytest.raises(Denied):
        machines.list_nodes(pushing.caller("auditor"), "en")
    second = machines.give_node_key(bureau, "job")
    assert whose(first) is None and whose(second) is not None
    machines.end_node_key(bureau, "job")
    assert whose(second) is None
    with pytest.raises(NoKeyGiven):
        machines.end_node_key(bureau, "job")
    third = machines.give_node_key(bureau, "job")
    service.stop_exchange(bureau, "job")
    service.remove_exchange_job(bureau, "job")
    assert whose(third) is None
    with pushing.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM audit_log").all()
    assert not any(key in str(rows) for key in (first, second, third))


def test_keys_of_nodes_over_http(pushing: Yard) -> None:
    line = Line(pushing, "data_bureau")
    ask = httpx.Client(transport=line, base_url="https://x")
    url = "/api/sharing/exchange/job/key"
    given = ask.post(url)
    assert given.status_code == 201 and len(given.json()["key"]) > 30
    listed = ask.get("/api/sharing/nodes").json()["items"]
    assert [(one["job"], bool(one["key_at"])) for one in listed] == [("job", True)]
    assert [ask.delete(url).status_code for _ in range(2)] == [204, 409]
    taken = {"name": "node.job", "password": "x" * 12, "roles": ["citizen"]}
    pushing.job("mine", organisation=7, **{"from": {"node": True}, "to": {"dataset": "people"}})
    accounts.add_user(pushing.platform, **taken | {"name": "node.mine"})
    assert ask.post("/api/sharing/exchange/mine/key").status_code == 409
