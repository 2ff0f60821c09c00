"""What the platform does by itself again and again, and the order in which pages are tried."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from yiwang import app, wiring
from yiwang.app import Platform
from yiwang.kernel import clock
from yiwang.kernel.clock import ManualClock, SystemClock
from yiwang.kernel.settings import Settings


def test_one_round_that_fails_keeps_none_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = threading.Event()

    def fails() -> None:
        raise ValueError("a round that always fails")

    monkeypatch.setattr(app, "TICK_S", 0.01)
    monkeypatch.setattr(wiring, "rounds", lambda platform: [fails, reached.set])
    with Platform(Settings(home=tmp_path / "home", mqtt_port=0), SystemClock()) as platform:
        platform.start()
        assert reached.wait(30)
        with pytest.raises(ValueError, match="always fails"):
            platform.maintain()


def test_rounds_with_nothing_to_do_run_kept_statements_alone(tmp_path: Path) -> None:
    """They come every second: twenty statements built anew took more than all the rest."""
    settings = Settings(home=tmp_path / "home", mqtt_port=0)
    with Platform(settings, ManualClock(clock.parse("2026-11-02T08:00:00Z"))) as platform:
        platform.maintain()
        built: list[str] = []

        def see(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            built.append(statement)

        event.listen(platform.database.engine, "before_cursor_execute", see)
        platform.maintain()
        assert built == []


def test_no_page_stands_behind_a_busy_one_that_takes_its_calls() -> None:
    busy = wiring.busy_routes()
    own = {route.path for route in busy}
    hidden = []
    for route in app.routes():
        path = getattr(route, "path", "")
        if path in own:
            continue
        called = re.sub(r"\{[^}]*\}", "x", re.sub(r"\{[^}]*:int\}", "7", path))
        methods = getattr(route, "methods", None) or set()
        hidden += [path for one in busy if one.methods & methods and one.path_regex.match(called)]
    assert hidden == []
