"""Who called is seen by those who speak with callers, and written down nowhere else."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import text

from tests.cases.hotline.conftest import WANG, Desk
from yiwang.cases.hotline import board as boards
from yiwang.security import audit
from yiwang.store.database import metadata

READS = ("board", "contacts", "contacts/1", "calls", "call-backs", "figures", "suggest?text=x")
OTHERS = ("handler", "head", "grid_worker", "citizen", "exchange")


def test_only_operators_work_at_the_desk(desk: Desk) -> None:
    desk.contact()
    for who in OTHERS:
        for path in READS:
            assert desk.http(who, "GET", f"/api/hotline/{path}").status_code == 403, (who, path)
        desk.post("callers", {"number": WANG}, who, status=403)
        desk.post("contacts", {"line": "main", "channel": "phone"}, who, status=403)
        assert desk.correct(1, who, name="x").status_code == 403
    for path in READS:
        desk.get(path)
        desk.get(path, "centre")
    desk.post("calls", {"line": "main"}, "handler", status=403)
    desk.post("calls", {"line": "main"}, "operator", status=403)


def test_a_handler_sees_the_case_and_not_the_caller(desk: Desk) -> None:
    no = desk.to_case(desk.contact()["id"])["case"]
    desk.http("centre", "POST", f"/api/cases/{no}/accept", json={})
    desk.http("centre", "POST", f"/api/cases/{no}/dispatch", json={})
    assert desk.http("handler", "GET", f"/api/cases/{no}").status_code == 200
    path = f"/api/cases/{no}/contacts"
    theirs = desk.http("handler", "GET", path).json()["items"][0]
    assert (theirs["phone"], theirs["first_name"]) == ("****00", "****")
    whole = desk.http("operator", "GET", path).json()["items"][0]
    assert (whole["phone"], whole["first_name"]) == ("+8613800138000", "王女士")


def test_the_number_stands_in_two_tables_and_in_no_list_log_or_audit(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    call = desk.post("calls", {"number": WANG, "line": "main", "id": "a"}, "exchange")["call"]
    contact = desk.post(f"calls/{call}/take")
    no = desk.to_case(contact["id"])["case"]
    desk.post("callers", {"number": WANG}, status=200)
    desk.get(f"contacts/{contact['id']}")
    assert desk.correct(contact["id"], name="王先生").status_code == 200
    desk.finish(no)
    lists = [desk.get(path) for path in ("contacts", "calls", "call-backs", "figures")]
    lists += [desk.show(no), desk.show(no, desk.handler)]
    lists.append(desk.http("operator", "GET", f"/api/cases?q={no}").json())
    with desk.city.database.read() as connection:
        lines = str(audit.page(connection, 200))
    assert "80013800" not in str(lists) + caplog.text + lines
    assert "王先生" not in str(lists) + caplog.text + lines
    with desk.city.database.read() as connection:
        holders = {
            table.name
            for table in metadata.sorted_tables
            if "13800138000" in str(connection.execute(table.select()).all())
        }
        looks = [
            line for line in audit.page(connection, 200) if line["subject"].startswith("caller:")
        ]
        assert connection.execute(text("SELECT count(*) FROM hotline_callers")).scalar() == 1
    assert holders == {"hotline_callers", "case_contacts"}
    assert [one["verb"] for one in reversed(looks)] == [
        "call_taken",
        "caller_looked_up",
        "caller_read",
        "contact_corrected",
    ]
    assert {one["subject"] for one in looks} == {"caller:1"}


def test_the_hash_of_a_number_needs_the_key(desk: Desk) -> None:
    one = boards.read(None, b"a").digest("+8613800138000")
    assert one == boards.read(None, b"a").digest("+8613800138000")
    assert one != boards.read(None, b"b").digest("+8613800138000")
