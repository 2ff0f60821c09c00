"""Notices over HTTP: one's own, what administrators see, webhooks with their endpoints."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.notices.conftest import Office
from tests.notices.receiver import Receiver, receiving
from yiwang.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from yiwang.notices import deliveries, inbox, service, webhooks
from yiwang.notices.channels.webhook import Webhooks
from yiwang.notices.http import routes
from yiwang.notices.model import Happened, account, address
from yiwang.notices.sender import Sender
from yiwang.notices.webhooks import Wanted
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.model import ROLES, Identity, allowed
from yiwang.security.tables import audit_log
from yiwang.web.errors import HANDLERS

LOOPBACK = (ip_network("127.0.0.0/8"),)
HOOK = {"name": "Traffic", "url": "", "purpose": "signs at underpasses", "topics": ["case.*"]}


class _As:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.caller: Caller | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = self.caller
        await self.app(scope, receive, send)


class Browser:
    def __init__(self, office: Office) -> None:
        self._inside = _As(Starlette(routes=routes(), exception_handlers=HANDLERS))
        self._client = TestClient(self._inside, raise_server_exceptions=False)
        self._office = office

    def __call__(self, who: str, method: str, path: str, **sent: Any) -> Any:
        role = {"admin": "administrator", "centre": "command_centre"}.get(who, "citizen")
        self._inside.caller = self._office.caller(who, role)
        headers = {"accept-language": "en"}
        return self._client.request(method, f"/api/notices{path}", headers=headers, **sent)


@pytest.fixture
def http(office: Office) -> Iterator[Browser]:
    yield Browser(office)


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def post(office: Office) -> Sender:
    """A sender whose webhooks are real."""
    office.change(private=LOOPBACK)
    office.webhook = Webhooks(LOOPBACK)  # type: ignore[assignment]
    return office.sender()


def happened(number: int, **facets: Any) -> Happened:
    event = f"case:{number}/close/1"
    return Happened(event, "case.close", f"case:{number}", 0, {"case": number}, facets)


def test_everybody_sees_their_own_notices_and_nobody_elses(office: Office, http: Browser) -> None:
    office.send("e", account("wang"), account("li"))
    office.send("f", account("wang"))
    page = http("wang", "GET", "?limit=1").json()
    assert page["items"][0]["subject"] == "812 号案卷已办结"
    assert page["items"][0]["path"] == "/cases/812" and page["items"][0]["read_at"] is None
    rest = http("wang", "GET", f"?limit=5&after={page['next']}").json()
    assert len(rest["items"]) == 1 and rest["next"] is None
    assert http("li", "GET", "").json()["items"][0]["id"] not in {
        one["id"] for one in (*page["items"], *rest["items"])
    }
    assert http("wang", "GET", "/unread").json() == {"unread": 2}
    mine = page["items"][0]["id"]
    assert http("li", "POST", "/read", json={"ids": [mine]}).json() == {"unread": 1}
    assert http("wang", "POST", "/read", json={"ids": [mine]}).json() == {"unread": 1}
    assert http("wang", "POST", "/read", json={}).json() == {"unread": 0}
    assert http("li", "GET", "/unread").json() == {"unread": 1}
    assert http("wang", "GET", "?after=WyJ4Il0").status_code == 400


def test_who_may_not_is_told_so_and_nothing_is_changed(office: Office) -> None:
    """The actions themselves, whoever calls them."""
    nobody = office.caller("wang", "citizen")
    wanted = Wanted("a", "https://a.example/", "test", ["*"])
    calls: list[Callable[[], Any]] = [
        lambda: webhooks.add_webhook(nobody, wanted),
        lambda: webhooks.change_webhook(nobody, 1, wanted),
        lambda: webhooks.remove_webhook(nobody, 1),
        lambda: webhooks.renew_secret(nobody, 1),
        lambda: webhooks.try_webhook(nobody, 1),
        lambda: webhooks.list_webhooks(nobody),
        lambda: deliveries.try_channel(nobody, "sms", "13800001234"),
        lambda: deliveries.channels(nobody),
        lambda: service.send(nobody),
        lambda: service.publish(nobody),
        lambda: service.follow(nobody, "case:1", phone="13800001234"),
        lambda: inbox.mark_read(office.caller("nobody"), None),
    ]
    for call in calls:
        with pytest.raises(Denied):
            call()
    assert webhooks.list_webhooks(office.admin) == []


def test_every_role_of_a_person_has_its_own_notices() -> None:
    machines = {"system", "device", "data_system", "data_node", "telephone_system"}
    people = set(ROLES) - machines - {"anonymous"}
    lacking = [
        role
        for role in people
        if not allowed(Identity("user", 1, "a", frozenset({role})), "notices.own")
    ]
    assert lacking == []


def test_preferences(http: Browser) -> None:
    assert http("wang", "GET", "/preferences").json() == {
        "language": "zh-CN",
        "email": "",
        "phone": "",
        "channels": ["email", "sms"],
        "quiet": None,
        "pending": {},
    }
    wish = {
        "language": "en",
        "email": "w@office.example",
        "channels": ["email"],
        "quiet": [1320, 420],
    }
    kept = wish | {"email": "", "phone": "", "pending": {"email": "w@office.example"}}
    assert http("wang", "PUT", "/preferences", json=wish).json() == kept
    assert http("li", "GET", "/preferences").json()["email"] == ""
    for wrong, code in (
        ({"email": "w@x\r\nBcc: a@b.c"}, "notices.bad_address"),
        ({"phone": "call me"}, "notices.bad_address"),
        ({"quiet": [5, 5]}, "notices.bad_quiet_time"),
        ({"quiet": [0, 2000]}, "notices.bad_quiet_time"),
        ({"channels": ["fax"]}, "notices.bad_choice"),
        ({"language": "fr"}, "notices.bad_choice"),
    ):
        answer = http("wang", "PUT", "/preferences", json=wrong)
        assert (answer.status_code, answer.json()["type"]) == (400, code)
    assert http("wang", "GET", "/preferences").json() == kept


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/deliveries"), ("GET", "/deliveries/1"), ("POST", "/deliveries/1/again"),
        ("GET", "/webhooks"), ("POST", "/webhooks"), ("PUT", "/webhooks/1"),
        ("DELETE", "/webhooks/1"), ("POST", "/webhooks/1/secret"), ("POST", "/webhooks/1/test"),
        ("GET", "/channels"), ("POST", "/test"),
    ],
)  # fmt: skip
def test_who_may_not_look_after_notices(http: Browser, method: str, path: str) -> None:
    body = (
        HOOK | {"url": "https://a.example/"}
        if "webhooks" in path
        else {"channel": "sms", "to": "1"}
    )
    sent = {"json": body} if method in ("POST", "PUT") else {}
    assert http("wang", method, path, **sent).status_code == 403
    if method != "GET":
        assert http("centre", method, path, **sent).status_code == 403


def test_deliveries_show_what_was_sent_and_to_whom_but_no_address(
    office: Office, http: Browser
) -> None:
    office.change(modes={"email": "rehearse", "sms": "live", "webhook": "off"})
    office.send("e", address(email="resident@home.example"), address(phone="13800001234"))
    office.sender().drain()
    listed = http("centre", "GET", "/deliveries").json()["items"]
    assert [(one["to"], one["state"]) for one in listed] == [
        ("138****1234", "delivered"),
        ("r***@home.example", "rehearsed"),
    ]
    assert len(http("centre", "GET", "/deliveries?channel=sms").json()["items"]) == 1
    assert http("centre", "GET", "/deliveries?state=failed").json()["items"] == []
    assert http("centre", "GET", "/deliveries?state=lost").status_code == 400
    shown = http("centre", "GET", f"/deliveries/{listed[0]['id']}").json()
    assert shown["tries"][0]["outcome"] == "taken" and "812 号案卷" in shown["text"]
    assert http("centre", "GET", "/deliveries/999").status_code == 404
    assert http("centre", "GET", "/channels").json() == office.policy.modes
    office.change(modes={"email": "live", "sms": "live", "webhook": "off"})
    again = f"/deliveries/{listed[1]['id']}/again"
    assert http("admin", "POST", again).status_code == 204
    office.sender().drain()
    assert office.email.got[0].address == "resident@home.example"
    assert http("admin", "POST", again).status_code == 409


def test_a_channel_is_tested(office: Office, http: Browser) -> None:
    body = {"channel": "email", "to": "admin@city.example"}
    assert http("admin", "POST", "/test", json=body).status_code == 204
    office.sender().drain()
    assert office.email.got[0].subject == "通知测试"
    assert http("admin", "POST", "/test", json={"channel": "email", "to": ""}).status_code == 400
    assert http("admin", "POST", "/test", json={"channel": "fax", "to": "1"}).status_code == 400


def test_a_webhook_from_its_making_to_its_end(
    office: Office, http: Browser, there: Receiver, post: Sender, clock: ManualClock
) -> None:
    body = HOOK | {"url": there.url, "narrowed": {"area": [2], "severity": []}}
    made = http("admin", "POST", "/webhooks", json=body)
    assert made.status_code == 201 and made.headers["location"] == "/api/notices/webhooks/1"
    secret = made.json()["secret"]
    sent = service.publish(office.platform, happened(1, area=[3, 2]), happened(2, area=[3]))
    assert sent == 1 and service.publish(office.platform, happened(1, area=[2])) == 1
    assert post.drain() == 1
    ((headers, got),) = there.got
    assert json.loads(got) == {
        "type": "case.close",
        "timestamp": "1970-01-01T00:00:00Z",
        "data": {"case": 1},
    }
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + got
    mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"

    tested = http("admin", "POST", "/webhooks/1/test")
    assert tested.status_code == 202
    post.drain()
    seen = http("admin", "GET", f"/deliveries/{tested.json()['delivery']}").json()
    assert (seen["state"], seen["answer"], seen["to"]) == ("delivered", "200 ok", "Traffic")

    fresh = http("admin", "POST", "/webhooks/1/secret").json()["secret"]
    assert fresh != secret
    service.publish(office.platform, happened(3, area=[2]))
    post.drain()
    assert there.got[-1][0]["webhook-signature"].count("v1,") == 2
    clock.advance(DAY)
    service.publish(office.platform, happened(4, area=[2]))
    post.drain()
    assert there.got[-1][0]["webhook-signature"].count("v1,") == 1

    (listed,) = http("centre", "GET", "/webhooks").json()["items"]
    assert "secret" not in json.dumps(listed) and listed["last_good_at"]
    assert http("admin", "DELETE", "/webhooks/1").status_code == 204
    assert service.publish(office.platform, happened(5, area=[2])) == 0
    assert http("admin", "POST", "/webhooks/1/test").status_code == 404
    with office.database.read() as connection:
        audited = str(list(connection.execute(select(audit_log.c.details))))
        verbs = {row.verb for row in connection.execute(select(audit_log.c.verb))}
    assert secret not in audited and fresh not in audited and "signs at underpasses" in audited
    assert {"webhook_added", "webhook_removed", "webhook_secret_renewed"} <= verbs


def test_a_dead_endpoint_rests_is_shown_and_gets_everything_later(
    office: Office, http: Browser, there: Receiver, post: Sender, clock: ManualClock
) -> None:
    http("admin", "POST", "/webhooks", json=HOOK | {"url": there.url})
    there.status = 500
    service.publish(office.platform, *(happened(number) for number in range(40)))
    for _ in range(30):
        post.drain()
        clock.advance(30 * 1_000_000)
    (shown,) = http("admin", "GET", "/webhooks").json()["items"]
    assert len(there.got) == 6 and shown["failures"] == 6 and shown["paused_until"]
    assert shown["waiting"] == 40 and shown["last_answer"] == "500 ok"
    there.status = 200
    assert post.drain() == 0
    clock.advance(HOUR)
    post.drain()
    clock.advance(6 * MINUTE)
    post.drain()
    (shown,) = http("admin", "GET", "/webhooks").json()["items"]
    assert (shown["failures"], shown["paused_until"], shown["waiting"]) == (0, None, 0)
    taken = {json.loads(got)["data"]["case"] for _, got in there.got}
    assert taken == set(range(40))


def test_a_webhook_that_is_gone_is_switched_off(
    office: Office, http: Browser, there: Receiver, post: Sender
) -> None:
    http("admin", "POST", "/webhooks", json=HOOK | {"url": there.url})
    there.status = 410
    service.publish(office.platform, happened(1), happened(2))
    post.drain()
    assert http("admin", "GET", "/webhooks").json()["items"][0]["active"] is False
    states = [one["state"] for one in http("admin", "GET", "/deliveries").json()["items"]]
    assert sorted(states) == ["failed", "suppressed"] and len(there.got) == 1
    there.status = 200
    assert http("admin", "PUT", "/webhooks/1", json=HOOK | {"url": there.url}).status_code == 204
    service.publish(office.platform, happened(3))
    assert post.drain() == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"url": "http://127.0.0.1/"}, "notices.private_address"),
        ({"url": "http://localhost:8000/"}, "notices.private_address"),
        ({"url": "ftp://a.example/"}, "notices.bad_url"),
        ({"topics": []}, "notices.bad_choice"),
        ({"topics": ["a b"]}, "notices.bad_choice"),
        ({"narrowed": {"colour": ["red"]}}, "notices.bad_choice"),
        ({"purpose": " "}, "notices.bad_choice"),
    ],
)
def test_webhooks_that_are_refused(http: Browser, changed: dict[str, Any], code: str) -> None:
    body = HOOK | {"url": "https://hook.example/"} | changed
    answer = http("admin", "POST", "/webhooks", json=body)
    assert answer.status_code in (400, 403) and answer.json()["type"] == code
    assert http("admin", "GET", "/webhooks").json()["items"] == []
    assert (
        http("admin", "PUT", "/webhooks/7", json=HOOK | {"url": "https://a.example/"}).status_code
        == 404
    )
