"""The small city with a class that is offered, residents, a service firm, and a relay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.conftest import CASES, City
from yiwang.cases import service as cases
from yiwang.cases.offers import service
from yiwang.cases.spec import parse
from yiwang.kernel import documents
from yiwang.registry import editing
from yiwang.security.actions import Caller, Context
from yiwang.store import outbox

OFFERED = (
    CASES
    + """
  shared_bikes:
    title: {zh-CN: 共享单车乱停放, en: Shared bikes in the way}
    severity: notice
    role: parking
    deadline: {hours: 30, counting: clock}
    evidence: {photos: 1}
    verification: grid_worker
    automatic: [finding, report]
    offer:
      {points: 20, claim_within: 2 h, done_within: 24 h, radius: 2 km, claims: 2}
"""
)


class Neighbourhood:
    """Who claims and who checks, on top of the small city."""

    def __init__(self, city: City) -> None:
        self.city = city
        spec = parse(documents.parse(OFFERED, "cases.yaml"), "demo", {})
        cases.install_classes(city.platform, "demo", spec.classes)
        raw = {"kind": "service_firm", "name_zh": "顺手服务公司"}
        firm = raw | {"code": "FIRM", "functions": ["parking"]}
        self.firm_id: int = editing.add(city.platform, "organisations", firm).id
        other = raw | {"code": "OTHER", "functions": ["gardens"]}
        self.other_id: int = editing.add(city.platform, "organisations", other).id

    @property
    def citizen(self) -> Caller:
        return self.city.citizen

    @property
    def neighbour(self) -> Caller:
        return self.city.caller("neighbour", "citizen")

    @property
    def firm(self) -> Caller:
        return self.city.caller("firm", "department_handler", organisation=self.firm_id)

    @property
    def other_firm(self) -> Caller:
        return self.city.caller("other", "department_handler", organisation=self.other_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.city, name)

    def report(self, lon: float = 116.1234567, caller: Caller | None = None) -> int:
        given = cases.Report("demo.shared_bikes", "挡路，请打 138 0013 8000", lon, 39.1)
        return cases.report(caller or self.city.grid_worker, given)

    def offer(self, no: int) -> Any:
        with self.city.database.read() as connection:
            return service.store.latest(connection, [no])[no]

    def follow(self) -> None:
        """Hand what has happened to the consumer, as the relay does."""
        while True:
            with self.city.database.write() as connection:
                waiting = outbox.pending(connection, "cases.offers", service.TOPICS)
                if not waiting:
                    return
                context = Context(self.city.platform, connection)
                service.follow(context, waiting)
                outbox.advance(connection, "cases.offers", waiting[-1].id)
                outbox.put(connection, context.events, self.city.clock.now())


@pytest.fixture
def town(city: City) -> Neighbourhood:
    return Neighbourhood(city)
