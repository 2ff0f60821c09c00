"""The small city with two versions of the class ``demo.flooded``, and cases of the first."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.cases.conftest import CASES, City
from yiwang.cases import service as cases
from yiwang.cases.spec import parse
from yiwang.cases.tables import case_classes
from yiwang.cases.tables import cases as table
from yiwang.cases.versions import preview as previews
from yiwang.cases.versions import service
from yiwang.cases.versions.preview import Move
from yiwang.kernel import documents
from yiwang.security.actions import Caller

SECOND = (
    CASES.replace("抽排中, en: Pumping", "排水中, en: Draining")
    .replace("pumping", "draining")
    .replace("minutes: 60", "minutes: 30")
)
"""The working state has another name, and urgent cases half the time."""
RENAMED = {"pumping": "draining"}


def move_agreed(by: Caller, move: Move, agreed: str, reason: str) -> int:
    id = service.begin(by, move, agreed, reason)
    service.work(by, id)
    return id


def undo(by: Caller, id: int, reason: str) -> None:
    service.begin_undo(by, id, reason)
    service.work(by, id)


class Versions:
    def __init__(self, city: City) -> None:
        self.city = city
        self.old = self.newest()

    def newest(self) -> int:
        own = case_classes.c
        query = select(own.id).where(own.code == "demo.flooded", own.active)
        with self.city.database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def install(self, text: str = SECOND) -> int:
        spec = parse(documents.parse(text, "cases.yaml"), "demo", {})
        cases.install_classes(self.city.platform, "demo", spec.classes)
        return self.newest()

    def preview(self, move: Move, lang: str = "en") -> dict[str, Any]:
        return previews.preview(self.city.centre, move, lang)

    def move(self, move: Move, by: Caller | None = None) -> int:
        agreed = self.preview(move)["digest"]
        return move_agreed(by or self.city.centre, move, agreed, "the new class")

    def rows(self) -> dict[int, dict[str, Any]]:
        with self.city.database.read() as connection:
            return {row.no: dict(row._mapping) for row in connection.execute(select(table))}


@pytest.fixture
def versions(city: City) -> Versions:
    return Versions(city)
