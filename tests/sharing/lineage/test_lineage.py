"""OpenLineage events in and out, our own runs, and the graph that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sharing.conftest import Browser, City
from yiwang.contracts.events import DataMoved
from yiwang.kernel import clock
from yiwang.kernel.settings import Settings
from yiwang.security.actions import Context
from yiwang.security.errors import Denied
from yiwang.sharing.catalogue import scoring
from yiwang.sharing.lineage import model, service
from yiwang.sharing.lineage.errors import BadRunEvent
from yiwang.sharing.lineage.http import routes
from yiwang.sharing.lineage.model import Dataset
from yiwang.store.outbox import Delivery

RUN = "0176a8c2-fe01-7439-87e6-56a1a1b4029f"
EVENT: dict[str, Any] = {
    "eventType": "COMPLETE",
    "eventTime": "2026-07-01T00:00:00Z",
    "run": {"runId": RUN, "facets": {"nominalTime": {"nominalStartTime": "2026-07-01T00:00:00Z"}}},
    "job": {"namespace": "airflow", "name": "levels.load"},
    "inputs": [{"namespace": "postgres://water:5432", "name": "db.public.levels"}],
    "outputs": [
        {
            "namespace": "yiwang",
            "name": "209/000001",
            "facets": {
                "columnLineage": {
                    "fields": {
                        "level": {
                            "inputFields": [
                                {
                                    "namespace": "postgres://water:5432",
                                    "name": "db.public.levels",
                                    "field": "cm",
                                }
                            ]
                        }
                    }
                }
            },
            "outputFacets": {"outputStatistics": {"rowCount": 12}},
        }
    ],
    "producer": "https://github.com/apache/airflow",
    "schemaURL": model.SCHEMA,
}


def test_events_in_make_a_graph_and_go_out_as_they_came(city: City) -> None:
    http = Browser(city, routes())
    held = city.published(dataset="levels")
    path = "/api/sharing/lineage"
    assert http("steward", "POST", path, json=EVENT).status_code == 201
    assert http("steward", "POST", path, json=EVENT).status_code == 200, "known already"
    out = http("auditor", "GET", f"{path}/events").json()["items"]
    assert len(out) == 1
    assert out[0]["run"] == {"runId": RUN} and out[0]["job"] == EVENT["job"]
    assert model.read(out[0]) == model.read(EVENT)

    moved = DataMoved(
        "COMPLETE",
        city.clock.now(),
        RUN[:-1] + "0",
        "exchange/levels",
        [f"resource:{held.id}", "source:parks/lots"],
        ["dataset:copies"],
        7,
        {"depth": "level"},
    )
    with city.database.write() as connection:
        context = Context(city.platform, connection)
        service.follow(context, [Delivery(1, moved.topic, vars(moved), 0)] * 2)
    graph = http("user", "GET", f"/api/sharing/resources/{held.id}/lineage").json()
    assert {(one["from"], one["to"]) for one in graph["edges"]} == {
        ("postgres://water:5432:db.public.levels", "yiwang:209/000001"),
        ("yiwang:209/000001", "yiwang/datasets:copies"),
    }
    columns = {one["job"]: one["columns"] for one in graph["edges"]}
    assert columns["airflow/levels.load"] == {"level": ["cm"]}
    assert columns["yiwang/exchange/levels"] == {"depth": ["level"]}
    named = [one["title"] for one in graph["nodes"] if "title" in one]
    assert named == ["下穿通道水位"]
    near = http("user", "GET", f"{path}?namespace=yiwang/datasets&name=copies&steps=1").json()
    assert len(near["edges"]) == 2
    assert service.graph(city.user, Dataset("no", "where"), 3, "en")["edges"] == []
    assert len(service.events(city.auditor, 0, 10)) == 2
    assert http("anonymous", "GET", f"/api/sharing/resources/{held.id}/lineage").status_code == 401


def test_what_was_written_is_fresh(small_city: City) -> None:
    city = small_city
    held = city.published(update_cycle="daily")
    with city.database.write() as connection:
        context = Context(city.platform, connection)
        body = {"resource": held.id, "code": held.code, "change": "published", "version": 1}
        scoring.follow(context, [Delivery(1, "resource.changed", body, 0)])
    failed = EVENT | {"eventType": "FAIL"}
    assert service.take(city.steward, failed)
    assert scoring.departments(city.auditor, "en")[0]["freshness"] == 0.0
    assert service.resource_graph(city.auditor, held.id, 3, "en")["edges"] == []
    service.take(city.steward, EVENT)
    assert scoring.departments(city.auditor, "en")[0]["freshness"] == 100.0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"eventType": "DONE"}, "eventType"),
        ({"eventTime": "yesterday"}, "eventTime"),
        ({"run": None}, "run"),
        ({"run": {}}, "run.runId"),
        ({"job": {"namespace": "x"}}, "job.name"),
        ({"inputs": [{"name": "a"}]}, "inputs[0].namespace"),
        ({"outputs": {"name": "a"}}, "outputs"),
        ({"outputs": ["a"]}, "outputs[0]"),
    ],
)
def test_what_is_no_event_is_refused(small_city: City, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRunEvent) as bad:
        service.take(small_city.steward, EVENT | changed)
    assert bad.value.fields["field"] == field


def test_nobody_speaks_for_the_data_of_others(small_city: City) -> None:
    city = small_city
    city.published()
    with pytest.raises(BadRunEvent):
        service.take(city.user, EVENT)
    with pytest.raises(Denied):
        service.take(city.auditor, EVENT)
    assert service.take(city.bureau, EVENT)


_names = st.integers(0, 6).map(lambda number: Dataset("n", str(number)))


@settings(max_examples=60)
@given(st.lists(st.tuples(_names, _names, st.just("j")), max_size=15, unique=True), _names)
def test_the_whole_graph_is_what_can_be_reached(
    edges: list[tuple[Dataset, Dataset, str]], start: Dataset
) -> None:
    def reached(way: int) -> set[Dataset]:
        seen, before = {start}, set()
        while seen != before:
            before = set(seen)
            seen |= {edge[way] for edge in edges if edge[1 - way] in seen}
        return seen

    above, below = reached(0), reached(1)
    wanted = {edge for edge in edges if edge[1] in above or edge[0] in below}

    def leading(way: int, datasets: Sequence[Dataset]) -> list[tuple[Dataset, Dataset, str]]:
        return [edge for edge in edges if edge[1 - way] in datasets]

    assert set(model.around(leading, start, model.MOST_STEPS)) == wanted
    assert all(start in edge[:2] for edge in model.around(leading, start, 1))
    assert clock.render(0).startswith("1970")


def test_names_of_any_length_and_many_pairs_at_once(city: City) -> None:
    """Names of 500 signs of three bytes are longer than a row of an index may be."""
    name = "".join(chr(0x4E00 + (n * n * 37) % 20_000) for n in range(500))
    many = [{"namespace": name, "name": f"{name[:490]}{n}"} for n in range(30)]
    raw = EVENT | {"job": {"namespace": name, "name": name}, "inputs": many}
    raw["outputs"] = [one | {"namespace": f"{name[:499]}出"} for one in many]
    assert service.take(city.bureau, raw)
    again = raw | {"run": {"runId": RUN[:-1] + "1"}, "eventTime": "2026-06-30T00:00:00Z"}
    assert service.take(city.bureau, again)
    start = Dataset(name, f"{name[:490]}7")
    found = service.graph(city.auditor, start, 1, "en")
    assert len(found["edges"]) == 30 and len(found["nodes"]) == 31
    told = {(one["first_at"], one["last_at"]) for one in found["edges"]}
    assert told == {("2026-06-30T00:00:00Z", "2026-07-01T00:00:00Z")}


def test_of_a_job_the_last_events_of_each_type_are_kept(small_city: City) -> None:
    city = small_city
    city.ports[Settings] = Settings(lineage_runs_kept=2)
    for number, kind in enumerate(("FAIL", "COMPLETE", "COMPLETE", "COMPLETE", "START")):
        run = {"runId": f"{RUN[:-1]}{number}"}
        service.take(city.bureau, EVENT | {"eventType": kind, "run": run})
    other = EVENT | {"job": {"namespace": "airflow", "name": "other"}}
    service.take(city.bureau, other | {"run": {"runId": f"{RUN[:-1]}9"}})
    kept = [one["event"] for one in service.events(city.auditor, 0, 100)]
    runs = [(one["eventType"], one["run"]["runId"][-1]) for one in kept]
    assert runs == [
        ("FAIL", "0"),
        ("COMPLETE", "2"),
        ("COMPLETE", "3"),
        ("START", "4"),
        ("COMPLETE", "9"),
    ]
    start = Dataset("yiwang", "209/000001")
    assert len(service.graph(city.auditor, start, 1, "en")["edges"]) == 2
