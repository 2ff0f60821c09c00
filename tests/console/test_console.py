"""The screen's own pages: what is on the map, the layout, static files, the live stream."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.console.conftest import KIND, NOW, observe
from yiwang.app import Platform
from yiwang.cases import service as cases
from yiwang.console import http, live, model, service, spots, static
from yiwang.console.atlas import Atlas
from yiwang.console.marks import Marks
from yiwang.console.model import Box, Points
from yiwang.kernel.clock import SECOND
from yiwang.security.errors import Denied
from yiwang.security.model import Identity
from yiwang.sensing import service as sensing
from yiwang.sensing.errors import NoSuchThing
from yiwang.store.outbox import Delivery


class Heard:
    """A hub that somebody listens to."""

    def __init__(self) -> None:
        self.listeners = 1
        self.events: list[tuple[str, Any]] = []

    def publish(self, kind: str, data: Any) -> None:
        self.events.append((kind, data))


def test_a_thing_shows_its_latest_value(platform: Platform, client: TestClient) -> None:
    observe(platform, 12.5)
    found = client.get("/api/map/things?bbox=116,39,117,40").json()
    assert found["clustered"] is False
    assert found["kinds"] == [KIND]
    assert found["value"] == [12.5]
    assert found["time"] == [NOW // 1000]
    assert found["level"] == [0]
    spot = client.get(f"/api/map/things/{found['id'][0]}").json()
    assert spot["things"][0]["code"] == "WL-1"
    assert spot["things"][0]["streams"][0]["value"] == 12.5


def test_a_place_shows_the_value_observed_there(platform: Platform, client: TestClient) -> None:
    path = "/api/map/places?kind=underpass&property=depth_cm&of=capacity"
    assert client.get(path).json()["value"] == [None]
    observe(platform, 8)
    found = client.get(path).json()
    assert (found["value"], found["of"], found["name"]) == ([8.0], [40.0], ["东桥"])
    spot = client.get(f"/api/map/places/{found['id'][0]}", headers={"accept-language": "en"})
    assert spot.json()["name"] == "East bridge"
    assert spot.json()["things"][0]["streams"][0]["property"] == "depth_cm"


def test_what_lies_outside_the_view_is_left_out(client: TestClient) -> None:
    assert client.get("/api/map/things?bbox=0,0,1,1").json()["total"] == 0


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", "5,0,1,1", "0,0,0"])
def test_a_bad_view_is_refused_with_what_is_wanted(client: TestClient, box: str) -> None:
    answer = client.get(f"/api/map/things?bbox={box}")
    assert answer.status_code == 400
    assert answer.json()["type"] == "web.bad_parameter"
    assert client.get("/api/map/places").status_code == 400


def test_unknown_things_are_said_to_be_unknown(platform: Platform, client: TestClient) -> None:
    assert client.get("/api/map/things/999").status_code == 404
    with pytest.raises(NoSuchThing):
        spots.thing(platform.caller("test"), 999, "en")


def test_layout_speaks_both_languages(client: TestClient) -> None:
    chinese = client.get("/api/console").json()
    english = client.get("/api/console", headers={"accept-language": "en"}).json()
    layer = next(one for one in chinese["layers"] if one["places"] == "underpass")
    assert layer["unit"] == "cm" and layer["steps"]
    assert chinese["kinds"][KIND]["title"] == "水位计"
    assert english["kinds"][KIND]["title"] != "水位计"
    assert chinese["rules"].keys() == english["rules"].keys()
    assert chinese["parameters"]["underpass_flooding/depth_warn"] == "预警深度"
    assert chinese["zone"] == "Asia/Shanghai"


@pytest.mark.parametrize("asked", [service.layout, service.things, service.places])
def test_the_screen_is_not_for_everybody(platform: Platform, asked: Any) -> None:
    by = platform.caller("test")
    citizen = Identity("user", 9, "citizen", frozenset({"citizen"}))
    stranger = type(by)(citizen, by.database, by.clock, by.ports)
    given = ("en",) if asked is service.layout else (Box(), "underpass")
    with pytest.raises(Denied):
        asked(stranger, *given)
    for one in (spots.thing, spots.place):
        with pytest.raises(Denied):
            one(stranger, 1, "en")
    with pytest.raises(Denied):
        sensing.streams(stranger, thing=1)


# Static files


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<html>screen</html>")
    (folder / "assets" / "a-1.js").write_text("let a = 1;")
    (folder / "assets" / "a-1.js.gz").write_bytes(b"squeezed")
    monkeypatch.setattr(static, "FOLDER", folder)
    return folder


def test_every_address_of_the_application_is_its_page(client: TestClient, built: Path) -> None:
    for path in ("/", "/live", "/cases/12"):
        answer = client.get(path)
        assert answer.text == "<html>screen</html>"
        assert answer.headers["cache-control"] == "no-cache"
        assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_built_files_are_kept_and_compressed(client: TestClient, built: Path) -> None:
    plain = client.get("/assets/a-1.js", headers={"accept-encoding": "identity"})
    assert plain.text == "let a = 1;"
    assert "immutable" in plain.headers["cache-control"]
    with client.stream("GET", "/assets/a-1.js", headers={"accept-encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert b"".join(answer.iter_raw()) == b"squeezed"


@pytest.mark.parametrize("path", ["/api/nothing", "/assets/gone.js", "/assets/../../http.py"])
def test_what_is_not_there_is_not_the_page(client: TestClient, built: Path, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404 or answer.text == "<html>screen</html>"
    assert "def routes" not in answer.text


def test_a_screen_that_was_not_built_says_what_to_do(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static, "FOLDER", tmp_path / "nowhere")
    answer = client.get("/", headers={"accept-language": "en"})
    assert answer.status_code == 503
    assert "make setup" in answer.json()["detail"]


# The live stream


def test_values_are_told_once_each(platform: Platform) -> None:
    heard = Heard()
    stream = live.Live(platform.caller("console"), heard, platform.sensing)  # type: ignore[arg-type]
    observe(platform, 1)
    stream._tell_values()
    observe(platform, 2, NOW + SECOND)
    stream._tell_values()
    stream._tell_values()
    assert [data["t"] for _, data in heard.events] == [[[1, NOW, 1.0]], [[1, NOW + SECOND, 2.0]]]


def test_a_burst_is_told_in_part(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_VALUES", 3)
    heard = Heard()
    stream = live.Live(platform.caller("console"), heard, platform.sensing)  # type: ignore[arg-type]
    stream._tell_values()
    platform.sensing.observations.latest.number[1:11] = 7
    stream._tell_values()
    assert [(len(data["t"]), data["more"]) for _, data in heard.events] == [(3, 7)]


def test_a_finding_is_told_and_marks_the_map(platform: Platform, client: TestClient) -> None:
    heard = Heard()
    told = platform.domains.live
    told._hub = heard  # type: ignore[assignment]
    for minutes, depth in ((-4, 20), (-3, 20), (-2, 21), (-1, 22)):
        observe(platform, depth, NOW + minutes * 60 * SECOND)
    platform.settle()
    kinds = [kind for kind, _ in heard.events]
    finding = next(data for kind, data in heard.events if kind == "finding")
    assert finding["state"] == "open" and finding["place_name"] == "东桥"
    assert finding["en"]["place_name"] == "East bridge"
    assert "case" in kinds
    found = client.get("/api/map/things").json()
    assert found["level"] == [model.level(finding["severity"])]
    again = live.Live(platform.caller("console"), heard, platform.sensing)  # type: ignore[arg-type]
    again.marks.load(live._open(platform.caller("console")))
    assert again.marks.of_things(np.array(found["id"])).tolist() == found["level"]


def test_nobody_watching_costs_no_summary(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: Any) -> Any:
        raise AssertionError("asked for summaries that nobody reads")

    monkeypatch.setattr(cases, "summary_of", forbidden)
    heard = Heard()
    heard.listeners = 0
    platform.domains.live._hub = heard  # type: ignore[assignment]
    body = {"case": 1}
    platform.domains.live.handle(None, [Delivery(1, "case.changed", body, NOW)])  # type: ignore[arg-type]


# Pure


def _points(count: int) -> Points:
    random = np.random.default_rng(5)
    lon, lat = random.uniform(116, 116.5, count), random.uniform(39, 39.4, count)
    ids = np.arange(1, count + 1)
    return Points(ids, lon, lat, ids.copy(), np.zeros(count, np.int64), ["k"])


def test_cells_hold_every_point_and_the_worst_of_them() -> None:
    points = _points(20_000)
    levels = np.zeros(20_000, np.int8)
    levels[77] = 4
    found = model.cells(points.lon, points.lat, levels, Box())
    assert found.count.sum() == 20_000
    assert len(found.count) < 3_000
    assert found.level.max() == 4 and (found.level > 0).sum() == 1
    assert found.lon.min() >= 116 and found.lat.max() <= 39.4


def test_cells_of_points_at_one_spot_are_one() -> None:
    here = np.full(6000, 116.0)
    found = model.cells(here, here - 77, np.ones(6000, np.int8), Box())
    assert (found.count.tolist(), found.level.tolist()) == ([6000], [1])


def test_marks_keep_the_highest_open_finding() -> None:
    marks = Marks()
    for finding, severity in ((1, "notice"), (2, "urgent")):
        body = {"finding": finding, "thing": 5, "place": 8, "severity": severity}
        marks.raised(body)
    ids = np.array([4, 5, 6])
    assert marks.of_things(ids).tolist() == [0, 3, 0]
    assert marks.of_places(np.array([8, 9])).tolist() == [3, 0]
    marks.ended({"finding": 2})
    assert marks.of_things(ids).tolist() == [0, 1, 0]
    marks.ended({"finding": 1})
    assert marks.of_things(ids).tolist() == [0, 0, 0]
    assert marks.of_things(np.empty(0, np.int64)).tolist() == []


def test_237_000_devices_in_one_view(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    points = _points(237_000)
    monkeypatch.setattr(Atlas, "things", lambda *_: points)
    by = platform.caller("test")
    seconds = []
    for _ in range(15):
        begun = time.perf_counter()
        found = service.things(by, Box(116, 39, 117, 40))
        seconds.append(time.perf_counter() - begun)
    assert found["clustered"] and sum(found["count"]) == 237_000
    assert sorted(seconds)[7] < 0.5, seconds


def test_the_last_route_takes_what_is_left() -> None:
    assert http.routes()[-1].path == "/{path:path}"
