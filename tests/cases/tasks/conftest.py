"""The small city with an office that supervises, and plans of tasks."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.cases.conftest import City
from yiwang.cases.tasks import plans
from yiwang.cases.tasks.plans import PlanGiven
from yiwang.cases.tasks.tables import plan_tasks
from yiwang.notices.tables import notices
from yiwang.registry import editing
from yiwang.security import accounts
from yiwang.security.actions import Caller

PLAN: dict[str, Any] = {
    "title": {"zh-CN": "2026年下半年民生实事", "en": "Livelihood matters, second half of 2026"},
    "basis": "区政办〔2026〕12号",
    "starts": "2026-07-01",
    "ends": "2026-12-31",
    "owner": "OFFICE",
    "tasks": [
        {
            "number": "1",
            "title": "加装电梯",
            "wanted": "20 台投入使用",
            "lead": "WATER",
            "joint": ["PARK"],
            "due": "2026-09-30",
            "weight": 3,
            "target": 20,
            "unit": "台",
            "rhythm": "weekly",
            "milestones": [
                {"title": "方案审定", "due": "2026-07-10"},
                {"title": "开工", "due": "2026-08-01"},
            ],
        },
        {
            "number": "2",
            "title": "新增车位",
            "lead": "停车管理中心",
            "due": "2026-08-31",
            "rhythm": "monthly",
            "severity": "urgent",
        },
    ],
}


class Office:
    """The supervising office and those it supervises, on top of the small city."""

    def __init__(self, city: City) -> None:
        self.city = city
        raw = {"code": "OFFICE", "kind": "department", "name_zh": "督查室", "name_en": "Office"}
        self.office: int = editing.add(city.platform, "organisations", raw).id
        password = "a long enough Passw0rd"
        for name, roles, unit in (
            ("handler", ["department_handler"], city.water),
            ("stranger", ["department_handler"], city.parks),
            ("chief", ["command_centre"], self.office),
        ):
            accounts.add_user(city.platform, name, password, roles, organisation=unit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.city, name)

    @property
    def third(self) -> Caller:
        """Somebody of a unit that has nothing to do with it."""
        return self.city.caller("third", "department_handler", organisation=self.office)

    def plan(self, **changed: Any) -> int:
        body = PLAN | changed
        given = PlanGiven(
            body["title"],
            date.fromisoformat(body["starts"]),
            date.fromisoformat(body["ends"]),
            body["basis"],
            body["owner"],
            tasks=body["tasks"],
        )
        return plans.make(self.city.platform, given)

    def tasks(self, plan: int) -> list[Any]:
        with self.city.database.read() as connection:
            query = plan_tasks.select().where(plan_tasks.c.plan == plan).order_by(plan_tasks.c.id)
            return list(connection.execute(query))

    def told(self) -> list[Any]:
        """Reminders in the order in which they were given, in-app ones alone."""
        with self.city.database.read() as connection:
            query = notices.select().where(
                notices.c.topic.like("task.%"), notices.c.channel == "in_app"
            )
            return list(connection.execute(query.order_by(notices.c.id)))


@pytest.fixture
def office(city: City) -> Office:
    return Office(city)
