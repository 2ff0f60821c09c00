"""Actions that share a transaction are as if each had its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text

from yiwang.security import accounts
from yiwang.security.actions import Call, Caller, Context, together
from yiwang.security.errors import Denied, NameTaken
from yiwang.security.tables import audit_log, users
from yiwang.store.database import Database

PASSWORD = "a long password"
Callers = Callable[..., Caller]


def _add(caller: Caller, name: str, *roles: str) -> Call:
    return Call(accounts.add_user, caller, (name, PASSWORD, list(roles or ("citizen",))))


def _names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(users.c.name).order_by(users.c.id)).scalars())


def test_one_that_fails_leaves_nothing_and_the_others_alone(
    database: Database, caller_for: Callers
) -> None:
    admin, nobody = caller_for("administrator"), caller_for("citizen")
    made = together([_add(admin, "a"), _add(admin, "a"), _add(nobody, "b"), _add(admin, "c")])
    assert [type(error) for _, error in made] == [type(None), NameTaken, Denied, type(None)]
    assert [made[0][0].name, made[3][0].name] == ["a", "c"]
    assert _names(database) == ["a", "c"]
    with database.read() as connection:
        outcomes = connection.execute(select(audit_log.c.verb, audit_log.c.outcome)).all()
    assert sorted(outcomes) == [("user_added", "denied")] + [("user_added", "done")] * 2


def test_what_a_statement_broke_is_rolled_back_alone(
    database: Database, caller_for: Callers
) -> None:
    """On PostgreSQL a statement that fails would make all that follow fail."""

    def broken(ctx: Context, _: Any) -> None:
        ctx.connection.execute(text("SELECT nothing FROM nowhere"))

    admin = caller_for("administrator")
    failing = Call(accounts.add_user, admin, ("b", PASSWORD, ["citizen"]), broken)
    made = together([_add(admin, "a"), failing, _add(admin, "c")])
    assert [error is None for _, error in made] == [True, False, True]
    assert _names(database) == ["a", "c"]


def test_what_follows_sees_the_transaction_of_its_action(
    database: Database, caller_for: Callers
) -> None:
    def count(ctx: Context, _: Any) -> int:
        found: int = ctx.connection.execute(select(func.count()).select_from(users)).scalar_one()
        return found

    admin = caller_for("administrator")
    calls = [Call(accounts.add_user, admin, (n, PASSWORD, ["citizen"]), count) for n in "ab"]
    assert together(calls) == [(1, None), (2, None)]
    assert together([Call(accounts.add_user, admin, ("c", PASSWORD, []), count)]) == [(3, None)]


def test_a_transaction_that_fails_as_a_whole_is_told_to_all(
    database: Database, caller_for: Callers
) -> None:
    def end(ctx: Context, _: Any) -> None:
        ctx.connection.exec_driver_sql("ROLLBACK")

    admin = caller_for("administrator")
    ending = Call(accounts.add_user, admin, ("b", PASSWORD, ["citizen"]), end)
    made = together([_add(admin, "a"), _add(admin, "a"), ending, _add(admin, "c")])
    assert all(error is not None for _, error in made)
    assert isinstance(made[1][1], NameTaken)
    assert _names(database) == []
    assert together([_add(admin, "d")])[0][1] is None


@pytest.mark.parametrize("count", [1, 3])
def test_nothing_is_told_before_it_is_durable(
    database: Database, caller_for: Callers, count: int
) -> None:
    admin = caller_for("administrator")
    made = together([_add(admin, f"u{number}") for number in range(count)])
    assert [error for _, error in made] == [None] * count
    assert len(_names(Database(database.engine.url.render_as_string(False)))) == count
