"""The small city with a plan of two levels, and its emergencies over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.cases.conftest import City
from yiwang.cases.emergency import alerts_http, catalogue, http, spec
from yiwang.cases.emergency.plans import Plan
from yiwang.kernel import documents
from yiwang.security.actions import Caller
from yiwang.web.errors import HANDLERS

PLANS = """
plans:
  response:
    title: {zh-CN: 积水预案, en: Flood plan}
    classes: [flooded]
    levels:
      yellow:
        title: {zh-CN: 三级响应, en: Level III}
        colour: yellow
        severity: Moderate
        urgency: Immediate
        certainty: Observed
        notify: [drainage]
      red:
        title: {zh-CN: 一级响应, en: Level I}
        colour: red
        when: [{severities: [critical]}]
        severity: Extreme
        urgency: Immediate
        certainty: Observed
        notify: [drainage, parking]
    roles:
      commander: {title: {zh-CN: 总指挥, en: Commander}, function: drainage}
    tasks:
      close_road:
        title: {zh-CN: 封路, en: Close the road}
        function: parking
        minutes: 10
        needs: {photos: 1, text: true}
        escalate: drainage
      pump: {title: {zh-CN: 强排, en: Pump}, function: drainage, minutes: 60}
      shelter:
        title: {zh-CN: 安置, en: Shelter}
        function: parking
        levels: [red]
        minutes: 90
      reopen:
        title: {zh-CN: 恢复通行, en: Reopen}
        function: parking
        minutes: 30
        after: [close_road, pump, shelter]
    contacts:
      - {title: {zh-CN: 值班室, en: Duty room}, function: drainage}
      - {title: {zh-CN: 消防, en: Fire}, phone: "119"}
    resources:
      - {kind: pump_truck, title: {zh-CN: 泵车, en: Pumps}, number: 3, within: 5 km}
    public:
      category: Met
      event: {zh-CN: 积水, en: Flooding}
      responses: [Avoid]
      headline: {zh-CN: 请绕行, en: Use another way}
      description: {zh-CN: 下穿道路积水。, en: The underpass is flooded.}
      instruction: {zh-CN: 不要驶入。, en: Do not drive in.}
      radius: 500 m
    review:
      cause: {title: {zh-CN: 起因, en: Cause}}
"""


def parsed(text: str = PLANS, pack: str = "demo") -> tuple[Plan, ...]:
    return spec.parse(documents.parse(text, "plans.yaml"), pack)


class _As:
    """Middleware that puts a caller into the request, as the authentication does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.caller: Caller | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["caller"] = self.caller
        await self.app(scope, receive, send)


class Browser:
    """Asks as one of the small city's people: ``http("centre", "GET", path)``."""

    def __init__(self, city: City) -> None:
        self._inside = _As(
            Starlette(routes=[*http.routes(), *alerts_http.routes()], exception_handlers=HANDLERS)
        )
        self._client = TestClient(self._inside, raise_server_exceptions=False)
        self._city = city

    def __call__(self, who: str, method: str, path: str, lang: str = "en", **sent: Any) -> Any:
        self._inside.caller = getattr(self._city, who)
        return self._client.request(method, path, headers={"accept-language": lang}, **sent)


@pytest.fixture
def prepared(city: City) -> City:
    """The city with the plan installed and pumps in its stores."""
    catalogue.install_plans(city.platform, "demo", parsed())
    for code, lon, number in (("T1", 116.11, 1), ("T2", 116.12, 1), ("T3", 116.9, 5)):
        attributes = {"number": number, "phone": "010-1"}
        city._add("places", kind="pump_truck", code=code, name_zh=code, lon=lon, lat=39.1,
                  attributes=attributes)  # fmt: skip
    return city


@pytest.fixture
def http_(prepared: City) -> Iterator[Browser]:
    yield Browser(prepared)


@pytest.fixture
def started(prepared: City, http_: Browser, open_case: Callable[..., int]) -> dict[str, Any]:
    """A running incident of case 1 at its mildest level, as the centre sees it."""
    open_case()
    answer = http_("centre", "POST", "/api/emergencies", json={"case": 1, "plan": "demo.response"})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def task(incident: dict[str, Any], code: str) -> dict[str, Any]:
    """The newest round of a task."""
    found: dict[str, Any] = [one for one in incident["tasks"] if one["code"] == code][-1]
    return found
