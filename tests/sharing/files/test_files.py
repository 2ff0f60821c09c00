"""Files are uploaded in pieces, kept in versions, given out under a grant, and to nobody else."""

from __future__ import annotations

import errno
import hashlib
import os
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from tests.sharing.files.conftest import TUS, UPLOADS, Desk
from yiwang.kernel.clock import DAY, HOUR, MINUTE
from yiwang.notices.tables import notices
from yiwang.security.actions import Caller, Context
from yiwang.security.evidence import store as evidence
from yiwang.sharing.files import giving, model, parts, store, uploads, versions
from yiwang.sharing.gateway.errors import TooManyCalls
from yiwang.sharing.grants import service as grants
from yiwang.sharing.grants.model import Row

CONTENT = bytes(range(256)) * 20
SUM = hashlib.sha256(CONTENT).hexdigest()


def _entries(desk: Desk, verb: str) -> list[dict[str, Any]]:
    with desk.city.database.read() as connection:
        held = evidence.about(connection)
        found = [msgspec.json.decode(text) for _, text in evidence.read(connection, 0, held[2])]
    return [one for one in found if one["verb"] == verb]


def test_a_file_comes_in_pieces_and_is_given_out_in_ranges(both: Desk) -> None:
    grant = both.grant()
    made = both.begin("水位 2026.csv", len(CONTENT), note="第一版", sha256=SUM)
    assert made.status_code == 201 and made.headers["tus-resumable"] == "1.0.0"
    place = made.headers["location"]
    half = both.piece(place, 0, CONTENT[:3000])
    assert (half.status_code, half.headers["upload-offset"]) == (204, "3000")
    assert "yiwang-version" not in half.headers and half.headers["upload-expires"]
    again = both.piece(place, 0, CONTENT[:3000])
    assert again.status_code == 409 and again.json()["fields"]["stands"] == 3000
    found = both.ask("steward", "HEAD", place, headers=TUS)
    assert (found.headers["upload-offset"], found.headers["upload-length"]) == ("3000", "5120")
    last = both.piece(place, 3000, CONTENT[3000:])
    version = int(last.headers["yiwang-version"])
    assert both.piece(place, 5120, b"").headers["yiwang-version"] == str(version), "once more"
    assert not any(both.shelf.parts.keys())

    whole = both.get(version)
    assert whole.status_code == 200 and whole.content == CONTENT
    assert whole.headers["etag"] == f'"{SUM}"' and whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "application/octet-stream"
    assert whole.headers["content-disposition"].startswith('attachment; filename="__ 2026.csv";')
    part = both.get(version, range="bytes=1000-1999", if_range=whole.headers["etag"])
    assert part.status_code == 206 and part.content == CONTENT[1000:2000]
    assert part.headers["content-range"] == "bytes 1000-1999/5120"
    assert both.get(version, range="bytes=1000-", if_range='"other"').content == CONTENT
    beyond = both.get(version, range="bytes=5120-")
    assert beyond.status_code == 416 and beyond.headers["content-range"] == "bytes */5120"
    assert beyond.content == b""
    assert both.get(version, if_none_match=whole.headers["etag"]).status_code == 304
    head = both.ask("user", "HEAD", f"/api/sharing/files/versions/{version}")
    assert head.headers["content-length"] == "5120" and head.content == b""

    given = _entries(both, "file_given")
    assert [(one["from"], one["to"]) for one in given] == [(0, 5120), (1000, 2000), (0, 5120)]
    assert {one["grant"] for one in given} == {grant} and {one["sha256"] for one in given} == {SUM}
    assert _entries(both, "file_uploaded")[0]["file"] == "水位 2026.csv"
    listed = both.ask("user", "GET", f"/api/sharing/files/of/{both.resource.id}").json()["items"]
    assert [(one["name"], one["number"], one["note"]) for one in listed] == [
        ("水位 2026.csv", 1, "第一版")
    ]


def test_a_piece_with_a_wrong_checksum_leaves_nothing(desk: Desk) -> None:
    place = desk.begin("a.bin", len(CONTENT)).headers["location"]
    right = b64encode(hashlib.sha1(CONTENT[:100]).digest()).decode()
    wrong = desk.piece(place, 0, CONTENT[1:101], upload_checksum=f"sha1 {right}")
    assert (wrong.status_code, desk.shelf.parts.keys()) == (460, set())
    good = desk.piece(place, 0, CONTENT[:100], upload_checksum=f"sha1 {right}")
    assert (good.status_code, good.headers["upload-offset"]) == (204, "100")
    assert desk.piece(place, 100, b"x" * 9999).status_code == 413, "longer than was announced"
    assert desk.shelf.parts.size(place.rsplit("/", 1)[1]) == 100


def test_a_whole_that_is_not_what_was_announced_becomes_no_version(desk: Desk) -> None:
    place = desk.begin("a.bin", len(CONTENT), sha256="0" * 64).headers["location"]
    assert desk.piece(place, 0, CONTENT).status_code == 460
    assert desk.ask("steward", "HEAD", place, headers=TUS).status_code == 404
    assert not desk.shelf.contents.path(SUM).exists() and desk.shelf.parts.keys() == set()


def test_a_full_disk_leaves_the_piece_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    place = desk.begin("a.bin", len(CONTENT)).headers["location"]
    desk.piece(place, 0, CONTENT[:10])
    opened = os.fdopen

    class Full:
        """A file on a disk that is full after half of what is written."""

        def __init__(self, number: int, mode: str) -> None:
            self._file = opened(number, mode)

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

        def write(self, data: bytes) -> None:
            self._file.write(data[: len(data) // 2])
            self._file.flush()
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(parts.os, "fdopen", Full)
        full = desk.piece(place, 10, CONTENT[10:])
    assert (full.status_code, full.json()["type"]) == (507, "store.disk_full")
    assert desk.ask("steward", "HEAD", place, headers=TUS).headers["upload-offset"] == "10"
    assert desk.piece(place, 10, CONTENT[10:]).headers["yiwang-version"]
    with monkeypatch.context() as patch:
        patch.setattr(parts, "KEPT_FREE", 1 << 62)
        assert desk.begin("b.bin", 10).status_code == 507


def test_the_newer_of_two_connections_writes(desk: Desk) -> None:
    key = desk.begin("a.bin", 10).headers["location"].rsplit("/", 1)[1]
    old, new = desk.shelf.parts.turn(key), desk.shelf.parts.turn(key)
    assert desk.shelf.parts.write(key, new, 0, b"abc") == 3
    with pytest.raises(parts.WrongOffset):
        desk.shelf.parts.write(key, old, 3, b"xyz")


def test_an_upload_that_two_finish_at_once_becomes_one_version(desk: Desk) -> None:
    """A client that lost the last answer asks while the first request is still at it."""
    place = desk.begin("a.bin", len(CONTENT), sha256=SUM).headers["location"]
    key = place.rsplit("/", 1)[1]
    desk.shelf.parts.write(key, desk.shelf.parts.turn(key), 0, CONTENT)
    with ThreadPoolExecutor(4) as threads:
        args = [desk.city.steward] * 4, [key] * 4
        assert set(threads.map(uploads.finish, *args)) == {1}
    desk.shelf.parts.settle(key)
    assert desk.shelf.parts.keys() == set(), "what is gone is not made again"


def test_a_piece_does_not_wait_for_what_another_upload_becomes(desk: Desk) -> None:
    """The whole of a large file is read before it is a version."""
    place = desk.begin("a.bin", len(CONTENT)).headers["location"]
    with ThreadPoolExecutor(1) as other, desk.shelf.finishing:
        done = other.submit(uploads.finish, desk.city.steward, place.rsplit("/", 1)[1])
        assert done.result(timeout=10) is None


def test_versions_are_kept_replaced_and_withdrawn(both: Desk) -> None:
    both.grant()
    both.shelf.versions = 2
    first, second = both.upload("a.csv", b"one"), both.upload("a.csv", b"two")
    same = both.upload("b.csv", b"one")
    third = both.upload("a.csv", b"three")
    assert both.get(first).status_code == 404, "replaced"
    assert both.get(same).content == b"one", "another file has the same content"
    with both.city.database.read() as connection:
        kept = [store.version(connection, one) for one in (first, second, third)]
    assert [(one.number, one.state) for one in kept if one] == [
        (1, "replaced"),
        (2, "kept"),
        (3, "kept"),
    ]
    path = f"/api/sharing/files/versions/{same}/withdraw"
    assert both.ask("user", "POST", path, json={"reason": "x"}).status_code == 403
    assert both.ask("steward", "POST", path, json={"reason": " "}).status_code == 400
    assert both.ask("steward", "POST", path, json={"reason": "数据有误"}).status_code == 204
    with both.city.database.read() as connection:
        told = connection.execute(select(notices.c.user, notices.c.topic)).all()
    assert {one.user for one in told if one.topic == "sharing.withdrawn"} == {"user"}
    gone = both.get(same, lang="zh-CN")
    assert gone.status_code == 404 and gone.json()["fields"]["why"] == "数据有误"
    assert both.ask("steward", "POST", path, json={"reason": "x"}).status_code == 404
    one = hashlib.sha256(b"one").hexdigest()
    assert not both.shelf.contents.path(one).exists(), "nobody has it any more"
    assert both.shelf.contents.path(hashlib.sha256(b"two").hexdigest()).exists()


def test_only_a_grant_of_the_whole_file_gives_it(desk: Desk) -> None:
    version = desk.upload("a.csv", CONTENT)
    path = f"/api/sharing/files/versions/{version}"
    for who in ("user", "stranger", "bureau", "citizen", "auditor", "anonymous"):
        assert desk.ask(who, "GET", path).status_code in (401, 403, 404), who
    assert desk.get(version).json()["type"] == desk.get(9999).json()["type"], (
        "guessing tells nothing"
    )
    assert desk.get(version, "steward").content == CONTENT, "one's own"
    narrow = desk.grant(rows=(Row("station", "=", "S1"),))
    assert desk.get(version).json()["type"] == "sharing.files.not_whole"
    grants.end(desk.city.user, narrow, "完成")
    few = desk.grant(fields=("station",))
    assert desk.get(version).json()["fields"]["columns"] == "name, level"
    grants.end(desk.city.user, few, "完成")
    api = desk.grant(modes=("api",))
    assert desk.get(version).status_code == 404
    grants.end(desk.city.user, api, "完成")
    whole = desk.grant(days=2)
    assert desk.get(version, range="bytes=0-9").status_code == 206
    assert desk.get(version, "stranger", range="bytes=0-9").status_code == 404, "another's grant"
    grants.end(desk.city.steward, whole, "不再需要")
    assert desk.get(version, range="bytes=10-19").status_code == 404, "revoked"
    grants.grant(desk.city.steward, desk.grant(days=2), "同意")
    assert desk.get(version, range="bytes=10-19").status_code == 206
    desk.city.clock.advance(2 * DAY + 1)
    assert desk.get(version, range="bytes=20-29").status_code == 404, "expired"
    refused = [one["about"] for one in _entries(desk, "data_refused")]
    assert refused.count(f"file:{version}") == 12 and refused.count("file:9999") == 1


def test_a_label_whose_mask_hides_nothing_keeps_no_file_back(desk: Desk) -> None:
    names = zip(desk.resource.items, ("organisation_name", "mobile", ""), strict=True)
    items = tuple(msgspec.structs.replace(one, label=label) for one, label in names)
    labelled = msgspec.structs.replace(desk.resource, items=items)
    number = desk.grant()
    with desk.city.database.read() as connection:
        ctx = Context(desk.city.platform, connection, writes=False)
        grant = store.granted(connection, desk.city.parks, ctx.now, None, 1)[0]
        assert grant.id == number
        assert model.uncovered(grant, labelled, versions.shows(ctx)) == ["name"]


def test_what_a_grant_allows_a_day_and_a_minute_counts(desk: Desk) -> None:
    version = desk.upload("a.csv", CONTENT)
    desk.grant(per_day=2, per_minute=6)
    for start in range(0, 5120, 1280):
        assert desk.get(version, range=f"bytes={start}-{start + 1279}").status_code == 206
    assert desk.get(version).status_code == 200, "the second time"
    assert desk.get(version, range="bytes=1-1").status_code == 429, "begins a third time"
    assert desk.get(version).json()["fields"]["span"] == "60 s", "seven calls a minute"
    desk.city.clock.advance(MINUTE)
    assert desk.get(version, range="bytes=1-1").json()["fields"]["most"] == 2, "still the day"
    desk.city.clock.advance(DAY)
    assert desk.get(version).status_code == 200


def test_a_long_download_breaks_off_when_its_grant_ends(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, grant = desk.upload("a.csv", CONTENT), desk.grant(per_minute=1)
    monkeypatch.setattr(giving, "PIECE", 1000)
    monkeypatch.setattr(giving, "LOOKS", 2)
    look = versions.look
    looked: list[int] = []

    def ending(caller: Caller, id: int) -> None:
        if looked:
            grants.end(desk.city.steward, grant, "停止共享")
        looked.append(id)
        look(caller, id)

    monkeypatch.setattr(versions, "look", ending)
    assert desk.get(version).content == CONTENT[:4000]


def test_bytes_that_were_refused_do_not_count(desk: Desk) -> None:
    version, _ = desk.upload("a.csv", CONTENT), desk.grant(per_day=1)
    opened = versions.open_version(desk.city.user, version)
    assert versions.count(desk.city.user, opened, 5120) == 1
    for bytes_ in (5120, 1, 1):
        with pytest.raises(TooManyCalls):
            versions.count(desk.city.user, opened, bytes_)


def test_numbers_that_cannot_be_are_refused_in_words(desk: Desk) -> None:
    digits = "9" * 30
    for path in (f"versions/{digits}", f"of/{digits}", f"deliveries/{digits}/content"):
        assert desk.ask("user", "GET", f"/api/sharing/files/{path}").status_code == 404
    for after in ('["x"]', f"[{digits}]", "[[1]]", "[null]", "{}", "7"):
        asked = {"after": b64encode(after.encode()).decode()}
        for path in ("deliveries", "mine", f"of/{desk.resource.id}"):
            found = desk.ask("steward", "GET", f"/api/sharing/files/{path}", params=asked)
            assert found.status_code == 400, (path, after)


def test_uploads_are_their_departments_alone_and_end(desk: Desk) -> None:
    place = desk.begin("a.bin", 10).headers["location"]
    assert desk.ask("stranger", "HEAD", place, headers=TUS).status_code == 404
    key = place.rsplit("/", 1)[1]
    similar = key[:-1] + ("B" if key.endswith("A") else "A")
    for forged in ("x", "..%2f..%2fyiwang.db", "a" * 500, similar):
        for method in ("HEAD", "DELETE"):
            found = desk.ask("steward", method, f"{UPLOADS}/{forged}", headers=TUS)
            assert found.status_code == 404
    assert desk.ask("steward", "HEAD", place).status_code == 412, "no tus"
    assert desk.begin("a.bin", 10, "user").status_code == 403, "another department's resource"
    assert desk.begin("a.bin", 10, "citizen").status_code == 403
    for wrong in ({"filename": "../a"}, {"resource": "x"}, {"note": "n" * 2000}, {"sha256": "1"}):
        assert desk.begin("a", 10, **wrong).status_code == 400, wrong
    assert desk.begin("a.bin", 0).status_code == 413
    desk.shelf.most_bytes = 100
    assert desk.begin("a.bin", 101).status_code == 413
    can = desk.ask("steward", "OPTIONS", UPLOADS)
    assert can.headers["tus-max-size"] == "100"
    assert can.headers["tus-extension"] == "creation,expiration,checksum,termination"
    for _ in range(19):
        assert desk.begin("a.bin", 10).status_code == 201
    assert desk.begin("a.bin", 10).status_code == 429
    assert desk.ask("steward", "DELETE", place, headers=TUS).status_code == 204
    assert desk.ask("steward", "HEAD", place, headers=TUS).status_code == 404


def test_an_upload_that_is_forgotten_goes_and_what_a_crash_left_too(desk: Desk) -> None:
    place = desk.begin("a.bin", 10).headers["location"]
    desk.piece(place, 0, b"abc")
    desk.city.clock.advance(30 * HOUR)
    desk.piece(place, 3, b"d")
    desk.city.clock.advance(47 * HOUR)
    (desk.shelf.parts.path("of-no-upload")).write_bytes(b"x")
    assert uploads.sweep(desk.city.platform) == 0
    assert desk.shelf.parts.keys() == {place.rsplit("/", 1)[1]}
    desk.city.clock.advance(2 * HOUR)
    assert uploads.sweep(desk.city.platform) == 1 and desk.shelf.parts.keys() == set()
    assert desk.piece(place, 4, b"e").status_code == 404


def test_a_crash_before_the_version_is_made_up_for(desk: Desk) -> None:
    """The last piece is on the disk and the content linked, but nothing says so."""
    key = desk.begin("a.bin", 3).headers["location"].rsplit("/", 1)[1]
    turn = desk.shelf.parts.turn(key)
    desk.shelf.parts.write(key, turn, 0, b"abc")
    name, sealed = hashlib.sha256(b"abc").hexdigest(), desk.shelf.parts.sealed(key)
    with desk.shelf.parts.open(key) as content:
        desk.shelf.contents.seal(content, sealed, name)
    desk.shelf.contents.adopt(sealed, name)
    found = desk.ask("steward", "HEAD", f"{UPLOADS}/{key}", headers=TUS)
    version = int(found.headers["yiwang-version"])
    assert desk.get(version, "steward").content == b"abc"
    assert uploads.keep_version(desk.city.steward, key, "") == (version, set())
