"""Which role may take which action of the desk: every role and every action stand here."""

from __future__ import annotations

import pytest

from yiwang.security.actions import ACTIONS
from yiwang.security.model import ROLES, Identity, allowed

ALL = {"administrator", "command_centre", "system"}
DESK = ALL | {"hotline_operator"}
WRITERS = ALL | {"department_head"}
STAFF = DESK | WRITERS | {"department_handler", "grid_worker", "auditor"}

TABLE = {
    "cases.show_board": DESK,
    "cases.look_up_caller": DESK,
    "cases.take_contact": DESK,
    "cases.show_contact": DESK,
    "cases.list_contacts": DESK,
    "cases.settle_request": DESK,
    "cases.end_contact": DESK,
    "cases.correct_contact": DESK,
    "cases.suggest": DESK,
    "cases.waiting_calls": DESK,
    "cases.take_call": DESK,
    "cases.call_backs": DESK,
    "cases.call_back": DESK,
    "cases.hotline_figures": DESK,
    "cases.ring": ALL | {"telephone_system"},
    "cases.hang_up": ALL | {"telephone_system"},
    "cases.list_articles": STAFF,
    "cases.show_article": STAFF,
    "cases.write_article": WRITERS,
    "cases.change_article": WRITERS,
    "cases.import_articles": WRITERS,
    "cases.missing_articles": WRITERS,
    "cases.publish_article": ALL,
    "cases.retire_article": ALL,
}


def test_the_table_knows_every_action() -> None:
    mine = {
        name
        for name, entry in ACTIONS.items()
        if entry.function.__module__.startswith("yiwang.cases.hotline.")
    }
    assert mine == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_who_may(name: str) -> None:
    wanted = ACTIONS[name].permission
    people = {role: Identity("user", 1, role, frozenset({role})) for role in ROLES}
    assert {role for role, one in people.items() if allowed(one, wanted)} == TABLE[name]
