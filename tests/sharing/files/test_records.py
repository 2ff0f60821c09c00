"""What has arrived of an upload lies sealed, and no crash and no full disk mixes it up."""

from __future__ import annotations

import errno
import hashlib
from asyncio import _get_running_loop
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Semaphore

import pytest

from tests.sharing.files.conftest import TUS, Desk
from yiwang.security.actions import Caller
from yiwang.security.protection.errors import SealBroken
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.files import parts, uploads
from yiwang.sharing.files.model import Upload
from yiwang.sharing.files.parts import Parts
from yiwang.sharing.files.records import MARK, Growing

PLACE = "shared/uploads:k"
SECRET = b"station,phone\nS1,13800138001\n"


def _all(path: Path, keys: FieldKeys) -> bytes:
    with Growing(path, keys, PLACE).read() as content:
        return content.read()


def test_it_grows_and_is_found_again_after_a_start(tmp_path: Path) -> None:
    keys, path = FieldKeys(tmp_path), tmp_path / "k"
    assert Growing(path, keys, PLACE).size == 0 and _all(path, keys) == b""
    first = Growing(path, keys, PLACE)
    assert first.append(b"abc") == 3 and first.append(b"") == 3 and first.append(SECRET) == 32
    again = Growing(path, keys, PLACE)
    assert again.size == 32 and again.append(b"d" * 100_000) == 100_032
    assert _all(path, keys) == b"abc" + SECRET + b"d" * 100_000
    raw = path.read_bytes()
    assert raw.startswith(MARK) and SECRET[:12] not in raw
    keys.rotate("2")
    assert Growing(path, keys, PLACE).append(b"!") == 100_033, "its own key stays"
    stand = again.stand()
    assert again.append(b"x") and again.back(stand) is None and again.append(b"y") == 100_033
    assert _all(path, keys)[-2:] == b"dy"


def test_what_a_crash_left_at_the_end_is_written_over(tmp_path: Path) -> None:
    """Wherever the last record, or the head, was cut off, or not written at all."""
    keys, path = FieldKeys(tmp_path), tmp_path / "k"
    held = Growing(path, keys, PLACE)
    held.append(b"first")
    whole, before = held.stand()[0], path.read_bytes()
    held.append(SECRET)
    raw = path.read_bytes()
    left = [raw[:cut] for cut in range(whole, len(raw))]
    left += [raw[: len(raw) - 40] + bytes(40), raw + bytes(100), before + raw[whole:-1] + b"?"]
    for cut in left:
        path.write_bytes(cut)
        again = Growing(path, keys, PLACE)
        wanted = b"first" + (SECRET if cut == raw + bytes(100) else b"")
        assert again.size == len(wanted), len(cut)
        again.append(b" and on")
        assert _all(path, keys) == wanted + b" and on"
    for cut in range(0, before.index(b"y1:") + 30, 7):
        path.write_bytes(before[:cut])
        assert Growing(path, keys, PLACE).append(b"anew") == 4 and _all(path, keys) == b"anew"
    path.write_bytes(raw)
    assert Growing(path, FieldKeys(tmp_path / "other"), PLACE).size == 0, "its key is lost"


def test_records_do_not_change_places(tmp_path: Path) -> None:
    keys, path = FieldKeys(tmp_path), tmp_path / "k"
    held = Growing(path, keys, PLACE)
    for part in (b"aaaa", b"bbbb", b"cccc"):
        held.append(part)
    raw, one = path.read_bytes(), 4 + 4 + 28
    start = len(raw) - 3 * one
    path.write_bytes(raw[:start] + raw[start + one : start + 2 * one] + raw[start : start + one])
    assert held.size == 12
    with pytest.raises(SealBroken):
        held.read().read()
    path.write_bytes(raw)
    assert Growing(path, keys, "shared/uploads:other").size == 0
    assert _all(path, keys) == b"aaaabbbbcccc"


def test_an_upload_of_before_goes_on(tmp_path: Path) -> None:
    keys, folder = FieldKeys(tmp_path), tmp_path / "uploads"
    folder.mkdir()
    (folder / "k").write_bytes(SECRET)
    (folder / "k.0.piece").write_bytes(b"what a crash left of taking it over")
    held = Parts(folder, keys)
    assert held.size("k") == len(SECRET) and held.keys() == {"k"}
    assert held.write("k", held.turn("k"), len(SECRET), b"more") == len(SECRET) + 4
    with held.open("k") as content:
        assert content.read() == SECRET + b"more"
    assert [one.name for one in folder.iterdir()] == [held.path("k").name]
    held.remove("k")
    assert held.size("k") == 0 and not list(folder.iterdir())


def test_no_piece_on_its_way_lies_unencrypted(desk: Desk, tmp_path: Path) -> None:
    """Neither what has arrived nor a piece that waits for its checksum; and after a start of the
    platform the upload goes on."""
    place = desk.begin("a.csv", 2 * len(SECRET)).headers["location"]
    key, digest = place.rsplit("/", 1)[1], b64encode(hashlib.sha256(SECRET).digest()).decode()
    turn = desk.shelf.parts.turn(key)
    desk.shelf.parts.write_piece(key, turn, 0, SECRET)
    desk.shelf.parts.write_piece(key, turn, 0, SECRET)
    assert desk.piece(place, 0, SECRET, upload_checksum=f"sha256 {digest}").status_code == 204
    lie = [one.read_bytes() for one in (tmp_path / "shared").rglob("*") if one.is_file()]
    assert len(lie) == 2 and not any(SECRET[:12] in one for one in lie)
    desk.shelf.parts = Parts(desk.shelf.parts.path(key).parent, desk.shelf.keys)
    found = desk.ask("steward", "HEAD", place, headers=TUS)
    assert found.headers["upload-offset"] == str(len(SECRET))
    version = int(desk.piece(place, len(SECRET), SECRET).headers["yiwang-version"])
    assert desk.get(version, "steward").content == 2 * SECRET
    assert desk.shelf.parts.keys() == set()


def test_no_call_waits_for_uploads_that_are_finished(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More clients ask after large ones than there are threads for calls."""
    places = [desk.begin(f"{one}.bin", 3).headers["location"] for one in range(12)]
    for key in (one.rsplit("/", 1)[1] for one in places):
        desk.shelf.parts.write(key, desk.shelf.parts.turn(key), 0, b"abc")
    looked, done = Semaphore(0), Event()
    finish, standing = uploads.finish, uploads.standing

    def slowly(caller: Caller, key: str) -> int | None:
        assert done.wait(120)
        return finish(caller, key)

    def seen(caller: Caller, key: str) -> tuple[Upload, bool]:
        looked.release()
        return standing(caller, key)

    monkeypatch.setattr(uploads, "finish", slowly)
    monkeypatch.setattr(uploads, "standing", seen)

    def ask(place: str) -> str | None:
        found = desk.ask("steward", "HEAD", place, headers=TUS).headers.get("yiwang-version")
        return str(found) if found else None

    with ThreadPoolExecutor(len(places) + 1) as threads:
        asked = threads.map(ask, places)
        try:
            assert all(looked.acquire(timeout=60) for _ in places)
            path = f"/api/sharing/files/of/{desk.resource.id}"
            other = threads.submit(desk.ask, "steward", "GET", path)
            assert other.result(60).json()["items"] == []
        finally:
            done.set()
        assert set(asked) == {str(one) for one in range(1, 13)}


def test_the_loop_does_not_wait_where_others_write(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their turn, and what is left of a piece: both wait for the lock of all uploads."""
    looping: list[bool] = []
    turn, drop_piece = Parts.turn, Parts.drop_piece

    def turns(held: Parts, key: str) -> int:
        looping.append(_get_running_loop() is not None)
        return turn(held, key)

    def drops(held: Parts, key: str, number: int) -> None:
        looping.append(_get_running_loop() is not None)
        drop_piece(held, key, number)

    monkeypatch.setattr(Parts, "turn", turns)
    monkeypatch.setattr(Parts, "drop_piece", drops)
    place = desk.begin("a.csv", 100).headers["location"]
    digest = b64encode(hashlib.sha256(SECRET).digest()).decode()
    assert desk.piece(place, 0, SECRET, upload_checksum=f"sha256 {digest}").status_code == 204
    wrong = desk.piece(place, len(SECRET), b"x", upload_checksum=f"sha256 {digest}")
    assert wrong.status_code == 460
    assert len(looping) > 4 and not any(looping)


def test_a_full_disk_leaves_out_a_whole_piece(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much of it was joined before."""
    place = desk.begin("a.csv", 100).headers["location"]
    key = place.rsplit("/", 1)[1]
    desk.piece(place, 0, b"x" * 10)
    digest = b64encode(hashlib.sha256(SECRET).digest()).decode()
    joined: list[int] = []
    append = Growing.append

    def full(held: Growing, data: bytes) -> int:
        if held.path == desk.shelf.parts.path(key):
            joined.append(len(data))
            if len(joined) == 3:
                raise OSError(errno.ENOSPC, "No space left on device")
        return append(held, data)

    with monkeypatch.context() as patch:
        patch.setattr(Growing, "append", full)
        patch.setattr(parts, "READ", 8)
        assert desk.piece(place, 10, SECRET, upload_checksum=f"sha256 {digest}").status_code == 507
    assert joined == [8, 8, 8] and desk.shelf.parts.size(key) == 10
    assert desk.piece(place, 10, SECRET, upload_checksum=f"sha256 {digest}").status_code == 204
    with desk.shelf.parts.open(key) as content:
        assert content.read() == b"x" * 10 + SECRET
