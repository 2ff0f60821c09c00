"""Files lie encrypted in the home, open from any place, and not at all where they were touched."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from pathlib import Path
from threading import Lock

import pyrage
import pytest
from hypothesis import given, settings, strategies

from tests.sharing.files.conftest import Desk
from tests.sharing.files.test_deliveries import _table
from yiwang.kernel.clock import HOUR
from yiwang.kernel.settings import Settings
from yiwang.security.protection.errors import NoFieldKey, SealBroken
from yiwang.security.protection.sealing import CIPHERS, FieldKeys
from yiwang.sharing.files import contents, deliveries, keys, sealing, uploads
from yiwang.sharing.files.contents import Contents
from yiwang.sharing.files.sealer import Sealer
from yiwang.sharing.files.shelf import Shelf
from yiwang.store.errors import DiskFull

PLACE = "shared/contents:1"
PIECE, WHOLE = sealing.PIECE, sealing.PIECE + sealing.TAG
SECRET = b"station,phone\nS1,13800138001\n"


@pytest.fixture(params=sorted(CIPHERS))
def held(request: pytest.FixtureRequest, tmp_path: Path) -> FieldKeys:
    return FieldKeys(tmp_path, request.param)


def _sealed(keys: FieldKeys, content: bytes, folder: Path, place: str = PLACE) -> Path:
    file = folder / "sealed"
    sealing.seal(io.BytesIO(content), file, keys, place)
    return file


def _read(keys: FieldKeys, file: Path, place: str = PLACE) -> bytes:
    with sealing.opened(file.open("rb"), keys, place) as content:
        return content.read()


def test_what_was_sealed_opens_whatever_its_length(held: FieldKeys, tmp_path: Path) -> None:
    for size in (0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE):
        content = os.urandom(size)
        file = _sealed(held, content, tmp_path)
        assert _read(held, file) == content, size
        assert size < 100 or content[:100] not in file.read_bytes()
    assert oct(file.stat().st_mode)[-3:] == "600"


@settings(max_examples=60, deadline=None)
@given(data=strategies.data())
def test_any_part_is_read_by_itself(
    tmp_path_factory: pytest.TempPathFactory, data: strategies.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    held, content = FieldKeys(folder), bytes(range(251)) * 700
    file = _sealed(held, content, folder)
    with sealing.opened(file.open("rb"), held, PLACE) as opened:
        for _ in range(4):
            start = data.draw(strategies.integers(0, len(content) + 10))
            length = data.draw(strategies.integers(0, len(content)))
            assert opened.seek(start) == start
            assert opened.read(length) == content[start : start + length]


def test_what_was_touched_does_not_open(tmp_path: Path) -> None:
    held, content = FieldKeys(tmp_path), os.urandom(3 * PIECE + 100)
    whole = _sealed(held, content, tmp_path).read_bytes()
    start = len(whole) - 3 * WHOLE - 100 - sealing.TAG
    first, second = whole[start : start + WHOLE], whole[start + WHOLE : start + 2 * WHOLE]
    touched = {
        "cut off in a piece": whole[:-1],
        "cut off between pieces": whole[: start + 2 * WHOLE],
        "cut off to nothing": whole[:start],
        "the first half of its head": whole[:30],
        "longer": whole + b"\0",
        "a piece twice": whole + whole[-100 - sealing.TAG :],
        "pieces in another order": whole[:start] + second + first + whole[start + 2 * WHOLE :],
        "a piece less": whole[:start] + whole[start + WHOLE :],
        "a bit of a piece": whole[:-1] + bytes([whole[-1] ^ 1]),
        "a bit of its key": whole[:40] + bytes([whole[40] ^ 1]) + whole[41:],
        "not sealed": content,
        "empty": b"",
    }
    file = tmp_path / "touched"
    for what, raw in touched.items():
        file.write_bytes(raw)
        with pytest.raises((SealBroken, NoFieldKey)):
            _read(held, file)
            pytest.fail(what)
    file.write_bytes(whole)
    with pytest.raises(SealBroken):
        _read(held, file, "shared/contents:2")
    with pytest.raises(NoFieldKey):
        _read(FieldKeys(tmp_path / "other"), file)
    assert _read(held, file) == content


def test_a_new_key_takes_over_without_a_look_at_the_content(tmp_path: Path) -> None:
    held, content = FieldKeys(tmp_path), os.urandom(2 * PIECE)
    file, other = _sealed(held, content, tmp_path), tmp_path / "other"
    held.rotate("2")
    assert not sealing.is_current(file, held, PLACE) and sealing.key_of(file, PLACE) == "1"
    sealing.reseal(file, other, held, PLACE)
    assert sealing.is_current(other, held, PLACE) and _read(held, other) == content
    assert other.read_bytes()[-2 * WHOLE :] == file.read_bytes()[-2 * WHOLE :]


def test_a_key_may_have_any_name_that_a_home_gave_it(tmp_path: Path) -> None:
    held = FieldKeys(tmp_path)
    held.rotate("2")
    listed = tmp_path / "keys" / "fields.yaml"
    listed.write_text(listed.read_text("utf-8").replace("'2'", "新钥"), "utf-8")
    file = _sealed(FieldKeys(tmp_path), SECRET, tmp_path)
    assert sealing.key_of(file, PLACE) == "新钥" and _read(FieldKeys(tmp_path), file) == SECRET


def test_what_a_crash_left_adopted_is_not_written_over(tmp_path: Path) -> None:
    """The upload is finished once more, while another one of the same content has its version."""
    held, name = Contents(tmp_path / "contents", FieldKeys(tmp_path)), "a" * 64
    sealed = tmp_path / "key.sealed"
    held.seal(io.BytesIO(SECRET), sealed, name)
    held.adopt(sealed, name)

    class Full(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(DiskFull):
        held.seal(Full(), sealed, name)
    with held.open(name) as content:
        assert content.read() == SECRET


def test_nothing_that_was_uploaded_lies_in_the_home_unencrypted(desk: Desk, tmp_path: Path) -> None:
    desk.grant()
    version = desk.upload("a.csv", SECRET)
    identity = pyrage.x25519.Identity.generate()
    keys.add(desk.city.user, "k", str(identity.to_public()))
    made = desk.made(resource=_table(desk))
    to_one = desk.made(version=version)
    assert desk.get(version).content == SECRET
    assert desk.get(version, range="bytes=14-16").content == b"S1,"
    assert pyrage.decrypt(desk.content(to_one).content, [identity]) == SECRET
    extract = desk.content(made).content
    assert extract.decode("utf-8-sig").startswith("station,")
    lie = [one.read_bytes() for one in (tmp_path / "shared").rglob("*") if one.is_file()]
    assert len(lie) == 3 and all(one.startswith(sealing.MARK) for one in lie)
    assert not any(SECRET[:20] in one or extract[:20] in one for one in lie)

    path = desk.shelf.contents.path(hashlib.sha256(SECRET).hexdigest())
    path.write_bytes(path.read_bytes()[:-1])
    assert desk.get(version).json()["type"] == "security.seal_broken"
    again = desk.upload("a.csv", SECRET)
    assert desk.get(again).content == desk.get(version).content == SECRET


def test_a_home_of_before_goes_on_and_is_sealed_by_a_round(desk: Desk) -> None:
    """What lies plain is given out as ever, and then sealed; a new key takes over all of it."""
    desk.grant()
    version, sealer = desk.upload("a.csv", SECRET), Sealer(desk.city.platform)
    name = hashlib.sha256(SECRET).hexdigest()
    sealed, plain = desk.shelf.contents.path(name), desk.shelf.contents.plain(name)
    sealed.unlink()
    plain.write_bytes(SECRET)
    sealed.with_suffix(".part").write_bytes(b"what a crash left")
    assert desk.get(version).content == SECRET
    assert desk.shelf.contents.survey() == contents.Survey(plain=1, sealed=0, missing=())
    assert sealer.settle() == 1 and [one.name for one in plain.parent.iterdir()] == [sealed.name]
    assert desk.get(version).content == SECRET and sealer.settle() == 0
    desk.shelf.keys.rotate("2027")
    assert sealer.settle() == 1 and sealing.key_of(sealed, "") == "2027"
    assert desk.get(version).content == SECRET
    assert desk.shelf.contents.survey() == contents.Survey(plain=0, sealed=1, missing=())
    plain.write_bytes(SECRET)
    desk.shelf.keys.rotate("2028")
    sealer.look()
    assert sealer._thread is not None
    sealer._thread.join()
    assert not plain.exists() and sealing.key_of(sealed, "") == "2028"
    assert Shelf(Settings(home=sealed.parents[3])).contents.open(name).read() == SECRET

    old = deliveries.path(desk.shelf, desk.made(resource=_table(desk))["id"])
    with deliveries.read(desk.shelf, 1) as content:
        (desk.shelf.made / "1").write_bytes(content.read())
    old.unlink()
    assert desk.content({"id": 1}).status_code == 200, "made before they were sealed"
    desk.city.clock.advance(73 * HOUR)
    assert deliveries.sweep(desk.city.platform) == 1 and not list(desk.shelf.made.iterdir())


def test_what_cannot_be_sealed_stays_and_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, sealer = desk.upload("a.csv", SECRET), Sealer(desk.city.platform)
    path = desk.shelf.contents.path(hashlib.sha256(SECRET).hexdigest())
    desk.shelf.keys.rotate("2")
    with monkeypatch.context() as patch:
        patch.setattr(contents, "KEPT_FREE", 1 << 62)
        assert sealer.settle() == 0 and sealing.key_of(path, "") == "1"
    sealer.look()
    assert sealer._thread is None, "not before an hour"
    desk.city.clock.advance(HOUR + 1)
    sealer.look()
    assert sealer._thread is not None
    sealer._thread.join()
    assert sealing.key_of(path, "") == "2"
    assert desk.get(version, "steward").content == SECRET
    broken = path.read_bytes()[:50]
    path.write_bytes(broken)
    assert desk.shelf.contents.survey().missing == ("?",)
    assert Sealer(desk.city.platform).settle() == 0 and path.read_bytes() == broken


def test_one_that_goes_while_it_is_sealed_does_not_come_back(tmp_path: Path) -> None:
    class Dropping:
        """A lock that somebody else has first, who drops the content."""

        def __enter__(self) -> None:
            held.drop(name)

        def __exit__(self, *_: object) -> None: ...

    held, name = Contents(tmp_path / "contents", FieldKeys(tmp_path)), "a" * 64
    plain = held.plain(name)
    plain.parent.mkdir(parents=True)
    plain.write_bytes(SECRET)
    held.settle(name, Dropping())
    assert list(plain.parent.iterdir()) == []
    held.settle(name, Lock())
    with pytest.raises(FileNotFoundError):
        held.open(name)
    with pytest.raises(FileNotFoundError):
        held.open("../../keys/fields.yaml")


def test_a_crash_after_the_seal_leaves_an_upload_that_is_finished_next_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = desk.begin("a.csv", len(SECRET)).headers["location"]
    key = place.rsplit("/", 1)[1]
    desk.shelf.parts.write(key, desk.shelf.parts.turn(key), 0, SECRET)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "keep_version", dies)
        with pytest.raises(KeyboardInterrupt):
            uploads.finish(desk.city.steward, key)
    assert desk.shelf.parts.sealed(key).exists()
    version = uploads.finish(desk.city.steward, key)
    assert version is not None and desk.get(version, "steward").content == SECRET
    assert desk.shelf.parts.keys() == set()
