"""Fields that are sealed at rest: what opens, what does not, and keys that change."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from click.testing import CliRunner
from sqlalchemy import Column, Integer, MetaData, Table, Text, select

from yiwang.cli import main
from yiwang.kernel.documents import DocumentError
from yiwang.security.protection import resealing
from yiwang.security.protection.errors import NoFieldKey, SealBroken
from yiwang.security.protection.sealing import CIPHERS, FieldKeys
from yiwang.store import folders
from yiwang.store.database import Database

PLACE = "people.phone:1"


@pytest.mark.parametrize("cipher", sorted(CIPHERS))
def test_what_is_sealed_opens_at_its_place_and_nowhere_else(tmp_path: Path, cipher: str) -> None:
    keys = FieldKeys(tmp_path, cipher)
    sealed = keys.seal("电话 13812345678", PLACE)
    assert sealed.startswith("y1:1:") and "13812345678" not in sealed
    assert sealed != keys.seal("电话 13812345678", PLACE)
    assert FieldKeys(tmp_path).open(sealed, PLACE) == "电话 13812345678"
    flipped = sealed[:12] + ("A" if sealed[12] != "A" else "B") + sealed[13:]
    for wrong, where in (
        (sealed, "people.phone:2"),
        *((one, PLACE) for one in (flipped, sealed[:-4], sealed[:9], "y1:1:é", "plain", "")),
    ):
        with pytest.raises(SealBroken):
            keys.open(wrong, where)
    with pytest.raises(NoFieldKey):
        keys.open(sealed.replace("y1:1:", "y1:9:"), PLACE)
    file = tmp_path / "keys" / "fields.yaml"
    assert file.stat().st_mode & 0o077 == 0


def test_keys_change_and_old_values_still_open(tmp_path: Path) -> None:
    keys, other = FieldKeys(tmp_path), FieldKeys(tmp_path, "sm4-gcm")
    old, found = keys.seal("a", PLACE), keys.digest("a", "people.phone")
    other.rotate("2027")
    assert keys.current() == "2027" and keys.names() == ["1", "2027"]
    new = keys.seal("a", PLACE)
    assert not keys.is_current(old) and keys.is_current(new)
    assert keys.open(old, PLACE) == other.open(new, PLACE) == "a"
    assert keys.digest("a", "people.phone") == found != keys.digest("a", "people.name")
    for taken in ("1", "", "a:b", "ü ü", "ü", "钥"):
        with pytest.raises(DocumentError):
            keys.rotate(taken)


def test_a_key_is_durable_before_it_seals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, settled = FieldKeys(tmp_path), list[Path]()
    monkeypatch.setattr(folders, "settled", settled.append)
    keys.seal("a", PLACE)
    assert settled == [tmp_path / "keys", tmp_path]
    keys.rotate("2")
    assert settled[2:] == [tmp_path / "keys"]


def test_digests_are_those_of_the_file_that_is_there_now(tmp_path: Path) -> None:
    """As after a home was brought back from a backup."""
    one, other = FieldKeys(tmp_path / "one"), FieldKeys(tmp_path / "other")
    column = "people.phone"
    before, theirs = one.digest("a", column), other.digest("a", column)
    (tmp_path / "other" / "keys" / "fields.yaml").replace(tmp_path / "one" / "keys" / "fields.yaml")
    assert one.digest("a", column) == theirs != before


@pytest.mark.parametrize(
    "written",
    [
        "current: 2\nkeys:\n  '1': {cipher: sm4-gcm, key: 00112233445566778899aabbccddeeff}\n",
        "current: '1'\nkeys:\n  '1': {cipher: rot13, key: 00}\n",
        "current: '1'\nkeys:\n  '1': {cipher: sm4-gcm, key: secret}\n",
        "keys: {}\n",
    ],
)
def test_a_file_of_keys_that_is_wrong_says_where_and_shows_no_key(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "fields.yaml").write_text(written)
    with pytest.raises(DocumentError) as refused:
        FieldKeys(tmp_path).current()
    assert "line" in refused.value.where and "secret" not in str(refused.value)


def test_keys_that_a_backup_brought_back_are_read(tmp_path: Path) -> None:
    """It gives its files the first instant of 1970."""
    sealed = FieldKeys(tmp_path).seal("电话", PLACE)
    os.utime(tmp_path / "keys" / "fields.yaml", ns=(0, 0))
    restored = FieldKeys(tmp_path)
    assert restored.open(sealed, PLACE) == "电话"
    assert FieldKeys(tmp_path).current() == "1" and restored.open(sealed, PLACE) == "电话"


def test_of_several_that_want_the_first_key_one_makes_it(tmp_path: Path) -> None:
    several = [FieldKeys(tmp_path) for _ in range(8)]
    all_there = Barrier(len(several))

    def seals(keys: FieldKeys) -> str:
        keys.names()
        all_there.wait(60)
        return keys.seal("电话", PLACE)

    with ThreadPoolExecutor(len(several)) as threads:
        sealed = list(threads.map(seals, several))
    assert {FieldKeys(tmp_path).open(one, PLACE) for one in sealed} == {"电话"}
    assert [one.name for one in (tmp_path / "keys").iterdir()] == ["fields.yaml"]


def test_a_column_is_sealed_anew_in_batches(tmp_path: Path) -> None:
    sqlite = Database(f"sqlite:///{tmp_path / 'people.db'}")
    meta = MetaData()
    people = Table("people", meta, Column("id", Integer, primary_key=True), Column("phone", Text))
    meta.create_all(sqlite.engine)
    keys = FieldKeys(tmp_path)
    rows = [
        {"id": one, "phone": keys.seal(str(one), f"people.phone:{one}") if one % 7 else None}
        for one in range(1, 1200)
    ]
    with sqlite.write() as connection:
        connection.execute(people.insert(), rows)
    assert resealing.reseal(sqlite, keys, people.c.phone) == 0
    done = CliRunner().invoke(main, ["keys", "rotate", "2027", "--home", str(tmp_path)])
    assert done.exit_code == 0, done.output
    sealed = sum(row["phone"] is not None for row in rows)
    assert resealing.reseal(sqlite, keys, people.c.phone) == sealed
    assert resealing.reseal(sqlite, keys, people.c.phone) == 0
    with sqlite.read() as connection:
        for row in connection.execute(select(people)):
            where = resealing.place(people.c.phone, row.id)
            assert row.phone is None or keys.open(row.phone, where) == str(row.id)
    listed = CliRunner().invoke(main, ["keys", "list", "--home", str(tmp_path)])
    assert listed.output.split() == ["1", "2027", "*"]
    sqlite.close()
