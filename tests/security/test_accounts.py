"""Accounts, sessions, tokens, devices; deny by default; every action audited."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from yiwang.kernel.clock import HOUR, SECOND, ManualClock
from yiwang.security import accounts, errors
from yiwang.security.actions import Caller
from yiwang.security.model import ROLES, Identity, allowed
from yiwang.security.tables import audit_log
from yiwang.store.database import Database

PASSWORD = "correct horse battery"


def _audit(database: Database) -> list[tuple[str, str, str]]:
    with database.read() as connection:
        rows = connection.execute(select(audit_log).order_by(audit_log.c.id))
        return [(row.verb, row.outcome, row.subject) for row in rows]


def test_sign_in_and_out(system_caller: Caller, clock: ManualClock) -> None:
    accounts.add_user(system_caller, "ann", PASSWORD, ["command_centre"])
    database = system_caller.database
    key = accounts.sign_in(database, clock.now(), "ann", PASSWORD)
    identity = accounts.by_session(database, clock.now(), key)
    assert identity is not None and identity.roles == {"command_centre"}
    assert accounts.by_session(database, clock.now() + 13 * HOUR, key) is None
    accounts.sign_out(database, key)
    assert accounts.by_session(database, clock.now(), key) is None


def test_wrong_passwords_make_the_next_try_wait(system_caller: Caller, clock: ManualClock) -> None:
    accounts.add_user(system_caller, "ann", PASSWORD, ["auditor"])
    database = system_caller.database
    for _ in range(accounts.FREE_ATTEMPTS):
        with pytest.raises(errors.WrongPassword):
            accounts.sign_in(database, clock.now(), "ann", "wrong wrong")
    with pytest.raises(errors.TooManyAttempts):
        accounts.sign_in(database, clock.now(), "ann", PASSWORD)
    clock.advance(2 * SECOND)
    assert accounts.sign_in(database, clock.now(), "ann", PASSWORD)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"password": "short"}, errors.WeakPassword),
        ({"roles": ["king"]}, errors.UnknownRole),
        ({"roles": ["system"]}, errors.UnknownRole),
        ({"name": "ann"}, errors.NameTaken),
    ],
)
def test_bad_accounts_are_refused(
    system_caller: Caller, change: dict[str, object], error: type[Exception]
) -> None:
    accounts.add_user(system_caller, "ann", PASSWORD, ["auditor"])
    values = {"name": "bob", "password": PASSWORD, "roles": ["auditor"]} | change
    with pytest.raises(error):
        accounts.add_user(system_caller, **values)  # type: ignore[arg-type]
    assert [user.name for user in accounts.list_users(system_caller)] == ["ann"]


def test_the_accounts_of_an_organisation_are_listed_alone(system_caller: Caller) -> None:
    for name, organisation in (("cy", 1), ("ann", 1), ("bob", 2), ("dan", None)):
        accounts.add_user(system_caller, name, PASSWORD, ["auditor"], organisation=organisation)
    for asked, found in ((1, ["ann", "cy"]), (3, []), (None, ["ann", "bob", "cy", "dan"])):
        assert [user.name for user in accounts.list_users(system_caller, asked)] == found


def test_tokens_are_narrowed_to_their_scopes(system_caller: Caller, clock: ManualClock) -> None:
    accounts.add_user(system_caller, "ann", PASSWORD, ["administrator"])
    token = accounts.add_token(system_caller, "ann", "sensors", ["sensing.*"], clock.now() + HOUR)
    database = system_caller.database
    identity = accounts.by_token(database, clock.now(), token)
    assert identity is not None
    assert allowed(identity, "sensing.read") and not allowed(identity, "security.users")
    assert accounts.by_token(database, clock.now() + 2 * HOUR, token) is None
    assert accounts.by_token(database, clock.now(), token + "x") is None


def test_devices_prove_themselves(system_caller: Caller) -> None:
    secret = accounts.add_device(system_caller, "meter-1", things=[7])
    found = accounts.device(system_caller.database, "meter-1", secret)
    assert found is not None and found.things == {7}
    assert accounts.device(system_caller.database, "meter-1", "guess") is None


def test_what_is_not_allowed_is_denied_and_audited(caller_for: Callable[..., Caller]) -> None:
    caller = caller_for("grid_worker")
    with pytest.raises(errors.Denied):
        accounts.add_user(caller, "eve", PASSWORD, ["administrator"])
    assert _audit(caller.database) == [("user_added", "denied", "")]


def test_what_is_done_is_audited(system_caller: Caller) -> None:
    accounts.add_user(system_caller, "ann", PASSWORD, ["auditor"])
    assert _audit(system_caller.database) == [("user_added", "done", "user:ann")]


@pytest.mark.parametrize("role", sorted(ROLES))
def test_nobody_but_administrators_may_manage_accounts(role: str) -> None:
    identity = Identity("user", 1, "x", frozenset({role}))
    assert allowed(identity, "security.users") == (role in ("administrator", "system"))


def test_a_new_password_ends_the_sessions(system_caller: Caller, clock: ManualClock) -> None:
    accounts.add_user(system_caller, "ann", PASSWORD, ["auditor"])
    database = system_caller.database
    key = accounts.sign_in(database, clock.now(), "ann", PASSWORD)
    accounts.set_password(system_caller, "ann", "another long password")
    assert accounts.by_session(database, clock.now(), key) is None
    assert accounts.sign_in(database, clock.now(), "ann", "another long password")
    with pytest.raises(errors.UnknownUser):
        accounts.set_password(system_caller, "bob", PASSWORD)
