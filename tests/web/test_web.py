"""Problems, authentication, paging and the live stream, over HTTP."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from yiwang.contracts.ports import PersonNames
from yiwang.kernel.clock import ManualClock
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.tables import tokens
from yiwang.store.database import Database
from yiwang.web import admin as admin_pages
from yiwang.web import calls, errors, http, paging, render
from yiwang.web.auth import Authentication
from yiwang.web.live import Hub

PASSWORD = "correct horse battery"


class Registered:
    """One person is in the registry."""

    def name(self, user: str) -> str:
        return "林工" if user == "lin" else ""


async def users(request: Request) -> Response:
    found = await calls.run(accounts.list_users, request.state.caller)
    return render.json([user.name for user in found])


async def add(request: Request) -> Response:
    await calls.run(accounts.add_user, request.state.caller, "bob", PASSWORD, ["auditor"])
    return render.json({}, 201)


async def broken(request: Request) -> Response:
    raise RuntimeError("a defect")


@pytest.fixture
def client(sqlite: Database, clock: ManualClock) -> TestClient:
    routes = [
        *http.routes(),
        *admin_pages.routes(),
        Route("/users", users),
        Route("/add", add, methods=["POST"]),
        Route("/broken", broken),
    ]
    inner = Starlette(routes=routes, exception_handlers=errors.HANDLERS)
    outer = Authentication(inner, sqlite, clock, {PersonNames: Registered()})
    inner.state.authentication_forget = outer.forget
    inner.state.session_life = accounts.SESSION_LIFE
    return TestClient(outer, raise_server_exceptions=False)


@pytest.fixture
def admin(sqlite: Database, clock: ManualClock) -> Caller:
    from_system = Caller(_system(), sqlite, clock)
    accounts.add_user(from_system, "ann", PASSWORD, ["administrator"])
    return from_system


def _system() -> accounts.Identity:
    return accounts.Identity("system", 0, "test", frozenset({"system"}))


def test_anonymous_callers_are_told_to_sign_in(client: TestClient) -> None:
    answer = client.get("/users", headers={"accept-language": "en"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "security.sign_in_needed" and "Authorization" in body["detail"]
    assert "登录" in client.get("/users").json()["title"]


def test_a_session_needs_the_header_to_change_something(client: TestClient, admin: Caller) -> None:
    signed = client.post("/api/session", json={"name": "ann", "password": PASSWORD})
    assert signed.status_code == 200 and "security.users" in signed.json()["permissions"]
    assert signed.json()["zone"] == "Asia/Shanghai"
    assert client.get("/users").json() == ["ann"]
    assert client.post("/add").json()["type"] == "security.forged_request"
    assert client.post("/add", headers={"X-Yiwang": "1"}).status_code == 201
    assert client.delete("/api/session", headers={"X-Yiwang": "1"}).status_code == 204
    assert client.get("/users").status_code == 401


@pytest.mark.parametrize(
    ("name", "given", "shown"),
    [("lin", "from the account", "林工"), ("mei", "梅", "梅"), ("bob", "", "bob")],
)
def test_a_session_says_what_the_person_is_called(
    client: TestClient, admin: Caller, name: str, given: str, shown: str
) -> None:
    accounts.add_user(admin, name, PASSWORD, ["citizen"], given)
    signed = client.post("/api/session", json={"name": name, "password": PASSWORD}).json()
    assert signed["display"] == client.get("/api/session").json()["display"] == shown
    assert signed["name"] == name


def test_tokens_and_wrong_tokens(client: TestClient, admin: Caller) -> None:
    token = accounts.add_token(admin, "ann", "script")
    assert client.get("/users", headers={"authorization": f"Bearer {token}"}).json() == ["ann"]
    assert client.get("/users", headers={"authorization": "Bearer no"}).status_code == 401
    for pair, status in ((f"ann:{token}", 200), (f"bob:{token}", 401), (f"ann:{PASSWORD}", 401)):
        value = base64.b64encode(pair.encode()).decode()
        answer = client.get("/users", headers={"authorization": f"Basic {value}"})
        assert answer.status_code == status, pair
    assert client.get("/users", headers={"authorization": "Basic !"}).status_code == 401
    assert client.get("/users", headers={"authorization": "Odd"}).status_code == 401


def test_a_secret_that_is_taken_back_counts_no_more_at_once(
    client: TestClient, admin: Caller, sqlite: Database
) -> None:
    client.post("/api/session", json={"name": "ann", "password": PASSWORD})
    assert client.get("/users").status_code == 200
    mine = {"authorization": f"Bearer {accounts.add_token(admin, 'ann', 'script')}"}
    assert client.get("/users", headers=mine).status_code == 200
    with sqlite.write() as connection:
        connection.execute(update(tokens).values(revoked_at=1))
    assert client.get("/users", headers=mine).status_code == 200, "believed for ten seconds"
    changed = client.put(
        "/api/users/ann/password", headers={"X-Yiwang": "1"}, json={"password": PASSWORD + "2"}
    )
    assert changed.status_code == 204
    assert client.get("/users", headers=mine).status_code == 401
    assert client.get("/users").status_code == 401


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"name": 1}', b"\xff", b""])
def test_bad_bodies_change_nothing_and_say_why(client: TestClient, content: bytes) -> None:
    answer = client.post("/api/session", content=content)
    assert answer.status_code == 400 and answer.json()["type"] == "web.bad_body"


def test_a_defect_gives_a_code_and_no_traceback(client: TestClient) -> None:
    answer = client.get("/broken")
    assert answer.status_code == 500 and answer.json()["type"] == "kernel.failed"
    assert "Traceback" not in answer.text and "defect" not in answer.text


def test_unknown_pages_and_methods(client: TestClient) -> None:
    assert client.get("/nothing").json()["type"] == "web.no_such_page"
    answer = client.put("/users")
    assert answer.status_code == 405 and answer.json()["type"] == "web.method_not_allowed"


@given(st.lists(st.one_of(st.integers(), st.text(), st.none()), min_size=1))
def test_cursors_survive_the_address(keys: list[object]) -> None:
    request = Request(
        {
            "type": "http",
            "path": "/",
            "headers": [],
            "query_string": f"after={paging.cursor(keys)}".encode(),
        }
    )
    assert paging.wanted(request).after == tuple(keys)


def test_forged_cursors_are_refused(client: TestClient) -> None:
    request = Request({"type": "http", "path": "/", "headers": [], "query_string": b"after=%21%21"})
    with pytest.raises(errors.BadParameter):
        paging.wanted(request)


async def _take(frames: AsyncIterator[bytes], count: int) -> list[bytes]:
    return [await anext(frames) for _ in range(count)]


def test_live_events_reach_everyone_and_resume_behind_the_last_one() -> None:
    async def scene() -> None:
        hub = Hub()
        hub.attach(asyncio.get_running_loop())
        first = hub.stream()
        await anext(first)
        for number in range(3):
            hub.publish("case", {"no": number})
        frames = await asyncio.wait_for(_take(first, 3), 2)
        assert [b'"no":%d' % n in frame for n, frame in enumerate(frames)] == [True] * 3
        again = hub.stream(last_id=1)
        await anext(again)
        assert b'"no":1' in await anext(again)
        stranger = hub.stream(last_id=900)
        await anext(stranger)
        assert b"event: reset" in await anext(stranger)

    asyncio.run(scene())


def test_a_reader_that_lags_is_told_to_reload_and_holds_nobody_up() -> None:
    async def scene() -> None:
        hub = Hub()
        hub.attach(asyncio.get_running_loop())
        slow = hub.stream()
        await anext(slow)
        waiting = asyncio.ensure_future(anext(slow))
        await asyncio.sleep(0)
        for number in range(3000):
            hub.publish("latest", number)
        await asyncio.sleep(0.05)
        seen = [await waiting, *[await anext(slow) for _ in range(2)]]
        assert any(b"event: reset" in frame for frame in seen)

    asyncio.run(scene())


def test_accounts_tokens_and_the_audit_log_over_http(client: TestClient, admin: Caller) -> None:
    client.post("/api/session", json={"name": "ann", "password": PASSWORD})
    mine = {"X-Yiwang": "1"}
    new = {"name": "eve", "password": PASSWORD, "roles": ["auditor"]}
    assert client.post("/api/users", json=new, headers=mine).status_code == 201
    again = client.post("/api/users", json=new, headers=mine)
    assert again.status_code == 409 and again.json()["type"] == "security.name_taken"
    assert [user["name"] for user in client.get("/api/users").json()["items"]] == ["ann", "eve"]
    wanted = {"label": "script", "scopes": ["security.audit"]}
    made = client.post("/api/users/eve/tokens", json=wanted, headers=mine).json()["token"]
    bad = wanted | {"expires_at": "tomorrow"}
    refused = client.post("/api/users/eve/tokens", json=bad, headers=mine)
    assert refused.json()["type"] == "web.bad_body"
    new_password = {"password": "another long one"}
    changed = client.put("/api/users/eve/password", json=new_password, headers=mine)
    assert changed.status_code == 204
    client.cookies.clear()
    bearer = {"authorization": f"Bearer {made}"}
    assert client.get("/api/users", headers=bearer).status_code == 403
    page = client.get("/api/audit?limit=3", headers=bearer).json()
    verbs = [(line["verb"], line["outcome"], line["subject"]) for line in page["items"]]
    assert verbs == [
        ("security.list_users", "denied", ""),
        ("password_set", "done", "user:eve"),
        ("token_added", "done", "user:eve"),
    ]
    older = client.get(f"/api/audit?after={page['next']}&who=user:ann", headers=bearer).json()
    assert [line["verb"] for line in older["items"]] == ["user_added"]


def test_the_audit_log_is_for_auditors(sqlite: Database, clock: ManualClock) -> None:
    person = accounts.Identity("user", 1, "worker", frozenset({"grid_worker"}))
    with pytest.raises(Denied):
        admin_pages.audit_page(Caller(person, sqlite, clock), 10, None, "", "")
