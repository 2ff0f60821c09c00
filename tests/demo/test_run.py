"""The demo from its first line to its last, against the real platform."""

import sqlite3

import msgspec
import pytest

from tests.sensing.mqtt.brokers import free_port
from yiwang.demo.errors import NotADemo, OtherDemo
from yiwang.demo.office import script
from yiwang.demo.prepare import State, find, save, state_file
from yiwang.demo.run import run_demo


def test_a_real_home_is_not_touched(tmp_path):
    (tmp_path / "yiwang.db").write_bytes(b"a city")
    with pytest.raises(NotADemo):
        find(tmp_path, "normal", 1)


def test_another_simulation_is_not_continued(tmp_path):
    save(tmp_path, State("normal", 1, 0, "v", "p", "g"))
    assert find(tmp_path, "normal", 1) is not None
    assert state_file(tmp_path).stat().st_mode & 0o077 == 0
    with pytest.raises(OtherDemo):
        find(tmp_path, "normal", 2)


@pytest.mark.slow
def test_from_signals_to_cases(tmp_path):
    home = tmp_path / "home"
    lines: list[str] = []
    ports = (free_port(), free_port())
    run_demo(home, *ports, speed=240, duration=40, say=lines.append)
    shown = "\n".join(lines)
    assert "Sign in as  demo" in shown
    assert "simulated" in shown
    state = msgspec.json.decode(state_file(home).read_bytes(), type=State)
    assert state.token
    with sqlite3.connect(home / "yiwang.db") as connection:
        ledger = connection.execute(
            "SELECT source, received, stored, duplicate, rejected FROM sensing_ledger"
        ).fetchall()
        cases = connection.execute("SELECT count(*) FROM cases").fetchone()[0]
        people = connection.execute(
            "SELECT count(*) FROM case_timeline WHERE actor LIKE 'user:sim.%'"
        ).fetchone()[0]
        offices = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("hotline_articles", "plan_tasks")
        ]
    assert offices == [len(script()["articles"]), len(script()["plan"]["tasks"])]
    assert {"mqtt", "http"} <= {row[0] for row in ledger}
    assert all(row[1] == sum(row[2:]) for row in ledger)
    assert cases > 0
    assert people > 0
    before = state.clock
    run_demo(home, *ports, speed=60, duration=3, say=lines.append)
    assert msgspec.json.decode(state_file(home).read_bytes(), type=State).clock > before
