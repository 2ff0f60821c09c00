"""The command ``yiwang`` as an operator meets it: help, and errors that say what to do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tests.main_line.server import Server, command, until
from yiwang.cli import main
from yiwang.store.home import Home

BAD_PACKS = Path(__file__).parent / "bad_packs"
ROOT = Path(__file__).parent.parent


def _every(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command and group."""
    yield path
    if isinstance(group, click.Group):
        with click.Context(group) as context:
            for name in group.list_commands(context):
                found = group.get_command(context, name)
                assert found is not None
                yield from _every(found, (*path, name))


COMMANDS = list(_every(main))


def _files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, to see that nothing was changed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _called(*arguments: Any, lang: str = "en") -> Result:
    """The command to its end, in this process: to start one takes longer than what it does."""
    environment = {"YIWANG_LANGUAGE": lang, "COLUMNS": "250", "NO_COLOR": "1"}
    ended = CliRunner().invoke(main, [str(word) for word in arguments], env=environment)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended


def _refused(code: str, *words: str, arguments: list[Any], lang: str = "en") -> None:
    """The command ends with status 1, the error's code and its words, and no traceback."""
    ended = _called(*arguments, lang=lang)
    assert ended.exit_code == 1, ended.output
    told = ended.stderr + ended.stdout
    assert code in told, told
    for word in words:
        assert word in told, told
    assert "Traceback" not in told


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "yiwang")
def test_every_command_says_what_it_does(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*path, "--help"])
    assert shown.exit_code == 0, shown.output
    usage, about = shown.output.split("\n\n")[:2]
    assert usage.startswith("Usage: ") and all(word in usage for word in path)
    assert len(about.strip()) > 15, "the paragraph after the usage says what it does"


def test_commands_and_options_that_do_not_exist() -> None:
    for arguments in (["fly"], ["up", "--wings"], ["pack", "fly"], ["explain", "case", "x"]):
        ended = _called(*arguments)
        assert ended.exit_code == 2 and "Usage:" in ended.stderr


def test_version() -> None:
    assert command("--version").stdout.startswith("yiwang, version ")


# What stops the platform from starting


def test_a_taken_port(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        here = ["up", "--home", home]
        for option, other in (("--port", "--mqtt-port"), ("--mqtt-port", "--port")):
            arguments = [*here, option, port, other, "0"]
            _refused("operate.port_taken", port, option, arguments=arguments)
    assert not home.exists()


def test_a_home_from_a_newer_version(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert _called("registry", "show", "--home", home).exit_code == 0
    database = sqlite3.connect(home / "yiwang.db")
    database.execute("UPDATE alembic_version SET version_num = '9999_later'")
    database.commit()
    database.close()
    before = _files(home)
    port = ["--port", "0", "--mqtt-port", "0"]
    for arguments in (["up", "--home", home, *port], ["ledger", "--home", home]):
        _refused("store.home_newer", "9999_later", "Nothing was changed", arguments=arguments)
    after = _files(home)
    assert after["yiwang.db"] == before["yiwang.db"]


def test_a_home_in_use(tmp_path: Path) -> None:
    """Seen as an operator sees it: another process refuses, in words, with status 1."""
    home = Home(tmp_path / "home")
    ended = command("up", "--home", home.path, "--port", "0", "--mqtt-port", "0")
    home.close()
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    for word in ("store.home_in_use", str(os.getpid()), "--home"):
        assert word in ended.stderr


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    arguments = ["up", "--home", tmp_path / "file" / "home", "--port", "0", "--mqtt-port", "0"]
    _refused("store.home_unwritable", "--home", arguments=arguments)


def test_a_setting_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "yiwang.yaml").write_text("prot: 8000\n")
    _refused("kernel.unknown_setting", "prot", "port", arguments=["up", "--home", tmp_path])
    (tmp_path / "yiwang.yaml").write_text("port: high\n")
    _refused("kernel.bad_setting", "port", "high", arguments=["up", "--home", tmp_path])
    (tmp_path / "yiwang.yaml").write_text("port: [\n")
    _refused("kernel.", "yiwang.yaml", "line 2", arguments=["up", "--home", tmp_path])
    (tmp_path / "yiwang.yaml").write_text("- port\n")
    _refused("kernel.", "yiwang.yaml", arguments=["up", "--home", tmp_path])
    assert [path.name for path in tmp_path.iterdir()] == ["yiwang.yaml"]


def test_errors_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "yiwang.yaml").write_text("prot: 8000\n")
    arguments = ["up", "--home", tmp_path]
    _refused("kernel.unknown_setting", "设置项", arguments=arguments, lang="zh-CN")
    told = _called("pack", "check", BAD_PACKS / "no_readme", lang="zh-CN")
    assert told.exit_code == 1 and "README" in told.stdout


# Replays, packs, backups

RECORDING = "place,at,free\nP1,2026-07-01T00:00:00Z,5\n"
MAPPING = """
source: made_up
time: {column: at}
device: {kind: counter, code: place}
values:
  free: {column: free}
"""


@pytest.mark.parametrize(
    ("code", "word", "recording", "old", "new", "pack"),
    [
        ("replay.no_recording", "nowhere.csv", "nowhere.csv", "", "", "smart_parking"),
        ("replay.not_a_recording", "Parquet or CSV", "bad.parquet", "", "", "smart_parking"),
        ("replay.no_such_column", "vacant", "good.csv", "column: free", "column: vacant", ""),
        ("replay.no_such_pack", "smart_parking", "good.csv", "", "", "smart_park"),
        ("replay.no_such_kind", "kontor", "good.csv", "kind: counter", "kind: kontor", ""),
    ],
)
def test_replays_that_cannot_be(
    code: str, word: str, recording: str, old: str, new: str, pack: str, tmp_path: Path
) -> None:
    (tmp_path / "good.csv").write_text(RECORDING)
    (tmp_path / "bad.parquet").write_bytes(b"\0garbage" * 100)
    (tmp_path / "mapping.yaml").write_text(MAPPING.replace(old, new) if old else MAPPING)
    arguments = ["replay", tmp_path / recording, "--mapping", tmp_path / "mapping.yaml"]
    arguments += ["--pack", pack or "smart_parking", "--home", tmp_path / "home"]
    report = tmp_path / "report.json"
    _refused(code, word, arguments=[*arguments, "--report", report])
    assert not report.exists()


def test_a_broken_pack(tmp_path: Path) -> None:
    broken = tmp_path / "cellar_water"
    shutil.copytree(BAD_PACKS / "good", broken)
    rule = broken / "rules" / "wet_cellar.yaml"
    rule.write_text(rule.read_text().replace("when:", "wenn:"))
    _refused("wet_cellar.yaml", "neither when", arguments=["pack", "check", broken])
    home = tmp_path / "home"
    _refused(
        "wet_cellar.yaml", "neither when", arguments=["pack", "install", broken, "--home", home]
    )
    assert not (home / "packs").exists()
    _refused("packs.unknown_pack", "smart_parking", arguments=["pack", "explain", "no_such_pack"])


def test_restoring_what_is_no_backup(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.tar.gz"
    garbage.write_bytes(os.urandom(5000))
    arguments = ["restore", garbage, "--home", tmp_path / "home"]
    _refused("operate.not_a_backup", "yiwang backup", arguments=arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["garbage.tar.gz"]


def test_asking_about_what_is_not_there(tmp_path: Path) -> None:
    _refused("operate.no_home", arguments=["backup", tmp_path / "b", "--home", tmp_path / "no"])
    arguments = ["explain", "case", "7", "--home", tmp_path / "home"]
    _refused("cases.no_such_case", "7", arguments=arguments)


def test_the_doctor_for_machines(tmp_path: Path) -> None:
    home = tmp_path / "home"
    told = _called("doctor", "--json", "--home", home, "--port", "0", "--mqtt-port", "0")
    checks = {check["name"]: check for check in json.loads(told.stdout)}
    assert {"home", "disk", "port", "database", "console", "settings"} <= set(checks)
    assert checks["home"]["state"] == "warning" and str(home) in checks["home"]["todo"]
    faults = [check for check in checks.values() if check["state"] == "fault"]
    assert told.exit_code == (1 if faults else 0)
    assert all(check["todo"] for check in faults)
    assert not home.exists()
    (tmp_path / "newer").mkdir()
    assert _called("registry", "show", "--home", tmp_path / "newer").exit_code == 0
    database = sqlite3.connect(tmp_path / "newer" / "yiwang.db")
    database.execute("UPDATE alembic_version SET version_num = '9999_later'")
    database.commit()
    database.close()
    told = _called("doctor", "--json", "--home", tmp_path / "newer")
    states = {check["name"]: check["state"] for check in json.loads(told.stdout)}
    assert told.exit_code == 1 and states["database"] == "fault"


@pytest.mark.slow
def test_a_running_home_backed_up_and_restored_is_the_same(tmp_path: Path) -> None:
    home, again, archive = tmp_path / "home", tmp_path / "again", tmp_path / "backup.tar.gz"
    with Server(home).running() as server:
        admin = server.admin()
        made = {"kind": "underpass_flooding.water_level", "code": "W", "lon": 1.0, "lat": 1.0}
        stream = admin.post("/api/devices", json=made).json()["datastreams"]["depth_cm"]
        observations = f"/v1.1/Datastreams({stream})/Observations"
        for result in (3, 4, 5, 99999):
            admin.post(observations, json={"result": result})
        report = {"case_class": "underpass_flooding.road_ponding", "text": "wet", "lon": 1.0}
        assert admin.post("/api/cases", json=report | {"lat": 1.0}).status_code == 201
        until(lambda: _received(admin) >= 4, "the ledger")
        wanted = _state(admin, observations)
        ended = _called("backup", archive, "--home", home)
        assert ended.exit_code == 0, ended.output
        admin.post(observations, json={"result": 6})
    ended = _called("restore", archive, "--home", again)
    assert ended.exit_code == 0, ended.output
    with Server(again).running() as server:
        assert _state(server.admin(), observations) == wanted


def _received(client: Any) -> int:
    return sum(line["received"] for line in client.get("/api/ledger").json()["items"])


def _state(client: Any, observations: str) -> list[Any]:
    """Cases, observations and ledger."""
    case = client.get("/api/cases/1").json()
    return [
        (case["no"], case["state"], case["opened_at"], len(case["timeline"])),
        client.get(observations, params={"$select": "result,phenomenonTime"}).json()["value"],
        client.get("/api/ledger").json(),
    ]
