"""Protection over HTTP: who may ask what, and what is answered."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests import identifiers as made
from yiwang.kernel.clock import ManualClock
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.security.protection.city import Protection
from yiwang.store.database import Database
from yiwang.web import protection as pages
from yiwang.web.auth import Authentication
from yiwang.web.errors import HANDLERS

ROLES = ("data_steward", "auditor", "data_system")


class Asking:
    """A client that signs in as one of the roles."""

    def __init__(self, database: Database, clock: ManualClock, home: Path) -> None:
        ports = {Protection: Protection(home)}
        by = Caller(system("test"), database, clock, ports)
        self._tokens = {}
        for role in ROLES:
            accounts.add_user(by, role, "correct horse battery", [role])
            self._tokens[role] = accounts.add_token(by, role, "test", None)
        inner = Starlette(routes=pages.routes(), exception_handlers=HANDLERS)
        self._client = TestClient(Authentication(inner, database, clock, ports))

    def __call__(self, who: str, method: str, path: str, **sent: Any) -> Any:
        headers = {"authorization": f"Bearer {self._tokens[who]}", "accept-language": "en"}
        return self._client.request(method, f"/api/protection/{path}", headers=headers, **sent)


@pytest.fixture
def ask(sqlite: Database, clock: ManualClock, tmp_path: Path) -> Asking:
    return Asking(sqlite, clock, tmp_path)


def test_a_provider_marks_a_file_and_an_auditor_traces_it(ask: Asking) -> None:
    """``register_copy`` for providers: cells without a mark stay as they are, to the letter."""
    chance = Random(4)
    lines = ["id,area,since,note"]
    lines += [
        f"{one:05d},{chance.uniform(20, 90):.2f},2001/0{one % 9 + 1}/11,007（{one}）"
        for one in range(80)
    ]
    given = "\r\n".join(lines).encode("gb18030")
    marks = "&mark=area:0.01&mark=since:1&spelling=note:（|(&key=id"
    path = f"copies?resource=r&name=a.csv{marks}&receiver="
    assert ask("auditor", "POST", path + "tax", content=given).status_code == 403
    tax = ask("data_steward", "POST", path + "tax", content=given).content
    police = ask("data_steward", "POST", path + "police", content=given).content
    assert tax != police and tax == ask("data_steward", "POST", path + "tax", content=given).content
    rows = [row.split(",") for row in tax.decode("utf-8-sig").splitlines()]
    for row, old in zip(rows[1:], lines[1:], strict=True):
        before = old.split(",")
        assert row[0] == before[0] and abs(float(row[1]) - float(before[1])) < 0.0101
        assert len(row[1]) == len(before[1]) and row[2][:5] == "2001/" and row[3][:3] == "007"
    found = ask("auditor", "POST", "trace?name=x.csv", content=tax).json()
    assert [one["receiver"] for one in found["found"]] == ["tax"] and found["receivers"] == 2
    assert ask("data_steward", "POST", "trace?name=x.csv", content=tax).status_code == 403
    assert ask("auditor", "POST", "trace?name=x.csv", content=given).json()["found"] == []
    for wrong in ("&receiver=", "&receiver=tax&share=x", "&receiver=tax&share=7"):
        refused = ask(
            "data_steward", "POST", path.removesuffix("&receiver=") + wrong, content=given
        )
        assert refused.status_code == 400
    for wrong in (
        "mark=area",
        "mark=id:1&key=id",
        "spelling=note:a",
        "key=id",
        "mark=note:1&key=id",
    ):
        path = f"copies?resource=r&receiver=a&name=a.csv&{wrong}"
        assert (
            ask("data_steward", "POST", path, content=given).json()["type"] == "security.bad_mark"
        )


def test_labels_and_proposals_have_words_for_people(ask: Asking) -> None:
    """``list_labels`` for who sees the catalogue, ``propose_labels`` for who compiles it."""
    assert ask("data_system", "GET", "labels").status_code == 403
    items = {one["label"]: one for one in ask("auditor", "GET", "labels").json()["items"]}
    assert items["bank_card"]["grade_title"] == "General, 4" and items["bank_card"]["sensitive"]
    chance = Random(3)
    values = [made.resident_id(chance) for _ in range(30)]
    body = {
        "columns": [{"name": "zjhm", "values": values}, {"name": "n", "values": [1, 2.5, None]}]
    }
    assert ask("auditor", "POST", "proposals", json=body).status_code == 403
    (one,) = ask("data_steward", "POST", "proposals", json=body).json()["items"]
    assert (one["label"], one["grade"]) == ("resident_id", "general_3")
    assert any("30 of 30" in words for words in one["evidence"])
    assert ask("data_steward", "POST", "proposals", json={"columns": 1}).status_code == 400
