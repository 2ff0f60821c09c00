"""The log: what is acknowledged is in it, and every attack on it is seen."""

from __future__ import annotations

import asyncio
import gzip
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text
from starlette.applications import Starlette
from starlette.testclient import TestClient

from yiwang.cli import main
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.settings import BadSetting, Settings
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.evidence import export, model, notes, service
from yiwang.security.evidence import log as logs
from yiwang.security.evidence.errors import BadEvidence, EvidenceBroken, NoEvidence
from yiwang.security.evidence.export import Verdict
from yiwang.security.evidence.log import Log
from yiwang.security.model import system
from yiwang.store.database import Database
from yiwang.web import evidence as pages
from yiwang.web.auth import Authentication
from yiwang.web.errors import HANDLERS


def entry(number: int) -> str:
    return logs.line(number, "token:tax", "sharing.use", "resource:1", {"rows": number})


def put(log: Log, database: Database, *numbers: int) -> int:
    with database.write() as connection:
        return log.append(connection, [entry(number) for number in numbers])


def exported(log: Log, database: Database, note: str | None = None, first: int = 0) -> list[bytes]:
    with database.read() as connection:
        return list(export.written(connection, note or log.signing.last() or "", first))


def judged(log: Log, lines: list[bytes], *older: str) -> set[str]:
    return {one.why for one in export.verify(lines, [log.verifier()], older).findings}


@pytest.fixture
def log(database: Database, clock: ManualClock, tmp_path: Path) -> Iterator[Log]:
    made = Log(database, clock, tmp_path, "district.example")
    yield made
    made.close()


def test_what_is_written_is_signed_proved_and_found_again(
    log: Log, database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """Across the kept roots of full subtrees, a roll-back, and a new start."""
    assert log.seal() is None
    with pytest.raises(NoEvidence):
        log.verifier()
    assert put(log, database, *range(300)) == 0
    first = log.seal()
    assert first is not None and log.seal() == first
    with pytest.raises(RuntimeError), database.write() as connection:
        log.append(connection, [entry(999)])
        raise RuntimeError
    for start in range(300, 1500, 400):
        assert put(log, database, *range(start, start + 400)) == start
        log.seal()
    last = log.seal()
    assert last is not None
    head, old = notes.unverified(last), notes.unverified(first)
    assert (old.size, head.size) == (300, 1500)
    hashing = model.Hashing("sha256")
    assert head.root == hashing.root([hashing.leaf(entry(one).encode()) for one in range(1500)])
    with database.read() as connection:
        kept = connection.execute(text("SELECT count(*) FROM evidence_nodes")).scalar()
        assert kept == 1500 // 256
        for index in (0, 255, 256, 299, 1499):
            path = log.inclusion(connection, index, 1500)
            leaf = hashing.leaf(entry(index).encode())
            assert model.included(hashing, leaf, index, 1500, path, head.root)
        path = log.consistency(connection, 300, 1500)
        assert model.consistent(hashing, 300, 1500, (old.root, head.root), path)
        with pytest.raises(NoEvidence):
            log.inclusion(connection, 1500, 1500)
        with pytest.raises(NoEvidence):
            log.consistency(connection, 0, 1501)
    again = Log(database, clock, tmp_path, "district.example")
    assert again.seal() == last
    assert put(again, database, 1500) == 1500
    assert judged(again, exported(again, database, again.seal()), first, last) == set()
    assert judged(again, exported(again, database, first=257), first, last) == set()


def test_uses_that_come_at_once_share_a_transaction(log: Log, database: Database) -> None:
    """Each is durable when it is acknowledged; one that fails fails alone."""
    committed: list[int] = []
    stored = log._stored

    def counting(texts: list[str]) -> int:
        committed.append(len(texts))
        return stored(texts)

    log._stored = counting  # type: ignore[method-assign]

    async def uses() -> list[int]:
        return await asyncio.gather(*(log.use(entry(one)) for one in range(50)))

    assert asyncio.run(uses()) == list(range(50))
    assert sum(committed) == 50 and len(committed) < 10
    with database.read() as connection:
        rows = connection.execute(text("SELECT entry FROM evidence_entries ORDER BY id"))
        assert [row.entry for row in rows] == [entry(one) for one in range(50)]

    def failing(texts: list[str]) -> int:
        raise OSError("no space")

    log._stored = failing  # type: ignore[method-assign]
    with pytest.raises(OSError, match="no space"):
        asyncio.run(log.use(entry(50)))
    log._stored = stored  # type: ignore[method-assign]
    assert asyncio.run(log.use(entry(50))) == 50


Attack = Callable[[Connection], Any]

ROW = "UPDATE evidence_entries SET entry = '{}' WHERE id = {}"
ATTACKS: dict[str, tuple[list[str], set[str]]] = {
    "edited": ([ROW.format(entry(77), 3)], {"root", "older_root"}),
    "an entry taken out": (["DELETE FROM evidence_entries WHERE id = 3"], {"missing"}),
    "taken out and closed up": (
        ["DELETE FROM evidence_entries WHERE id = 3"]
        + [f"UPDATE evidence_entries SET id = {one - 1} WHERE id = {one}" for one in range(4, 12)]
        + ["UPDATE evidence_log SET size = 11"],
        {"missing", "older_root"},
    ),
    "cut": (
        ["DELETE FROM evidence_entries WHERE id >= 8", "UPDATE evidence_log SET size = 8"],
        {"missing"},
    ),
    "swapped": ([ROW.format(entry(5), 4), ROW.format(entry(4), 5)], {"root", "older_root"}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_the_rows_is_seen(
    sqlite: Database, clock: ManualClock, tmp_path: Path, attack: str
) -> None:
    """By an export, by the check of the whole log, and, where it touches what was signed last,
    by a new start, which then signs nothing more."""
    log = Log(sqlite, clock, tmp_path, "district.example")
    put(log, sqlite, *range(8))
    old = log.seal()
    put(log, sqlite, *range(8, 12))
    log.seal()
    statements, findings = ATTACKS[attack]
    with sqlite.write() as connection:
        for statement in statements:
            connection.execute(text(statement.replace(":", r"\:")))
    assert old is not None
    found = judged(log, exported(log, sqlite), old)
    assert found & findings and found <= findings | {"older_root"}
    if attack == "cut":
        assert export.verify(exported(log, sqlite), [log.verifier()], [old]).intact == 8
    checked = service.check_log(Caller(system("test"), sqlite, clock, {Log: log}))
    assert checked.findings
    new = Log(sqlite, clock, tmp_path, "district.example")
    with pytest.raises(EvidenceBroken):
        new.seal()
    new.round()


def test_a_forked_log_and_forged_heads_are_seen(
    sqlite: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """Even who has the key cannot show two pasts to one auditor."""
    log = Log(sqlite, clock, tmp_path, "district.example")
    put(log, sqlite, *range(6))
    kept = log.seal()
    assert kept is not None
    right = exported(log, sqlite)
    origin, key = notes.unverified(kept).origin, log.signing.key()
    hashing = model.Hashing("sha256")
    other = [entry(one) for one in (0, 1, 9, 3, 4, 5, 6)]
    root = hashing.root([hashing.leaf(one.encode()) for one in other])
    forked = notes.sign(notes.Head(origin, 7, root, 1, "sha256").text(), origin, key)
    opening = msgspec.json.decode(right[0]) | {"head": forked}
    branch = [msgspec.json.encode(opening) + b"\n", *(one.encode() + b"\n" for one in other)]
    assert judged(log, branch) == set()
    assert judged(log, branch, kept) == {"older_root"}
    short = notes.Head(
        origin, 2, hashing.root([hashing.leaf(one.encode()) for one in other[:2]]), 1, "sha256"
    )
    opening["head"] = notes.sign(short.text(), origin, key)
    cut = [msgspec.json.encode(opening) + b"\n", *branch[1:3]]
    assert judged(log, cut, kept) == {"older_size"}
    opening["head"] = notes.sign(
        notes.unverified(kept).text(), origin, Ed25519PrivateKey.generate()
    )
    assert judged(log, [msgspec.json.encode(opening), *right[1:]]) == {"forged_head"}
    assert judged(log, [*right, b"{}\n"]) == {"extra"}
    assert judged(log, right, kept.replace("6\n", "7\n", 1)) == {"older_forged"}
    for broken in ([], [b"{}"], [b"\xff"], [right[0].replace(b'"peaks":[]', b'"peaks":["zz"]')]):
        with pytest.raises(BadEvidence):
            export.verify(broken, [log.verifier()], [])


def test_lost_heads_and_other_keys_stop_the_signing(
    sqlite: Database, clock: ManualClock, tmp_path: Path
) -> None:
    log = Log(sqlite, clock, tmp_path, "")
    put(log, sqlite, 1, 2)
    log.seal()
    (tmp_path / "keys" / "evidence.key").unlink()
    with pytest.raises(EvidenceBroken, match="no_key"):
        Log(sqlite, clock, tmp_path, "").seal()
    log.signing.key()
    with pytest.raises(EvidenceBroken, match="forged_head"):
        Log(sqlite, clock, tmp_path, "").seal()
    (tmp_path / "evidence" / "head").unlink()
    with pytest.raises(EvidenceBroken, match="no_head"):
        Log(sqlite, clock, tmp_path, "").seal()
    (tmp_path / "keys" / "evidence.key").write_text("no key")
    with pytest.raises(BadEvidence):
        log.signing.key()
    with pytest.raises(BadSetting):
        Log.of(Settings(home=tmp_path, evidence_hash="md5"), sqlite, clock)
    with pytest.raises(ValueError, match="bytes"):
        logs.line(1, "a", "b", "c", {"long": "x" * logs.LONGEST})


def test_auditors_get_heads_proofs_and_exports_over_http_and_verify_them_offline(
    sqlite: Database, clock: ManualClock, tmp_path: Path
) -> None:
    log = Log(sqlite, clock, tmp_path, "district.example", "sm3")
    put(log, sqlite, *range(20))
    ports = {Log: log}
    by = Caller(system("test"), sqlite, clock, ports)
    tokens = {}
    for role in ("auditor", "data_steward"):
        accounts.add_user(by, role, "correct horse battery", [role])
        tokens[role] = accounts.add_token(by, role, "test", None)
    inner = Starlette(routes=pages.routes(), exception_handlers=HANDLERS)
    client = TestClient(Authentication(inner, sqlite, clock, ports))

    def ask(path: str, role: str = "auditor", method: str = "GET") -> Any:
        headers = {"authorization": f"Bearer {tokens[role]}"}
        return client.request(method, f"/api/evidence/{path}", headers=headers)

    assert ask("head", "data_steward").status_code == 403
    told = ask("head").json()
    known = notes.verifier(told["key"])
    head = notes.head(notes.opened(told["head"], [known]))
    assert (head.size, head.algorithm) == (20, "sm3")
    item = ask("entries?from=7&limit=1").json()["items"][0]
    assert item["entry"]["rows"] == item["number"] == 7
    hashing = model.Hashing("sm3")
    path = [notes._decoded(one) for one in ask("inclusion?entry=7&size=20").json()["hashes"]]
    assert model.included(hashing, notes._decoded(item["leaf"]), 7, 20, path, head.root)
    assert len(ask("consistency?old=7&new=20").json()["hashes"]) > 1
    assert ask("inclusion?entry=20&size=20").status_code == 404
    assert ask("check", method="POST").json() == {
        **{"entries": 20, "heads": 1, "intact": 20, "findings": []}
    }

    file, key, kept = tmp_path / "uses.ndjson.gz", tmp_path / "key", tmp_path / "head"
    file.write_bytes(ask("export").content)
    key.write_text(told["key"])
    kept.write_text(told["head"])
    command = ["evidence", "verify", str(file), "--key", str(key), "--since", str(kept)]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0 and "20 entries" in done.output
    changed = gzip.decompress(file.read_bytes()).replace(b'"rows":7', b'"rows":8')
    file.write_bytes(changed)
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1 and "changed" in done.output and "Up to entry 0" in done.output
    assert CliRunner().invoke(main, [*command[:4], "no+key+at all"]).exit_code == 1


def test_the_commands_work_on_a_home(tmp_path: Path, sqlite_template: Path) -> None:
    """``head``, ``key``, ``export`` and ``check`` beside the platform, or without it."""
    home, file = tmp_path / "home", tmp_path / "all.gz"
    run = CliRunner().invoke
    home.mkdir()
    shutil.copy(sqlite_template, home / "yiwang.db")
    assert "0 entries" in run(main, ["evidence", "head", "--home", str(home)]).output
    database = Database(f"sqlite:///{home / 'yiwang.db'}")
    put(Log(database, ManualClock(1), home, ""), database, 1, 2, 3)
    database.close()
    key = run(main, ["evidence", "key", "--home", str(home)]).output.strip()
    assert run(main, ["evidence", "export", str(file), "--home", str(home)]).exit_code == 0
    assert "3 entries" in run(main, ["evidence", "verify", str(file), "--key", key]).output
    assert "3 entries" in run(main, ["evidence", "check", "--home", str(home)]).output


def test_only_those_who_audit_may_ask(caller_for: Callable[..., Caller]) -> None:
    steward = caller_for("data_steward")
    for ask in (
        lambda: service.show_head(steward),
        lambda: service.list_entries(steward, 0, 1),
        lambda: service.prove_inclusion(steward, 0, 1),
        lambda: service.prove_consistency(steward, 1, 1),
        lambda: service.export_log(steward, 0, Path("x")),
        lambda: service.record_reading(steward, "export", 0, 0),
    ):
        with pytest.raises(Denied):
            ask()
    assert Verdict().findings == []
