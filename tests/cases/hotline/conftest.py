"""The small city with a desk: an operator, a telephone system and two callers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.conftest import City
from tests.cases.test_http import Browser
from yiwang.cases.hotline import http as desk_http
from yiwang.cases.hotline import knowledge_http
from yiwang.cases.http import routes
from yiwang.cases.open311 import http as open311_http
from yiwang.security.actions import Caller

WANG = "138 0013-8000"
LI = "(010) 6512 3456"


class Desk:
    """Who takes part, on top of the small city, and what they send."""

    def __init__(self, city: City) -> None:
        self.city = city
        served = [*routes(), *open311_http.routes(), *desk_http.routes(), *knowledge_http.routes()]
        self.http = Browser(self, served)  # type: ignore[arg-type]

    @property
    def operator(self) -> Caller:
        return self.city.caller("operator", "hotline_operator")

    @property
    def colleague(self) -> Caller:
        return self.city.caller("colleague", "hotline_operator")

    @property
    def exchange(self) -> Caller:
        return self.city.caller("exchange", "telephone_system")

    @property
    def head(self) -> Caller:
        return self.city.caller("head", "department_head", organisation=self.city.water)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.city, name)

    def post(self, path: str, body: Any = None, who: str = "operator", status: int = 201) -> Any:
        found = self.http(who, "POST", f"/api/hotline/{path}", json=body or {})
        assert found.status_code == status, found.text
        return found.json() if found.content else None

    def get(self, path: str, who: str = "operator", lang: str = "en") -> Any:
        found = self.http(who, "GET", f"/api/hotline/{path}", lang=lang)
        assert found.status_code == 200, found.text
        return found.json()

    def contact(self, number: str = WANG, who: str = "operator", **more: Any) -> Any:
        body = {"line": "main", "channel": "phone", "number": number, "name": "王女士"}
        return self.post("contacts", body | more, who)

    def correct(self, contact: int, who: str = "operator", **given: Any) -> Any:
        return self.http(who, "PATCH", f"/api/hotline/contacts/{contact}", json=given)

    def to_case(self, contact: int, lon: float = 116.1, text: str = "路面积水很深") -> Any:
        report = {"case_class": "demo.flooded", "text": text, "lon": lon, "lat": 39.1}
        body = {"kind": "report", "outcome": "case", "report": report}
        return self.post(f"contacts/{contact}/requests", body)

    def article(self, publish: bool = True, who: str = "centre", **given: Any) -> int:
        body = {
            "question_zh": "如何办理户口迁移？",
            "answer_zh": "带身份证到派出所办理。",
            "question_en": "How do I move my registered residence?",
            "answer_en": "Go to the police station with your identity card.",
        }
        id: int = self.post("articles", body | given, who)["id"]
        if publish:
            self.post(f"articles/{id}/publish", who="centre", status=200)
        return id

    def finish(self, no: int) -> None:
        """Bring a case to its end."""
        from_ = "/api/cases"
        state = self.city.show(no)["state"]
        if state == "reported":
            self.http("centre", "POST", f"{from_}/{no}/accept", json={})
        if self.city.show(no)["organisation"] is None:
            self.http("centre", "POST", f"{from_}/{no}/dispatch", json={})
        self.http("handler", "POST", f"{from_}/{no}/start", json={})
        body = {"text": "排干", "evidence": [self.city.photo(no)]}
        assert self.http("handler", "POST", f"{from_}/{no}/report", json=body).status_code == 200
        self.http("centre", "POST", f"{from_}/{no}/verify_ok", json={})
        self.http("centre", "POST", f"{from_}/{no}/close", json={})
        assert self.city.show(no)["kind"] == "done"


@pytest.fixture
def desk(city: City) -> Desk:
    return Desk(city)
