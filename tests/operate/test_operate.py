"""Backup, restore and doctor on a real home."""

from __future__ import annotations

import socket
import tarfile
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from yiwang.kernel.clock import ManualClock, parse
from yiwang.kernel.settings import Settings
from yiwang.operate import backup, doctor, errors
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.evidence.log import Log, line
from yiwang.security.model import system
from yiwang.sharing.files.contents import Survey
from yiwang.sharing.files.shelf import Shelf
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column
from yiwang.store.database import Database
from yiwang.store.home import Home
from yiwang.store.migrate import migrate

NOW = parse("2026-07-01T00:00:00Z")


def _silent(_name: str, _size: int) -> None:
    return None


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with one account, one observation file and one photo."""
    made = Settings(home=tmp_path / "home", port=0, mqtt_port=0)
    home = Home(made.home)
    database = Database(made.database_url)
    migrate(database)
    caller = Caller(system("test"), database, ManualClock(NOW))
    accounts.add_user(caller, "ann", "correct horse battery", ["auditor"])
    database.close()
    (made.home / "observations" / "log").mkdir()
    (made.home / "observations" / "log" / "000001").write_bytes(b"frames")
    (made.home / "blobs" / "photo").write_bytes(b"photo")
    home.close()
    return made


def _restored(settings: Settings, archive: Path, tmp_path: Path) -> Path:
    target = tmp_path / "again"
    backup.restore(archive, target, "", _silent)
    return target


def test_a_backup_restores_everything(settings: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "b.tar.gz"
    kept = Datasets(settings.datasets_url, ZoneInfo("UTC"))
    kept.create("few", [Column("k", "C")], ["k"])
    kept.close()
    assert backup.backup(settings, archive, ManualClock(NOW), _silent) > 0
    target = _restored(settings, archive, tmp_path)
    assert (target / "observations" / "log" / "000001").read_bytes() == b"frames"
    assert (target / "blobs" / "photo").read_bytes() == b"photo"
    written = (settings.home / "blobs" / "photo").stat().st_mtime
    assert (target / "blobs" / "photo").stat().st_mtime == int(written)
    restored = Datasets(f"sqlite:///{target / 'datasets.db'}", ZoneInfo("UTC"))
    assert restored.names() == ["few"]
    restored.close()
    database = Database(f"sqlite:///{target / 'yiwang.db'}")
    caller = Caller(system("test"), database, ManualClock(NOW))
    assert [user.name for user in accounts.list_users(caller)] == ["ann"]


def test_the_log_of_uses_is_restored_with_its_heads_and_its_key(
    settings: Settings, tmp_path: Path
) -> None:
    """And the doctor sees when rows were taken away since."""
    archive, clock = tmp_path / "b.tar.gz", ManualClock(NOW)
    database = Database(settings.database_url)
    log = Log.of(settings, database, clock)
    with database.write() as connection:
        log.append(connection, [line(NOW, "a", "data_read", "resource:1", {})] * 3)
    head = log.seal()
    backup.backup(settings, archive, clock, _silent)
    target = _restored(settings, archive, tmp_path)
    restored = Database(f"sqlite:///{target / 'yiwang.db'}")
    assert Log.of(Settings(home=target), restored, clock).seal() == head
    restored.close()
    assert _states(settings)["evidence"] == "ok"
    with database.write() as connection:
        connection.execute(text("DELETE FROM evidence_entries WHERE id = 2"))
    assert _states(settings)["evidence"] == "fault"
    log.close()
    database.close()


def test_a_running_home_is_backed_up(settings: Settings, tmp_path: Path) -> None:
    home = Home(settings.home)
    archive = tmp_path / "b.tar.gz"
    backup.backup(settings, archive, ManualClock(NOW), _silent)
    home.close()
    assert (_restored(settings, archive, tmp_path) / "yiwang.db").exists()


def test_shared_files_are_backed_up_while_they_are_sealed(
    settings: Settings, tmp_path: Path
) -> None:
    """One that lay plain when the folder was read is in the backup as it is sealed meanwhile; and
    the doctor says how they lie, and that a key is missing."""
    names, contents = [one * 64 for one in "ab"], Shelf(settings).contents
    for name in names:
        contents.plain(name).parent.mkdir(parents=True)
        contents.plain(name).write_bytes(name.encode())
    found = {check.name: check for check in doctor.examine(settings, {}, ManualClock(NOW))}
    assert found["files"].found == "0 shared files are encrypted, 2 wait for it"
    assert not (settings.home / "keys" / "fields.yaml").exists(), "nothing is changed"

    def seals(name: str, _: int) -> None:
        if name.endswith(names[0]):
            contents.settle(names[1], Lock())

    backup.backup(settings, tmp_path / "b.tar.gz", ManualClock(NOW), seals)
    target = _restored(settings, tmp_path / "b.tar.gz", tmp_path)
    restored = Shelf(Settings(home=target)).contents
    assert [restored.open(one).read() for one in names] == [one.encode() for one in names]
    assert restored.survey() == Survey(plain=1, sealed=1, missing=())
    assert _states(settings)["files"] == "ok"
    (settings.home / "keys" / "fields.yaml").unlink()
    found = {check.name: check for check in doctor.examine(settings, {}, ManualClock(NOW))}
    assert found["files"].state == "fault" and "missing: 1" in found["files"].found


def test_damage_is_seen_and_nothing_is_left(settings: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "b.tar.gz"
    backup.backup(settings, archive, ManualClock(NOW), _silent)
    content = bytearray(archive.read_bytes())
    for at in range(len(content) // 3, len(content), len(content) // 7):
        content[at] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises((errors.BackupDamaged, errors.NotABackup)):
        _restored(settings, archive, tmp_path)
    assert not (tmp_path / "again").exists()


def test_a_truncated_backup_is_refused(settings: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "b.tar.gz"
    backup.backup(settings, archive, ManualClock(NOW), _silent)
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises((errors.BackupDamaged, errors.NotABackup)):
        _restored(settings, archive, tmp_path)


def test_strange_files_and_full_folders_are_refused(settings: Settings, tmp_path: Path) -> None:
    strange = tmp_path / "s.tar.gz"
    with tarfile.open(strange, "w:gz") as archive:
        archive.add(settings.home / "blobs" / "photo", "photo")
    with pytest.raises(errors.NotABackup):
        _restored(settings, strange, tmp_path)
    with pytest.raises(errors.HomeNotEmpty):
        backup.restore(strange, settings.home, "", _silent)
    with pytest.raises(errors.NoHome):
        backup.backup(Settings(home=tmp_path / "no"), tmp_path / "x", ManualClock(NOW), _silent)


@pytest.mark.parametrize("name", ["../outside", "a/../../outside", "{root}/outside"])
def test_nothing_is_written_outside(settings: Settings, tmp_path: Path, name: str) -> None:
    strange = tmp_path / "s.tar.gz"
    with tarfile.open(strange, "w:gz") as archive:
        for one in ("blobs/good", name.format(root=tmp_path)):
            archive.addfile(tarfile.TarInfo(one))
    with pytest.raises(errors.BackupDamaged, match="outside"):
        _restored(settings, strange, tmp_path / "in")
    assert not list(tmp_path.rglob("outside"))


def _states(settings: Settings, now: int = NOW) -> dict[str, str]:
    return {check.name: check.state for check in doctor.examine(settings, {}, ManualClock(now))}


def test_the_doctor_finds_a_sound_home_sound(settings: Settings) -> None:
    states = _states(settings)
    assert {states[name] for name in ("home", "database", "integrity", "clock")} == {"ok"}


def test_the_doctor_sees_a_clock_that_went_back(settings: Settings) -> None:
    assert _states(settings, NOW - 10**12)["clock"] == "fault"


def test_the_doctor_sees_a_taken_port(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert _states(Settings(home=settings.home, port=port, mqtt_port=0))["port"] == "fault"


def test_the_doctor_sees_a_damaged_database(settings: Settings) -> None:
    file = settings.home / "yiwang.db"
    content = bytearray(file.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    file.write_bytes(content)
    checks = {check.name: check for check in doctor.examine(settings, {}, ManualClock(NOW))}
    assert "fault" in {checks[name].state for name in ("database", "integrity") if name in checks}


def test_the_doctor_sees_holidays_that_are_not_known(settings: Settings) -> None:
    far = parse("2099-11-26T00:00:00Z")
    known = {one.name: one for one in doctor.examine(settings, {}, ManualClock(NOW))}
    unknown = {one.name: one for one in doctor.examine(settings, {}, ManualClock(far))}
    assert known["calendar"].state == "ok"
    assert unknown["calendar"].state == "warning" and "2099" in unknown["calendar"].found
    file = settings.home / "city" / "calendar.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("days: {2099-10-01: false, 2100-01-01: false}\n")
    told = {one.name: one for one in doctor.examine(settings, {}, ManualClock(far))}
    assert told["calendar"].state == "ok"
    file.write_text("days: {never: false}\n")
    wrong = {one.name: one for one in doctor.examine(settings, {}, ManualClock(NOW))}
    assert wrong["calendar"].state == "fault"


def test_the_doctor_sees_that_papers_have_no_font(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _states(settings)["typeface"] == doctor.OK
    monkeypatch.setattr(doctor.typeface, "found", lambda: None)
    assert _states(settings)["typeface"] == doctor.WARN
