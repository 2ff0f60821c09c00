"""The small city, with classes that it offers and opens to everybody, and accounts with keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.open311.http import routes
from yiwang.cases.spec import parse
from yiwang.kernel import documents
from yiwang.kernel.settings import Settings
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import ANONYMOUS
from yiwang.web.errors import HANDLERS

OFFERED = """
classes:
  pothole:
    title: {zh-CN: 路面坑洞, en: Pothole}
    role: drainage
    deadline: {hours: 4, counting: clock}
    verification: none
    public: {round: 500 m}
    form:
      - {code: DEPTH, datatype: number, required: true, description: {zh-CN: 深度, en: Depth in cm}}
      - code: LANE
        datatype: singlevaluelist
        description: {zh-CN: 位置, en: Where on the road}
        hint: {en: Choose one}
        values: {car: {zh-CN: 机动车道, en: Carriageway}, walk: {zh-CN: 人行道, en: Pavement}}
      - code: SEEN
        datatype: multivaluelist
        values: {day: {en: By day}, night: {en: At night}}
      - {code: NOTE, variable: false, description: {en: Do not stand on the road}}
  graffiti:
    title: {zh-CN: 乱涂乱画, en: Graffiti}
    deadline: {days: 3, counting: working}
    verification: none
    public: {text: true, photos: true}
  secret:
    title: {en: Not opened}
    deadline: {hours: 4, counting: clock}
  later:
    title: {en: Numbers later}
    deadline: {hours: 4, counting: clock}
    reports: batch
  never:
    title: {en: Numbers never}
    deadline: {hours: 4, counting: clock}
    reports: blackbox
  inner:
    title: {en: Not offered}
    deadline: {hours: 4, counting: clock}
    reports: closed
"""
POTHOLE = {"service_code": "city.pothole", "lat": "39.1", "long": "116.1", "attribute[DEPTH]": "12"}


class As:
    """Middleware that puts a caller into the request, as the authentication does."""

    def __init__(self, app: ASGIApp, city: City) -> None:
        self.app = app
        self.caller = Caller(ANONYMOUS, city.database, city.clock, city.ports)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = self.caller
        await self.app(scope, receive, send)


class Client:
    """Somebody without an account, and the keys of three who have one."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.app = As(Starlette(routes=routes(), exception_handlers=HANDLERS), city)
        self._client = TestClient(self.app, raise_server_exceptions=False)
        self.keys = {
            "app": self._key("app", "citizen"),
            "other": self._key("other", "citizen"),
            "auditor": self._key("auditor", "auditor"),
        }

    def _key(self, name: str, role: str) -> str:
        accounts.add_user(self.city.platform, name, "long enough secret", [role])
        return accounts.add_token(self.city.platform, name, "open311")

    def get(self, path: str, lang: str = "en", **query: Any) -> Any:
        headers = {"accept-language": lang}
        return self._client.get(f"/open311/v2/{path}", params=query, headers=headers)

    def post(self, path: str, who: str = "app", lang: str = "en", **sent: Any) -> Any:
        data = dict(sent.pop("data", {}))
        if who:
            data["api_key"] = self.keys[who]
        headers = {"accept-language": lang}
        return self._client.post(f"/open311/v2/{path}", data=data, headers=headers, **sent)

    def report(self, who: str = "app", **given: Any) -> str:
        """Reports a pothole, and gives the service_request_id."""
        answer = self.post("requests.json", who, data=POTHOLE | given)
        assert answer.status_code == 201, answer.text
        return str(answer.json()[0]["service_request_id"])


@pytest.fixture
def client(city: City) -> Iterator[Client]:
    city.ports[Settings] = Settings(open311_jurisdiction="city.example")
    spec = parse(documents.parse(OFFERED, "cases.yaml"), "city", {})
    service.install_classes(city.platform, "city", spec.classes)
    yield Client(city)
