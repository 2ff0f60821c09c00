"""Listing, tuning and explaining, as actions and over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.rules.test_judge import PARAMETERS, RULES, Home, _minutes
from tests.rules.world import START, Row, batch
from yiwang.contracts.observations import ObservationBatch, ObservationReader
from yiwang.contracts.ports import ChannelDirectory
from yiwang.kernel.clock import DAY, MINUTE, ManualClock
from yiwang.kernel.errors import YiwangError
from yiwang.rules import errors, http, service
from yiwang.rules.examples import backtest
from yiwang.rules.explain import Explainer, explain
from yiwang.rules.parameters import Tuning
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.store.database import Database
from yiwang.web.errors import HANDLERS

__all__ = ["PARAMETERS", "RULES"]


class Stored:
    """The port ObservationReader over rows in memory."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._all = batch(rows)

    def between(
        self, datastreams: Sequence[int], start: int, end: int, limit: int = 100_000
    ) -> ObservationBatch:
        found = self._all
        keep = [
            index
            for index in range(len(found))
            if found.datastream[index] in datastreams and start <= found.time[index] <= end
        ][:limit]
        columns = (found.datastream, found.time, found.result, found.received)
        return ObservationBatch(1, 0, *(column[keep] for column in columns))


ROWS = [*_minutes(1, [1, 11, 12, 13, 4, 4]), *_minutes(2, [11] * 6)]


@pytest.fixture
def home(database: Database, system_caller: Caller, tmp_path: Path) -> Home:
    made = Home(database, system_caller, tmp_path)
    made.log.put(sorted(ROWS, key=lambda row: row[1]))
    made.judge.drain()
    return made


@pytest.fixture
def reader(home: Home, caller_for: Callable[..., Caller]) -> Caller:
    ports = {ObservationReader: Stored(ROWS), ChannelDirectory: home.directory}
    return replace(caller_for("command_centre"), ports=ports)


def test_findings_are_listed_latest_first_in_pages(home: Home, reader: Caller) -> None:
    items, keys = service.findings(reader, service.Filter(), 1)
    assert [item["thing"] for item in items] == [1]
    assert items[0]["state"] == "cleared" and items[0]["values"]["depth"] == 13
    rest, _ = service.findings(reader, service.Filter(), 10, keys)
    assert [(item["thing"], item["state"], item["case"]) for item in rest] == [(2, "open", None)]
    by_state, _ = service.findings(reader, service.Filter(state="open", rule="test/deep"))
    assert [item["thing"] for item in by_state] == [2]
    assert service.findings(reader, service.Filter(place=2))[0][0]["thing"] == 2
    assert service.finding(reader, items[0]["id"]) == items[0]
    assert service.findings_by_number(reader, [items[0]["id"]]) == items
    with pytest.raises(errors.NoSuchFinding):
        service.finding(reader, 99)


def test_an_explanation_shows_rule_parameters_and_observations(home: Home, reader: Caller) -> None:
    [item], _ = service.findings(reader, service.Filter(), 1)
    found = explain(reader, item["id"], "en")
    assert found["rule"]["when"] == "depth >= :limit" and found["rule"]["version"] == "1.0"
    [limit] = found["parameters"]
    assert (limit["name"], limit["value"], limit["source"]) == ("limit", 10.0, "a test")
    assert [one["value"] for one in found["observations"]] == [1, 11, 12, 13, 4]
    assert "had held for 2 minutes" in found["story"]["en"][0]
    raised = datetime.fromisoformat(item["raised_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    assert found["story"]["zh-CN"][0].startswith(f"{raised:%Y-%m-%d %H:%M:%S} 发现")
    assert "持续 2 分钟" in found["story"]["zh-CN"][0]
    assert Explainer(reader).explain(item["id"])["finding"]["key"] == item["key"]


def test_an_explanation_says_that_its_observations_are_gone(home: Home, reader: Caller) -> None:
    [item], _ = service.findings(reader, service.Filter(), 1)
    ports = {**reader.ports, ObservationReader: Stored(_minutes(7, [1]))}
    found = explain(replace(reader, ports=ports), item["id"], "en")
    assert found["observations"] == [] and found["values"]["depth"] == 13
    assert "not kept any more" in found["story"]["en"][-1]
    assert "保留期限" in found["story"]["zh-CN"][-1]


def test_a_parameter_is_tuned_within_its_bounds_with_a_reason(
    home: Home, reader: Caller, clock: ManualClock, caller_for: Callable[..., Caller]
) -> None:
    clock.set(START + 10 * MINUTE)
    with pytest.raises(errors.OutsideBounds, match="from 5 cm to 20 cm"):
        service.tune(reader, "test", "limit", "1 m", "too many alarms")
    with pytest.raises(errors.ReasonNeeded):
        service.tune(reader, "test", "limit", "15 cm", " ")
    with pytest.raises(errors.InThePast):
        service.tune(reader, "test", "limit", "15 cm", "because", START)
    with pytest.raises(errors.WrongParameterUnit):
        service.tune(reader, "test", "limit", "15 kg", "because")
    with pytest.raises(errors.NoSuchParameter, match="limit"):
        service.tune(reader, "test", "limits", 15, "because")
    with pytest.raises(Denied):
        service.tune(caller_for("auditor"), "test", "limit", 15, "because")
    service.tune(reader, "test", "limit", "0.15 m", "too many alarms")
    [shown] = service.show_rule(reader, "test", "deep")["parameters"]
    assert shown["value"] == 15 and shown["tuned"]["why"] == "too many alarms"
    home.judge.changed()
    home.log.put(_minutes(3, [12, 12, 12, 16, 16, 16], 20))
    home.judge.drain()
    latest, _ = service.findings(reader, service.Filter(thing=3, rule="deep"), 1)
    assert latest[0]["raised_at"] == "2026-07-01T00:25:00Z"
    [used] = explain(reader, latest[0]["id"])["parameters"]
    assert used["value"] == 15 and used["tuned"]["who"] == "user:command_centre"
    old, _ = service.findings(reader, service.Filter(thing=1, rule="deep"), 1)
    assert explain(reader, old[0]["id"])["parameters"][0]["value"] == 10
    service.tune(reader, "test", "limit", None, "back to the source")
    assert service.show_rule(reader, "test", "deep")["parameters"][0]["value"] == 10


def test_rules_that_are_switched_off_leave_no_open_finding(home: Home, reader: Caller) -> None:
    assert {item["rule"] for item in service.list_rules(reader)} == {"deep", "quiet"}
    service.remove(home.caller, "test")
    home.judge.rebuild()
    assert service.list_rules(reader) == []
    assert service.findings(reader, service.Filter(state="open"))[0] == []
    with pytest.raises(errors.NoSuchRule):
        service.show_rule(reader, "test", "deep")


def test_a_back_test_writes_nothing(home: Home, reader: Caller, tmp_path: Path) -> None:
    from_store = service.loaded(reader, "test")
    found = backtest(
        from_store,
        "deep",
        home.directory.found,
        {},
        Stored(ROWS),
        START,
        START + DAY,
        tunings=[Tuning("limit", 0, 12.0)],
    )
    assert [(one.thing, one.raised_at, one.cleared_at) for one in found] == []
    found = backtest(from_store, "deep", home.directory.found, {}, Stored(ROWS), START, START + DAY)
    assert [one.thing for one in found] == [1, 2]
    assert len(home.findings()) == 2


def test_over_http(home: Home, reader: Caller) -> None:
    inner = Starlette(routes=http.routes(), exception_handlers=HANDLERS)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["caller"] = reader
        await inner(scope, receive, send)

    client = TestClient(app, headers={"accept-language": "en"})
    page = client.get("/api/findings?limit=1").json()
    assert len(page["items"]) == 1
    rest = client.get(f"/api/findings?limit=1&after={page['next']}").json()
    assert rest["items"][0]["thing"] == 2
    one = client.get(f"/api/findings/{page['items'][0]['id']}").json()
    assert one["explanation"]["rule"]["when"] == "depth >= :limit"
    assert client.get("/api/findings?state=odd").status_code == 400
    assert client.get("/api/findings/999").json()["type"] == "rules.no_such_finding"
    assert len(client.get("/api/rules").json()["items"]) == 2
    assert client.get("/api/rules/test/deep").json()["text"].strip().startswith("rule: deep")
    put = "/api/rules/test/parameters/limit"
    answer = client.put(put, json={"value": "2 km", "why": "a try"})
    assert answer.status_code == 400 and answer.json()["type"] == "rules.outside_bounds"
    assert client.put(put, json={"value": 12, "why": "a try"}).status_code == 204


def test_every_error_has_its_words_in_both_languages() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    for kind in kinds:
        if issubclass(kind, YiwangError) and kind.code.startswith("rules."):
            for lang in ("zh-CN", "en"):
                assert kind().what(lang) != f"{kind.code}.what"
                assert kind().todo(lang) != f"{kind.code}.todo"
